//! `durability`: what it costs that every acknowledged message is on disk.
//!
//! The server does not offer to leave that out. It is measured instead on a file system that is memory, where waiting
//! for the disk takes no time: as fast as `synchronous=OFF`, or a little faster.

use std::path::Path;

use anyhow::{Result, ensure};

use crate::acks;
use crate::crowd;
use crate::flood;
use crate::lockstep;
use crate::plan::Bench;
use crate::report::{Measure, median};
use crate::room::Room;
use crate::server::{Folder, Kind, Server};

/// Where Linux keeps a file system in memory.
const IN_MEMORY: &str = "/dev/shm";
const SENDERS: usize = 8;
const MEMBERS: usize = 100;

/// What is measured in both places, and the name of the ratio: on disk to in memory.
const RATIOS: [(&str, &str); 4] = [
    ("acks_1", "acks_1_of_memory"),
    ("acks_8", "acks_8_of_memory"),
    ("lockstep_100", "lockstep_100_of_memory"),
    ("flood8_100", "flood8_100_of_memory"),
];

pub(crate) fn run(bench: &Bench) -> Result<Measure> {
    ensure!(Path::new(IN_MEMORY).is_dir(), "there is no {IN_MEMORY}");
    let mut measure = Measure::default();
    let mut ratios: Vec<Vec<f64>> = vec![Vec::new(); RATIOS.len()];
    for _ in 0..bench.options.rounds() {
        let on_disk = rates(bench, &Folder::new(bench)?, &mut measure)?;
        let in_memory = rates(bench, &Folder::within(Path::new(IN_MEMORY))?, &mut measure)?;
        for ((ratios, on_disk), in_memory) in ratios.iter_mut().zip(on_disk).zip(in_memory) {
            ratios.push(on_disk / in_memory);
        }
    }
    for ((_, key), mut ratios) in RATIOS.into_iter().zip(ratios) {
        measure.set(key, median(&mut ratios));
    }
    Ok(measure)
}

/// The rates in the order of [`RATIOS`].
fn rates(bench: &Bench, folder: &Folder, sum: &mut Measure) -> Result<[f64; 4]> {
    let server = Server::start(bench, Kind::Neoirc, folder, &[])?;
    let one = acks::on(bench, &server, "o", 1)?;
    let eight = acks::on(bench, &server, "e", SENDERS)?;
    let members = crowd::channel_of(&server, "m", MEMBERS, "#b")?;
    let mut room = Room::open(&server, members, SENDERS)?;
    let lockstep = lockstep::on(bench, &server, &mut room, "#b")?;
    drop(room);
    let members = crowd::channel_of(&server, "f", MEMBERS, "#f")?;
    let mut room = Room::open(&server, members, SENDERS)?;
    let flood = flood::on(bench, &server, &mut room, "#f", SENDERS)?;
    for measure in [&one, &eight, &lockstep, &flood] {
        sum.faults.add(measure.faults);
    }
    Ok([
        one.get("acks_per_s"),
        eight.get("acks_per_s"),
        lockstep.get("deliveries_per_s"),
        flood.get("deliveries_per_s"),
    ])
}
