//! One client's queue: a tail of shared messages in memory, and what is known of the part on disk.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::bell::{Bell, Rings, Waiters};
use super::page::{Page, PageLimits};
use super::settlement::{Due, Settled, Settlement};
use super::tail::State;
use super::waiting::Waiting;
use crate::entry::Entry;
use crate::id::{ClientId, Seq};

/// How much queues may hold.
#[derive(Clone, Copy, Debug)]
pub struct QueueLimits {
    /// Entries in a tail; what is beyond them goes to disk.
    pub tail_entries: usize,
    /// Unacknowledged entries a client in all; 0 is no limit.
    pub entries_max: u64,
    /// How long an acknowledged entry stays in the tail while there is room, in milliseconds, so that two
    /// tabs of one browser, with one cookie and two cursors, both read everything.
    pub kept_ms: u64,
    /// How many polls of one client may wait at once; a further one ends the oldest.
    pub polls_max: usize,
    /// How many streams of one client there may be at once; a further one ends the oldest.
    pub streams_max: usize,
}

/// One client's queue.
#[derive(Debug)]
pub struct Queue {
    client: ClientId,
    state: Mutex<State>,
}

/// What [`Queue::push`] tells the writer.
pub(super) struct Pushed {
    /// Whoever waits for it. Nobody is told before all are who asked, but whoever looks meanwhile finds it.
    pub(super) waiters: Waiters,
    /// Whether the tail has outgrown its limit, and the writer has not been told so yet.
    pub(super) overflows: bool,
}

/// What looking into a queue gives.
#[derive(Debug)]
pub enum Look {
    /// The answer, possibly empty.
    Page(Page),
    /// Entries after `page.last` and not after `through` have to be read from disk first.
    Disk {
        /// What is known of the answer so far.
        page: Page,
        /// Where memory takes over.
        through: Seq,
    },
    /// The client was logged out.
    Closed,
}

/// What [`Queue::take`] gives.
#[derive(Debug)]
pub enum Taken {
    /// The entries, ascending; none when there is nothing new.
    Entries(Vec<Arc<Entry>>),
    /// The next ones have to be read from disk.
    Disk,
    /// The client was logged out; with its session, if there is a reason.
    Closed(Option<Arc<str>>),
}

impl Queue {
    pub(super) fn new(client: ClientId, disk: &Settled) -> Self {
        let state = State {
            tail: VecDeque::new(),
            floor: disk.settled,
            newest: disk.acked.max(disk.settled),
            acked: disk.acked,
            disk: *disk,
            closed: false,
            farewell: None,
            settling: false,
            overflow_told: false,
            waiting: Waiting::default(),
            streams: Waiting::default(),
            rings: Rings::default(),
        };
        Self { client, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside these few lines would leave the state whole: every change is one assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, entry: &Arc<Entry>, now_ms: u64, limits: &QueueLimits) -> Pushed {
        let mut state = self.state();
        state.append(entry);
        // What has been kept for long enough is let go of by the sweep.
        if state.tail.len() > limits.tail_entries {
            state.trim(now_ms, limits);
        }
        let overflows = state.overflows(limits) && !std::mem::replace(&mut state.overflow_told, true);
        Pushed { waiters: state.rings.ring(), overflows }
    }

    pub(super) fn restore(&self, entry: &Arc<Entry>) {
        let mut state = self.state();
        if entry.seq > state.floor {
            state.append(entry);
        }
    }

    pub(super) fn wake(&self) {
        let mut state = self.state();
        let waiters = state.rings.ring();
        // Whoever is woken may look at once.
        drop(state);
        waiters.wakers().for_each(Waker::wake);
    }

    pub(super) fn close(&self, reason: Option<Arc<str>>) {
        let mut state = self.state();
        state.closed = true;
        state.farewell = reason;
        drop(state);
        self.wake();
    }

    /// The bell that rings when the queue has something new or is closed. Subscribe, then look, then wait.
    pub fn bell(self: &Arc<Self>) -> Bell {
        Bell::new(Arc::clone(self), self.with_rings(|rings| rings.count()))
    }

    pub(super) fn with_rings<T>(&self, work: impl FnOnce(&mut Rings) -> T) -> T {
        work(&mut self.state().rings)
    }

    /// Joins the waiting polls. When they are too many the oldest is rung out of its wait.
    pub fn wait_in_line(&self, limits: &QueueLimits) -> u64 {
        let (ticket, displaced) = self.state().waiting.join(limits.polls_max);
        if displaced {
            self.wake();
        }
        ticket
    }

    /// Whether a poll may go on waiting.
    pub fn is_in_line(&self, ticket: u64) -> bool {
        self.state().waiting.has(ticket)
    }

    /// Whether any poll waits, or a stream goes on.
    pub(super) fn is_awaited(&self) -> bool {
        let state = self.state();
        !state.waiting.is_empty() || !state.streams.is_empty()
    }

    /// Begins a stream, which acknowledges everything up to `after`. When they are too many the oldest is rung out of
    /// its wait. Gives its ticket, and the place where it begins.
    pub fn begin_stream(&self, after: Seq, limits: &QueueLimits) -> (u64, Seq) {
        let mut state = self.state();
        let after = after.min(state.newest);
        state.acked = state.acked.max(after);
        let (ticket, displaced) = state.streams.join(limits.streams_max);
        drop(state);
        if displaced {
            self.wake();
        }
        (ticket, after)
    }

    /// Whether a stream may go on.
    pub fn is_streaming(&self, ticket: u64) -> bool {
        self.state().streams.has(ticket)
    }

    /// Ends a stream.
    pub fn end_stream(&self, ticket: u64) {
        self.state().streams.leave(ticket);
    }

    /// Why the session ended, when it did and there is a reason.
    pub fn farewell(&self) -> Option<Arc<str>> {
        self.state().farewell.clone()
    }

    /// Leaves the waiting polls.
    pub fn leave_line(&self, ticket: u64) {
        self.state().waiting.leave(ticket);
    }

    /// Acknowledges everything up to `after`, and looks at what comes behind it.
    pub fn look(&self, after: Seq, limits: PageLimits) -> Look {
        let mut state = self.state();
        if state.closed {
            return Look::Closed;
        }
        let after = after.min(state.newest);
        state.acked = state.acked.max(after);
        state.look(after, limits)
    }

    /// Looks at what comes behind `after` and acknowledges nothing: that it was written to a socket does not mean that
    /// anybody has it. What was said to a client before it was logged out is still there for it.
    pub fn peek(&self, after: Seq, limits: PageLimits) -> Look {
        let state = self.state();
        if state.closed && state.first_after(after) == state.tail.len() {
            return Look::Closed;
        }
        state.look(after, limits)
    }

    /// Acknowledges everything up to `after`, and takes what comes behind it: for a connection, which reads nothing
    /// twice, so that the tail lets go of what it has.
    pub fn take(&self, after: Seq, max: usize) -> Taken {
        let mut state = self.state();
        let after = after.min(state.newest);
        state.acked = state.acked.max(after);
        state.let_go_of_acknowledged();
        let is_cut = state.disk.dropped.is_some_and(|dropped| after < dropped.through);
        if !state.closed && (is_cut || (state.disk.stored > 0 && after < state.floor)) {
            return Taken::Disk;
        }
        let start = state.first_after(after);
        let entries: Vec<_> = state.tail.iter().skip(start).take(max).cloned().collect();
        if entries.is_empty() && state.closed {
            return Taken::Closed(state.farewell.clone());
        }
        Taken::Entries(entries)
    }

    /// Whether the client was logged out, and with which reason.
    pub fn end(&self) -> Option<Option<Arc<str>>> {
        let state = self.state();
        state.closed.then(|| state.farewell.clone())
    }

    /// Whether a page after this place, read from disk, tells of everything that was dropped there. Not while
    /// a commit is on its way that may drop more: its rows may be gone already, and the queue not know yet.
    pub fn stands_by(&self, page: &Page, after: Seq) -> bool {
        let state = self.state();
        let after = after.min(state.newest);
        !state.settling && state.disk.dropped.filter(|dropped| after < dropped.through) == page.dropped
    }

    /// Goes on with a page whose entries so far came from disk: from memory, where it has reached that.
    pub fn look_on(&self, page: Page, limits: PageLimits) -> Look {
        let state = self.state();
        if state.closed {
            return Look::Closed;
        }
        if state.disk.stored > 0 && page.last < state.floor {
            return Look::Disk { page, through: state.floor };
        }
        Look::Page(state.fill(page, limits))
    }

    /// What the disk is to keep of this queue. Entries after `horizon` are left in memory alone.
    /// `None` when the disk has all it needs.
    pub(super) fn settlement(&self, horizon: Seq, limits: &QueueLimits, due: &Due) -> Option<Settlement> {
        let mut state = self.state();
        let from = state.disk.settled.max(state.acked);
        let start = state.first_after(from);
        let pending = state.tail.iter().skip(start).take_while(|kept| kept.seq <= horizon);
        let transient = pending.clone().filter(|kept| kept.conversation.is_none());
        let transient = transient.map(|kept| kept.seq).collect();
        let spilled: Vec<Seq> = pending.map(|kept| kept.seq).collect();
        let expires = state.disk.stored > 0 && due.expired > state.acked;
        if spilled.is_empty() && state.acked == state.disk.acked && !expires && !due.touch {
            return None;
        }
        // Only then may a page that is being read become one with a gap.
        let in_all = state.disk.stored + spilled.len() as u64;
        state.settling = expires || (limits.entries_max > 0 && in_all > limits.entries_max);
        Some(Settlement {
            client: self.client,
            before: state.disk,
            acked: state.acked,
            settled: state.disk.settled.max(spilled.last().copied().unwrap_or_default()),
            spilled,
            transient,
            expired: due.expired,
            entries_max: limits.entries_max,
            seen_at: due.seen_at,
            at: due.at,
        })
    }

    /// Takes note of what a commit has put on disk.
    pub(super) fn settled(&self, disk: &Settled, now_ms: u64, limits: &QueueLimits) {
        let mut state = self.state();
        state.disk = *disk;
        state.settling = false;
        state.trim(now_ms, limits);
    }

    pub(super) fn trim(&self, now_ms: u64, limits: &QueueLimits) {
        self.state().trim(now_ms, limits);
    }

    pub(super) fn half_of_tail(&self) -> Seq {
        let state = self.state();
        state.tail.get(state.tail.len() / 2).map_or(state.newest, |kept| kept.seq)
    }

    pub(super) fn newest(&self) -> Seq {
        self.state().newest
    }

    /// Takes note that a settlement came to nothing. Says whether the writer has more to do here: then it need not be told
    /// again, and else it is to be told when it has.
    pub(super) fn unsettled(&self, limits: &QueueLimits) -> bool {
        let mut state = self.state();
        state.settling = false;
        state.overflow_told = state.overflows(limits);
        state.overflow_told
    }

    /// Takes note that the writer is at work on what the tail has too much.
    pub(super) fn overflow_is_taken(&self) {
        self.state().overflow_told = false;
    }

    /// Whether the client has more unacknowledged entries than it may have in all.
    pub(super) fn exceeds_maximum(&self, limits: &QueueLimits) -> bool {
        self.state().exceeds_maximum(limits)
    }

    /// Entries that the client has not acknowledged yet.
    pub fn unacknowledged(&self) -> u64 {
        self.state().unacknowledged()
    }

    /// Entries that the client has not acknowledged yet, and its polls that wait.
    pub(super) fn length(&self) -> (u64, usize) {
        let state = self.state();
        (state.unacknowledged(), state.waiting.len())
    }

    pub(super) fn lowest_stored(&self) -> Option<Seq> {
        self.state().disk.lowest_stored()
    }
}
