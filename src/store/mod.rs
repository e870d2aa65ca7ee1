//! Durability: what is committed here survives a crash, and nothing is told before it is committed.
//!
//! Knows events, log entries and queues; neither commands, nor numerics, nor who is waiting. The calls are
//! plain and blocking: the writer thread makes them. Every engine passes the same contract tests.

pub mod batch;
pub mod memory;
pub mod past;
pub mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::delivery::{Backlog, Line, Settled};
use crate::entry::{Conversation, Posted};
use crate::id::{ChannelId, ClientId, Seq, TokenHash, UserId};
use crate::protocol::search::Terms;
use crate::protocol::stamp::StampHash;
use crate::world::World;

pub use batch::{Batch, KeptOutcome};
pub use past::{Past, Window};

/// Where the world, the log and the queues are kept.
pub trait Store: Send {
    /// Everything that a start needs. Never reads the whole log.
    ///
    /// # Errors
    /// When the disk cannot be read, or holds what cannot be.
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// The world and the place of the next entry alone, for after a failed commit.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    fn load_world(&mut self) -> Result<(World, Seq), StoreError>;

    /// Makes all of a batch durable, or nothing of it. Gives back what the disk then has of each queue that
    /// the batch settles, in the order of the settlements.
    ///
    /// # Errors
    /// When nothing of it is durable.
    fn commit(&mut self, batch: &Batch) -> Result<Vec<Settled>, StoreError>;

    /// The first response to a request that a client made under this `Idempotency-Key` after `since`.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn outcome(
        &mut self,
        client: ClientId,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<String>, StoreError>;

    /// Whether a stamp was spent before.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn is_spent(&mut self, stamp: StampHash) -> Result<bool, StoreError>;

    /// Takes one small step of clearing away what nobody can ask for any more. Says whether there is more.
    ///
    /// # Errors
    /// When the disk refuses; the step is then taken again later.
    fn tidy(&mut self, retention: &Retention) -> Result<bool, StoreError>;

    /// The newest entry that is not younger than `at`, a moment of running time; [`Seq::ZERO`] when all are.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn newest_until(&mut self, at: Timestamp) -> Result<Seq, StoreError>;

    /// The reading side, for threads other than the writer's.
    fn reader(&self) -> Arc<dyn Reader>;
}

/// Reading what is committed, from any thread.
pub trait Reader: Backlog + Past {
    /// The newest messages of a conversation before a place, oldest first, out of those that history still
    /// shows.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn history(&self, request: &HistoryRequest) -> Result<Vec<Line>, StoreError>;

    /// What was said that has what is looked for, the newest first, out of what the histories still show.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn search(&self, _: &SearchRequest) -> Result<Found, StoreError> {
        Ok(Found::Off)
    }

    /// What the disk has of the database; `None` where it is in memory.
    fn disk_bytes(&self) -> Option<DiskBytes> {
        None
    }
}

/// What the disk has of a database, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DiskBytes {
    /// The database itself.
    pub database: u64,
    /// The log of what is not in it yet. It grows when somebody reads the database from outside for long.
    pub write_ahead_log: u64,
}

/// Which part of a history is wanted.
#[derive(Clone, Copy, Debug)]
pub struct HistoryRequest {
    /// Whose talk.
    pub conversation: Conversation,
    /// Messages before this place; `None` for the newest.
    pub before: Option<Seq>,
    /// At most so many.
    pub limit: usize,
    /// How many messages the history shows in all; 0 is no limit.
    pub history_max: usize,
}

/// What is searched, and for what.
#[derive(Clone, Debug)]
pub struct SearchRequest {
    /// Where.
    pub talks: Talks,
    /// For what.
    pub terms: Terms,
    /// Said by whoever went by this nick then.
    pub from: Option<String>,
    /// Messages before this place; `None` for the newest.
    pub before: Option<Seq>,
    /// At most so many.
    pub limit: usize,
    /// How many messages each history shows in all; 0 is no limit.
    pub history_max: usize,
    /// How long it may take; zero is for ever.
    pub timeout: Duration,
}

/// The talks that are searched: those that whoever searches may read.
#[derive(Clone, Debug)]
pub enum Talks {
    /// This one.
    One(Conversation),
    /// Those of a session with others, and those of these channels.
    AllOf(UserId, Vec<ChannelId>),
}

/// What a search gives.
#[derive(Debug)]
pub enum Found {
    /// These, the newest first.
    Lines(Vec<Line>),
    /// It took too long.
    TooLong,
    /// Nothing can be searched here.
    Off,
}

/// What a start needs.
#[derive(Debug)]
pub struct Loaded {
    /// Everything that is so.
    pub world: World,
    /// What the disk has of each client's queue.
    pub queues: Vec<LoadedQueue>,
    /// The log after the checkpoint, ascending, with its audiences.
    pub recent: Vec<Posted>,
    /// The place of the next entry: above every place that was ever given.
    pub next_seq: Seq,
    /// How far the server's running time had come, as far as the disk knows; `None` where nobody has run yet.
    pub ran_until: Option<Timestamp>,
}

/// What the disk has of one client.
#[derive(Clone, Debug)]
pub struct LoadedQueue {
    /// Whose device it is.
    pub user: UserId,
    /// The hash of its token.
    pub token: TokenHash,
    /// Its queue.
    pub disk: Settled,
    /// When it last asked for anything, in running time.
    pub seen_at: Timestamp,
}

/// What may be cleared away.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Queues on disk need no entry before this place. What is after the checkpoint is kept in any case.
    pub queues_need: Seq,
    /// Messages that each history shows; 0 is no limit.
    pub history_max: usize,
    /// Responses under an `Idempotency-Key` are forgotten when they are older, in running time.
    pub outcomes_since: Timestamp,
    /// Spent stamps are forgotten when nobody could present them any more at this time.
    pub now: Timestamp,
    /// Most rows to touch in one step.
    pub rows_max: usize,
}

/// The disk says no. The text is for the log; clients are told no more than to try again.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `SQLite` failed.
    #[error("{doing}: {cause}")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// What `SQLite` says.
        cause: rusqlite::Error,
    },
    /// A file or folder could not be used.
    #[error("{doing}: {cause}")]
    Io {
        /// What was being done.
        doing: String,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The database is not one that this program may use.
    #[error("{0}")]
    Refused(String),
    /// The database holds what cannot be.
    #[error("the database is damaged: {0}")]
    Damaged(String),
}

impl StoreError {
    /// Whether what the disk has is not what was written to it.
    pub fn is_damage(&self) -> bool {
        use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
        match self {
            Self::Damaged(_) => true,
            Self::Sqlite { cause: rusqlite::Error::SqliteFailure(cause, _), .. } => {
                matches!(cause.code, DatabaseCorrupt | NotADatabase)
            }
            _ => false,
        }
    }
}
