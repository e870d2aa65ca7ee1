//! What the writer does beside requests: bringing queues to disk, clearing away what is too old, logging out
//! those who fell silent. Each in steps small enough that no request notices.

use std::collections::VecDeque;
use std::time::Duration;

use super::batch::Draft;
use super::settings::EngineSettings;
use super::writer::{OUTCOME_KEPT, Writer};
use crate::command::end_of_session;
use crate::delivery::sweep::Collected;
use crate::id::{ClientId, Seq, UserId};
use crate::store::{Batch, Retention};
use crate::world::User;

/// Queues that one batch takes of a sweep, about a millisecond's work.
const SWEPT_PER_BATCH: usize = 64;
/// Rows that one step of tidying touches, less than half a millisecond's work; or twice what the log has gained since the
/// last one, for else it would never be done while much is said, but no more than so many.
const TIDIED_PER_STEP: usize = 64;
const TIDY_PACE: usize = 2;
const TIDIED_PER_STEP_MAX: usize = 1_024;
/// The pause between two such steps, in milliseconds.
const TIDY_PAUSE_MS: u64 = 3;
/// Clients that one round logs out.
const EXPIRED_PER_ROUND: usize = 50;
/// What others are told of those.
const EXPIRED: &str = "Session expired";
/// The pause between steps while there is more to do, in milliseconds: a writer with nothing else to do still
/// leaves the disk to others most of the time.
const PAUSE_MS: u64 = 10;
/// The pause after which tidying looks again when nothing was left to do, in milliseconds.
const TIDY_EVERY_MS: u64 = 2_000;
/// The longest pause between looks for silent clients and old entries, in milliseconds.
const EXPIRE_EVERY_MAX_MS: u64 = 60_000;
/// Longer than any process lives, in milliseconds.
const NEVER_MS: u64 = u64::MAX / 2;

/// How far running time on disk may lag behind, in milliseconds, when there is a commit anyway, and when a commit is
/// made for it alone. After a crash the server takes itself to have run that much shorter.
const RUNNING_SAVED_MS: u64 = 60_000;
const RUNNING_SAVED_MAX_MS: u64 = 600_000;

/// When what is due next, all in milliseconds of the monotonic clock.
pub(super) struct Housekeeping {
    /// Newest places at earlier sweeps, the oldest first.
    marks: VecDeque<(u64, Seq)>,
    settle_after_ms: u64,
    sweep_at: u64,
    step_at: u64,
    tidy_at: u64,
    /// Rows that the log has gained since the last step of it.
    gained: usize,
    idle_check_at: u64,
    age_check_at: u64,
    /// Entries on disk up to here are too old for any queue.
    too_old: Seq,
    /// When running time was last saved.
    running_saved_at: u64,
}

impl Housekeeping {
    pub(super) fn new(settings: &EngineSettings, now_ms: u64) -> Self {
        let settle_after_ms = millis(settings.settle_after);
        Self {
            marks: VecDeque::new(),
            settle_after_ms,
            sweep_at: now_ms + settle_after_ms / 3,
            step_at: now_ms,
            tidy_at: now_ms + TIDY_EVERY_MS,
            gained: 0,
            // Whoever is there asks before that. What the disk knows of the last time is a little old after a crash.
            idle_check_at: now_ms + idle_check_pause_ms(millis(settings.idle_timeout)),
            age_check_at: now_ms,
            too_old: Seq::ZERO,
            // The first commit that is made anyway saves it.
            running_saved_at: now_ms.saturating_sub(RUNNING_SAVED_MS),
        }
    }

    /// Takes note of what a commit has saved.
    pub(super) fn note_saved(&mut self, batch: &Batch, now_ms: u64) {
        if batch.ran_until.is_some() {
            self.running_saved_at = now_ms;
        }
        self.gained = self.gained.saturating_add(batch.entries.len());
    }

    /// After a failed commit the sweep begins anew.
    pub(super) fn forget_sweep(&mut self) {
        self.sweep_at = 0;
    }
}

/// The pause between two looks for silent clients. Where they may be silent for ever, the next look never comes.
fn idle_check_pause_ms(timeout_ms: u64) -> u64 {
    if timeout_ms == 0 { NEVER_MS } else { (timeout_ms / 4).clamp(PAUSE_MS, EXPIRE_EVERY_MAX_MS) }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Writer {
    /// How long the writer may wait for requests before something else is due.
    pub(super) fn housekeeping_wait(&self) -> Duration {
        let house = &self.housekeeping;
        let mut at = house.sweep_at.min(house.tidy_at).min(house.idle_check_at).min(house.age_check_at);
        if self.delivery.has_work() {
            at = at.min(house.step_at);
        }
        if let Some(until) = self.disk_rests_until_ms {
            at = until;
        }
        Duration::from_millis(at.saturating_sub(self.clock.ms()))
    }

    /// Does what is due, adding what must be durable to the batch.
    pub(super) fn keep_house(&mut self, draft: &mut Draft) {
        self.try_disk();
        if self.disk_rests_until_ms.is_some() {
            return;
        }
        draft.next_seq = draft.next_seq.max(self.next_seq);
        let now_ms = self.clock.ms();
        self.log_out_silent(draft, now_ms);
        self.find_too_old(now_ms);
        self.sweep(draft, now_ms);
        if now_ms.saturating_sub(self.housekeeping.running_saved_at) >= RUNNING_SAVED_MAX_MS {
            draft.batch.ran_until = Some(self.clock.running());
        }
    }

    /// Gives a batch that is about to be committed its place in running time.
    pub(super) fn note_running_time(&self, batch: &mut Batch) {
        let now = self.clock.running();
        batch.kept_at = Some(now);
        if self.clock.ms().saturating_sub(self.housekeeping.running_saved_at) >= RUNNING_SAVED_MS {
            batch.ran_until = Some(now);
        }
    }

    fn sweep(&mut self, draft: &mut Draft, now_ms: u64) {
        let house = &mut self.housekeeping;
        if now_ms >= house.sweep_at {
            house.sweep_at = now_ms + (house.settle_after_ms / 3).max(PAUSE_MS);
            let oldest_kept = now_ms.saturating_sub(house.settle_after_ms);
            let mut horizon = Seq::ZERO;
            while let Some((at, seq)) = house.marks.front().copied() {
                if at > oldest_kept {
                    break;
                }
                horizon = seq;
                house.marks.pop_front();
            }
            let newest = Seq::new(self.next_seq.get().saturating_sub(1));
            house.marks.push_back((now_ms, newest));
            if self.delivery.is_over_memory(self.settings.queue_memory_bytes) {
                horizon = newest;
                // They lie behind it, and no later sweep may end there.
                house.marks.clear();
            }
            if horizon > Seq::ZERO {
                self.delivery.begin_sweep(horizon, house.too_old, false);
            }
        }
        if self.delivery.has_work() && now_ms >= self.housekeeping.step_at {
            self.housekeeping.step_at = now_ms + PAUSE_MS;
            let collected = self.collect(SWEPT_PER_BATCH, draft);
            draft.settle(collected);
        }
    }

    /// Takes what queues have for the disk. When each client was last seen goes there in running time.
    fn collect(&mut self, clients_max: usize, draft: &Draft) -> Collected {
        let mut collected = self.delivery.collect(clients_max, draft.now);
        let lag = draft.now.at.duration_since(self.clock.running());
        for settlement in &mut collected.settlements {
            settlement.seen_at = settlement.seen_at.checked_sub(lag).unwrap_or(settlement.seen_at);
        }
        collected
    }

    /// Takes a step of tidying if it is time. It is a transaction of its own, for which nobody who asked should wait.
    pub(super) fn tidy(&mut self) {
        if self.disk_rests_until_ms.is_some() || self.clock.ms() < self.housekeeping.tidy_at {
            return;
        }
        let rows_max = std::mem::take(&mut self.housekeeping.gained).saturating_mul(TIDY_PACE);
        let at = self.clock.running();
        let newest = Seq::new(self.next_seq.get());
        let retention = Retention {
            queues_need: self.delivery.lowest_stored().unwrap_or(newest),
            history_max: self.settings.history_max,
            outcomes_since: at.checked_sub(OUTCOME_KEPT).unwrap_or(at),
            // A stamp is good by the wall clock; it is remembered while either clock has it so.
            now: at.min(self.clock.now().at),
            rows_max: rows_max.clamp(TIDIED_PER_STEP, TIDIED_PER_STEP_MAX),
        };
        let more = self.store.tidy(&retention).unwrap_or_else(|error| {
            tracing::warn!(%error, "tidying is put off");
            false
        });
        let pause = if more { TIDY_PAUSE_MS } else { TIDY_EVERY_MS };
        self.housekeeping.tidy_at = self.clock.ms() + pause;
    }

    /// Clients that were silent for too long go, and sessions with their last.
    fn log_out_silent(&mut self, draft: &mut Draft, now_ms: u64) {
        let timeout_ms = millis(self.settings.idle_timeout);
        if now_ms < self.housekeeping.idle_check_at {
            return;
        }
        self.housekeeping.idle_check_at = now_ms + idle_check_pause_ms(timeout_ms);
        let silent: Vec<ClientId> = self.delivery.silent_since(now_ms, timeout_ms, EXPIRED_PER_ROUND);
        let mut are_all = silent.len() < EXPIRED_PER_ROUND;
        for client in silent {
            self.log_out(draft, client, EXPIRED.into());
        }
        are_all &= self.end_deviceless(draft, timeout_ms);
        if !are_all {
            self.housekeeping.idle_check_at = now_ms + PAUSE_MS;
        }
    }

    /// Sessions that have stayed without a device for too long end. Says whether those were all.
    fn end_deviceless(&mut self, draft: &mut Draft, timeout_ms: u64) -> bool {
        let Ok(oldest) = draft.now.running.checked_sub(Duration::from_millis(timeout_ms)) else {
            return true;
        };
        let stays =
            |user: &&User| user.clients.is_empty() && user.left.as_ref().is_none_or(|left| left.at < oldest);
        let some: Vec<UserId> =
            self.world.users().filter(stays).map(|user| user.id).take(EXPIRED_PER_ROUND).collect();
        let are_all = some.len() < EXPIRED_PER_ROUND;
        for user in some {
            let events = end_of_session(&self.world, user, EXPIRED, draft.now.at);
            self.with_desk(|desk| draft.apply(desk, None, events));
        }
        are_all
    }

    /// Finds the place up to which unacknowledged entries are too old to be kept.
    fn find_too_old(&mut self, now_ms: u64) {
        let age_max = self.settings.queue_age_max;
        if now_ms < self.housekeeping.age_check_at {
            return;
        }
        self.housekeeping.age_check_at = now_ms + (millis(age_max) / 4).clamp(1_000, EXPIRE_EVERY_MAX_MS);
        let horizon = self.clock.running().checked_sub(age_max).ok();
        if age_max.is_zero() {
            return;
        }
        let found = horizon.map(|horizon| self.store.newest_until(horizon));
        match found {
            Some(Ok(seq)) => self.housekeeping.too_old = seq,
            Some(Err(error)) => tracing::warn!(%error, "cannot look for entries that are too old"),
            None => {}
        }
    }

    /// Before the end, saves when each client last asked for anything, what it acknowledged, and how long the server
    /// has run.
    pub(super) fn save_last_requests(&mut self) {
        if self.disk_rests_until_ms.is_some() {
            return;
        }
        self.delivery.unsettled();
        self.delivery.begin_sweep(Seq::ZERO, Seq::ZERO, true);
        let mut draft = Draft::new(self.next_seq, self.clock.now());
        let collected = self.collect(usize::MAX, &draft);
        draft.settle(collected);
        // This sweep has no horizon of its own: the log is read from the old checkpoint, as always.
        draft.batch.checkpoint = None;
        draft.batch.ran_until = Some(self.clock.running());
        if let Err(error) = self.store.commit(&draft.batch) {
            tracing::warn!(%error, "the times of last requests could not be saved");
        }
    }
}
