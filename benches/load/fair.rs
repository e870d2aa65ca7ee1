//! `fair_100`: two members talk while eight others flood a channel of a hundred. How much slower the two get.
//!
//! The flood comes from a thread of its own, on the core of the load program, which gives way to the one that measures.
//! What it takes all the same counts against the server here.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};

use crate::crowd::{self, Account};
use crate::lockstep;
use crate::plan::Bench;
use crate::report::{Measure, median};
use crate::room::{Heard, Room};
use crate::server::{Folder, Kind, Server};
use crate::tally::Faults;

const SENDERS: usize = 8;
const MEMBERS: usize = 100;
/// How much less urgent the thread of the flood is, as `nice` counts.
const GIVES_WAY: i32 = 15;
/// A pause before it counts, for the flood to get going.
const WARM_UP: Duration = Duration::from_millis(200);

pub(crate) fn run(bench: &Bench) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, Kind::Neoirc, &folder, &[])?;
    let mut crowd = crowd::channel_of(&server, "m", MEMBERS, "#busy")?;
    let pair = crowd::channel_of(&server, "q", 2, "#quiet")?;
    let mut room = Room::open(&server, pair, 1)?;
    let (mut alone_ms, mut beside_ms, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut floods = Vec::new();
    let mut faults = Faults::default();
    for _ in 0..bench.options.rounds() {
        let before = lockstep::p99_ms(bench, &server, &mut room, "#quiet")?;
        let ends = AtomicBool::new(false);
        let (after, flood) = thread::scope(|scope| {
            let flood = scope.spawn(|| flood(&server, std::mem::take(&mut crowd), &ends));
            thread::sleep(WARM_UP);
            let after = lockstep::p99_ms(bench, &server, &mut room, "#quiet");
            ends.store(true, Ordering::Relaxed);
            (after, flood.join())
        });
        let (after, flood) = (after?, flood.map_err(|_| anyhow!("the flood failed"))??);
        crowd = flood.members;
        faults.add(flood.faults);
        floods.push(flood.deliveries_per_s);
        alone_ms.push(before);
        beside_ms.push(after);
        ratios.push(after / before);
    }
    let mut measure = Measure::default();
    measure.set("p99_ratio", median(&mut ratios));
    measure.set("p99_ms", median(&mut alone_ms));
    measure.set("p99_beside_ms", median(&mut beside_ms));
    measure.set("deliveries_per_s", median(&mut floods));
    faults.add(room.faults());
    measure.faults = faults;
    Ok(measure)
}

/// A flood that has ended.
struct Flood {
    members: Vec<Account>,
    deliveries_per_s: f64,
    faults: Faults,
}

fn flood(server: &Server, mut members: Vec<Account>, ends: &AtomicBool) -> Result<Flood> {
    // On Linux this is about the thread, and not about the whole program.
    rustix::process::nice(GIVES_WAY).context("cannot give way")?;
    let mut net = crate::net::Net::new(server.address, crowd::SETUP_CONNECTIONS)?;
    crowd::catch_up(&mut net, &mut members)?;
    let mut room = Room::open(server, members, SENDERS)?;
    let begun = Instant::now();
    for sender in 0..SENDERS {
        room.say(sender, "#busy")?;
    }
    let mut sending = SENDERS;
    while sending > 0 || !room.everybody_heard_all() {
        let Some(heard) = room.next(Instant::now() + crowd::SILENCE_MAX)? else { break };
        match heard {
            Heard::Acknowledged { sender } if !ends.load(Ordering::Relaxed) => room.say(sender, "#busy")?,
            Heard::Acknowledged { .. } => sending -= 1,
            Heard::Messages => {}
        }
    }
    let deliveries_per_s = room.delivered as f64 / begun.elapsed().as_secs_f64();
    let faults = room.faults();
    Ok(Flood { members: room.members, deliveries_per_s, faults })
}
