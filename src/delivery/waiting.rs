//! The polls of one client that wait, in the order in which they came.

use std::collections::VecDeque;

/// The line of waiting polls.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    tickets: VecDeque<u64>,
    next_ticket: u64,
}

impl Waiting {
    /// Joins the line. When it is longer than `max` (0 is no limit) the oldest leaves it; says whether one did.
    pub(super) fn join(&mut self, max: usize) -> (u64, bool) {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.tickets.push_back(ticket);
        let too_long = max > 0 && self.tickets.len() > max;
        if too_long {
            self.tickets.pop_front();
        }
        (ticket, too_long)
    }

    /// Whether this poll may go on waiting.
    pub(super) fn has(&self, ticket: u64) -> bool {
        self.tickets.contains(&ticket)
    }

    /// Leaves the line.
    pub(super) fn leave(&mut self, ticket: u64) {
        self.tickets.retain(|waiting| *waiting != ticket);
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.tickets.len()
    }

    /// Whether nobody waits.
    pub(super) fn is_empty(&self) -> bool {
        self.tickets.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Waiting;

    #[test]
    fn the_newest_polls_wait_and_the_oldest_is_displaced() {
        let mut waiting = Waiting::default();
        let (first, displaced) = waiting.join(2);
        assert!(!displaced && waiting.has(first));
        waiting.join(2);
        let (third, displaced) = waiting.join(2);
        assert!(displaced && !waiting.has(first) && waiting.has(third));
    }
}
