//! The only place that asks the system for the time and for chance.

use std::time::Instant;

use jiff::Timestamp;

use crate::delivery::sweep::Now;

/// What the monotonic clock shows at the start, in milliseconds: far enough from zero that moments before the
/// start, when a client was last seen, have a place on it too.
const START_MS: u64 = 1 << 42;

/// A wall clock, which may jump, beside a monotonic one, by which all deadlines go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub(super) fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// Both times.
    pub(super) fn now(&self) -> Now {
        #[expect(clippy::disallowed_methods, reason = "this is the place that may ask")]
        let at = Timestamp::now();
        Now { at, ms: self.ms() }
    }

    /// The monotonic time in milliseconds.
    pub(super) fn ms(&self) -> u64 {
        START_MS + self.uptime_ms()
    }

    /// Milliseconds since the start.
    pub(super) fn uptime_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
