//! The only place that asks the system for the time.
//!
//! There are three times. The **wall clock** is shown to people; it may jump by days, back and forth. The
//! **monotonic clock** knows only how long ago something was, and begins anew with each process; deadlines go by
//! it. **Running time** is for what outlives a process: how old an unread message is, how long a client has been
//! silent. It begins as the wall clock of the very first start, then goes by the monotonic clock and only while a
//! server runs. So nothing grows old because somebody set a clock, or because the server was off, during which
//! nobody could have read or asked for anything.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::delivery::sweep::Now;

/// What the monotonic clock shows at the start, in milliseconds: far enough from zero that moments before the
/// start, when a client was last seen, have a place on it too.
const START_MS: u64 = 1 << 42;

/// The clocks of an engine.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    wall: fn() -> Timestamp,
    monotonic: fn() -> Duration,
    /// What the monotonic clock showed at the start.
    started: Duration,
    /// What running time showed then.
    resumed: Timestamp,
}

impl Clock {
    /// The clocks of the system.
    pub fn system() -> Self {
        Self::of(system_wall, system_monotonic)
    }

    /// Other clocks, for tests that make time pass: one that may jump, and one that never goes back.
    pub fn of(wall: fn() -> Timestamp, monotonic: fn() -> Duration) -> Self {
        Self { wall, monotonic, started: monotonic(), resumed: wall() }
    }

    /// Takes up running time where the last process left it.
    pub(super) fn resume(self, ran_until: Option<Timestamp>) -> Self {
        Self { resumed: ran_until.unwrap_or(self.resumed), ..self }
    }

    /// The time that is shown to people.
    pub(super) fn wall(&self) -> Timestamp {
        (self.wall)()
    }

    /// All three.
    pub(super) fn now(&self) -> Now {
        Now { at: self.wall(), running: self.running(), ms: self.ms() }
    }

    /// The monotonic time in milliseconds.
    pub(super) fn ms(&self) -> u64 {
        START_MS + self.uptime_ms()
    }

    /// Milliseconds since the start.
    pub(super) fn uptime_ms(&self) -> u64 {
        u64::try_from(self.uptime().as_millis()).unwrap_or(u64::MAX)
    }

    /// Running time. It never goes back behind a moment under which something was kept.
    pub(super) fn running(&self) -> Timestamp {
        self.resumed.checked_add(self.uptime()).unwrap_or(self.resumed)
    }

    fn uptime(&self) -> Duration {
        (self.monotonic)().saturating_sub(self.started)
    }
}

fn system_wall() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the place that may ask")]
    Timestamp::now()
}

fn system_monotonic() -> Duration {
    /// Some moment of this process, the same for every clock in it.
    static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);
    ORIGIN.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_time_goes_on_where_it_was_left_whatever_the_wall_clock_shows() {
        let clock = Clock::of(|| Timestamp::from_second(9_000_000).unwrap(), || Duration::from_secs(50));
        let clock = Clock { started: Duration::from_secs(20), ..clock };
        assert_eq!(clock.running(), Timestamp::from_second(9_000_030).unwrap());
        let earlier = Timestamp::from_second(1_000).unwrap();
        assert_eq!(clock.resume(Some(earlier)).running(), Timestamp::from_second(1_030).unwrap());
        assert_eq!(clock.now().ms, START_MS + 30_000);
    }
}
