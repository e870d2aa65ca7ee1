//! `pingpong`: two users answer each other by direct message, each as soon as its long poll brings the other's.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::crowd;
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Latencies, Measure, Meter};
use crate::room::{Heard, Room};
use crate::server::{Folder, Kind, Server};

/// A message that does not come by then is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// The one who begins, and the one who answers.
const FIRST: usize = 0;
const SECOND: usize = 1;

pub(crate) fn run(bench: &Bench, kind: Kind) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, kind, &folder, &[])?;
    let mut net = Net::new(server.address, 2)?;
    let mut accounts = crowd::register(&mut net, "p", 2)?;
    crowd::catch_up(&mut net, &mut accounts)?;
    let nicks = [accounts[FIRST].nick.clone(), accounts[SECOND].nick.clone()];
    let mut room = Room::open(&server, accounts, 2)?;
    let mut latencies = Latencies::default();
    // An acknowledgement may come later than the other's answer; only then is the connection free again.
    let mut awaits_acknowledgement = [false; 2];
    let mut round_trips = 0;
    let meter = Meter::start(&server)?;
    loop {
        if room.heard_of(FIRST, SECOND) > round_trips {
            round_trips += 1;
            latencies.add(room.since_sent(FIRST));
        }
        let is_over = meter.elapsed() >= bench.options.duration();
        let is_answered = room.heard_of(FIRST, SECOND) >= room.sent(FIRST);
        let second_may = room.heard_of(SECOND, FIRST) > room.sent(SECOND);
        if is_over && is_answered && room.everybody_heard_all() {
            break;
        }
        for (player, may) in [(FIRST, is_answered && !is_over), (SECOND, second_may)] {
            if may && !awaits_acknowledgement[player] {
                awaits_acknowledgement[player] = true;
                room.say(player, &nicks[1 - player])?;
            }
        }
        match room.next(Instant::now() + PATIENCE)? {
            None => bail!("a message did not come within {} s", PATIENCE.as_secs()),
            Some(Heard::Acknowledged { sender }) => awaits_acknowledgement[sender] = false,
            Some(Heard::Messages) => {}
        }
    }
    let mut measure = Measure::default();
    measure.set("round_trips_per_s", f64::from(round_trips) / meter.elapsed().as_secs_f64());
    measure.set_latencies(&mut latencies);
    meter.costs(&mut measure, &server, "server_cpu_ms_per_1000_deliveries", room.delivered)?;
    measure.faults = room.faults();
    Ok(measure)
}
