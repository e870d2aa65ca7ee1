//! `drain_memory`, `drain_disk`: a client comes back to 100,000 unread messages and reads them all.
//!
//! Three readers have missed them and come back one after the other, which gives a median for one preparation.
//! "Memory" is the server that took the messages in, "disk" the same one after a restart.

use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use crate::crowd::{self, Account, SILENCE_MAX};
use crate::http::{write_command, write_poll};
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Measure, Meter, median};
use crate::server::{Folder, Kind, Server};
use crate::tally::{self, Faults, Listener, Scanned, Scanner};

const READERS: usize = 3;
/// One user writes on so many connections at once, each counting for itself.
const WRITING_CONNECTIONS: usize = 32;
/// Beyond what a client may leave unread by default once the welcome and JOINs are counted too.
const SETTINGS: [(&str, &str); 2] = [("QUEUE_MAX_ENTRIES", "200000"), ("MAX_HISTORY", "200000")];
/// Memory that has them all. By default it has the last two thousand.
const IN_MEMORY: (&str, &str) = ("QUEUE_TAIL_ENTRIES", "200000");

pub(crate) fn run(bench: &Bench, after_restart: bool) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let from_memory = [SETTINGS[0], SETTINGS[1], IN_MEMORY];
    let settings: &[_] = if after_restart { &SETTINGS } else { &from_memory };
    let mut server = Server::start(bench, Kind::Neoirc, &folder, settings)?;
    let mut everybody = crowd::channel_of(&server, "d", READERS + 1, "#d")?;
    let mut writer = everybody.pop().context("no writer")?;
    let sent = write(&server, &mut writer, bench.options.drain_messages())?;
    let mut measure = Measure::default();
    let mut rates = Vec::new();
    if after_restart {
        server.stop()?;
        server = Server::start(bench, Kind::Neoirc, &folder, settings)?;
        measure.set("restart_s", server.ready_after()?.as_secs_f64());
    }
    let meter = Meter::start(&server)?;
    let mut messages = 0;
    for reader in &mut everybody {
        let started = Instant::now();
        let (count, faults) = drain(&server, reader, &sent)?;
        rates.push(count as f64 / started.elapsed().as_secs_f64());
        measure.faults.add(faults);
        messages += count;
    }
    measure.set("messages_per_s", median(&mut rates));
    meter.costs(&mut measure, &server, "server_cpu_ms_per_1000_messages", messages)?;
    measure.set("server_mib", server.resident_kib()? as f64 / 1024.0);
    Ok(measure)
}

/// Writes `count` messages into the channel; how many on each connection.
fn write(server: &Server, writer: &mut Account, count: u32) -> Result<Vec<u32>> {
    let mut net = Net::new(server.address, WRITING_CONNECTIONS)?;
    let mut sent = vec![0_u32; WRITING_CONNECTIONS];
    let total = |sent: &[u32]| sent.iter().sum::<u32>();
    let say = |net: &mut Net, sent: &mut [u32], connection: usize| {
        let text = tally::text(connection, sent[connection]);
        sent[connection] += 1;
        let body = format!(r##"{{"command":"PRIVMSG","to":"#d","body":["{text}"]}}"##);
        net.send(connection, |out| write_command(out, &writer.cookie, &body))
    };
    for connection in 0..WRITING_CONNECTIONS {
        say(&mut net, &mut sent, connection)?;
    }
    let mut acknowledged = 0;
    while acknowledged < count {
        let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else { bail!("the server fell silent") };
        crowd::accepted(&answer)?;
        acknowledged += 1;
        let connection = answer.connection;
        if total(&sent) < count {
            say(&mut net, &mut sent, connection)?;
        }
    }
    Ok(sent)
}

/// One reader reads all there is, page by page; how many messages that was, and what was wrong with them.
fn drain(server: &Server, reader: &mut Account, sent: &[u32]) -> Result<(u64, Faults)> {
    let mut net = Net::new(server.address, 1)?;
    let mut scanner = Scanner::new();
    let mut listener = Listener::new(sent.len());
    let mut messages = 0;
    loop {
        net.send(0, |out| write_poll(out, &reader.cookie, reader.after, 0))?;
        let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else { bail!("the server fell silent") };
        answer.expect_status(200)?;
        let Scanned { end, count, .. } = scanner.scan(answer.body, &mut listener)?;
        ensure!(end.last_id > reader.after || !end.more, "more is promised but nothing comes");
        reader.after = end.last_id;
        messages += count;
        if !end.more {
            return Ok((messages, listener.faults(sent)));
        }
    }
}
