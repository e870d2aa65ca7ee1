//! What goes between a client's queue in memory and its queue on disk.

use jiff::Timestamp;

use super::page::Dropped;
use crate::id::{ClientId, Seq};

/// What the disk is to keep of one client's queue from the next commit on.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Whose queue.
    pub client: ClientId,
    /// What the disk has of it now.
    pub before: Settled,
    /// The client has acknowledged everything up to here.
    pub acked: Seq,
    /// Everything up to here is either acknowledged or on disk from now on.
    pub settled: Seq,
    /// The unacknowledged entries after what was settled before, ascending.
    pub spilled: Vec<Seq>,
    /// Those of them that no history shows, so that their log rows are kept for queues alone.
    pub transient: Vec<Seq>,
    /// Entries on disk up to here are too old and are dropped.
    pub expired: Seq,
    /// Most entries that the disk may keep for one client; the oldest are dropped. 0 is no limit.
    pub entries_max: u64,
    /// When the client last asked for anything.
    pub seen_at: Timestamp,
    /// The time of the settlement.
    pub at: Timestamp,
}

/// What the disk has of one client's queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settled {
    /// Whose queue.
    pub client: ClientId,
    /// The client has acknowledged everything up to here.
    pub acked: Seq,
    /// Everything up to here is either acknowledged or on disk.
    pub settled: Seq,
    /// Entries on disk.
    pub stored: u64,
    /// What was dropped and not yet told of.
    pub dropped: Option<Dropped>,
}

impl Settled {
    /// The queue of a client that has just come.
    pub const fn new(client: ClientId) -> Self {
        Self { client, acked: Seq::ZERO, settled: Seq::ZERO, stored: 0, dropped: None }
    }

    /// The lowest position that the queue may still need of the disk; `None` when it has nothing there.
    pub(super) fn lowest_stored(&self) -> Option<Seq> {
        (self.stored > 0).then(|| self.acked.next())
    }
}

/// The circumstances of a settlement that the queue itself does not know.
pub(super) struct Due {
    /// Entries on disk up to here are too old.
    pub(super) expired: Seq,
    /// When the client last asked for anything.
    pub(super) seen_at: Timestamp,
    /// Whether `seen_at` is worth a write of its own.
    pub(super) touch: bool,
    /// The time of the settlement.
    pub(super) at: Timestamp,
}
