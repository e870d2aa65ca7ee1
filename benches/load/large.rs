//! `large_10000`: what coming, going and changing one's name cost the writer in a channel with ten thousand members.

use std::fs;
use std::time::Instant;

use crate::crowd::{self, Account, SILENCE_MAX, accepted};
use crate::filled;
use crate::http::{write_command, write_poll};
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Latencies, Measure};
use crate::server::{Folder, Kind, Server};
use anyhow::{Context, Result, bail};

/// Newcomers who are measured one after another.
const NEWCOMERS: usize = 100;
const CHANNEL: &str = "#large";

pub(crate) fn run(bench: &Bench, members: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    filled::members(&folder, CHANNEL, members)?;
    let server = Server::start(bench, Kind::Neoirc, &folder, &filled::SETTINGS)?;
    let mut net = Net::new(server.address, 1)?;
    let mut newcomers = crowd::register(&mut net, "n", NEWCOMERS)?;
    crowd::catch_up(&mut net, &mut newcomers)?;
    let mut measure = Measure::default();
    let join = |_: &Account| format!(r#"{{"command":"JOIN","to":"{CHANNEL}"}}"#);
    let mut latencies = cost(&mut net, &server, &newcomers, join, "join_writer_ms", &mut measure)?;
    measure.set_latencies(&mut latencies);
    names_are_whole(&mut net, &newcomers, members)?;
    let nick = |newcomer: &Account| format!(r#"{{"command":"NICK","body":["{}x"]}}"#, newcomer.nick);
    cost(&mut net, &server, &newcomers, nick, "nick_writer_ms", &mut measure)?;
    let say = |_: &Account| format!(r#"{{"command":"PRIVMSG","to":"{CHANNEL}","body":["hi"]}}"#);
    cost(&mut net, &server, &newcomers, say, "privmsg_writer_ms", &mut measure)?;
    let quit = |_: &Account| r#"{"command":"QUIT"}"#.to_owned();
    cost(&mut net, &server, &newcomers, quit, "quit_writer_ms", &mut measure)?;
    measure.set("members", members as f64);
    Ok(measure)
}

/// Sends a command of each newcomer in turn; what the writer's thread spent on each, in milliseconds.
fn cost(
    net: &mut Net,
    server: &Server,
    newcomers: &[Account],
    command: impl Fn(&Account) -> String,
    key: &'static str,
    measure: &mut Measure,
) -> Result<Latencies> {
    let mut latencies = Latencies::default();
    let before = writer_ns(server.pid())?;
    for newcomer in newcomers {
        let sent_at = Instant::now();
        net.send(0, |out| write_command(out, &newcomer.cookie, &command(newcomer)))?;
        let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else { bail!("the server fell silent") };
        accepted(&answer)?;
        latencies.add(sent_at.elapsed());
    }
    let spent_ns = writer_ns(server.pid())? - before;
    measure.set(key, spent_ns as f64 / 1e6 / newcomers.len() as f64);
    Ok(latencies)
}

/// The last newcomer was told of everybody.
fn names_are_whole(net: &mut Net, newcomers: &[Account], members: usize) -> Result<()> {
    let newcomer = newcomers.last().context("there are newcomers")?;
    let (mut after, mut names, mut ends) = (newcomer.after, 0, 0);
    loop {
        net.send(0, |out| write_poll(out, &newcomer.cookie, after, 0))?;
        let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else { bail!("the server fell silent") };
        answer.expect_status(200)?;
        let page: serde_json::Value = serde_json::from_slice(answer.body)?;
        let messages = page["messages"].as_array().context("a page without messages")?;
        for message in messages {
            let text = message["body"][0].as_str().unwrap_or_default();
            names += if message["command"] == "353" { text.split(' ').count() } else { 0 };
            ends += usize::from(message["command"] == "366");
        }
        if messages.is_empty() {
            break;
        }
        after = page["last_id"].as_u64().context("a page without a cursor")?;
    }
    if (names, ends) != (members + NEWCOMERS, 1) {
        bail!("{names} names and {ends} ends of the list");
    }
    Ok(())
}

/// Processor time that the writer's thread has used, in nanoseconds.
fn writer_ns(pid: u32) -> Result<u64> {
    for task in fs::read_dir(format!("/proc/{pid}/task")).context("the server is gone")? {
        let task = task?.path();
        if fs::read_to_string(task.join("comm"))?.trim() == "writer" {
            let stat = fs::read_to_string(task.join("schedstat"))?;
            let spent = stat.split_whitespace().next().and_then(|number| number.parse().ok());
            return spent.context("an odd schedstat");
        }
    }
    bail!("no thread is called writer")
}
