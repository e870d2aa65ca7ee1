//! The only clock of the library that goes on while the machine sleeps, which the one of timers may not do.

use std::time::SystemTime;

#[expect(clippy::disallowed_methods, reason = "the clock of the library is asked here and nowhere else")]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}
