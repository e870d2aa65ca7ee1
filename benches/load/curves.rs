//! `curve_*`: how the cost of a message grows with what there is besides: members of its channel, messages in the
//! past, sessions that only wait.
//!
//! The points of a curve are measured in turn, round after round, and each is given by its medians: a machine that slows
//! down meanwhile slows all of them.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::acks;
use crate::crowd::{self, Account};
use crate::filled::{self, SETTINGS};
use crate::flood;
use crate::http::write_poll;
use crate::idle::members_of_channels;
use crate::lockstep;
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Measure, Point, median};
use crate::room::Room;
use crate::server::{Folder, Kind, Server};
use crate::tally::Faults;

const CHANNEL: &str = "#b";
/// Those who flood, and those who have messages acknowledged.
const SENDERS: usize = 8;
/// Members of the channel where the number of idle sessions is varied.
const MEMBERS: usize = 100;
/// Idle polls wait as long as the server lets them.
const LONGEST_POLL_S: u32 = 30;

/// What of a round is kept: the rate, and the processor time for a thousand.
const LOCKSTEP: [(&str, &str); 2] = [
    ("lockstep_per_s", "deliveries_per_s"),
    ("lockstep_cpu_ms_per_1000", "server_cpu_ms_per_1000_deliveries"),
];
const FLOOD: [(&str, &str); 2] =
    [("flood8_per_s", "deliveries_per_s"), ("flood8_cpu_ms_per_1000", "server_cpu_ms_per_1000_deliveries")];
const ACKS: [(&str, &str); 2] =
    [("acks8_per_s", "acks_per_s"), ("acks8_cpu_ms_per_1000", "server_cpu_ms_per_1000_acks")];

/// Deliveries in a channel of few and of many.
pub(crate) fn members(bench: &Bench) -> Result<Measure> {
    let sizes: &[usize] = if bench.options.quick { &[10, 100] } else { &[10, 100, 1_000, 10_000] };
    let mut curve = Curve::default();
    let mut places = Vec::new();
    for size in sizes {
        let folder = Folder::new(bench)?;
        let accounts = filled::members(&folder, CHANNEL, *size)?;
        places.push((folder, accounts));
    }
    for _ in 0..bench.options.rounds() {
        for (size, (folder, accounts)) in sizes.iter().zip(&mut places) {
            let at = *size as f64;
            let server = Server::start(bench, Kind::Neoirc, folder, &SETTINGS)?;
            let measure = in_a_room(&server, accounts, |room| lockstep::on(bench, &server, room, CHANNEL))?;
            curve.add(at, &LOCKSTEP, &measure);
            let measure =
                in_a_room(&server, accounts, |room| flood::on(bench, &server, room, CHANNEL, SENDERS))?;
            curve.add(at, &FLOOD, &measure);
        }
    }
    Ok(curve.into_measure())
}

/// Messages acknowledged, and told to a hundred, beside few and many of the past.
pub(crate) fn stored(bench: &Bench) -> Result<Measure> {
    let sizes: &[u64] =
        if bench.options.quick { &[1_000, 10_000] } else { &[1_000, 100_000, 1_000_000, 10_000_000] };
    let mut curve = Curve::default();
    let mut places = Vec::new();
    for size in sizes {
        let folder = Folder::new(bench)?;
        let accounts = filled::members(&folder, CHANNEL, MEMBERS)?;
        filled::messages(&folder, *size)?;
        eprintln!("load: curve_stored: {size} messages are stored, {:.0} MiB", folder.mib());
        places.push((folder, accounts));
    }
    for round in 0..bench.options.rounds() {
        for (size, (folder, accounts)) in sizes.iter().zip(&mut places) {
            let at = *size as f64;
            let server = Server::start(bench, Kind::Neoirc, folder, &SETTINGS)?;
            server.ready_after()?;
            let measure = acks::on(bench, &server, &format!("s{round}_"), SENDERS)?;
            curve.add(at, &ACKS, &measure);
            let measure = in_a_room(&server, accounts, |room| lockstep::on(bench, &server, room, CHANNEL))?;
            curve.add(at, &LOCKSTEP, &measure);
        }
    }
    Ok(curve.into_measure())
}

/// The same beside few and many sessions that wait in a poll.
pub(crate) fn idle(bench: &Bench) -> Result<Measure> {
    let sizes: &[usize] = if bench.options.quick { &[0, 100] } else { &[0, 1_000, 10_000] };
    let mut curve = Curve::default();
    let mut places = Vec::new();
    for size in sizes {
        let folder = Folder::new(bench)?;
        let accounts = filled::members(&folder, CHANNEL, MEMBERS)?;
        let server = Server::start(bench, Kind::Neoirc, &folder, &SETTINGS)?;
        let idle = members_of_channels(&server, "i", *size)?;
        server.stop()?;
        places.push((folder, accounts, idle));
    }
    for round in 0..bench.options.rounds() {
        for (size, (folder, accounts, idle)) in sizes.iter().zip(&mut places) {
            let at = *size as f64;
            let server = Server::start(bench, Kind::Neoirc, folder, &SETTINGS)?;
            let mut waiting = Net::new(server.address, idle.len().max(1))?;
            crowd::connect(&mut waiting, idle)?;
            for (connection, account) in idle.iter().enumerate() {
                waiting.send(connection, |out| {
                    write_poll(out, &account.cookie, account.after, LONGEST_POLL_S);
                })?;
            }
            let measure = acks::on(bench, &server, &format!("s{round}_"), SENDERS)?;
            curve.add(at, &ACKS, &measure);
            let measure = in_a_room(&server, accounts, |room| lockstep::on(bench, &server, room, CHANNEL))?;
            curve.add(at, &LOCKSTEP, &measure);
        }
    }
    Ok(curve.into_measure())
}

/// Opens the room for one measurement, with everything read that was said before.
fn in_a_room(
    server: &Server,
    accounts: &mut Vec<Account>,
    measure: impl FnOnce(&mut Room) -> Result<Measure>,
) -> Result<Measure> {
    crowd::catch_up(&mut Net::new(server.address, crowd::SETUP_CONNECTIONS)?, accounts)?;
    let mut room = Room::open(server, std::mem::take(accounts), SENDERS)?;
    let measure = measure(&mut room);
    *accounts = std::mem::take(&mut room.members);
    measure
}

/// What each round measured, by its name.
type Rounds = Vec<(&'static str, Vec<f64>)>;

/// What was measured at each point, round after round.
#[derive(Default)]
struct Curve {
    values: Vec<(f64, Rounds)>,
    faults: Faults,
}

impl Curve {
    fn add(&mut self, at: f64, keys: &[(&'static str, &'static str)], measure: &Measure) {
        self.faults.add(measure.faults);
        let index = self.values.iter().position(|(point, _)| point.total_cmp(&at).is_eq());
        let index = index.unwrap_or_else(|| {
            self.values.push((at, Vec::new()));
            self.values.len() - 1
        });
        let values = &mut self.values[index].1;
        for (key, of) in keys {
            match values.iter_mut().find(|(name, _)| name == key) {
                Some((_, values)) => values.push(measure.get(of)),
                None => values.push((key, vec![measure.get(of)])),
            }
        }
    }

    fn into_measure(self) -> Measure {
        let point = |(at, values): (f64, Rounds)| {
            let values = values.into_iter().map(|(key, mut values)| (key, median(&mut values))).collect();
            Point { at, values }
        };
        let points: Vec<Point> = self.values.into_iter().map(point).collect();
        let mut measure = Measure::default();
        measure.faults = self.faults;
        // How the last point compares with the first: 1 is flat.
        if let (Some(first), Some(last)) = (points.first(), points.last()) {
            for ((key, first), (_, last)) in first.values.iter().zip(&last.values) {
                if let Some(key) = last_of_first(key) {
                    measure.set(key, last / first);
                }
            }
        }
        measure.points = points;
        measure
    }
}

/// The name of the ratio between the ends of a curve.
fn last_of_first(key: &str) -> Option<&'static str> {
    Some(match key {
        "acks8_per_s" => "acks8_last_of_first",
        "lockstep_per_s" => "lockstep_last_of_first",
        "flood8_per_s" => "flood8_last_of_first",
        "acks8_cpu_ms_per_1000" => "acks8_cpu_last_of_first",
        "lockstep_cpu_ms_per_1000" => "lockstep_cpu_last_of_first",
        _ => return None,
    })
}

/// How long `curve_time` runs, and how often it looks.
const SOAK: Duration = Duration::from_mins(10);
const LOOK_EVERY: Duration = Duration::from_secs(20);

/// What the server does and holds while a channel of a hundred talks for ten minutes.
pub(crate) fn time(bench: &Bench) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let (soak, look_every) = if bench.options.quick {
        (Duration::from_secs(4), Duration::from_secs(1))
    } else {
        (bench.options.soak().unwrap_or(SOAK), LOOK_EVERY)
    };
    let server = Server::start(bench, Kind::Neoirc, &folder, &[])?;
    let members = crowd::channel_of(&server, "m", MEMBERS, CHANNEL)?;
    let mut room = Room::open(&server, members, SENDERS)?;
    let mut measure = Measure::default();
    let began = Instant::now();
    while began.elapsed() < soak {
        let (looked, delivered, cpu_ms) = (Instant::now(), room.delivered, server.cpu_ms()?);
        while looked.elapsed() < look_every && lockstep::step(&mut room, CHANNEL)? {}
        let deliveries = (room.delivered - delivered) as f64;
        let cpu_ms = (server.cpu_ms()? - cpu_ms) as f64;
        measure.points.push(Point {
            at: began.elapsed().as_secs_f64(),
            values: vec![
                ("lockstep_per_s", deliveries / looked.elapsed().as_secs_f64()),
                ("lockstep_cpu_ms_per_1000", cpu_ms / deliveries.max(1.0) * 1000.0),
                ("server_mib", server.resident_kib()? as f64 / 1024.0),
                ("disk_mib", folder.mib()),
            ],
        });
    }
    let mib = |point: &Point| point.values.iter().find(|(key, _)| *key == "server_mib").map(|found| found.1);
    // From the third minute on: what was read stays in memory for two.
    let settled = measure.points.get(measure.points.len() * 3 / 10).and_then(mib);
    let last = measure.points.last().and_then(mib);
    measure.set("mib_last_of_settled", last.zip(settled).map_or(f64::NAN, |(last, settled)| last / settled));
    measure.set("messages", room.acknowledged as f64);
    measure.faults = room.faults();
    Ok(measure)
}
