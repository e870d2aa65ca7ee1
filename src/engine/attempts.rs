//! How often somebody has tried something lately.

use std::collections::VecDeque;

use crate::id::{IdMap, UserId};

/// The time in which attempts are counted, in milliseconds.
const WINDOW_MS: u64 = 60_000;
/// Users past which those who have not tried lately are forgotten.
const USERS_MAX: usize = 1_024;

/// Attempts of users in the last minute, of which each has so many.
#[derive(Debug)]
pub(super) struct Attempts {
    max: usize,
    made_ms: IdMap<UserId, VecDeque<u64>>,
}

impl Attempts {
    /// No attempts yet. A `max` of 0 is no limit.
    pub(super) fn new(max: usize) -> Self {
        Self { max, made_ms: IdMap::default() }
    }

    /// Whether a user has had its attempts for now. One that it has yet is taken.
    pub(super) fn are_used_up_by(&mut self, user: UserId, now_ms: u64) -> bool {
        if self.max == 0 {
            return false;
        }
        if self.made_ms.len() > USERS_MAX {
            self.made_ms.retain(|_, made| made.back().is_some_and(|at| at + WINDOW_MS > now_ms));
        }
        let made = self.made_ms.entry(user).or_default();
        while made.front().is_some_and(|at| at + WINDOW_MS <= now_ms) {
            made.pop_front();
        }
        if made.len() >= self.max {
            return true;
        }
        made.push_back(now_ms);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_come_back_after_a_minute_and_belong_to_one_user() {
        let (alice, bob) = (UserId::new(1), UserId::new(2));
        let mut attempts = Attempts::new(2);
        assert!(!attempts.are_used_up_by(alice, 0));
        assert!(!attempts.are_used_up_by(alice, 30_000));
        assert!(attempts.are_used_up_by(alice, 59_999));
        assert!(!attempts.are_used_up_by(bob, 59_999));
        assert!(!attempts.are_used_up_by(alice, 60_000), "the first is a minute old");
        assert!(attempts.are_used_up_by(alice, 60_001));
    }
}
