//! `guard_idle`: two members talk while others only take up room: 5,000 idle connections, one client that never
//! polls, and one that asks for its whole backlog again and again and reads none of it. How much slower the two get.

use std::io::Write;
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::crowd::{self, Account, Next, accepted};
use crate::http::{write_command, write_poll};
use crate::lockstep;
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Measure, median};
use crate::room::Room;
use crate::server::{Folder, Kind, Server};

const IDLE: usize = 5_000;
/// Messages that wait for the one who does not read, each as long as a message may be: more than a page of them.
const UNREAD: usize = 400;
const UNREAD_BYTES: usize = 3_900;
/// Pages that it asks for: more than the system keeps for a connection that nobody reads from.
const PAGES: usize = 16;

pub(crate) fn run(bench: &Bench) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, Kind::Neoirc, &folder, &[])?;
    let mut members = crowd::channel_of(&server, "g", 4, "#g")?;
    let deaf = members.pop().context("no members")?;
    // The last of the others never asks for anything again.
    members.truncate(2);
    fill(&server, &members[0], &deaf)?;
    let mut room = Room::open(&server, members, 1)?;
    let (mut alone_ms, mut burdened_ms, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.options.rounds() {
        let before = lockstep::p99_ms(bench, &server, &mut room, "#g")?;
        let burden = Burden::lay(&server, &deaf)?;
        let after = lockstep::p99_ms(bench, &server, &mut room, "#g")?;
        drop(burden);
        alone_ms.push(before);
        burdened_ms.push(after);
        ratios.push(after / before);
    }
    let mut measure = Measure::default();
    measure.set("p99_ratio", median(&mut ratios));
    measure.set("p99_ms", median(&mut alone_ms));
    measure.set("p99_burdened_ms", median(&mut burdened_ms));
    measure.faults = room.faults();
    Ok(measure)
}

/// Sends a backlog to somebody who will not read it.
fn fill(server: &Server, from: &Account, to: &Account) -> Result<()> {
    let mut net = Net::new(server.address, crowd::SETUP_CONNECTIONS)?;
    let text = "x".repeat(UNREAD_BYTES);
    let command = format!(r#"{{"command":"PRIVMSG","to":"{}","body":["{text}"]}}"#, to.nick);
    crowd::batch(
        &mut net,
        &mut (),
        UNREAD,
        |(), _, out| write_command(out, &from.cookie, &command),
        |(), _, answer| accepted(answer).map(|()| Next::Done),
    )
}

/// Connections that do nothing for anybody; they end with this value.
struct Burden {
    _idle: Net,
    _unread: TcpStream,
}

impl Burden {
    fn lay(server: &Server, deaf: &Account) -> Result<Self> {
        // Each has been used once, or the server would close it for want of a request.
        let mut idle = Net::new(server.address, IDLE)?;
        for connection in 0..IDLE {
            idle.send(connection, |out| out.extend(b"GET /livez HTTP/1.1\r\nHost: load\r\n\r\n"))?;
            idle.next(Instant::now() + crowd::SILENCE_MAX)?
                .context("the server fell silent")?
                .expect_status(200)?;
        }
        let mut unread = TcpStream::connect(server.address).context("cannot connect")?;
        let mut polls = Vec::new();
        for _ in 0..PAGES {
            write_poll(&mut polls, &deaf.cookie, 0, 0);
        }
        unread.write_all(&polls)?;
        Ok(Self { _idle: idle, _unread: unread })
    }
}
