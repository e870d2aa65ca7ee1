//! Counts that faces show and that the writer, mostly, keeps.
//!
//! Each is an atomic that is added to without ordering: a few nanoseconds, on the writer's thread once a batch
//! and not once a message where that is possible. Whatever can be counted when somebody asks, such as how many
//! clients wait, is counted then and costs nothing before.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use std::time::Duration;

/// Numerics have three digits.
const NUMERICS: usize = 1_000;

/// Upper bounds of the time that a commit takes, in microseconds. A good disk needs a tenth of a millisecond, a
/// bad one tens; at a second nobody calls it chat any more.
const COMMIT_US: [u64; 12] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000, 1_000_000];
/// Upper bounds of the number of requests that share a commit; the writer takes 1,024 at most.
const BATCH_REQUESTS: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

/// Counts since the start of the process.
#[derive(Debug)]
pub struct Stats {
    /// Whether the last commit succeeded: the store is loaded and takes writes.
    pub ready: AtomicBool,
    /// TCP connections.
    pub connections: AtomicU64,
    /// Connections on which nobody has registered yet.
    pub unregistered: AtomicUsize,
    /// Streams that go on.
    pub streams: AtomicUsize,
    /// Streams begun.
    pub streams_begun: AtomicU64,
    /// Sessions opened.
    pub sessions: AtomicU64,
    /// Messages said, by PRIVMSG or NOTICE.
    pub messages: AtomicU64,
    /// Most users at once.
    pub users_peak: AtomicUsize,
    /// Rows of the log.
    pub entries: AtomicU64,
    /// Entries put into queues: each counts once for every client that is to read it.
    pub deliveries: AtomicU64,
    /// Commits that the disk refused.
    pub commit_failures: AtomicU64,
    /// How long commits took, in microseconds.
    pub commit_us: Histogram,
    /// How many requests shared each commit.
    pub batch_requests: Histogram,
    refusals: Box<[AtomicU64]>,
    rate_limited: [AtomicU64; RateLimit::ALL.len()],
}

/// A limit on speed that a request ran into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RateLimit {
    /// Logins of one address.
    Login,
    /// Logins to one nick.
    LoginNick,
    /// New sessions of one address.
    Session,
    /// New accounts of one address.
    Account,
    /// Commands of one session.
    Command,
    /// Attempts at OPER.
    Oper,
    /// Connections of one address.
    Connections,
    /// Streams of one address.
    Streams,
    /// Messages of one hook.
    Hook,
    /// Requests to hooks of one address.
    HookAddress,
    /// Searches of one session.
    Search,
    /// Pages of history and looks at channels, members and clients of one session.
    History,
}

impl RateLimit {
    /// Each of them.
    pub const ALL: [Self; 12] = [
        Self::Login,
        Self::LoginNick,
        Self::Session,
        Self::Account,
        Self::Command,
        Self::Oper,
        Self::Connections,
        Self::Streams,
        Self::Hook,
        Self::HookAddress,
        Self::Search,
        Self::History,
    ];

    /// Its name in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::LoginNick => "login_nick",
            Self::Session => "session",
            Self::Account => "account",
            Self::Command => "command",
            Self::Oper => "oper",
            Self::Connections => "connections",
            Self::Streams => "streams",
            Self::Hook => "hook",
            Self::HookAddress => "hook_address",
            Self::Search => "search",
            Self::History => "history",
        }
    }
}

impl Default for Stats {
    fn default() -> Self {
        Self {
            ready: AtomicBool::default(),
            connections: AtomicU64::default(),
            unregistered: AtomicUsize::default(),
            streams: AtomicUsize::default(),
            streams_begun: AtomicU64::default(),
            sessions: AtomicU64::default(),
            messages: AtomicU64::default(),
            users_peak: AtomicUsize::default(),
            entries: AtomicU64::default(),
            deliveries: AtomicU64::default(),
            commit_failures: AtomicU64::default(),
            commit_us: Histogram::new(&COMMIT_US),
            batch_requests: Histogram::new(&BATCH_REQUESTS),
            refusals: (0..NUMERICS).map(|_| AtomicU64::default()).collect(),
            rate_limited: Default::default(),
        }
    }
}

impl Stats {
    /// Counts a refusal, by the three digits of its numeric.
    pub fn refused(&self, numeric: &str) {
        if let Some(count) = numeric.parse().ok().and_then(|number: usize| self.refusals.get(number)) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// Refusals by numeric, those that never came left out.
    pub fn refusals(&self) -> impl Iterator<Item = (usize, u64)> {
        self.refusals.iter().map(|count| count.load(Relaxed)).enumerate().filter(|(_, count)| *count > 0)
    }

    /// Counts a request that was turned away because it came too soon.
    pub fn rate_limited(&self, limit: RateLimit) {
        let index = RateLimit::ALL.iter().position(|each| *each == limit);
        if let Some(count) = index.and_then(|index| self.rate_limited.get(index)) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// How often each limit was run into.
    pub fn rate_limits(&self) -> impl Iterator<Item = (RateLimit, u64)> {
        RateLimit::ALL.into_iter().zip(&self.rate_limited).map(|(limit, count)| (limit, count.load(Relaxed)))
    }

    /// Counts a commit that the disk took.
    pub(super) fn committed(&self, took: Duration, requests: usize) {
        self.commit_us.observe(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        // What the writer commits on its own account shares with nobody.
        if requests > 0 {
            self.batch_requests.observe(requests as u64);
        }
    }
}

/// How many observations lie below each of some bounds.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// One for each bound, and one for what is above them all.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    fn new(bounds: &'static [u64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::default()).collect();
        Self { bounds, counts, sum: AtomicU64::default() }
    }

    fn observe(&self, value: u64) {
        let index = self.bounds.partition_point(|bound| *bound < value);
        if let Some(count) = self.counts.get(index) {
            count.fetch_add(1, Relaxed);
        }
        self.sum.fetch_add(value, Relaxed);
    }

    /// Each bound with the number of observations that are not above it; `None` is the bound above all.
    pub fn cumulative(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        bounds.zip(&self.counts).scan(0, |sum, (bound, count)| {
            *sum += count.load(Relaxed);
            Some((bound, *sum))
        })
    }

    /// The sum of all observations.
    pub fn sum(&self) -> u64 {
        self.sum.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observation_counts_below_every_bound_that_it_does_not_exceed() {
        static BOUNDS: [u64; 2] = [10, 20];
        let histogram = Histogram::new(&BOUNDS);
        for value in [1, 10, 11, 999] {
            histogram.observe(value);
        }
        let counts: Vec<_> = histogram.cumulative().collect();
        assert_eq!(counts, [(Some(10), 2), (Some(20), 3), (None, 4)]);
        assert_eq!(histogram.sum(), 1_021);
    }

    #[test]
    fn refusals_and_limits_are_counted_apart() {
        let stats = Stats::default();
        stats.refused("403");
        stats.refused("403");
        stats.refused("no numeric");
        stats.rate_limited(RateLimit::Oper);
        assert_eq!(stats.refusals().collect::<Vec<_>>(), [(403, 2)]);
        let hit: Vec<_> = stats.rate_limits().filter(|(_, count)| *count > 0).collect();
        assert_eq!(hit, [(RateLimit::Oper, 1)]);
    }
}
