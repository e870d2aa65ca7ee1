//! The figures to reach on a 2-core machine shared with the load, every acknowledgement on disk.

/// On which side of the figure is good.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Bound {
    pub(crate) fn is_met_by(self, value: f64) -> bool {
        match self {
            Bound::AtLeast(bound) => value >= bound,
            Bound::AtMost(bound) => value <= bound,
        }
    }
}

/// Scenario, what of it, and the figure.
const FIGURES: [(&str, &str, Bound); 35] = [
    ("lockstep_100", "ratio_to_bare", Bound::AtLeast(0.5)),
    ("lockstep_1000", "ratio_to_bare", Bound::AtLeast(0.6)),
    ("flood8_100", "ratio_to_bare", Bound::AtLeast(0.15)),
    ("flood8_100", "deliveries_per_s", Bound::AtLeast(150_000.0)),
    ("flood8_1000", "ratio_to_bare", Bound::AtLeast(0.35)),
    ("flood8_1000", "deliveries_per_s", Bound::AtLeast(300_000.0)),
    ("lockstep_100", "ratio_to_nchan", Bound::AtLeast(0.75)),
    ("lockstep_100", "cpu_ratio_to_nchan", Bound::AtMost(1.2)),
    ("lockstep_1000", "ratio_to_nchan", Bound::AtLeast(0.9)),
    ("lockstep_1000", "cpu_ratio_to_nchan", Bound::AtMost(1.1)),
    ("flood8_100", "ratio_to_nchan", Bound::AtLeast(1.0)),
    ("flood8_1000", "ratio_to_nchan", Bound::AtLeast(1.2)),
    ("acks_64", "ratio_to_nchan", Bound::AtLeast(0.6)),
    ("acks_8", "acks_per_s", Bound::AtLeast(18_000.0)),
    ("acks_1", "ratio_to_sqlite", Bound::AtLeast(0.6)),
    ("idle_1000", "kib_per_client", Bound::AtMost(12.0)),
    ("idle_10000", "kib_per_client", Bound::AtMost(12.0)),
    ("idle_10000", "server_cpu_percent", Bound::AtMost(1.0)),
    ("idle_10000", "wake_s", Bound::AtMost(0.25)),
    ("guard_idle", "p99_ratio", Bound::AtMost(2.0)),
    ("fair_100", "p99_ratio", Bound::AtMost(5.0)),
    ("sessions", "sessions_per_s", Bound::AtLeast(8_000.0)),
    ("drain_memory", "messages_per_s", Bound::AtLeast(2_000_000.0)),
    ("drain_disk", "messages_per_s", Bound::AtLeast(500_000.0)),
    ("large_10000", "join_writer_ms", Bound::AtMost(5.0)),
    ("wire_idle_10000", "kib_per_client", Bound::AtMost(15.0)),
    ("wire_flood8_1000", "deliveries_per_s", Bound::AtLeast(400_000.0)),
    ("wire_joins_2000", "joins_s", Bound::AtMost(10.0)),
    ("restart", "restart_s", Bound::AtMost(2.0)),
    ("restart", "restart_after_kill_s", Bound::AtMost(2.0)),
    ("restart", "stop_s", Bound::AtMost(10.0)),
    ("idle_10000", "wake_ratio_to_nchan", Bound::AtMost(1.0)),
    ("curve_stored", "acks8_cpu_last_of_first", Bound::AtMost(1.25)),
    ("curve_idle", "lockstep_cpu_last_of_first", Bound::AtMost(1.25)),
    ("curve_time", "mib_last_of_settled", Bound::AtMost(1.1)),
];

/// The figures of one scenario.
pub(crate) fn of(scenario: &str) -> impl Iterator<Item = (&'static str, Bound)> {
    FIGURES.into_iter().filter(move |(name, _, _)| *name == scenario).map(|(_, key, bound)| (key, bound))
}
