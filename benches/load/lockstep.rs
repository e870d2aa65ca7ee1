//! `lockstep_N`: the next message is sent when every member has read the last, so that every answer carries one.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::crowd;
use crate::plan::Bench;
use crate::report::{Latencies, Measure, Meter};
use crate::room::{Heard, Room};
use crate::server::{Folder, Kind, Server};

/// A message that somebody has not read by then is lost.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn run(bench: &Bench, kind: Kind, members: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, kind, &folder, &[])?;
    let members = crowd::channel_of(&server, "m", members, "#b")?;
    let mut room = Room::open(&server, members, 1)?;
    let mut latencies = Latencies::default();
    let meter = Meter::start(&server)?;
    while meter.elapsed() < bench.options.duration() {
        if !step(&mut room, &mut latencies)? {
            break;
        }
    }
    let mut measure = Measure::of_deliveries(&meter, &server, &room)?;
    measure.set_latencies(&mut latencies);
    Ok(measure)
}

/// One message to everybody. False when somebody never got it.
fn step(room: &mut Room, latencies: &mut Latencies) -> Result<bool> {
    let acknowledged = room.acknowledged;
    room.say(0, "#b")?;
    let deadline = room.sent_at(0) + PATIENCE;
    while room.acknowledged == acknowledged || !room.everybody_heard_all() {
        match room.next(deadline)? {
            Some(Heard::Messages { count: 1.., .. }) => latencies.add(room.sent_at(0).elapsed()),
            Some(_) => {}
            None if room.acknowledged == acknowledged => bail!("no acknowledgement"),
            None => return Ok(false),
        }
    }
    Ok(true)
}
