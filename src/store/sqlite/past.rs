//! Looking back from any place.

use std::collections::HashMap;

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::read::{SqliteReader, history_floor, log_ends, unfiled};
use super::{doing, int, sides, uint};
use crate::entry::{Entry, Wire};
use crate::id::{ClientId, Seq, UserId};
use crate::protocol::message::told_at_ms;
use crate::store::{Past, StoreError, Window};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/read/", $name, ".sql"))
    };
}

/// With how many a session has talked, at most, as far as anybody asks; those with whom it talked last.
const PEERS_MAX: usize = 500;
/// Among how many these are looked for: a few milliseconds' work.
const PEERS_LOOKED_AT_MAX: usize = 10_000;
/// The marks of an entry, as the log has them.
const BOT: i64 = 1;
const FOR_WATCHERS: i64 = 2;

pub(super) fn source(entry: &Entry) -> Option<&str> {
    entry.wire.as_deref()?.source.as_deref()
}

pub(super) fn account(entry: &Entry) -> Option<&str> {
    entry.wire.as_deref()?.account.as_deref()
}

pub(super) fn realname(entry: &Entry) -> Option<&str> {
    entry.wire.as_deref()?.realname.as_deref()
}

pub(super) fn by_client(entry: &Entry) -> Option<i64> {
    entry.wire.as_deref()?.by.map(|client| int(client.get()))
}

pub(super) fn marks(entry: &Entry) -> Option<i64> {
    let wire = entry.wire.as_deref()?;
    let marks = i64::from(wire.is_bot) * BOT + i64::from(wire.is_for_watchers) * FOR_WATCHERS;
    (marks > 0).then_some(marks)
}

impl Past for SqliteReader {
    fn window(&self, window: &Window) -> Result<Vec<Seq>, StoreError> {
        self.with(|connection| places(connection, window)).map_err(doing("look back into a talk"))
    }

    fn entries(&self, seqs: &[Seq]) -> Result<Vec<Arc<Entry>>, StoreError> {
        let read = |connection: &Connection| {
            let found = seqs.iter().map(|seq| entry(connection, *seq));
            found.filter_map(Result::transpose).collect()
        };
        self.with(read).map_err(doing("read entries"))
    }

    fn told_until(&self, at_ms: i64) -> Result<Seq, StoreError> {
        self.with(|connection| told_until(connection, at_ms)).map_err(doing("look for a time"))
    }

    fn peers(&self, user: UserId) -> Result<Vec<UserId>, StoreError> {
        self.with(|connection| peers(connection, int(user.get()))).map_err(doing("look for talks"))
    }
}

/// What was said last is not filed yet and found at the end of the log; what came before, where it is filed.
fn places(connection: &Connection, window: &Window) -> rusqlite::Result<Vec<Seq>> {
    let Some((owner, peer)) = sides(window.conversation).next() else { return Ok(Vec::new()) };
    let transaction = connection.unchecked_transaction()?;
    let unfiled = unfiled(&transaction, (owner, peer))?;
    let floor = history_floor(&transaction, (owner, peer), &unfiled, window.history_max)?;
    let floor = floor.max(int(window.after.get()));
    let before = window.before.map_or(i64::MAX, |before| int(before.get()));
    let mut fresh: Vec<i64> = unfiled.into_iter().filter(|seq| *seq > floor && *seq < before).collect();
    let filed = |statement: &str, left: usize| -> rusqlite::Result<Vec<i64>> {
        let mut statement = transaction.prepare_cached(statement)?;
        let bounds = params![owner, peer, before, floor, int(left as u64)];
        statement.query_map(bounds, |row| row.get(0))?.collect()
    };
    let mut found;
    if window.from_oldest {
        found = filed(sql!("history_after"), window.limit)?;
        fresh.reverse();
        found.extend(fresh.into_iter().take(window.limit - found.len()));
    } else {
        fresh.truncate(window.limit);
        let left = window.limit - fresh.len();
        found = fresh;
        found.extend(filed(sql!("history"), left)?);
        found.reverse();
    }
    Ok(found.into_iter().map(|seq| Seq::new(uint(seq))).collect())
}

fn entry(connection: &Connection, seq: Seq) -> rusqlite::Result<Option<Arc<Entry>>> {
    let mut statement = connection.prepare_cached(sql!("entry"))?;
    let found = statement.query_row([int(seq.get())], |row| {
        let marks = row.get::<_, Option<i64>>(3)?.unwrap_or(0);
        let wire = Wire {
            source: row.get::<_, Option<String>>(1)?.map(String::into_boxed_str),
            by: row.get::<_, Option<i64>>(2)?.map(|client| ClientId::new(uint(client))),
            is_bot: marks & BOT > 0,
            is_for_watchers: marks & FOR_WATCHERS > 0,
            account: row.get::<_, Option<String>>(4)?.map(String::into_boxed_str),
            realname: row.get::<_, Option<String>>(5)?.map(String::into_boxed_str),
            ..Wire::default()
        };
        let (line, wire) = (row.get::<_, Vec<u8>>(0)?.into(), Some(Arc::new(wire)));
        // Neither its age nor its talk matters to whoever reads it again.
        let at = Timestamp::UNIX_EPOCH;
        Ok(Arc::new(Entry { seq, at, since_ms: 0, conversation: None, line, wire }))
    });
    found.optional()
}

/// Halves the log until it has the place. The wall clock may have been set back in between; then it is one of several
/// places that answer to the time.
fn told_until(connection: &Connection, at_ms: i64) -> rusqlite::Result<Seq> {
    let transaction = connection.unchecked_transaction()?;
    let (mut low, mut high) = log_ends(&transaction)?;
    let mut found = 0;
    let mut statement = transaction.prepare_cached(sql!("first_at_or_after"))?;
    while low <= high {
        let middle = low + (high - low) / 2;
        let probe = statement.query_row([middle], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)));
        let probe: Option<(i64, Vec<u8>)> = probe.optional()?;
        match probe {
            Some((seq, line)) if told_at_ms(&line).is_some_and(|told| told <= at_ms) => {
                found = seq;
                low = seq + 1;
            }
            _ => high = middle - 1,
        }
    }
    Ok(Seq::new(uint(found)))
}

fn peers(connection: &Connection, user: i64) -> rusqlite::Result<Vec<UserId>> {
    let transaction = connection.unchecked_transaction()?;
    let mut found: HashMap<i64, i64> = HashMap::new();
    let mut unfiled = transaction.prepare_cached(sql!("unfiled_peers"))?;
    let mut rows = unfiled.query([user])?;
    while let Some(row) = rows.next()? {
        found.insert(row.get(0)?, row.get(1)?);
    }
    let mut statement = transaction.prepare_cached(sql!("next_peer"))?;
    // From one to the next, past all that was said to each of them.
    let mut last = i64::MAX;
    for _ in 0..PEERS_LOOKED_AT_MAX {
        let next = statement.query_row([user, last], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)));
        let next = next.optional()?;
        let Some((peer, newest)) = next else { break };
        found.entry(peer).and_modify(|seq| *seq = newest.max(*seq)).or_insert(newest);
        last = peer;
    }
    let mut found: Vec<(i64, i64)> = found.into_iter().map(|(peer, newest)| (newest, peer)).collect();
    found.sort_unstable_by_key(|found| std::cmp::Reverse(*found));
    found.truncate(PEERS_MAX);
    Ok(found.into_iter().map(|(_, peer)| UserId::new(uint(peer))).collect())
}
