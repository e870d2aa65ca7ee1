//! `restart`: how soon a server with a million stored messages and ten thousand clients is ready again, after a
//! clean stop and after being killed.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::crowd::{self, Account, SETUP_CONNECTIONS, SILENCE_MAX};
use crate::http::{write_command, write_poll};
use crate::idle::members_of_channels;
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Measure, median};
use crate::server::{Folder, Kind, Server};
use crate::tally;

const WRITERS: usize = 64;
/// Writers acknowledge what they hear of themselves this often, as a real client would.
const ACKNOWLEDGE_EVERY: u32 = 500;
/// Beyond the newest entry, so that the server takes it as "everything".
const EVERYTHING: u64 = i64::MAX.unsigned_abs();
/// Nothing of the million may be trimmed away while it is written.
const SETTINGS: [(&str, &str); 1] = [("MAX_HISTORY", "10000000")];

pub(crate) fn run(bench: &Bench) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let messages = bench.options.restart_messages();
    let clients = bench.options.restart_clients();
    let mut server = Server::start(bench, Kind::Neoirc, &folder, &SETTINGS)?;
    let began = Instant::now();
    let mut members = members_of_channels(&server, "r", clients - WRITERS)?;
    write(&server, messages)?;
    let prepared_after = began.elapsed();
    let (mut clean, mut announced, mut killed) = (Vec::new(), Vec::new(), Vec::new());
    let mut stopped = Vec::new();
    for _ in 0..bench.options.rounds() {
        let asked = Instant::now();
        server.stop()?;
        stopped.push(asked.elapsed().as_secs_f64());
        server = Server::start(bench, Kind::Neoirc, &folder, &SETTINGS)?;
        clean.push(server.ready_after()?.as_secs_f64());
        announced.push(server.announced_after.as_secs_f64());
        // Dropping a server kills it.
        drop(server);
        server = Server::start(bench, Kind::Neoirc, &folder, &SETTINGS)?;
        killed.push(server.ready_after()?.as_secs_f64());
    }
    // Being ready includes knowing everybody again.
    crowd::catch_up(&mut Net::new(server.address, SETUP_CONNECTIONS)?, &mut members)?;
    let mut measure = Measure::default();
    measure.set("restart_s", median(&mut clean));
    measure.set("restart_after_kill_s", median(&mut killed));
    measure.set("announced_s", median(&mut announced));
    measure.set("stop_s", median(&mut stopped));
    measure.set("messages", f64::from(messages));
    measure.set("clients", clients as f64);
    measure.set("server_mib", server.resident_kib()? as f64 / 1024.0);
    measure.set("disk_mib", folder.mib());
    measure.set("preparation_s", prepared_after.as_secs_f64());
    Ok(measure)
}

/// Writers, each alone in a channel, send `messages` messages between them.
fn write(server: &Server, messages: u32) -> Result<()> {
    let mut setup = Net::new(server.address, SETUP_CONNECTIONS)?;
    let mut writers = crowd::register(&mut setup, "w", WRITERS)?;
    crowd::join(&mut setup, &writers, |writer| format!("#own{writer}"))?;
    crowd::catch_up(&mut setup, &mut writers)?;
    let mut net = Net::new(server.address, WRITERS)?;
    let mut sent = [0_u32; WRITERS];
    for writer in 0..WRITERS {
        say(&mut net, &writers, &mut sent, writer)?;
    }
    let mut asked = u32::try_from(WRITERS)?;
    let mut answers_outstanding = WRITERS;
    let mut progress = Instant::now();
    while answers_outstanding > 0 {
        let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else { bail!("the server fell silent") };
        crowd::accepted(&answer)?;
        let writer = answer.connection;
        answers_outstanding -= 1;
        if asked >= messages {
            continue;
        }
        answers_outstanding += 1;
        if sent[writer] % ACKNOWLEDGE_EVERY == 0 {
            sent[writer] += 1;
            net.send(writer, |out| write_poll(out, &writers[writer].cookie, EVERYTHING, 0))?;
        } else {
            asked += 1;
            say(&mut net, &writers, &mut sent, writer)?;
        }
        if progress.elapsed() > Duration::from_secs(10) {
            progress = Instant::now();
            eprintln!("load: restart: {asked} of {messages} messages written");
        }
    }
    Ok(())
}

fn say(net: &mut Net, writers: &[Account], sent: &mut [u32], writer: usize) -> Result<()> {
    let text = tally::text(writer, sent[writer]);
    sent[writer] += 1;
    let body = format!(r##"{{"command":"PRIVMSG","to":"#own{writer}","body":["{text}"]}}"##);
    net.send(writer, |out| write_command(out, &writers[writer].cookie, &body))
}
