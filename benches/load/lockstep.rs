//! `lockstep_N`: the next message is sent when every member has read the last, so that every answer carries one.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::crowd;
use crate::plan::Bench;
use crate::report::{Latencies, Measure, Meter};
use crate::room::Room;
use crate::server::{Folder, Kind, Server};

/// A message that somebody has not read by then is lost.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn run(bench: &Bench, kind: Kind, members: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, kind, &folder, &[])?;
    let members = crowd::channel_of(&server, "m", members, "#b")?;
    let mut room = Room::open(&server, members, 1)?;
    on(bench, &server, &mut room, "#b")
}

/// In a room that is open.
pub(crate) fn on(bench: &Bench, server: &Server, room: &mut Room, channel: &str) -> Result<Measure> {
    let meter = Meter::start(server)?;
    let mut everybody_listens = true;
    while everybody_listens && meter.elapsed() < bench.options.duration() {
        everybody_listens = step(room, channel)?;
    }
    Measure::of_deliveries(&meter, server, room)
}

/// One message to everybody. False when somebody never got it.
pub(crate) fn step(room: &mut Room, channel: &str) -> Result<bool> {
    let acknowledged = room.acknowledged;
    room.say(0, channel)?;
    let deadline = Instant::now() + PATIENCE;
    while room.acknowledged == acknowledged || !room.everybody_heard_all() {
        if room.next(deadline)?.is_none() {
            if room.acknowledged == acknowledged {
                bail!("no acknowledgement");
            }
            return Ok(false);
        }
    }
    Ok(true)
}

/// How long all but the slowest of the messages take now.
pub(crate) fn p99_ms(bench: &Bench, server: &Server, room: &mut Room, channel: &str) -> Result<f64> {
    room.delivery_latencies = Latencies::default();
    let meter = Meter::start(server)?;
    while meter.elapsed() < bench.options.duration() && step(room, channel)? {}
    let mut measure = Measure::default();
    measure.set_latencies(&mut room.delivery_latencies);
    Ok(measure.get("p99_ms"))
}
