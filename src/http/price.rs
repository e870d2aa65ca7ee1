//! How many bits of work a session costs now: more while many are being opened, where the operator allows it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Sessions opened lately up to which nothing is added: forty a minute all the time, or sixty in one go.
const CALM: f64 = 60.0;
/// Milliseconds after which a session that was opened counts half; and in which a price that was told stays good,
/// so that nobody works in vain whom others overtake. At least that long, at most twice.
const MINUTE_MS: u64 = 60_000;

/// Bits of work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bits {
    /// What is told to those who ask.
    pub(super) asked: u32,
    /// What is enough: the least that was told in the last minute.
    pub(super) enough: u32,
}

/// Follows how many sessions are opened.
#[derive(Debug)]
pub(super) struct Price {
    started: Instant,
    lately: Mutex<Lately>,
}

impl Default for Price {
    fn default() -> Self {
        Self { started: Instant::now(), lately: Mutex::default() }
    }
}

impl Price {
    /// The price now, when so many sessions were opened since the start. It begins at `base` bits, is one bit more
    /// for each doubling beyond what is calm, and never more than `max`. Where nothing is asked, nothing ever is.
    pub(super) fn now(&self, opened: u64, base: u32, max: u32) -> Bits {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (asked, enough) =
            self.lately.lock().unwrap_or_else(PoisonError::into_inner).observe(now_ms, opened);
        let bits = |added: u32| if base == 0 { 0 } else { (base + added).min(max.max(base)) };
        Bits { asked: bits(asked), enough: bits(enough) }
    }
}

/// What has happened lately, and what was told of it: bits to be added.
#[derive(Debug, Default)]
struct Lately {
    at_ms: u64,
    opened: u64,
    /// Sessions that were opened, each of which counts the less the longer ago that was.
    score: f64,
    /// The least that was told in this minute and in the one before.
    least: u32,
    least_before: u32,
}

impl Lately {
    /// Bits to be added: to what is told, and to what is enough.
    fn observe(&mut self, now_ms: u64, opened: u64) -> (u32, u32) {
        let now_ms = now_ms.max(self.at_ms);
        let passed = Duration::from_millis(now_ms - self.at_ms);
        let halvings = passed.div_duration_f64(Duration::from_millis(MINUTE_MS));
        let came = u32::try_from(opened.saturating_sub(self.opened)).unwrap_or(u32::MAX);
        self.score = self.score * (-halvings).exp2() + f64::from(came);
        let mut told = 0;
        let mut calm = CALM;
        while self.score > calm {
            calm *= 2.0;
            told += 1;
        }
        match now_ms / MINUTE_MS - self.at_ms / MINUTE_MS {
            0 => self.least = self.least.min(told),
            1 => (self.least_before, self.least) = (self.least, told),
            _ => (self.least_before, self.least) = (told, told),
        }
        (self.at_ms, self.opened) = (now_ms, opened);
        (told, self.least.min(self.least_before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_rises_by_a_bit_for_each_doubling_and_falls_again() {
        let mut lately = Lately::default();
        assert_eq!(lately.observe(0, 0).0, 0);
        assert_eq!(lately.observe(1, 60).0, 0, "sixty at once are calm");
        assert_eq!(lately.observe(1, 61).0, 1);
        assert_eq!(lately.observe(1, 120).0, 1);
        assert_eq!(lately.observe(1, 121).0, 2);
        assert_eq!(lately.observe(1, 1_000).0, 5);
        assert_eq!(lately.observe(MINUTE_MS, 1_000).0, 4, "half of them are left after a minute");
        assert_eq!(lately.observe(10 * MINUTE_MS, 1_000).0, 0);
    }

    #[test]
    fn forty_a_minute_are_calm_for_ever() {
        let mut lately = Lately::default();
        for second in 0..3_600 {
            assert_eq!(lately.observe(second * 1_000, second * 40 / 60).0, 0, "second {second}");
        }
    }

    #[test]
    fn what_was_told_is_enough_for_a_minute() {
        let mut lately = Lately::default();
        assert_eq!(lately.observe(59_000, 0), (0, 0));
        assert_eq!(lately.observe(59_500, 200), (2, 0), "whoever was told before is at work still");
        assert_eq!(lately.observe(60_500, 400), (3, 0));
        assert_eq!(lately.observe(119_000, 800), (4, 0));
        assert_eq!(lately.observe(120_500, 800), (4, 3), "the least of the minute before");
        assert_eq!(lately.observe(600_000, 800), (0, 0));
    }

    #[test]
    fn after_a_silence_nobody_is_at_work() {
        let mut lately = Lately::default();
        assert_eq!(lately.observe(0, 0), (0, 0));
        assert_eq!(lately.observe(3 * MINUTE_MS, 500), (4, 4), "nobody was told less within a minute");
    }

    #[test]
    fn the_price_keeps_to_what_the_operator_says() {
        let price = Price::default();
        assert_eq!(price.now(0, 20, 24), Bits { asked: 20, enough: 20 });
        assert_eq!(price.now(150, 20, 24).asked, 22);
        assert_eq!(price.now(100_000, 20, 24), Bits { asked: 24, enough: 20 });
        assert_eq!(price.now(100_000, 20, 20).asked, 20, "off where the most is the least");
        assert_eq!(price.now(100_000, 20, 0).asked, 20);
        assert_eq!(price.now(100_000, 0, 24).asked, 0, "what costs nothing goes on costing nothing");
    }
}
