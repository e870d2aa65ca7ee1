//! From what a round measured to the JSON line of a scenario.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::figures::{self, Bound};
use crate::machine::{self, Machine};
use crate::options::Options;
use crate::room::Room;
use crate::server::{Kind, Server};
use crate::tally::Faults;

/// Above this the load had no core time to spare.
const LOAD_CPU_PERCENT_MAX: f64 = 95.0;

/// What one round on one server measured. The first value is the one whose ratio to the bare server is taken.
#[derive(Debug, Default)]
pub(crate) struct Measure {
    values: Vec<(&'static str, f64)>,
    /// Where one scenario measures how something grows.
    pub(crate) points: Vec<Point>,
    pub(crate) faults: Faults,
}

/// A point of a curve: what was varied, and what was measured there.
#[derive(Debug)]
pub(crate) struct Point {
    pub(crate) at: f64,
    pub(crate) values: Vec<(&'static str, f64)>,
}

impl Point {
    /// As JSON.
    fn line(&self) -> String {
        let member = |(key, value): &(&str, f64)| format!(r#","{key}":{}"#, rounded(*value));
        let members: String = self.values.iter().map(member).collect();
        format!(r#"{{"at":{}{members}}}"#, rounded(self.at))
    }
}

impl Measure {
    pub(crate) fn set(&mut self, key: &'static str, value: f64) {
        self.values.push((key, value));
    }

    /// A value set before, or not a number.
    pub(crate) fn get(&self, key: &str) -> f64 {
        self.values.iter().find(|(name, _)| *name == key).map_or(f64::NAN, |(_, value)| *value)
    }

    /// Half of all were faster than p50, 99 in 100 faster than p99.
    pub(crate) fn set_latencies(&mut self, latencies: &mut Latencies) {
        self.set("p50_ms", latencies.percentile_ms(50));
        self.set("p99_ms", latencies.percentile_ms(99));
    }

    /// What the scenarios have in common in which a channel is read by its members.
    pub(crate) fn of_deliveries(meter: &Meter, server: &Server, room: &mut Room) -> Result<Measure> {
        let mut measure = Measure::default();
        measure.set("deliveries_per_s", room.delivered as f64 / meter.elapsed().as_secs_f64());
        measure.set("messages", room.acknowledged as f64);
        meter.costs(&mut measure, server, "server_cpu_ms_per_1000_deliveries", room.delivered)?;
        measure.set("server_mib", server.resident_kib()? as f64 / 1024.0);
        measure.set("p50_ms", room.delivery_latencies.percentile_ms(50));
        measure.set("p99_ms", room.delivery_latencies.percentile_ms(99));
        measure.set("ack_p50_ms", room.ack_latencies.percentile_ms(50));
        measure.set("ack_p99_ms", room.ack_latencies.percentile_ms(99));
        measure.faults = room.faults();
        Ok(measure)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (key, value) in &self.values {
            write!(formatter, "{key} {} ", rounded(*value))?;
        }
        if self.faults != Faults::default() {
            write!(formatter, "{:?}", self.faults)?;
        }
        Ok(())
    }
}

/// Times and processor use since a moment.
pub(crate) struct Meter {
    started: Instant,
    server_cpu_ms: u64,
    load_cpu_ms: u64,
    all_cpu_ms: u64,
}

impl Meter {
    pub(crate) fn start(server: &Server) -> Result<Meter> {
        let (server_cpu_ms, load_cpu_ms) = (server.cpu_ms()?, machine::cpu_ms(std::process::id())?);
        Ok(Meter {
            started: Instant::now(),
            server_cpu_ms,
            load_cpu_ms,
            all_cpu_ms: machine::cpu_ms_of_all()?,
        })
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The server's share of one core.
    pub(crate) fn server_cpu_percent(&self, server: &Server) -> Result<f64> {
        Ok((server.cpu_ms()? - self.server_cpu_ms) as f64 / self.elapsed().as_secs_f64() / 10.0)
    }

    /// Notes what the server spent on each thousand of something, and how busy both sides were: a load that is
    /// busier than the server measures itself. Where others were busy too, the figures are too low.
    pub(crate) fn costs(
        &self,
        measure: &mut Measure,
        server: &Server,
        key: &'static str,
        count: u64,
    ) -> Result<()> {
        let spent = (server.cpu_ms()? - self.server_cpu_ms) as f64;
        let load_spent = (machine::cpu_ms(std::process::id())? - self.load_cpu_ms) as f64;
        measure.set(key, spent / (count.max(1) as f64 / 1000.0));
        measure.set("server_cpu_percent", self.server_cpu_percent(server)?);
        measure.set("load_cpu_percent", load_spent / self.elapsed().as_secs_f64() / 10.0);
        let all_spent = (machine::cpu_ms_of_all()? - self.all_cpu_ms) as f64;
        let others_spent = (all_spent - spent - load_spent).max(0.0);
        measure.set("others_cpu_percent", others_spent / self.elapsed().as_secs_f64() / 10.0);
        Ok(())
    }
}

/// Times of single events.
#[derive(Default)]
pub(crate) struct Latencies {
    micros: Vec<u32>,
}

impl Latencies {
    pub(crate) fn add(&mut self, latency: Duration) {
        self.micros.push(u32::try_from(latency.as_micros()).unwrap_or(u32::MAX));
    }

    fn percentile_ms(&mut self, percent: usize) -> f64 {
        self.micros.sort_unstable();
        let index = self.micros.len() * percent / 100;
        self.micros
            .get(index.min(self.micros.len().saturating_sub(1)))
            .map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// The middle value, or the mean of the two in the middle; not a number when there is none.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    match values {
        [] => f64::NAN,
        _ if values.len().is_multiple_of(2) => f64::midpoint(values[half - 1], values[half]),
        _ => values[half],
    }
}

/// All rounds of one scenario.
pub(crate) struct Report {
    scenario: &'static str,
    is_quick: bool,
    is_pinned: bool,
    neoirc: Vec<Measure>,
    bare: Vec<Measure>,
    nchan: Vec<Measure>,
}

impl Report {
    pub(crate) fn new(scenario: &'static str, options: &Options, machine: &Machine) -> Report {
        let (is_quick, is_pinned) = (options.quick, machine.is_pinned());
        Report { scenario, is_quick, is_pinned, neoirc: Vec::new(), bare: Vec::new(), nchan: Vec::new() }
    }

    pub(crate) fn add(&mut self, kind: Kind, measure: Measure) {
        match kind {
            Kind::Neoirc => self.neoirc.push(measure),
            Kind::Bare => self.bare.push(measure),
            Kind::Nchan => self.nchan.push(measure),
        }
    }

    /// The curve, where the scenario measures one.
    pub(crate) fn points(&self) -> &[Point] {
        self.neoirc.first().map_or(&[], |measure| &measure.points)
    }

    pub(crate) const fn scenario(&self) -> &'static str {
        self.scenario
    }

    /// Nothing was lost, doubled or out of order, on either server: a fault of the bare one is one of the load.
    pub(crate) fn is_faultless(&self) -> bool {
        self.neoirc.iter().chain(&self.bare).all(|measure| measure.faults == Faults::default())
    }

    /// Prints the lines, and how the figures to reach compare.
    pub(crate) fn print(&self) {
        if !self.bare.is_empty() {
            println!("{}", self.line(Kind::Bare, &medians(&self.bare)));
        }
        if !self.nchan.is_empty() {
            println!("{}", self.line(Kind::Nchan, &medians(&self.nchan)));
        }
        if self.neoirc.is_empty() {
            return;
        }
        let mut values = medians(&self.neoirc);
        let of = |key: &'static str| {
            move |measure: &Measure| {
                measure.values.iter().find(|(name, _)| *name == key).map(|(_, value)| *value)
            }
        };
        let headline = |measure: &Measure| measure.values.first().map(|(_, value)| *value);
        let cpu = of("server_cpu_ms_per_1000_deliveries");
        for (key, ratio) in [
            ("ratio_to_bare", self.ratio_to(&self.bare, headline)),
            ("cpu_ratio_to_bare", self.ratio_to(&self.bare, cpu)),
            ("ratio_to_nchan", self.ratio_to(&self.nchan, headline)),
            ("cpu_ratio_to_nchan", self.ratio_to(&self.nchan, cpu)),
        ] {
            values.extend(ratio.map(|ratio| (key, ratio)));
        }
        println!("{}", self.line(Kind::Neoirc, &values));
        if values.iter().any(|(key, value)| *key == "load_cpu_percent" && *value > LOAD_CPU_PERCENT_MAX) {
            eprintln!("load: {}: the load itself was the bottleneck; the server can do more", self.scenario);
        }
        for (key, bound) in figures::of(self.scenario) {
            if let Some((_, value)) = values.iter().find(|(name, _)| *name == key) {
                let verdict = if bound.is_met_by(*value) { "reached" } else { "NOT REACHED" };
                eprintln!("load: {}: {key} {} {verdict} ({bound:?})", self.scenario, rounded(*value));
            }
        }
    }

    /// The median of the rounds' own ratios, since both sides of a round saw the same weather.
    fn ratio_to(&self, peer: &[Measure], of: impl Fn(&Measure) -> Option<f64>) -> Option<f64> {
        let pairs = self.neoirc.iter().zip(peer);
        let mut ratios: Vec<f64> = pairs.filter_map(|(neoirc, peer)| Some(of(neoirc)? / of(peer)?)).collect();
        (!ratios.is_empty()).then(|| median(&mut ratios))
    }

    fn line(&self, kind: Kind, values: &[(&'static str, f64)]) -> String {
        let rounds = match kind {
            Kind::Bare => &self.bare,
            Kind::Nchan => &self.nchan,
            Kind::Neoirc => &self.neoirc,
        };
        let mut faults = Faults::default();
        for round in rounds {
            faults.add(round.faults);
        }
        let member = |(key, value): &(&str, f64)| format!(r#""{key}":{}"#, rounded(*value));
        let members = values.iter().map(member).collect::<Vec<_>>().join(",");
        let verdicts = if kind == Kind::Neoirc { self.verdicts(values) } else { String::new() };
        let points: Vec<String> = rounds.iter().flat_map(|round| &round.points).map(Point::line).collect();
        let points =
            if points.is_empty() { String::new() } else { format!(r#","points":[{}]"#, points.join(",")) };
        format!(
            r#"{{"scenario":"{}","server":"{kind}",{members},"lost":{},"doubled":{},"misordered":{}{verdicts}{points},"rounds":{},"pinned":{},"quick":{}}}"#,
            self.scenario,
            faults.lost,
            faults.doubled,
            faults.misordered,
            rounds.len(),
            self.is_pinned,
            self.is_quick
        )
    }

    fn verdicts(&self, values: &[(&'static str, f64)]) -> String {
        let verdict = |(key, bound): (&'static str, Bound)| {
            let (_, value) = values.iter().find(|(name, _)| *name == key)?;
            let (side, limit) = match bound {
                Bound::AtLeast(limit) => ("at_least", limit),
                Bound::AtMost(limit) => ("at_most", limit),
            };
            Some(format!(r#"{{"of":"{key}","{side}":{limit},"reached":{}}}"#, bound.is_met_by(*value)))
        };
        let verdicts: Vec<String> = figures::of(self.scenario).filter_map(verdict).collect();
        if verdicts.is_empty() { String::new() } else { format!(r#","figures":[{}]"#, verdicts.join(",")) }
    }
}

/// Each value's median over the rounds.
fn medians(rounds: &[Measure]) -> Vec<(&'static str, f64)> {
    let keys = rounds.first().into_iter().flat_map(|round| round.values.iter().map(|(key, _)| *key));
    keys.map(|key| {
        let mut values: Vec<f64> = rounds.iter().map(|round| round.get(key)).collect();
        (key, median(&mut values))
    })
    .collect()
}

/// A number as JSON, with about as many digits as mean something; what is not a number becomes `null`.
fn rounded(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "null".to_owned(),
        _ if value.fract() == 0.0 => format!("{value:.0}"),
        1000.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        _ => format!("{value:.3}"),
    }
}
