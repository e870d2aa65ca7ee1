//! Reading what is committed: backlogs and histories, on connections that cannot write.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::queues::Run;
use super::search::Searcher;
use super::{doing, int, nanoseconds, sides, uint};
use crate::delivery::{Backlog, BacklogError, Excerpt, Line, PageLimits};
use crate::id::{ClientId, Seq};
use crate::store::{DiskBytes, Found, HistoryRequest, Reader, SearchRequest, StoreError};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/read/", $name, ".sql"))
    };
}

/// A few connections, each lent to one thread at a time.
pub(super) struct SqliteReader {
    /// The file; `None` where the database is in memory.
    path: Option<PathBuf>,
    idle: Mutex<Vec<Connection>>,
    returned: Condvar,
    searcher: OnceLock<Searcher>,
}

impl SqliteReader {
    pub(super) fn new(path: Option<PathBuf>, connections: Vec<Connection>) -> Self {
        let idle = Mutex::new(connections);
        Self { path, idle, returned: Condvar::new(), searcher: OnceLock::new() }
    }

    pub(super) fn make_searchable(&self, searcher: Searcher) {
        // The second of two would show the same.
        drop(self.searcher.set(searcher));
    }

    /// Lends a connection, waiting for one where all are lent.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let mut idle =
            self.returned.wait_while(idle, |idle| idle.is_empty()).unwrap_or_else(PoisonError::into_inner);
        let connection = idle.pop();
        drop(idle);
        let connection = connection.ok_or(rusqlite::Error::InvalidQuery)?;
        let result = read(&connection);
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        self.returned.notify_one();
        result
    }
}

impl Backlog for SqliteReader {
    fn read(
        &self,
        client: ClientId,
        after: Seq,
        through: Seq,
        limits: PageLimits,
    ) -> Result<Excerpt, BacklogError> {
        self.with(|connection| backlog(connection, client, after, through, limits))
            .map_err(|error| BacklogError(error.to_string()))
    }
}

/// Runs to read for one answer: two when it begins in the middle of one, and one for short runs.
const RUNS_MAX: i64 = 3;

fn backlog(
    connection: &Connection,
    client: ClientId,
    after: Seq,
    through: Seq,
    limits: PageLimits,
) -> rusqlite::Result<Excerpt> {
    // One moment of the database for the runs and the messages that they name.
    let transaction = connection.unchecked_transaction()?;
    let mut lines: Vec<Line> = Vec::new();
    let mut left = limits;
    let mut last = after;
    let mut cut = false;
    let mut texts = Texts::default();
    while !cut {
        let mut runs = transaction.prepare_cached(sql!("runs"))?;
        let bounds = params![int(client.get()), int(last.get()), int(through.get()), RUNS_MAX];
        let runs: Vec<Run> =
            runs.query_map(bounds, |row| Run::from_row(row, 0))?.collect::<Result<_, _>>()?;
        let seqs = runs.iter().map_while(Run::seqs).flatten().map(Seq::new);
        let wanted = seqs.filter(|seq| *seq > last && *seq <= through);
        // One more than there is room for tells whether there are more.
        let wanted: Vec<Seq> = wanted.take(left.entries.saturating_add(1)).collect();
        let Some(newest) = wanted.last() else {
            // Nothing comes after it: what it had would be passed over for good. What comes before it is told first.
            let damaged = runs.iter().find(|run| run.seqs().is_none());
            if let Some(run) = damaged.filter(|_| lines.is_empty()) {
                return Err(run.damage(client));
            }
            cut = damaged.is_some();
            break;
        };
        each_line(&transaction, &wanted, |seq, text| {
            cut = left.entries == 0 || (left.bytes < text.len() && !lines.is_empty());
            if !cut {
                let line = Line { seq, json: texts.keep(text) };
                left = left.after(std::slice::from_ref(&line));
                lines.push(line);
            }
            !cut
        })?;
        last = *newest;
    }
    Ok(Excerpt { lines, cut })
}

/// Rows of the log that are passed over for one that is wanted, at most: to go on to the next is some ten times cheaper
/// than to look one up.
const PASSED_OVER_MAX: u64 = 8;

/// Shows the lines of places that ascend, of those that are still there, for as long as `show` wants more.
fn each_line(
    connection: &Connection,
    seqs: &[Seq],
    mut show: impl FnMut(Seq, &[u8]) -> bool,
) -> rusqlite::Result<()> {
    let (Some(first), Some(last)) = (seqs.first(), seqs.last()) else { return Ok(()) };
    let is_sparse = (last.get() - first.get()) / seqs.len() as u64 > PASSED_OVER_MAX;
    if is_sparse {
        let mut statement = connection.prepare_cached(sql!("line"))?;
        for seq in seqs {
            let mut rows = statement.query([int(seq.get())])?;
            if let Some(row) = rows.next()?
                && !show(*seq, row.get_ref(0)?.as_blob()?)
            {
                return Ok(());
            }
        }
        return Ok(());
    }
    let mut statement = connection.prepare_cached(sql!("lines"))?;
    let mut rows = statement.query([int(first.get()), int(last.get())])?;
    let mut wanted = seqs.iter().copied().peekable();
    while let Some(row) = rows.next()? {
        let seq = Seq::new(uint(row.get(0)?));
        while wanted.next_if(|wanted| *wanted < seq).is_some() {}
        let is_wanted = wanted.next_if_eq(&seq).is_some();
        if is_wanted && !show(seq, row.get_ref(1)?.as_blob()?) {
            return Ok(());
        }
    }
    Ok(())
}

/// Texts one behind the other, in blocks: a page of them is not hundreds of allocations.
#[derive(Default)]
struct Texts(BytesMut);

/// Size of a block: as many messages as a page has are about two.
const TEXT_BLOCK_BYTES: usize = 64 * 1024;

impl Texts {
    fn keep(&mut self, text: &[u8]) -> Bytes {
        if self.0.capacity() < text.len() {
            self.0 = BytesMut::with_capacity(TEXT_BLOCK_BYTES.max(text.len()));
        }
        self.0.extend_from_slice(text);
        self.0.split().freeze()
    }
}

fn line(connection: &Connection, seq: Seq) -> rusqlite::Result<Option<Line>> {
    connection
        .prepare_cached(sql!("line"))?
        .query_row(params![int(seq.get())], |row| Ok(Line { seq, json: row.get::<_, Vec<u8>>(0)?.into() }))
        .optional()
}

impl Reader for SqliteReader {
    fn history(&self, request: &HistoryRequest) -> Result<Vec<Line>, StoreError> {
        self.with(|connection| history(connection, request)).map_err(doing("read a history"))
    }

    fn search(&self, request: &SearchRequest) -> Result<Found, StoreError> {
        self.searcher.get().map_or(Ok(Found::Off), |searcher| searcher.search(request))
    }

    fn disk_bytes(&self) -> Option<DiskBytes> {
        let path = self.path.as_ref()?;
        let mut log = path.clone().into_os_string();
        log.push("-wal");
        let bytes = |path: &OsStr| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Some(DiskBytes { database: bytes(path.as_os_str()), write_ahead_log: bytes(&log) })
    }
}

/// What was said last is not filed yet and found at the end of the log; what came before, where it is filed.
fn history(connection: &Connection, request: &HistoryRequest) -> rusqlite::Result<Vec<Line>> {
    let Some((owner, peer)) = sides(request.conversation).next() else { return Ok(Vec::new()) };
    let transaction = connection.unchecked_transaction()?;
    let unfiled = unfiled(&transaction, (owner, peer))?;
    let floor = history_floor(&transaction, (owner, peer), &unfiled, request.history_max)?;
    let before = request.before.map_or(i64::MAX, |before| int(before.get()));
    let mut lines = Vec::new();
    for seq in unfiled.iter().filter(|seq| **seq > floor && **seq < before).take(request.limit) {
        lines.extend(line(&transaction, Seq::new(uint(*seq)))?);
    }
    let mut statement = transaction.prepare_cached(sql!("history"))?;
    let bounds = params![owner, peer, before, floor, int((request.limit - lines.len()) as u64)];
    let rows = statement.query_map(bounds, |row| {
        Ok(Line { seq: Seq::new(uint(row.get(0)?)), json: row.get::<_, Vec<u8>>(1)?.into() })
    })?;
    lines.extend(rows.collect::<Result<Vec<_>, _>>()?);
    lines.reverse();
    Ok(lines)
}

/// The messages of a talk that are not filed yet, the newest first.
pub(super) fn unfiled(connection: &Connection, (owner, peer): (i64, i64)) -> rusqlite::Result<Vec<i64>> {
    let mut unfiled = connection.prepare_cached(sql!("unfiled"))?;
    unfiled.query_map([owner, peer], |row| row.get(0))?.collect()
}

/// The newest message of a talk that its history no longer shows, 0 where it shows all. `unfiled` are the talk's
/// messages that are not filed yet, the newest first.
pub(super) fn history_floor(
    connection: &Connection,
    (owner, peer): (i64, i64),
    unfiled: &[i64],
    history_max: usize,
) -> rusqlite::Result<i64> {
    if history_max == 0 {
        return Ok(0);
    }
    if let Some(floor) = unfiled.get(history_max) {
        return Ok(*floor);
    }
    let filed_max = int((history_max - unfiled.len()) as u64);
    let mut statement = connection.prepare_cached(sql!("history_floor"))?;
    let floor = statement.query_row([owner, peer, filed_max], |row| row.get(0)).optional()?;
    Ok(floor.unwrap_or(0))
}

/// The places of the oldest and of the newest entry of the log; 0 where it has none.
pub(super) fn log_ends(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
    connection.prepare_cached(sql!("log_ends"))?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Halves the log until it has the place: running time ascends with places.
pub(super) fn newest_until(connection: &Connection, at: Timestamp) -> rusqlite::Result<Seq> {
    let at = nanoseconds(at);
    let (mut low, mut high) = log_ends(connection)?;
    let mut found = 0;
    let mut statement = connection.prepare_cached(sql!("time_at_or_after"))?;
    while low <= high {
        let middle = low + (high - low) / 2;
        let probe: Option<(i64, i64)> =
            statement.query_row([middle], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        match probe {
            Some((seq, time)) if time <= at => {
                found = seq;
                low = seq + 1;
            }
            _ => high = middle - 1,
        }
    }
    Ok(Seq::new(uint(found)))
}
