//! Waiting for a condition instead of for a length of time.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a condition may take before the test calls it broken: far above what a loaded machine needs, since a
/// healthy server never makes anybody wait this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How often a condition is looked at. Short beside everything measured here, long beside one look.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Looks until `holds` says yes, and fails the test with `what` when it never does.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    until_some(what, || holds().then_some(()));
}

/// Looks until `look` finds something and returns it, or fails the test with `what`.
#[track_caller]
pub(crate) fn until_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain: {what}");
        sleep(LOOK_EVERY);
    }
}
