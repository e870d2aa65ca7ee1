//! Filling the index for searching: from the log, a little behind it, and held against the log again and again.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior, params};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::int;
use super::search::{keys_of, nick_key};
use crate::store::StoreError;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/search/", $name, ".sql"))
    };
}

/// Rows of the log that one step takes: some milliseconds' work. Each step leaves a piece of the index that others have
/// to be merged with, so many short ones would cost more than few long ones.
const ROWS_PER_STEP: usize = 1_024;
/// Rows that are added or removed, and rows that are looked at, before whoever waits for the core is let go first: a fraction of a
/// millisecond's work. However nice, a thread that has a core keeps it for some milliseconds, whoever waits meanwhile.
const WRITTEN_AT_ONCE: usize = 16;
const LOOKED_AT_AT_ONCE: usize = 64;
/// How many rows of the index are held against the log for each that is added. What goes while they are looked at waits for the
/// next time, and at this pace that is no more than is shown.
const SWEPT_PER_ADDED: usize = 2;
/// Rows of the index that one step holds against the log. While the index lags that is fewer than are due, so that it catches up
/// sooner; what is due is looked at after that.
const SWEPT_PER_STEP: usize = ROWS_PER_STEP;
/// How often the thread looks for more when there was none.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// The pause between steps, as a multiple of what the last one took: the index gets a fifth of a core at most, and
/// catches up when less is said. Those who talk come before those who search.
const PAUSE_FACTOR: u32 = 4;
/// How nice the thread is: on a core that others want as well it gets a tenth at most, which is less than the pauses leave it and
/// more than nothing.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;
/// The pause after an error.
const ERROR_PAUSE: Duration = Duration::from_secs(5);
/// How often a stretch of the index is held against the log while hardly anything is added and all of it is still shown.
const SWEEP_EVERY: Duration = Duration::from_secs(2);

/// The thread that fills the index. It ends with this.
pub(super) struct Indexer {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Indexer {
    /// Opens an index, and begins to fill it from the log of a database. Where it cannot be opened now, it is opened later.
    pub(super) fn start(
        main: Connection,
        open: impl Fn() -> Result<Connection, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let stopped = Arc::clone(&stop);
        // Once before anything is served, so that whoever asks first is answered.
        let opened = open().inspect_err(|error| tracing::error!(%error, "nothing can be searched")).ok();
        let thread = std::thread::Builder::new()
            .name("search".to_owned())
            .spawn(move || {
                if let Some(mut index) = opened.or_else(|| open_later(open, &stopped)) {
                    fill(&main, &mut index, &stopped);
                }
            })
            .map_err(|cause| StoreError::Io { doing: "start the search".to_owned(), cause })?;
        Ok(Self { stop, thread: Some(thread) })
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

/// Waits until it is told to stop, but no longer than this. Says whether it was told.
fn is_stopped_within(pause: Duration, stop: &(Mutex<bool>, Condvar)) -> bool {
    let stopped = stop.0.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = stop.1.wait_timeout_while(stopped, pause, |stopped| !*stopped);
    *waited.unwrap_or_else(PoisonError::into_inner).0
}

/// Tries to open the index until that is done; `None` when it is told to stop.
fn open_later(
    open: impl Fn() -> Result<Connection, StoreError>,
    stop: &(Mutex<bool>, Condvar),
) -> Option<Connection> {
    while !is_stopped_within(ERROR_PAUSE, stop) {
        if let Ok(index) = open() {
            tracing::info!("the index for searching is open");
            return Some(index);
        }
    }
    None
}

/// Fills the index until it is told to stop.
fn fill(main: &Connection, index: &mut Connection, stop: &(Mutex<bool>, Condvar)) {
    run_behind_others();
    let mut sweeping = Sweeping { due: 0, next: Instant::now() + SWEEP_EVERY };
    let mut is_well = true;
    loop {
        let begun = Instant::now();
        let done = step(main, index, &mut sweeping, begun);
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
        if is_stopped_within(pause, stop) {
            return;
        }
    }
}

/// When the index is held against the log next.
struct Sweeping {
    /// Rows still to be looked at for those that were added.
    due: usize,
    /// When a stretch is looked at, though none were.
    next: Instant,
}

/// Takes what comes next in the log, and looks at what is in the index already. Says whether there may be more to do.
fn step(
    main: &Connection,
    index: &mut Connection,
    sweeping: &mut Sweeping,
    now: Instant,
) -> rusqlite::Result<bool> {
    let taken = advance(main, index)?;
    sweeping.due += SWEPT_PER_ADDED * taken.added;
    let mut is_more = taken.is_more;
    if sweeping.due >= SWEPT_PER_STEP || (!is_more && now >= sweeping.next) {
        let some_went = sweep(main, index)?;
        // The last stretch of the index is seldom whole, and counts as one: that is a stretch too few in each pass.
        sweeping.due = sweeping.due.saturating_sub(SWEPT_PER_STEP);
        // What has to go was mostly said at the same time: where there is some, there may be more.
        sweeping.next = if some_went { now } else { now + SWEEP_EVERY };
        is_more |= some_went;
    }
    Ok(is_more || sweeping.due >= SWEPT_PER_STEP)
}

/// Where others want the core of this thread, it takes little. What is left behind so is caught up with when they rest.
#[cfg(target_os = "linux")]
fn run_behind_others() {
    // Here it is each thread that has a niceness, elsewhere the process. Without it, one merely goes on as the others do.
    let _refused = rustix::process::setpriority_process(None, NICENESS);
}

#[cfg(not(target_os = "linux"))]
const fn run_behind_others() {}

/// A row of the log: its place, its talk, and what is said where a history shows it.
type Row = (i64, Option<i64>, Option<i64>, Option<Vec<u8>>);

/// What came of taking a piece of the log.
struct Taken {
    /// How many messages were added.
    added: usize,
    /// Whether there may be more.
    is_more: bool,
}

/// Takes what comes next in the log.
fn advance(main: &Connection, index: &mut Connection) -> rusqlite::Result<Taken> {
    let indexed: i64 = index.prepare_cached(sql!("state"))?.query_row(["indexed"], |row| row.get(0))?;
    let mut statement = main.prepare_cached(sql!("next_rows"))?;
    let rows = statement.query_map(params![indexed, int(ROWS_PER_STEP as u64)], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
    })?;
    let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
    let Some((last, ..)) = rows.last() else { return Ok(Taken { added: 0, is_more: false }) };
    let transaction = index.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let added = add(&transaction, &rows)?;
    transaction.prepare_cached(sql!("set_state"))?.execute(params!["indexed", last])?;
    transaction.commit()?;
    Ok(Taken { added, is_more: rows.len() == ROWS_PER_STEP })
}

/// Adds what of the rows is searched. Gives how many that are.
fn add(index: &Connection, rows: &[Row]) -> rusqlite::Result<usize> {
    let mut added = 0;
    let mut add = index.prepare_cached(sql!("add"))?;
    for (number, (seq, owner, peer, line)) in rows.iter().enumerate() {
        let_others_go(number);
        let (Some(owner), Some(peer), Some(line)) = (owner, peer, line) else { continue };
        let Ok(spoken) = serde_json::from_slice::<Spoken<'_>>(line) else { continue };
        let keys = format!("{} {}", keys_of(*owner, *peer), nick_key(&spoken.from));
        added += add.execute(params![seq, keys, spoken.text()])?;
    }
    Ok(added)
}

/// Lets go of what no history shows any more, a stretch of the index at a time. Says whether there was any.
fn sweep(main: &Connection, index: &mut Connection) -> rusqlite::Result<bool> {
    let swept: i64 = index.prepare_cached(sql!("state"))?.query_row(["swept"], |row| row.get(0))?;
    let bounds = params![swept, int(SWEPT_PER_STEP as u64)];
    let rows: Vec<i64> = {
        let mut statement = index.prepare_cached(sql!("indexed_rows"))?;
        statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?
    };
    if rows.is_empty() && swept == 0 {
        return Ok(false);
    }
    let gone = gone_of(main, swept, &rows)?;
    let transaction = index.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (number, seq) in gone.iter().enumerate() {
        let_others_go(number);
        transaction.prepare_cached(sql!("remove"))?.execute([seq])?;
    }
    // At the end it begins anew.
    let swept = rows.last().filter(|_| rows.len() == SWEPT_PER_STEP).copied().unwrap_or(0);
    transaction.prepare_cached(sql!("set_state"))?.execute(params!["swept", swept])?;
    transaction.commit()?;
    Ok(!gone.is_empty())
}

/// Those of some rows behind a place that the log has no more. Their histories are not asked, which would take as long as adding
/// the rows: what leaves its history leaves the log, or is held there for queues.
fn gone_of(main: &Connection, behind: i64, rows: &[i64]) -> rusqlite::Result<Vec<i64>> {
    let mut statement = main.prepare_cached(sql!("shown_between"))?;
    let (mut gone, mut behind) = (Vec::new(), behind);
    for rows in rows.chunks(LOOKED_AT_AT_ONCE) {
        std::thread::yield_now();
        let last = rows.last().copied().unwrap_or(behind);
        let shown = statement.query_map([behind, last], |row| row.get(0))?;
        let shown: HashSet<i64> = shown.collect::<Result<_, _>>()?;
        gone.extend(rows.iter().filter(|seq| !shown.contains(seq)));
        behind = last;
    }
    Ok(gone)
}

/// Before every few rows, lets whoever waits for the core go first.
fn let_others_go(number: usize) {
    if number.is_multiple_of(WRITTEN_AT_ONCE) {
        std::thread::yield_now();
    }
}

/// A message, as far as it is searched.
#[derive(Deserialize)]
struct Spoken<'a> {
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}

impl Spoken<'_> {
    /// All texts of the body, wherever in it they stand.
    fn text(&self) -> String {
        let Some(body) = self.body else { return String::new() };
        // Lines, as nearly every body is, are read without a tree of what is in them.
        if let Ok(lines) = serde_json::from_str::<Vec<String>>(body.get()) {
            return lines.iter().flat_map(|line| [line, "\n"]).collect();
        }
        serde_json::from_str(body.get()).map(|body| texts_in(&body)).unwrap_or_default()
    }
}

fn texts_in(body: &Value) -> String {
    let mut text = String::new();
    let mut left = vec![body];
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A database of which a history shows the messages from a place on, and an index that has so many.
    fn shown_from(floor: i64, indexed: i64) -> (Connection, Connection) {
        let main = Connection::open_in_memory().unwrap();
        main.execute_batch(
            "CREATE TABLE log (seq INTEGER PRIMARY KEY, lasting, owner, peer, line);
            CREATE TABLE held (seq INTEGER PRIMARY KEY);",
        )
        .unwrap();
        let index = Connection::open_in_memory().unwrap();
        index.execute_batch(include_str!("../../../sql/sqlite/search/schema.sql")).unwrap();
        say(&main, 1, indexed);
        // Some of what has left its history is held for queues.
        main.execute("DELETE FROM log WHERE seq < ?1", [floor - 500]).unwrap();
        main.execute("INSERT INTO held SELECT seq FROM log WHERE seq < ?1", [floor]).unwrap();
        for seq in 1..=indexed {
            index.prepare_cached(sql!("add")).unwrap().execute(params![seq, "7", "tea"]).unwrap();
        }
        (main, index)
    }

    /// Has a talk show messages from a place to another.
    fn say(main: &Connection, first: i64, last: i64) {
        for seq in first..=last {
            main.execute(
                "INSERT INTO log VALUES (?1, 1, 7, 0, ?2)",
                params![seq, br#"{"from":"a","body":["tea"]}"#],
            )
            .unwrap();
        }
    }

    fn indexed(index: &Connection) -> i64 {
        index.query_row("SELECT count(*) FROM said", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn the_index_is_swept_from_its_beginning_to_its_end_and_again() {
        let (main, mut index) = shown_from(2_500, 5_000);
        let steps: Vec<bool> = (0..7).map(|_| sweep(&main, &mut index).unwrap()).collect();
        // Nearly two stretches and a half have to go; what is left is looked at, and then looked at again.
        assert_eq!(steps, [true, true, true, false, false, false, false]);
        assert_eq!(indexed(&index), 2_501);
    }

    /// Else the index would grow where a retention lets go of more than one stretch every few seconds.
    #[test]
    fn the_index_is_swept_without_a_pause_while_some_of_it_has_to_go() {
        let (main, mut index) = shown_from(2_500, 5_000);
        index.prepare_cached(sql!("set_state")).unwrap().execute(params!["indexed", 5_000]).unwrap();
        let now = Instant::now();
        let mut sweeping = Sweeping { due: 0, next: now };
        for some_go in [true, true, true, false, false] {
            assert_eq!(step(&main, &mut index, &mut sweeping, now).unwrap(), some_go);
            assert_eq!(sweeping.next > now, !some_go, "when some went, the next has no time");
        }
        assert_eq!(indexed(&index), 2_501);
    }

    /// Else what goes behind the place that is looked at adds up, for as long as the looking takes.
    #[test]
    fn however_much_is_said_the_index_has_twice_what_is_shown_at_most() {
        const SHOWN: i64 = 3_000;
        let at_most = 2 * SHOWN + int(SWEPT_PER_STEP as u64);
        let (main, mut index) = shown_from(0, 0);
        let now = Instant::now();
        // No time passes: what is looked at is what is due for what was added.
        let mut sweeping = Sweeping { due: 0, next: now + SWEEP_EVERY };
        for newest in (1..=16).map(|times| times * 1_000) {
            say(&main, newest - 999, newest);
            main.execute("DELETE FROM log WHERE seq <= ?1", [newest - SHOWN]).unwrap();
            while step(&main, &mut index, &mut sweeping, now).unwrap() {}
            let rows = indexed(&index);
            assert!(rows >= newest.min(SHOWN), "{rows} rows do not have all that is shown");
            assert!(rows <= at_most, "{rows} rows after {newest} messages");
        }
    }

    fn text(json: &str) -> String {
        serde_json::from_str::<Spoken<'_>>(json).unwrap().text()
    }

    #[test]
    fn every_text_of_a_body_is_searched_whatever_its_shape() {
        assert_eq!(text(r#"{"from":"a","body":["one","t\"wo\u00e9",""]}"#), "one\nt\"wo\u{e9}\n\n");
        assert_eq!(text(r#"{"from":"a","body":{"b":["x",1,{"c":"y"}],"d":"z"}}"#), "x\ny\nz\n");
        assert_eq!(text(r#"{"from":"a","body":"bare"}"#), "bare\n");
        assert_eq!(text(r#"{"from":"a","body":null}"#), "");
        assert_eq!(text(r#"{"from":"a"}"#), "");
        assert_eq!(serde_json::from_str::<Spoken<'_>>(r#"{"from":"\u0061"}"#).unwrap().from, "a");
    }
}
