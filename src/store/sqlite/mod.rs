//! The store on `SQLite`: one connection that writes, a few that only read.

mod backup;
mod check;
mod events;
mod excess;
mod filing;
mod held;
mod index;
mod load;
mod lock;
mod open;
mod packed;
mod past;
mod queues;
mod read;
mod schema;
mod search;
mod tidy;
mod transaction;
mod wal;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::{Batch, Loaded, Reader, Retention, Store, StoreError};
use crate::delivery::Settled;
use crate::entry::{Audience, Conversation, Posted};
use crate::id::{ChannelId, ClientId, Seq, UserId};
use crate::protocol::stamp::StampHash;
use crate::world::World;
pub use backup::{backup, check, restore};
pub use check::Summary;
use filing::Filing;
use lock::FileLock;
use read::SqliteReader;
use tidy::Tidying;
use transaction::Transaction;

/// What stands in the place of the peer for what happened in a channel beside talk.
const HAPPENINGS: i64 = -1;
/// Bytes of a packed audience that stand in the log itself, where they stay as long as the message: most talks have
/// few listeners, and a page less is to be written before they may hear. Larger ones stand in a table that is emptied.
const AUDIENCE_IN_LOG_MAX: usize = 32;

/// The store on `SQLite`.
pub struct SqliteStore {
    connection: Connection,
    reader: Arc<SqliteReader>,
    filing: Filing,
    tidying: Tidying,
    /// Copies the write-ahead log back, where there is one.
    copier: Option<wal::Copier>,
    /// Fills the index for searching, where there is one.
    indexer: Option<index::Indexer>,
    /// Where the database is, for connections yet to be made.
    uri: String,
    location: Location,
    /// Held while the store is open, so that no second process uses the file.
    _lock: Option<FileLock>,
}

/// Where the database is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Location {
    /// In a file.
    File(PathBuf),
    /// In memory, gone when the process ends.
    Memory,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Memory => f.write_str(":memory:"),
        }
    }
}

impl Location {
    /// Reads a `DBURL`: `file:<path>`, a bare path, or `:memory:`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(url: &str) -> Result<Self, String> {
        let path = url.strip_prefix("file:").unwrap_or(url);
        match path {
            ":memory:" => Ok(Self::Memory),
            "" => Err("names no file".to_owned()),
            path if path.contains('?') => Err("may not carry parameters".to_owned()),
            path if path.contains("://") => Err("is neither file:<path> nor :memory:".to_owned()),
            path => Ok(Self::File(path.into())),
        }
    }
}

/// Gives an error of `SQLite` the words for what was being done.
fn doing(what: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |cause| StoreError::Sqlite { doing: what, cause }
}

/// The number of a position or an id as `SQLite` keeps it: its integers are signed, and no counter gets
/// beyond them.
fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The other way round; negative numbers are never stored.
fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Nanoseconds since 1970.
fn nanoseconds(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

/// A time from nanoseconds since 1970.
fn timestamp(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(i128::from(nanoseconds)).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl SqliteStore {
    /// From now on what was said can be searched.
    ///
    /// # Errors
    /// When the index cannot be made.
    pub fn make_searchable(&mut self) -> Result<(), StoreError> {
        let (searcher, indexer) = search::start(&self.uri, &self.location)?;
        self.indexer = Some(indexer);
        self.reader.make_searchable(searcher);
        Ok(())
    }
}

impl SqliteStore {
    /// Has what was committed brought from the write-ahead log to where it belongs, when that has become long.
    fn copy_log(&mut self) {
        if let Some(copier) = &mut self.copier {
            copier.after_commit(&self.connection);
        }
    }
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let (world, next_seq) = self.load_world()?;
        let queues = load::queues(&self.connection)?;
        let recent = load::recent(&self.connection)?;
        let ran_until = load::ran_until(&self.connection)?;
        Ok(Loaded { world, queues, recent, next_seq, ran_until })
    }

    fn load_world(&mut self) -> Result<(World, Seq), StoreError> {
        let world = load::world(&self.connection)?;
        let newest = load::newest_seq(&self.connection)?;
        Ok((world, newest.next()))
    }

    fn commit(&mut self, batch: &Batch) -> Result<Vec<Settled>, StoreError> {
        // What it knows would no longer be so after a failure.
        let mut filing = std::mem::take(&mut self.filing);
        let transaction = Transaction::begin(&self.connection).map_err(doing("begin a commit"))?;
        let of_removed = held::of_removed(&self.connection, batch).map_err(doing("look at queues"))?;
        let settled = write(&self.connection, batch).map_err(doing("write a batch"))?;
        filing.gain(&self.connection, &batch.entries).map_err(doing("file a batch"))?;
        transaction.commit().map_err(doing("commit a batch"))?;
        self.filing = filing;
        self.copy_log();
        self.tidying.note(batch, &settled, of_removed);
        Ok(settled)
    }

    fn outcome(
        &mut self,
        client: ClientId,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let sql = include_str!("../../../sql/sqlite/queue/outcome.sql");
        let mut statement = self.connection.prepare_cached(sql).map_err(doing("look up a key"))?;
        statement
            .query_row(params![int(client.get()), key, nanoseconds(since)], |row| row.get(0))
            .optional()
            .map_err(doing("look up a key"))
    }

    fn is_spent(&mut self, stamp: StampHash) -> Result<bool, StoreError> {
        let sql = include_str!("../../../sql/sqlite/read/spent.sql");
        let mut statement = self.connection.prepare_cached(sql).map_err(doing("look up a stamp"))?;
        statement.query_row([stamp.0], |row| row.get(0)).map_err(doing("look up a stamp"))
    }

    fn tidy(&mut self, retention: &Retention) -> Result<bool, StoreError> {
        let mut filing = std::mem::take(&mut self.filing);
        let more = self.tidying.step(&mut self.connection, &mut filing, retention).map_err(doing("tidy"))?;
        self.filing = filing;
        self.copy_log();
        Ok(more)
    }

    fn newest_until(&mut self, at: Timestamp) -> Result<Seq, StoreError> {
        read::newest_until(&self.connection, at).map_err(doing("look for an entry by time"))
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::clone(&self.reader) as Arc<dyn Reader>
    }
}

fn write(connection: &Connection, batch: &Batch) -> rusqlite::Result<Vec<Settled>> {
    for event in &batch.events {
        events::write(connection, event, batch.kept_at)?;
    }
    // Looked up once: a batch may have a thousand rows of the log.
    let mut log = Log {
        any: connection.prepare_cached(include_str!("../../../sql/sqlite/event/log.sql"))?,
        answer: connection.prepare_cached(include_str!("../../../sql/sqlite/event/log_answer.sql"))?,
    };
    for posted in &batch.entries {
        write_entry(connection, &mut log, posted, batch.kept_at)?;
    }
    for outcome in &batch.outcomes {
        let at = nanoseconds(outcome.at);
        connection
            .prepare_cached(include_str!("../../../sql/sqlite/event/outcome.sql"))?
            .execute(params![int(outcome.client.get()), outcome.key, at, outcome.response])?;
    }
    if let Some(ran_until) = batch.ran_until {
        connection
            .prepare_cached(include_str!("../../../sql/sqlite/event/ran_until.sql"))?
            .execute(params![nanoseconds(ran_until)])?;
    }
    let settled = queues::settle(connection, batch)?;
    let state = [("checkpoint", batch.checkpoint.map(Seq::get)), ("next_id", batch.next_id)];
    for (name, value) in state.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        connection
            .prepare_cached(include_str!("../../../sql/sqlite/event/server_state.sql"))?
            .execute(params![name, int(value)])?;
    }
    Ok(settled)
}

/// Writing a row of the log: any, and one that answers a single client, of which there are many at once and most of
/// whose columns are empty.
struct Log<'c> {
    any: CachedStatement<'c>,
    answer: CachedStatement<'c>,
}

fn write_entry(
    connection: &Connection,
    log: &mut Log<'_>,
    Posted { audience, entry }: &Posted,
    kept_at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let seq = int(entry.seq.get());
    let at = nanoseconds(kept_at.unwrap_or(entry.at));
    if let (Audience::One(client), None, None) = (audience, entry.conversation, &entry.wire) {
        log.answer.execute(params![seq, at, int(client.get()), &entry.line[..]])?;
        return Ok(());
    }
    let (reader, packed) = match audience {
        Audience::One(client) => (Some(int(client.get())), None),
        Audience::Many(clients) => (None, Some(packed::pack(clients.iter().map(|client| client.get())))),
    };
    let is_small = |packed: &Vec<u8>| packed.len() <= AUDIENCE_IN_LOG_MAX;
    let (few, many) = if packed.as_ref().is_some_and(is_small) { (packed, None) } else { (None, packed) };
    let (owner, peer) = entry.conversation.and_then(|conversation| sides(conversation).next()).unzip();
    log.any.execute(params![
        seq,
        at,
        entry.conversation.is_some(),
        reader,
        &entry.line[..],
        owner,
        peer,
        few,
        past::source(entry),
        past::by_client(entry),
        past::marks(entry),
        past::account(entry),
        past::realname(entry),
    ])?;
    if let Some(packed) = many {
        connection
            .prepare_cached(include_str!("../../../sql/sqlite/event/audience.sql"))?
            .execute(params![seq, packed])?;
    }
    Ok(())
}

/// The keys under which a conversation stands in the table of histories: one for a channel, one for each of
/// two who talk, once only where somebody talks to itself.
fn sides(conversation: Conversation) -> impl Iterator<Item = (i64, i64)> {
    let (first, second) = match conversation {
        Conversation::Channel(channel) => ((int(channel.get()), 0), None),
        Conversation::Happenings(channel) => ((int(channel.get()), HAPPENINGS), None),
        Conversation::Direct(one, other) => {
            let (one, other) = (int(one.get()), int(other.get()));
            ((one, other), (one != other).then_some((other, one)))
        }
    };
    std::iter::once(first).chain(second)
}

/// The other way round: the conversation that stands under these keys.
fn conversation((owner, peer): (i64, i64)) -> Conversation {
    match peer {
        0 => Conversation::Channel(ChannelId::new(uint(owner))),
        HAPPENINGS => Conversation::Happenings(ChannelId::new(uint(owner))),
        _ => Conversation::Direct(UserId::new(uint(owner)), UserId::new(uint(peer))),
    }
}
