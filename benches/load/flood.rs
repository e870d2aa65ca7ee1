//! `floodS_N`: S members each send the next message as soon as the last is acknowledged, and N members read.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::crowd;
use crate::plan::Bench;
use crate::report::{Measure, Meter};
use crate::room::{Heard, Room};
use crate::server::{Folder, Kind, Server};

/// How long members may take to read the rest after the last message was sent.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run(bench: &Bench, kind: Kind, senders: usize, members: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, kind, &folder, &[])?;
    let members = crowd::channel_of(&server, "m", members, "#b")?;
    let mut room = Room::open(&server, members, senders)?;
    on(bench, &server, &mut room, "#b", senders)
}

/// In a room that is open, in which nobody has spoken yet.
pub(crate) fn on(
    bench: &Bench,
    server: &Server,
    room: &mut Room,
    channel: &str,
    senders: usize,
) -> Result<Measure> {
    let meter = Meter::start(server)?;
    for sender in 0..senders {
        room.say(sender, channel)?;
    }
    let sending_ends = Instant::now() + bench.options.duration();
    let mut still_sending = senders;
    let mut sending_took = Duration::ZERO;
    while still_sending > 0 || !room.everybody_heard_all() {
        let Some(heard) = room.next(sending_ends + PATIENCE)? else { break };
        if let Heard::Acknowledged { sender } = heard {
            if Instant::now() < sending_ends {
                room.say(sender, channel)?;
            } else {
                still_sending -= 1;
                sending_took = meter.elapsed();
            }
        }
    }
    // The clock stops when the last member has read the last message: what is still queued is not delivered.
    let mut measure = Measure::of_deliveries(&meter, server, room)?;
    measure.set("acks_per_s", room.acknowledged as f64 / sending_took.as_secs_f64().max(0.001));
    Ok(measure)
}
