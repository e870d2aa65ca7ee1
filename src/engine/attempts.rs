//! How often somebody has tried something lately.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use crate::id::UserId;
use crate::protocol::household::household;

/// The time in which attempts are counted, in milliseconds.
const WINDOW_MS: u64 = 60_000;
/// Those who are remembered, past which those who have not tried lately are forgotten.
const REMEMBERED_MAX: usize = 2_048;

/// Attempts in the last minute, of which each session has so many, and each address: sessions cost little.
#[derive(Debug)]
pub(super) struct Attempts {
    max: usize,
    made_ms: HashMap<Who, VecDeque<u64>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Who {
    Session(UserId),
    Address(IpAddr),
}

impl Attempts {
    /// No attempts yet. A `max` of 0 is no limit.
    pub(super) fn new(max: usize) -> Self {
        Self { max, made_ms: HashMap::new() }
    }

    /// Whether a user, or those who come from its address, have had their attempts for now. One that they have yet is
    /// taken.
    pub(super) fn are_used_up_by(&mut self, user: UserId, address: Option<IpAddr>, now_ms: u64) -> bool {
        if self.max == 0 {
            return false;
        }
        if self.made_ms.len() > REMEMBERED_MAX {
            self.made_ms.retain(|_, made| made.back().is_some_and(|at| at + WINDOW_MS > now_ms));
        }
        let address = address.map(|address| Who::Address(household(address)));
        let both = || std::iter::once(Who::Session(user)).chain(address);
        for who in both() {
            let made = self.made_ms.entry(who).or_default();
            while made.front().is_some_and(|at| at + WINDOW_MS <= now_ms) {
                made.pop_front();
            }
            if made.len() >= self.max {
                return true;
            }
        }
        for who in both() {
            self.made_ms.entry(who).or_default().push_back(now_ms);
        }
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
        let mut are_used_up_by = |user, now_ms| attempts.are_used_up_by(user, None, now_ms);
        assert!(!are_used_up_by(alice, 0));
        assert!(!are_used_up_by(alice, 30_000));
        assert!(are_used_up_by(alice, 59_999));
        assert!(!are_used_up_by(bob, 59_999));
        assert!(!are_used_up_by(alice, 60_000), "the first is a minute old");
        assert!(are_used_up_by(alice, 60_001));
    }

    #[test]
    fn sessions_of_one_address_share_its_attempts() {
        let mut attempts = Attempts::new(2);
        let mut are_used_up = |user, address: &str| {
            attempts.are_used_up_by(UserId::new(user), Some(address.parse().unwrap()), 0)
        };
        assert!(!are_used_up(1, "192.0.2.1") && !are_used_up(2, "192.0.2.1"));
        assert!(are_used_up(3, "192.0.2.1"));
        assert!(!are_used_up(3, "192.0.2.2"), "what was refused was no attempt");
    }
}
