//! The table of contents: every scenario by name.

use anyhow::{Result, bail};

use crate::machine::Machine;
use crate::options::Options;
use crate::report::Measure;
use crate::server::Kind;
use crate::{
    acks, curves, drain, durability, fair, flood, guard, idle, large, lockstep, nchan, pingpong, restart,
    sessions, wire,
};

/// What every scenario is given.
pub(crate) struct Bench {
    pub(crate) options: Options,
    pub(crate) machine: Machine,
}

/// One line of the table.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Whether the bare reference can play it too.
    pub(crate) has_bare: bool,
    /// Its preparation takes long, so it measures several times within one round instead of preparing again.
    pub(crate) repeats_itself: bool,
    load: Load,
}

/// What is done, with the size that tells scenarios of one kind apart.
enum Load {
    Lockstep { members: usize },
    Flood { senders: usize, members: usize },
    Acks { senders: usize },
    PingPong,
    Sessions,
    Idle { clients: usize },
    Large { members: usize },
    Guard,
    Fair,
    WireIdle { clients: usize },
    WireFlood { senders: usize, members: usize },
    WireJoins { clients: usize },
    Drain { after_restart: bool },
    Restart,
    Curve { of: fn(&Bench) -> Result<Measure> },
}

const fn versus_bare(name: &'static str, load: Load) -> Scenario {
    Scenario { name, has_bare: true, repeats_itself: false, load }
}

const fn alone(name: &'static str, load: Load) -> Scenario {
    Scenario { name, has_bare: false, repeats_itself: true, load }
}

/// What the bare server cannot play, in as many rounds as were asked for.
const fn several(name: &'static str, load: Load) -> Scenario {
    Scenario { name, has_bare: false, repeats_itself: false, load }
}

/// All scenarios in the order they run.
pub(crate) const SCENARIOS: [Scenario; 30] = [
    versus_bare("lockstep_10", Load::Lockstep { members: 10 }),
    versus_bare("lockstep_100", Load::Lockstep { members: 100 }),
    versus_bare("lockstep_1000", Load::Lockstep { members: 1000 }),
    versus_bare("flood1_10", Load::Flood { senders: 1, members: 10 }),
    versus_bare("flood1_100", Load::Flood { senders: 1, members: 100 }),
    versus_bare("flood1_1000", Load::Flood { senders: 1, members: 1000 }),
    versus_bare("flood8_10", Load::Flood { senders: 8, members: 10 }),
    versus_bare("flood8_100", Load::Flood { senders: 8, members: 100 }),
    versus_bare("flood8_1000", Load::Flood { senders: 8, members: 1000 }),
    versus_bare("acks_1", Load::Acks { senders: 1 }),
    versus_bare("acks_8", Load::Acks { senders: 8 }),
    versus_bare("acks_64", Load::Acks { senders: 64 }),
    versus_bare("pingpong", Load::PingPong),
    versus_bare("sessions", Load::Sessions),
    versus_bare("idle_1000", Load::Idle { clients: 1000 }),
    versus_bare("idle_10000", Load::Idle { clients: 10_000 }),
    alone("large_10000", Load::Large { members: 10_000 }),
    alone("guard_idle", Load::Guard),
    alone("fair_100", Load::Fair),
    alone("wire_idle_10000", Load::WireIdle { clients: 10_000 }),
    several("wire_flood8_1000", Load::WireFlood { senders: 8, members: 1000 }),
    several("wire_joins_2000", Load::WireJoins { clients: 2000 }),
    alone("drain_memory", Load::Drain { after_restart: false }),
    alone("drain_disk", Load::Drain { after_restart: true }),
    // These take by far the longest, hence the last.
    alone("restart", Load::Restart),
    alone("durability", Load::Curve { of: durability::run }),
    alone("curve_members", Load::Curve { of: curves::members }),
    alone("curve_stored", Load::Curve { of: curves::stored }),
    alone("curve_idle", Load::Curve { of: curves::idle }),
    alone("curve_time", Load::Curve { of: curves::time }),
];

/// The scenarios whose name is, or else begins with, one of `names`; all when there are none.
///
/// # Errors
/// A name that fits nothing.
pub(crate) fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>> {
    let all = || SCENARIOS.iter();
    if let Some(unknown) = names.iter().find(|name| !all().any(|one| one.name.starts_with(name.as_str()))) {
        bail!("no scenario begins with {unknown:?}; --list names them");
    }
    let wanted = |scenario: &&Scenario| {
        names.is_empty()
            || names.iter().any(|name| {
                let is_exact = all().any(|one| one.name == name);
                if is_exact { scenario.name == name } else { scenario.name.starts_with(name.as_str()) }
            })
    };
    Ok(all().filter(wanted).collect())
}

impl Scenario {
    /// Whether Nchan can play it.
    pub(crate) const fn has_nchan(&self) -> bool {
        matches!(
            self.load,
            Load::Lockstep { .. } | Load::Flood { .. } | Load::Acks { .. } | Load::Idle { .. }
        )
    }

    /// Plays one round on one server, which it starts and stops.
    pub(crate) fn run(&self, bench: &Bench, kind: Kind) -> Result<Measure> {
        if kind == Kind::Nchan {
            return match self.load {
                Load::Lockstep { members } => nchan::run(bench, 1, members, true),
                Load::Flood { senders, members } => nchan::run(bench, senders, members, false),
                Load::Acks { senders } => nchan::acks(bench, senders),
                Load::Idle { clients } => nchan::idle(bench, clients),
                _ => bail!("Nchan cannot play {}", self.name),
            };
        }
        match self.load {
            Load::Lockstep { members } => lockstep::run(bench, kind, members),
            Load::Flood { senders, members } => flood::run(bench, kind, senders, members),
            Load::Acks { senders } => acks::run(bench, kind, senders),
            Load::PingPong => pingpong::run(bench, kind),
            Load::Sessions => sessions::run(bench, kind),
            Load::Idle { clients } => idle::run(bench, kind, clients),
            Load::Large { members } => large::run(bench, members),
            Load::Guard => guard::run(bench),
            Load::Fair => fair::run(bench),
            Load::WireIdle { clients } => wire::idle(bench, clients),
            Load::WireFlood { senders, members } => wire::flood(bench, senders, members),
            Load::WireJoins { clients } => wire::joins(bench, clients),
            Load::Drain { after_restart } => drain::run(bench, after_restart),
            Load::Restart => restart::run(bench),
            Load::Curve { of } => of(bench),
        }
    }
}
