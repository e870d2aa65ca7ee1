//! The writer goes first.
//!
//! Where no core is free, the system lets whoever has one keep it for a millisecond or more, even if somebody else is woken
//! meanwhile. A thread that tells a thousand listeners has always something to do, so the writer would wait for that long with
//! each commit: when it is asked, and again when the disk is done. Everybody who speaks waits for the writer, and whoever
//! listens is told more at once when it comes later. So a thread lets go of its core every few looks into a queue, while the
//! writer has something to do. Where nobody else waits for that core, it has it again at once.
//!
//! Connections of IRC do not take part. They have nothing like [`gather`](super::gather), and what is written to one at once
//! is what has come until its turn: the sooner the writer goes on, the less that is.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;

/// Of how many looks the last lets the writer go first: about as many as take a third of a millisecond.
const LOOKS: u32 = 32;

thread_local! {
    /// Looks of this thread since it last let the writer go first.
    static SINCE: Cell<u32> = const { Cell::new(0) };
}

/// Whether the writer has something to do. That it may be out of date for a moment does no harm.
#[derive(Clone, Debug, Default)]
pub(super) struct Precedence(Arc<AtomicBool>);

impl Precedence {
    /// The writer has been asked for something, or goes on by itself.
    pub(super) fn claim(&self) {
        self.0.store(true, Relaxed);
    }

    /// The writer waits until it is asked. Who asks at this very moment may be overlooked, until the writer claims by itself.
    pub(super) fn waive(&self) {
        self.0.store(false, Relaxed);
    }

    /// To be called for each look. Says whether the core was offered to the writer.
    pub(super) fn give_way(&self) -> bool {
        if !self.0.load(Relaxed) {
            return false;
        }
        let since = SINCE.get() + 1;
        let is_time = since >= LOOKS;
        SINCE.set(if is_time { 0 } else { since });
        if is_time {
            std::thread::yield_now();
        }
        is_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_few_looks_the_writer_goes_first_while_it_has_something_to_do() {
        let precedence = Precedence::default();
        let times = |looks| (0..looks).filter(|_| precedence.give_way()).count();
        assert_eq!(times(5 * LOOKS), 0);
        precedence.claim();
        assert_eq!(times(5 * LOOKS), 5);
        assert_eq!(times(LOOKS - 1), 0);
        assert_eq!(times(1), 1);
        precedence.waive();
        assert_eq!(times(5 * LOOKS), 0);
    }
}
