//! `acks_S`: how fast S senders have messages acknowledged, each alone in a channel of its own, so that storing
//! counts and handing out does not. Each reads its own messages back now and then, which checks them.

use std::time::Instant;

use anyhow::{Result, bail};

use crate::crowd::{self, Account, SILENCE_MAX, accepted};
use crate::http::{write_command, write_poll};
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Latencies, Measure, Meter};
use crate::server::{Folder, Kind, Server};
use crate::sqlite;
use crate::tally::{self, Faults, Listener, Scanner};

/// A sender reads back after so many of its messages: seldom enough not to count.
const READ_BACK_EVERY: u32 = 200;

/// A sender and what it does with its one connection.
struct Sender {
    account: Account,
    channel: String,
    sent: u32,
    sent_at: Instant,
    is_reading: bool,
    listener: Listener,
}

pub(crate) fn run(bench: &Bench, kind: Kind, senders: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, kind, &folder, &[])?;
    let mut measure = on(bench, &server, "s", senders)?;
    if senders == 1 && kind == Kind::Neoirc {
        // On the server's core: where the disk's interrupts come to one core alone, another waits longer for it.
        let commits = bench
            .machine
            .on_server_core(|| sqlite::commits_per_s(folder.path(), bench.options.duration() / 2))?;
        measure.set("sqlite_commits_per_s", commits);
        measure.set("ratio_to_sqlite", measure.get("acks_per_s") / commits);
    }
    Ok(measure)
}

/// On a server that runs. Senders and their channels are called after `prefix`, which is used once.
pub(crate) fn on(bench: &Bench, server: &Server, prefix: &str, senders: usize) -> Result<Measure> {
    let mut senders = prepare(server, prefix, senders)?;
    let mut net = Net::new(server.address, senders.len())?;
    let mut scanner = Scanner::new();
    let mut latencies = Latencies::default();
    let mut acknowledged = 0_u64;
    let mut still_sending = senders.len();
    let meter = Meter::start(server)?;
    for (connection, sender) in senders.iter_mut().enumerate() {
        say(&mut net, connection, sender)?;
    }
    while still_sending > 0 {
        let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else { bail!("the server fell silent") };
        let connection = answer.connection;
        let sender = &mut senders[connection];
        if sender.is_reading {
            answer.expect_status(200)?;
            let end = scanner.scan(answer.body, &mut sender.listener)?.end;
            sender.account.after = end.last_id;
            sender.is_reading = end.more;
        } else {
            accepted(&answer)?;
            acknowledged += 1;
            latencies.add(sender.sent_at.elapsed());
            sender.is_reading = sender.sent % READ_BACK_EVERY == 0;
        }
        let is_over = meter.elapsed() >= bench.options.duration();
        if sender.is_reading {
            read_back(&mut net, connection, sender)?;
        } else if is_over {
            still_sending -= 1;
        } else {
            say(&mut net, connection, sender)?;
        }
    }
    let mut measure = Measure::default();
    measure.set("acks_per_s", acknowledged as f64 / meter.elapsed().as_secs_f64());
    measure.set_latencies(&mut latencies);
    meter.costs(&mut measure, server, "server_cpu_ms_per_1000_acks", acknowledged)?;
    measure.faults = read_the_rest(&mut net, &mut senders, &mut scanner)?;
    Ok(measure)
}

/// Senders in channels of their own, with nothing unread. The numbers of all senders share one space of listeners,
/// of which each hears only its own.
fn prepare(server: &Server, prefix: &str, count: usize) -> Result<Vec<Sender>> {
    let mut net = Net::new(server.address, crowd::SETUP_CONNECTIONS)?;
    let mut accounts = crowd::register(&mut net, prefix, count)?;
    crowd::join(&mut net, &accounts, |sender| format!("#{prefix}{sender}"))?;
    crowd::catch_up(&mut net, &mut accounts)?;
    let sender = |(number, account)| Sender {
        account,
        channel: format!("#{prefix}{number}"),
        sent: 0,
        sent_at: Instant::now(),
        is_reading: false,
        listener: Listener::new(count),
    };
    Ok(accounts.into_iter().enumerate().map(sender).collect())
}

fn say(net: &mut Net, connection: usize, sender: &mut Sender) -> Result<()> {
    let text = tally::text(connection, sender.sent);
    let body = format!(r#"{{"command":"PRIVMSG","to":"{}","body":["{text}"]}}"#, sender.channel);
    sender.sent += 1;
    sender.sent_at = Instant::now();
    net.send(connection, |out| write_command(out, &sender.account.cookie, &body))
}

fn read_back(net: &mut Net, connection: usize, sender: &Sender) -> Result<()> {
    net.send(connection, |out| write_poll(out, &sender.account.cookie, sender.account.after, 0))
}

/// After the clock has stopped: everybody reads the rest, and everything must have come.
fn read_the_rest(net: &mut Net, senders: &mut Vec<Sender>, scanner: &mut Scanner) -> Result<Faults> {
    let jobs = senders.len();
    crowd::batch(
        net,
        senders,
        jobs,
        |senders, job, out| write_poll(out, &senders[job].account.cookie, senders[job].account.after, 0),
        |senders, job, answer| {
            answer.expect_status(200)?;
            let end = scanner.scan(answer.body, &mut senders[job].listener)?.end;
            senders[job].account.after = end.last_id;
            Ok(if end.more { crowd::Next::Again } else { crowd::Next::Done })
        },
    )?;
    let mut faults = Faults::default();
    for (number, sender) in senders.iter().enumerate() {
        let mut sent = vec![0; jobs];
        sent[number] = sender.sent;
        faults.add(sender.listener.faults(&sent));
    }
    Ok(faults)
}
