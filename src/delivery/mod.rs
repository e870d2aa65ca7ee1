//! What each client has yet to read, and who is waiting for it.
//!
//! The log row of a message carries its audience, so it alone makes a delivery durable. Each client has a
//! short tail of shared messages in memory that answers nearly every poll. Only what a client has not
//! acknowledged after a while, or what overflows its tail, is *settled*: written to the client's queue on
//! disk. Knows client ids, positions and lines; neither the world nor the store, whose help it asks for as
//! [`Backlog`].

pub mod bell;
pub mod directory;
pub mod page;
pub mod queue;
pub mod settlement;
pub mod sweep;
mod tail;
mod waiting;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Weak};
use std::task::Waker;

use crate::entry::{Entry, Posted};
use crate::id::{ClientId, IdMap, Seq, TokenHash, UserId};

pub use bell::Bell;
pub use directory::{Directory, Seat};
pub use page::{Line, Page, PageLimits};
pub use queue::{Queue, QueueLimits};
pub use settlement::{Settled, Settlement};
use sweep::Sweep;

/// Entries of a client's queue that are no longer in memory.
pub trait Backlog: Send + Sync {
    /// The client's entries after `after` and not after `through`, ascending, as many as the limits allow.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn read(
        &self,
        client: ClientId,
        after: Seq,
        through: Seq,
        limits: PageLimits,
    ) -> Result<Excerpt, BacklogError>;
}

/// What was read of a backlog.
#[derive(Clone, Debug, Default)]
pub struct Excerpt {
    /// The entries, ascending.
    pub lines: Vec<Line>,
    /// Whether the limits cut it short.
    pub cut: bool,
}

/// The disk could not be read. The text is for the log, not for clients.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the backlog: {0}")]
pub struct BacklogError(pub String);

/// All queues together.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct QueueTotals {
    /// Entries that no client has acknowledged yet.
    pub unacknowledged: u64,
    /// Polls that wait.
    pub waiting: usize,
    /// What messages take in memory, in bytes.
    pub in_memory_bytes: usize,
}

/// As many as hear what is said among a few.
const FEW: usize = 16;

/// Whoever waits in queues that have something new.
#[derive(Default)]
#[must_use = "whoever waits is to be woken"]
pub struct Bells {
    of_few: Vec<Waker>,
    of_many: Vec<Waker>,
}

impl Bells {
    /// Wakes those who are told what was said among a few: it does not wait for what is said to a thousand.
    pub fn ring_few(&mut self) {
        self.of_few.drain(..).for_each(Waker::wake);
    }

    /// Wakes everybody who was not woken yet.
    pub fn ring(mut self) {
        self.ring_few();
        self.of_many.into_iter().for_each(Waker::wake);
    }
}

/// The queues of all clients. Owned by the writer; faces reach a queue through its [`Seat`].
pub struct Delivery {
    queues: IdMap<ClientId, Arc<Queue>>,
    directory: Arc<Directory>,
    limits: QueueLimits,
    /// `limits.kept_ms` as it was set, for when memory is no longer short.
    kept_ms: u64,
    sweep: Option<Sweep>,
    /// Where the newest sweep since the start that was finished has ended.
    checkpoint: Seq,
    /// Clients whose tail has outgrown its limit.
    overflowing: Vec<ClientId>,
    /// What is in memory, the oldest first, with its size; the sum of the sizes.
    living: VecDeque<(Weak<Entry>, usize)>,
    living_bytes: usize,
    /// Log rows after the checkpoint that are known to be held on disk for queues.
    held: BTreeSet<Seq>,
    /// Queues that the disk has something of, by the lowest position of which each may need it. Looked up at every step of
    /// clearing away, when it would not do to go through ten thousand queues.
    stored: BTreeSet<(Seq, ClientId)>,
}

impl Delivery {
    /// Nobody's queues yet.
    pub fn new(directory: Arc<Directory>, limits: QueueLimits) -> Self {
        Self {
            queues: IdMap::default(),
            directory,
            kept_ms: limits.kept_ms,
            limits,
            sweep: None,
            checkpoint: Seq::ZERO,
            overflowing: Vec::new(),
            living: VecDeque::new(),
            living_bytes: 0,
            held: BTreeSet::new(),
            stored: BTreeSet::new(),
        }
    }

    /// Opens the queue of a client that last asked for anything at `seen_ms`. Its token is good from now on.
    pub fn open(&mut self, client: ClientId, user: UserId, token: TokenHash, state: &Settled, seen_ms: u64) {
        let queue = Arc::new(Queue::new(client, state));
        let before = self.queues.insert(client, Arc::clone(&queue)).and_then(|before| before.lowest_stored());
        self.note_stored(client, before, state.lowest_stored());
        self.directory.insert(token, Seat::new(client, user, queue, seen_ms));
    }

    /// Closes the queue of a client: its token is invalid at once, and its polls end. `ended` is a session that has
    /// ended, with the reason, which the client learns if it is its own.
    pub fn close(&mut self, client: ClientId, token: &TokenHash, ended: Option<(UserId, &str)>) {
        let user = self.directory.seat(client).map(|seat| seat.user);
        let reason = ended.filter(|(ended, _)| Some(*ended) == user).map(|(_, reason)| reason.into());
        self.directory.remove(token);
        self.close_queue(client, reason);
    }

    fn close_queue(&mut self, client: ClientId, reason: Option<Arc<str>>) {
        if let Some(queue) = self.queues.remove(&client) {
            self.note_stored(client, queue.lowest_stored(), None);
            queue.close(reason);
        }
    }

    /// Takes note of what the disk has of a queue now, and had before.
    fn note_stored(&mut self, client: ClientId, before: Option<Seq>, now: Option<Seq>) {
        if let Some(lowest) = before {
            self.stored.remove(&(lowest, client));
        }
        if let Some(lowest) = now {
            self.stored.insert((lowest, client));
        }
    }

    /// Whose queues there are.
    pub fn clients(&self) -> Vec<ClientId> {
        self.queues.keys().copied().collect()
    }

    /// Closes the queue of a client that turned out to be gone.
    pub fn close_unknown(&mut self, client: ClientId) {
        self.directory.forget(client);
        self.close_queue(client, None);
    }

    /// Appends committed entries to the queues of their audiences. Gives the bells that are to be rung.
    pub fn publish(&mut self, posted: &[Posted], now_ms: u64) -> Bells {
        let mut bells = Bells::default();
        for Posted { audience, entry } in posted {
            let clients = audience.clients();
            let due = if clients.len() <= FEW { &mut bells.of_few } else { &mut bells.of_many };
            for client in clients {
                let Some(queue) = self.queues.get(client) else { continue };
                let pushed = queue.push(entry, now_ms, &self.limits);
                due.extend(pushed.waiters.wakers());
                if pushed.overflows {
                    self.overflowing.push(*client);
                }
            }
        }
        self.count_living(posted);
        bells
    }

    /// Keeps count of the bytes in memory. Entries are let go of nearly in the order in which they came, so
    /// looking at the oldest alone counts too much rather than too little.
    fn count_living(&mut self, posted: &[Posted]) {
        for Posted { entry, .. } in posted {
            let bytes = entry.bytes();
            self.living.push_back((Arc::downgrade(entry), bytes));
            self.living_bytes += bytes;
        }
        while let Some((_, bytes)) = self.living.front().filter(|(entry, _)| entry.strong_count() == 0) {
            self.living_bytes -= bytes;
            self.living.pop_front();
        }
    }

    /// Whether messages in memory take more than `bytes`. From then on what goes to disk is let go of at
    /// once, until they take less.
    pub fn is_over_memory(&mut self, bytes: usize) -> bool {
        self.count_living(&[]);
        let over = bytes > 0 && self.living_bytes > bytes;
        self.limits.kept_ms = if over { 0 } else { self.kept_ms };
        over
    }

    /// Clients that asked for nothing for `timeout_ms`, at most `max` of them.
    pub fn silent_since(&self, now_ms: u64, timeout_ms: u64, max: usize) -> Vec<ClientId> {
        let seats = self.queues.keys().filter_map(|client| self.directory.seat(*client));
        // Whoever waits for an answer is not silent.
        let silent = seats
            .filter(|seat| now_ms.saturating_sub(seat.seen_ms()) >= timeout_ms && !seat.queue.is_awaited());
        silent.map(|seat| seat.client).take(max).collect()
    }

    /// Whether a client has a connection that is by TLS all its way.
    pub fn is_secure(&self, client: ClientId) -> bool {
        self.directory.seat(client).is_some_and(|seat| seat.is_secure())
    }

    /// When a client last asked for anything, in milliseconds of the server's monotonic clock; `None` for one that has
    /// only just come.
    pub fn seen_ms(&self, client: ClientId) -> Option<u64> {
        self.directory.seat(client).map(|seat| seat.seen_ms())
    }

    /// Puts an entry back into the tails it was in before a restart, without waking anybody.
    pub fn restore(&mut self, Posted { audience, entry }: &Posted) {
        for client in audience.clients() {
            if let Some(queue) = self.queues.get(client) {
                queue.restore(entry);
            }
        }
    }

    /// All queues together.
    pub fn totals(&self) -> QueueTotals {
        let none = QueueTotals { unacknowledged: 0, waiting: 0, in_memory_bytes: self.living_bytes };
        self.queues.values().fold(none, |sum, queue| {
            let (unacknowledged, waiting) = queue.length();
            QueueTotals {
                unacknowledged: sum.unacknowledged + unacknowledged,
                waiting: sum.waiting + waiting,
                ..sum
            }
        })
    }

    /// The lowest position that a queue on disk may still need; `None` when none needs any.
    pub fn lowest_stored(&self) -> Option<Seq> {
        self.stored.first().map(|(lowest, _)| *lowest)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::queue::Look;
    use super::sweep::Now;
    use super::*;
    use crate::entry::Audience;

    const CLIENT: ClientId = ClientId::new(1);
    const TOKEN: TokenHash = TokenHash::new([1; 32]);
    const LIMITS: QueueLimits =
        QueueLimits { tail_entries: 2, entries_max: 0, kept_ms: 10, polls_max: 1, streams_max: 4 };

    fn with_client() -> (Delivery, Arc<Queue>) {
        let mut delivery = Delivery::new(Arc::default(), LIMITS);
        delivery.open(CLIENT, UserId::new(2), TOKEN, &Settled::new(CLIENT), 0);
        let queue = Arc::clone(&delivery.directory.find(&TOKEN).unwrap().queue);
        (delivery, queue)
    }

    fn publish(delivery: &mut Delivery, seqs: std::ops::RangeInclusive<u64>) {
        publish_to(delivery, CLIENT, seqs);
    }

    fn publish_to(delivery: &mut Delivery, client: ClientId, seqs: std::ops::RangeInclusive<u64>) {
        for seq in seqs {
            let (seq, at) = (Seq::new(seq), Timestamp::UNIX_EPOCH);
            let entry =
                Arc::new(Entry { seq, at, since_ms: 0, conversation: None, line: "{}".into(), wire: None });
            delivery.publish(&[Posted { audience: Audience::One(client), entry }], 0).ring();
        }
    }

    fn page(look: Look) -> Vec<u64> {
        let Look::Page(page) = look else { panic!("memory has it all: {look:?}") };
        page.lines.iter().map(|line| line.seq.get()).collect()
    }

    #[test]
    fn what_connections_need_counts_as_memory() {
        let bytes_of = |wire: Option<crate::entry::Wire>| {
            let (mut delivery, _) = with_client();
            let (seq, at, line) = (Seq::new(1), Timestamp::UNIX_EPOCH, "{}".into());
            let wire = wire.map(Arc::new);
            let entry = Arc::new(Entry { seq, at, since_ms: 0, conversation: None, line, wire });
            delivery.publish(&[Posted { audience: Audience::One(CLIENT), entry }], 0).ring();
            delivery.totals().in_memory_bytes
        };
        let source = Some("alice!alice@example.org".into());
        let (bare, kept) = (
            bytes_of(None),
            bytes_of(Some(crate::entry::Wire { source: source.clone(), ..Default::default() })),
        );
        let told = bytes_of(Some(crate::entry::Wire { source, is_awaited: true, ..Default::default() }));
        assert!(bare + 23 < kept && kept < told, "{bare} {kept} {told}");
    }

    #[test]
    fn reading_consumes_nothing_and_a_cursor_beyond_the_newest_is_clamped() {
        let (mut delivery, queue) = with_client();
        publish(&mut delivery, 1..=2);
        for _ in 0..2 {
            assert_eq!(page(queue.look(Seq::ZERO, PageLimits::default())), [1, 2]);
        }
        assert!(page(queue.look(Seq::new(99), PageLimits::default())).is_empty());
        publish(&mut delivery, 3..=3);
        assert_eq!(page(queue.look(Seq::new(2), PageLimits::default())), [3], "99 acknowledged no future");
    }

    #[test]
    fn an_outgrown_tail_lets_nothing_go_before_the_disk_has_it() {
        let (mut delivery, queue) = with_client();
        publish(&mut delivery, 1..=5);
        assert_eq!(page(queue.look(Seq::ZERO, PageLimits::default())), [1, 2, 3, 4, 5]);
        let collected =
            delivery.collect(1, Now { at: Timestamp::UNIX_EPOCH, running: Timestamp::UNIX_EPOCH, ms: 0 });
        let settlement = &collected.settlements[0];
        let stored = settlement.spilled.len() as u64;
        assert!(stored > 0 && collected.held == settlement.spilled);
        let settled = Settled { settled: settlement.settled, stored, ..settlement.before };
        delivery.settled(&[settled], None, 0);
        assert!(matches!(queue.look(Seq::ZERO, PageLimits::default()), Look::Disk { .. }));
        assert_eq!(queue.unacknowledged(), 5);
    }

    /// A slow disk must not keep anybody from reading, unless what is read may be cut off by that very commit.
    #[test]
    fn a_page_waits_for_no_commit_but_one_that_may_drop() {
        let now = Now { at: Timestamp::UNIX_EPOCH, running: Timestamp::UNIX_EPOCH, ms: 0 };
        for (entries_max, stands) in [(0, true), (9, true), (4, false)] {
            let (mut delivery, queue) = with_client();
            delivery.limits.entries_max = entries_max;
            publish(&mut delivery, 1..=5);
            delivery.begin_sweep(Seq::new(5), Seq::ZERO, false);
            assert_eq!(delivery.collect(9, now).settlements.len(), 1);
            let page = Page { lines: vec![], last: Seq::ZERO, more: false, dropped: None };
            assert_eq!(queue.stands_by(&page, Seq::ZERO), stands, "at most {entries_max}");
        }
    }

    #[test]
    fn no_sweep_ends_behind_one_before() {
        let (mut delivery, _) = with_client();
        publish(&mut delivery, 1..=5);
        let now = Now { at: Timestamp::UNIX_EPOCH, running: Timestamp::UNIX_EPOCH, ms: 0 };
        for (horizon, end) in [(4, 4), (2, 4), (5, 5)] {
            delivery.begin_sweep(Seq::new(horizon), Seq::ZERO, false);
            let collected = delivery.collect(9, now);
            assert_eq!(collected.checkpoint, Some(Seq::new(end)));
            delivery.settled(&[], collected.checkpoint, 0);
        }
    }

    #[test]
    fn a_sweep_leaves_room_for_a_tail_that_outgrows_its_limit() {
        let (mut delivery, _) = with_client();
        publish(&mut delivery, 1..=2);
        delivery.begin_sweep(Seq::new(2), Seq::ZERO, false);
        let (other, token) = (ClientId::new(9), TokenHash::new([9; 32]));
        delivery.open(other, UserId::new(8), token, &Settled::new(other), 0);
        publish_to(&mut delivery, other, 3..=6);
        let collected =
            delivery.collect(1, Now { at: Timestamp::UNIX_EPOCH, running: Timestamp::UNIX_EPOCH, ms: 0 });
        let settled: Vec<ClientId> = collected.settlements.iter().map(|each| each.client).collect();
        assert_eq!(settled, [CLIENT, other], "one of the sweep, and the one that overflows");
    }

    #[test]
    fn the_lowest_that_is_needed_follows_what_the_disk_has_of_each_queue() {
        let (mut delivery, _) = with_client();
        let other = ClientId::new(9);
        let state =
            |client, acked, stored| Settled { acked: Seq::new(acked), stored, ..Settled::new(client) };
        let token = TokenHash::new([9; 32]);
        delivery.open(other, UserId::new(8), token, &state(other, 3, 1), 0);
        let lowest = |delivery: &Delivery| delivery.lowest_stored().map(Seq::get);
        assert_eq!(lowest(&delivery), Some(4), "as it was opened");
        delivery.settled(&[state(CLIENT, 1, 2)], None, 0);
        assert_eq!(lowest(&delivery), Some(2));
        delivery.settled(&[state(CLIENT, 6, 1)], None, 0);
        assert_eq!(lowest(&delivery), Some(4));
        delivery.open(other, UserId::new(8), token, &state(other, 4, 1), 0);
        assert_eq!(lowest(&delivery), Some(5), "as it was opened again");
        delivery.settled(&[state(CLIENT, 4, 1)], None, 0);
        delivery.close(other, &token, None);
        assert_eq!(lowest(&delivery), Some(5), "the other needs the same");
        delivery.settled(&[state(CLIENT, 6, 1)], None, 0);
        assert_eq!(lowest(&delivery), Some(7));
        delivery.settled(&[state(CLIENT, 8, 0)], None, 0);
        assert_eq!(lowest(&delivery), None, "everything was acknowledged");
        delivery.settled(&[state(CLIENT, 8, 1)], None, 0);
        delivery.close_unknown(CLIENT);
        assert!(delivery.stored.is_empty());
    }

    #[tokio::test]
    async fn a_ring_between_looking_and_waiting_is_not_lost() {
        let (mut delivery, queue) = with_client();
        let mut bell = queue.bell();
        assert!(page(queue.look(Seq::ZERO, PageLimits::default())).is_empty());
        publish(&mut delivery, 1..=1);
        assert!(tokio::time::timeout(std::time::Duration::from_secs(5), bell.rang()).await.is_ok());
    }

    #[test]
    fn a_poll_too_many_ends_the_oldest() {
        let (_delivery, queue) = with_client();
        let (oldest, newest) = (queue.wait_in_line(&LIMITS), queue.wait_in_line(&LIMITS));
        assert!(!queue.is_in_line(oldest) && queue.is_in_line(newest));
    }

    #[test]
    fn whoever_is_logged_out_reads_nothing_more() {
        let (mut delivery, queue) = with_client();
        publish(&mut delivery, 1..=1);
        delivery.close(CLIENT, &TOKEN, None);
        assert!(matches!(queue.look(Seq::ZERO, PageLimits::default()), Look::Closed));
        assert!(delivery.directory.find(&TOKEN).is_none());
    }
}
