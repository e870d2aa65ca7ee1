//! The sweep: a slow walk over all queues that brings to disk what clients have not acknowledged in time.
//!
//! When it has passed every client, the log up to its horizon is no longer needed to find out who has yet to
//! read what: the horizon becomes the checkpoint from which a start reads the log. It goes a few clients a
//! batch, so that it never holds the writer up.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::settlement::{Due, Settled, Settlement};
use super::{Delivery, PageLimits};
use crate::id::{ClientId, Seq};

/// How much later a client's last request may be than the disk knows before that alone is worth a write.
const UNSAVED_MAX: Duration = Duration::from_mins(1);

/// A sweep on its way.
pub(super) struct Sweep {
    clients: std::vec::IntoIter<ClientId>,
    horizon: Seq,
    expired: Seq,
    /// Whether the times of last requests are all to be saved, as before a stop.
    last: bool,
}

/// What goes into the next commit.
#[derive(Debug, Default)]
pub struct Collected {
    /// What the disk is to keep of each queue.
    pub settlements: Vec<Settlement>,
    /// Log rows that queues on disk name and no history shows.
    pub held: Vec<Seq>,
    /// Where a start may begin to read the log, once this is committed.
    pub checkpoint: Option<Seq>,
}

/// The three times of a moment, read together.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Wall-clock time.
    pub at: Timestamp,
    /// Running time.
    pub running: Timestamp,
    /// Milliseconds of the monotonic clock.
    pub ms: u64,
}

impl Now {
    /// The wall-clock time of an earlier moment of the monotonic clock.
    pub fn wall_time_of(&self, ms: u64) -> Timestamp {
        let ago = Duration::from_millis(self.ms.saturating_sub(ms));
        self.at.checked_sub(ago).unwrap_or(self.at)
    }
}

impl Delivery {
    /// Begins a sweep, unless one is on its way: brings to disk what is unacknowledged up to `horizon`, and
    /// drops what is on disk up to `expired`. `last` saves the times of all last requests too. It never ends behind the
    /// checkpoint: what comes before that is not in the log any more for whoever would begin to read there.
    pub fn begin_sweep(&mut self, horizon: Seq, expired: Seq, last: bool) {
        if self.sweep.is_none() {
            let horizon = horizon.max(self.checkpoint);
            let clients: Vec<ClientId> = self.queues.keys().copied().collect();
            self.sweep = Some(Sweep { clients: clients.into_iter(), horizon, expired, last });
        }
    }

    /// Whether a sweep is on its way or a tail has outgrown its limit.
    pub fn has_work(&self) -> bool {
        self.sweep.is_some() || !self.overflowing.is_empty()
    }

    /// Takes up to `clients_max` queues of the sweep, and as many of those that overflow, for the next commit.
    pub fn collect(&mut self, clients_max: usize, now: Now) -> Collected {
        let mut collected = Collected::default();
        if let Some(mut sweep) = self.sweep.take() {
            let next: Vec<ClientId> = sweep.clients.by_ref().take(clients_max).collect();
            for client in &next {
                self.collect_client(*client, sweep.horizon, sweep.expired, sweep.last, now, &mut collected);
            }
            if sweep.clients.len() == 0 {
                collected.checkpoint = Some(sweep.horizon);
            } else {
                self.sweep = Some(sweep);
            }
        }
        self.collect_overflowing(clients_max, &mut collected, now);
        collected
    }

    fn collect_overflowing(&mut self, clients_max: usize, collected: &mut Collected, now: Now) {
        // A queue is settled once a commit: what the sweep took already is left for the next, and so is what
        // would make the commit long. The sweep's own share does not count, or a long one would let tails grow.
        let mut taken: HashSet<ClientId> =
            collected.settlements.iter().map(|settlement| settlement.client).collect();
        let mut room = clients_max;
        for client in std::mem::take(&mut self.overflowing) {
            if room == 0 || !taken.insert(client) {
                self.overflowing.push(client);
                continue;
            }
            let Some(queue) = self.queues.get(&client) else { continue };
            room -= 1;
            queue.overflow_is_taken();
            let all = queue.exceeds_maximum(&self.limits);
            let horizon = if all { queue.newest() } else { queue.half_of_tail() };
            self.collect_client(client, horizon, Seq::ZERO, false, now, collected);
        }
        self.overflowing.sort_unstable();
        self.overflowing.dedup();
    }

    fn collect_client(
        &mut self,
        client: ClientId,
        horizon: Seq,
        expired: Seq,
        last: bool,
        now: Now,
        collected: &mut Collected,
    ) {
        let Some(queue) = self.queues.get(&client) else { return };
        let Some(seat) = self.directory.seat(client) else { return };
        // Whoever waits for an answer is not silent; on disk that is to be so, too.
        if queue.is_awaited() {
            seat.touch(now.ms);
        }
        let unsaved_max = if last { 0 } else { u64::try_from(UNSAVED_MAX.as_millis()).unwrap_or(u64::MAX) };
        let due = Due {
            expired,
            seen_at: now.wall_time_of(seat.seen_ms()),
            touch: seat.unsaved_ms() > unsaved_max,
            at: now.at,
        };
        queue.trim(now.ms, &self.limits);
        if let Some(settlement) = queue.settlement(horizon, &self.limits, &due) {
            let held = &mut self.held;
            collected.held.extend(settlement.transient.iter().copied().filter(|seq| held.insert(*seq)));
            collected.settlements.push(settlement);
        }
    }

    /// Takes note of what a commit has put on disk.
    pub fn settled(&mut self, settled: &[Settled], checkpoint: Option<Seq>, now_ms: u64) {
        for disk in settled {
            if let Some(queue) = self.queues.get(&disk.client) {
                let before = queue.lowest_stored();
                queue.settled(disk, now_ms, &self.limits);
                self.note_stored(disk.client, before, disk.lowest_stored());
                if let Some(seat) = self.directory.seat(disk.client) {
                    seat.note_saved();
                }
            }
        }
        if let Some(checkpoint) = checkpoint {
            self.checkpoint = self.checkpoint.max(checkpoint);
            self.held = self.held.split_off(&checkpoint.next());
        }
    }

    /// Takes note that a commit failed: what it would have put on disk is collected again later.
    pub fn unsettled(&mut self) {
        self.held = BTreeSet::new();
        self.sweep = None;
        let exceeding = self.queues.iter().filter(|(_, queue)| queue.unsettled(&self.limits));
        self.overflowing = exceeding.map(|(client, _)| *client).collect();
    }
}

impl Default for PageLimits {
    /// At most 500 messages or 1 MiB an answer.
    fn default() -> Self {
        Self { entries: 500, bytes: 1 << 20 }
    }
}
