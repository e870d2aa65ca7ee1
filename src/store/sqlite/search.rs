//! Searching what was said.
//!
//! The index is a file of its own beside the database. A thread of its own fills it from the log, after the commits that
//! it has nothing to do with: the writer neither waits for it nor knows of it, and the two lock different files. Whatever
//! the index lacks after a crash it takes from the log, and what histories no longer show it lets go of, walking through
//! all that it has. What is found is looked up in the history before it is shown, so the index decides nothing about who
//! may read what.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::backup::with_suffix;
use super::index::Indexer;
use super::open::{connect, connect_reader, file_uri, prepare_file};
use super::read::{history_floor, unfiled};
use super::{Location, doing, int, load, sides, uint};
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
/// Hits that are looked at together.
const HITS_AT_ONCE: usize = 200;
/// Steps of the database between two looks at the clock: less than a millisecond.
const STEPS_PER_LOOK: i32 = 2_000;

/// The searching side of the store.
pub(super) struct Searcher {
    /// `None` until the index can be opened.
    connections: Arc<Mutex<Option<Connections>>>,
}

struct Connections {
    index: Connection,
    main: Connection,
}

/// Where the index of a database is.
pub(super) fn index_of(database: &Path) -> PathBuf {
    with_suffix(database, ".search")
}

/// Opens the index of a database, or makes one, and begins to fill it. Where the disk refuses, that is tried again later.
pub(super) fn start(main_uri: &str, location: &Location) -> Result<(Searcher, Indexer), StoreError> {
    let connections = Arc::new(Mutex::new(None));
    let main = connect_reader(main_uri)?;
    let (main_uri, location, opened) = (main_uri.to_owned(), location.clone(), Arc::clone(&connections));
    let open = move || {
        let (filled, read) = open(&main_uri, &location)?;
        *opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
        Ok(filled)
    };
    Ok((Searcher { connections }, Indexer::start(main, open)?))
}

/// Opens the index: to fill it, and to read it.
fn open(main_uri: &str, location: &Location) -> Result<(Connection, Connections), StoreError> {
    let main = connect_reader(main_uri)?;
    let uri = match location {
        Location::File(path) => open_or_replace(&index_of(path), &main)?,
        Location::Memory => format!("file:/neoirc-search-{}?vfs=memdb", uuid::Uuid::new_v4()),
    };
    let mut filled = connect(&uri)?;
    make(&mut filled)?;
    Ok((filled, Connections { index: connect_reader(&uri)?, main }))
}

/// An index can be made anew at any time, so one that is damaged, or is another version's or another database's, is no
/// reason to stop. One that cannot be read now, such as on a full disk, may be good.
fn open_or_replace(path: &Path, main: &Connection) -> Result<String, StoreError> {
    let path = prepare_file(path)?;
    let uri = file_uri(&path);
    if let Err(error) = connect(&uri)
        .and_then(|mut connection| make(&mut connection).and_then(|()| try_it(&connection, main)))
    {
        if !is_useless(&error) {
            return Err(error);
        }
        tracing::warn!(%error, "the index for searching is made anew");
        for suffix in ["", "-wal", "-shm"] {
            // What cannot be removed shows when it is opened again.
            drop(std::fs::remove_file(with_suffix(&path, suffix)));
        }
        prepare_file(&path)?;
    }
    Ok(uri)
}

/// Whether it is for what an index has that it cannot be used, and not for the disk.
fn is_useless(error: &StoreError) -> bool {
    use rusqlite::Error::{QueryReturnedNoRows, SqliteFailure};
    let lacks_something = match error {
        StoreError::Sqlite { cause: SqliteFailure(cause, _), .. } => {
            cause.code == rusqlite::ErrorCode::Unknown && cause.extended_code == rusqlite::ffi::SQLITE_ERROR
        }
        StoreError::Sqlite { cause, .. } => matches!(cause, QueryReturnedNoRows),
        _ => false,
    };
    error.is_damage() || lacks_something || matches!(error, StoreError::Refused(_))
}

fn make(connection: &mut Connection) -> Result<(), StoreError> {
    // What a power cut takes from it is taken from the log again. Merging pieces of an index writes the same pages over
    // and over; they go into the file, for which the disk is waited for, the less often the longer its log may be.
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;
        PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 33554432; PRAGMA cache_size = -2048;
        PRAGMA wal_autocheckpoint = 4096;";
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

/// Whether an index can be read, and has nothing that its database has not got to yet.
fn try_it(index: &Connection, main: &Connection) -> Result<(), StoreError> {
    let anything = params!["text : \"a\"", i64::MAX, 1];
    index.prepare(sql!("hits")).and_then(|mut hits| hits.exists(anything)).map_err(doing("try the index"))?;
    let indexed = index.query_row(sql!("state"), ["indexed"], |row| row.get::<_, i64>(0));
    let newest = load::newest_seq(main)?;
    if indexed.map_err(doing("read how far the index is"))? > int(newest.get()) {
        return Err(StoreError::Refused("the index is that of another database".to_owned()));
    }
    Ok(())
}

/// The keys of a talk: a channel, or two who talk, each of them and both together.
pub(super) fn keys_of(owner: i64, peer: i64) -> String {
    if peer == 0 {
        return format!("c{owner}");
    }
    format!("u{owner} u{peer} {}", pair_key(owner, peer))
}

fn pair_key(one: i64, other: i64) -> String {
    format!("d{}x{}", one.min(other), one.max(other))
}

pub(super) fn nick_key(nick: &str) -> String {
    format!("f{}", data_encoding::HEXLOWER.encode(nick.to_ascii_lowercase().as_bytes()))
}

/// What is looked for in the language of the index. Everything that somebody has typed stands in quotation marks, and
/// in the column of texts.
fn expression(request: &SearchRequest) -> String {
    let keys: Vec<String> = match &request.talks {
        Talks::One(Conversation::Channel(channel) | Conversation::Happenings(channel)) => {
            vec![format!("c{channel}")]
        }
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
        expression.push_str(" AND text : \"");
        expression.push_str(&term.text.replace('"', "\"\""));
        expression.push('"');
        expression.push_str(star);
    }
    expression
}

impl Searcher {
    pub(super) fn search(&self, request: &SearchRequest) -> Result<Found, StoreError> {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Connections { index, main }) = &mut *connections else {
            return Err(StoreError::Refused("the index is not open yet".to_owned()));
        };
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
    if request.limit == 0 || request.terms.is_empty() {
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
            let talk = (owner, peer);
            let floor = match floors.entry(talk) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(unknown) => {
                    let unfiled = unfiled(&main, talk)?;
                    *unknown.insert(history_floor(&main, talk, &unfiled, request.history_max)?)
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
