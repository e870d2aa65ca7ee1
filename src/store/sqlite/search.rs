//! Searching what was said.
//!
//! The index is a file of its own beside the database. A thread of its own fills it from the log, after the commits that
//! it has nothing to do with: the writer neither waits for it nor knows of it, and the two lock different files. Whatever
//! the index lacks after a crash it takes from the log, and what histories no longer show it lets go of, walking through
//! all that it has. What is found is looked up in the history before it is shown, so the index decides nothing about who
//! may read what.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::Value;

use super::backup::with_suffix;
use super::open::{connect, connect_reader, file_uri, prepare_file};
use super::read::{history_floor, unfiled};
use super::{Location, doing, int, sides, uint};
use crate::delivery::Line;
use crate::entry::Conversation;
use crate::id::{Seq, UserId};
use crate::store::{Found, SearchRequest, StoreError, Talks};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/search/", $name, ".sql"))
    };
}

/// The version of the index. One of another version is made anew.
const VERSION: i64 = 1;
/// Rows of the log that one step takes: some milliseconds' work.
const ROWS_PER_STEP: usize = 256;
/// Rows of the index that one step holds against the log.
const SWEPT_PER_STEP: usize = 1_000;
/// How often the thread looks for more when there was none.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// The pause between steps, as a multiple of what the last one took: the index gets a third of a core at most.
const PAUSE_FACTOR: u32 = 2;
/// The pause after an error.
const ERROR_PAUSE: Duration = Duration::from_secs(5);
/// How often the index is held against the log: a thousand messages each time.
const SWEEP_EVERY: Duration = Duration::from_secs(2);
/// Hits that are looked at together.
const HITS_AT_ONCE: usize = 200;
/// Searches that may wait for the one that goes on.
const WAITING_MAX: usize = 16;
/// Steps of the database between two looks at the clock: less than a millisecond.
const STEPS_PER_LOOK: i32 = 2_000;

/// The searching side of the store.
pub(super) struct Searcher {
    connections: Mutex<Connections>,
    waiting: AtomicUsize,
}

struct Connections {
    index: Connection,
    main: Connection,
}

/// The thread that fills the index. It ends with this.
pub(super) struct Indexer {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

/// Where the index of a database is.
pub(super) fn index_of(database: &Path) -> PathBuf {
    with_suffix(database, ".search")
}

/// Opens the index of a database, or makes one, and begins to fill it.
pub(super) fn start(main_uri: &str, location: &Location) -> Result<(Searcher, Indexer), StoreError> {
    let uri = match location {
        Location::File(path) => open_or_replace(&index_of(path))?,
        Location::Memory => format!("file:/neoirc-search-{}?vfs=memdb", uuid::Uuid::new_v4()),
    };
    let mut filled = connect(&uri)?;
    make(&mut filled)?;
    let searcher = Searcher {
        connections: Mutex::new(Connections {
            index: connect_reader(&uri)?,
            main: connect_reader(main_uri)?,
        }),
        waiting: AtomicUsize::new(0),
    };
    let main = connect_reader(main_uri)?;
    let stop = Arc::new((Mutex::new(false), Condvar::new()));
    let stopped = Arc::clone(&stop);
    let thread = std::thread::Builder::new().name("search".to_owned());
    let thread = thread
        .spawn(move || fill(&main, &mut filled, &stopped))
        .map_err(|cause| StoreError::Io { doing: "start the search".to_owned(), cause })?;
    Ok((searcher, Indexer { stop, thread: Some(thread) }))
}

/// An index can be made anew at any time, so one that cannot be read, or is another version's, is no reason to stop.
fn open_or_replace(path: &Path) -> Result<String, StoreError> {
    let path = prepare_file(path)?;
    let uri = file_uri(&path);
    if let Err(error) = connect(&uri).and_then(|mut connection| make(&mut connection)) {
        tracing::warn!(%error, "the index for searching is made anew");
        for suffix in ["", "-wal", "-shm"] {
            // What cannot be removed shows when it is opened again.
            drop(std::fs::remove_file(with_suffix(&path, suffix)));
        }
        prepare_file(&path)?;
    }
    Ok(uri)
}

fn make(connection: &mut Connection) -> Result<(), StoreError> {
    // What a power cut takes from it is taken from the log again.
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;
        PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -2048;";
    connection.execute_batch(settings).map_err(doing("set up the index"))?;
    let version = connection.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0));
    match version.map_err(doing("read the version of the index"))? {
        VERSION => Ok(()),
        0 => {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate);
            let transaction = transaction.map_err(doing("make the index"))?;
            transaction.execute_batch(sql!("schema")).map_err(doing("make the index"))?;
            transaction.commit().map_err(doing("make the index"))
        }
        other => Err(StoreError::Refused(format!("the index has version {other}"))),
    }
}

impl Drop for Indexer {
    fn drop(&mut self) {
        *self.stop.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.1.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Fills the index until it is told to stop.
fn fill(main: &Connection, index: &mut Connection, stop: &(Mutex<bool>, Condvar)) {
    let mut sweep_at = Instant::now() + SWEEP_EVERY;
    let mut is_well = true;
    loop {
        let begun = Instant::now();
        let done = advance(main, index).and_then(|more| {
            if !more && begun >= sweep_at {
                sweep_at = begun + SWEEP_EVERY;
                sweep(main, index)?;
            }
            Ok(more)
        });
        let pause = match &done {
            Ok(true) => (begun.elapsed() * PAUSE_FACTOR).min(LOOK_EVERY),
            Ok(false) => LOOK_EVERY,
            Err(_) => ERROR_PAUSE,
        };
        match done {
            Err(error) if is_well => tracing::warn!(%error, "the index for searching lags behind"),
            Ok(_) if !is_well => tracing::info!("the index for searching goes on"),
            _ => {}
        }
        is_well = pause < ERROR_PAUSE;
        let stopped = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = stop.1.wait_timeout_while(stopped, pause, |stopped| !*stopped);
        if *waited.unwrap_or_else(PoisonError::into_inner).0 {
            return;
        }
    }
}

/// Takes what comes next in the log. Says whether there may be more.
fn advance(main: &Connection, index: &mut Connection) -> rusqlite::Result<bool> {
    let indexed: i64 = index.prepare_cached(sql!("state"))?.query_row(["indexed"], |row| row.get(0))?;
    let mut statement = main.prepare_cached(sql!("next_rows"))?;
    let rows = statement.query_map(params![indexed, int(ROWS_PER_STEP as u64)], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let rows: Vec<(i64, Option<i64>, Option<i64>, Option<Vec<u8>>)> = rows.collect::<Result<_, _>>()?;
    let Some((last, ..)) = rows.last() else { return Ok(false) };
    let transaction = index.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (seq, owner, peer, line) in &rows {
        let (Some(owner), Some(peer), Some(line)) = (owner, peer, line) else { continue };
        let Ok(spoken) = serde_json::from_slice::<Spoken>(line) else { continue };
        let keys = format!("{} {}", keys_of(*owner, *peer), nick_key(&spoken.from));
        transaction.prepare_cached(sql!("add"))?.execute(params![seq, keys, spoken.text()])?;
    }
    transaction.prepare_cached(sql!("set_state"))?.execute(params!["indexed", last])?;
    transaction.commit()?;
    Ok(rows.len() == ROWS_PER_STEP)
}

/// Lets go of what no history shows any more, a stretch of the index at a time.
fn sweep(main: &Connection, index: &mut Connection) -> rusqlite::Result<()> {
    let swept: i64 = index.prepare_cached(sql!("state"))?.query_row(["swept"], |row| row.get(0))?;
    let bounds = params![swept, int(SWEPT_PER_STEP as u64)];
    let rows: Vec<i64> = {
        let mut statement = index.prepare_cached(sql!("indexed_rows"))?;
        statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    if rows.is_empty() && swept == 0 {
        return Ok(());
    }
    let mut shown = main.prepare_cached(sql!("shown"))?;
    let mut gone = Vec::new();
    for seq in &rows {
        if !shown.exists([seq])? {
            gone.push(*seq);
        }
    }
    let transaction = index.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for seq in gone {
        transaction.prepare_cached(sql!("remove"))?.execute([seq])?;
    }
    // At the end it begins anew.
    let swept = rows.last().filter(|_| rows.len() == SWEPT_PER_STEP).copied().unwrap_or(0);
    transaction.prepare_cached(sql!("set_state"))?.execute(params!["swept", swept])?;
    transaction.commit()
}

/// A message, as far as it is searched.
#[derive(Deserialize)]
struct Spoken {
    from: String,
    #[serde(default)]
    body: Value,
}

impl Spoken {
    /// All texts of the body, wherever in it they stand.
    fn text(&self) -> String {
        let mut text = String::new();
        let mut left = vec![&self.body];
        while let Some(value) = left.pop() {
            match value {
                Value::String(line) => {
                    text.push_str(line);
                    text.push('\n');
                }
                Value::Array(values) => left.extend(values.iter().rev()),
                Value::Object(values) => left.extend(values.values().rev()),
                _ => {}
            }
        }
        text
    }
}

/// The keys of a talk: a channel, or two who talk, each of them and both together.
fn keys_of(owner: i64, peer: i64) -> String {
    if peer == 0 {
        return format!("c{owner}");
    }
    format!("u{owner} u{peer} {}", pair_key(owner, peer))
}

fn pair_key(one: i64, other: i64) -> String {
    format!("d{}x{}", one.min(other), one.max(other))
}

fn nick_key(nick: &str) -> String {
    format!("f{}", data_encoding::HEXLOWER.encode(nick.to_ascii_lowercase().as_bytes()))
}

/// What is looked for in the language of the index. Everything that somebody has typed stands in quotation marks, and
/// in the column of texts.
fn expression(request: &SearchRequest) -> String {
    let keys: Vec<String> = match &request.talks {
        Talks::One(Conversation::Channel(channel)) => vec![format!("c{channel}")],
        Talks::One(Conversation::Direct(one, other)) => vec![pair_key(int(one.get()), int(other.get()))],
        Talks::AllOf(user, channels) => {
            std::iter::once(format!("u{user}")).chain(channels.iter().map(|id| format!("c{id}"))).collect()
        }
    };
    let mut expression = format!("keys : ({})", keys.join(" OR "));
    if let Some(from) = &request.from {
        expression.push_str(" AND keys : ");
        expression.push_str(&nick_key(from));
    }
    for term in request.terms.iter() {
        let star = if term.is_prefix { " *" } else { "" };
        expression.push_str(&format!(" AND text : \"{}\"{star}", term.text.replace('"', "\"\"")));
    }
    expression
}

impl Searcher {
    pub(super) fn search(&self, request: &SearchRequest) -> Result<Found, StoreError> {
        if self.waiting.fetch_add(1, Relaxed) > WAITING_MAX {
            self.waiting.fetch_sub(1, Relaxed);
            return Ok(Found::Busy);
        }
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Relaxed);
        let Connections { index, main } = &mut *connections;
        let ends_at = (!request.timeout.is_zero()).then(|| Instant::now() + request.timeout);
        let is_over = move || ends_at.is_some_and(|ends_at| Instant::now() >= ends_at);
        index.progress_handler(STEPS_PER_LOOK, Some(is_over)).map_err(doing("search"))?;
        let found = find(index, main, request, &is_over);
        index.progress_handler(0, None::<fn() -> bool>).map_err(doing("search"))?;
        match found {
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.code == rusqlite::ErrorCode::OperationInterrupted =>
            {
                Ok(Found::TooLong)
            }
            found => found.map_err(doing("search")),
        }
    }
}

fn find(
    index: &Connection,
    main: &Connection,
    request: &SearchRequest,
    is_over: &impl Fn() -> bool,
) -> rusqlite::Result<Found> {
    if request.limit == 0 {
        return Ok(Found::Lines(Vec::new()));
    }
    let expression = expression(request);
    let mut before = request.before.map_or(i64::MAX, |before| int(before.get()));
    let mut floors = HashMap::new();
    let mut lines: Vec<Line> = Vec::new();
    // One moment of the database for all that is looked up.
    let main = main.unchecked_transaction()?;
    let mut shown = main.prepare_cached(sql!("shown"))?;
    loop {
        let mut statement = index.prepare_cached(sql!("hits"))?;
        let bounds = params![expression, before, int(HITS_AT_ONCE as u64)];
        let hits: Vec<i64> = statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
        for seq in &hits {
            let hit = shown.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
            let Some((owner, peer, json)) = hit.optional()? else { continue };
            let json: Vec<u8> = json;
            if !request.talks.have(owner, peer) {
                continue;
            }
            let floor = match floors.get(&(owner, peer)) {
                Some(floor) => *floor,
                None => {
                    let unfiled = unfiled(&main, (owner, peer))?;
                    let floor = history_floor(&main, (owner, peer), &unfiled, request.history_max)?;
                    floors.insert((owner, peer), floor);
                    floor
                }
            };
            if *seq > floor {
                lines.push(Line { seq: Seq::new(uint(*seq)), json: json.into() });
            }
            if lines.len() >= request.limit {
                return Ok(Found::Lines(lines));
            }
        }
        match hits.last() {
            Some(last) if hits.len() == HITS_AT_ONCE => before = *last,
            _ => return Ok(Found::Lines(lines)),
        }
        if is_over() {
            return Ok(Found::TooLong);
        }
    }
}

impl Talks {
    /// Whether a talk is one of these, by its row in the table of histories.
    fn have(&self, owner: i64, peer: i64) -> bool {
        let is_of = |user: &UserId| peer != 0 && [owner, peer].contains(&int(user.get()));
        match self {
            Self::One(conversation) => sides(*conversation).any(|side| side == (owner, peer)),
            Self::AllOf(user, channels) => {
                is_of(user) || (peer == 0 && channels.iter().any(|id| int(id.get()) == owner))
            }
        }
    }
}
