//! Filing what the log has gained: the rows by which a talk is found again are written after the messages themselves
//! have been told, many of a talk at once.
//!
//! A message costs its share of one page of the log, wherever it was said. Its row in `history` lies with the others of
//! its talk, so that messages of sixty talks would have to write sixty pages before any of them may be told. They wait
//! instead at the end of the log, its tail, until that is too long. Then the talk that has waited longest is filed, with
//! all that it has gained meanwhile, and the next one with the next commit: a commit has a few pages more, and none has
//! all of them. Whoever reads a history looks at the tail, too.
//!
//! What is filed up to which place stands in the database itself, so that nothing needs to be made up for after a crash:
//! some of what comes after it may be filed, too, and is not filed again.

use std::collections::{BTreeSet, HashMap, VecDeque};

use rusqlite::{Connection, params};

use super::{int, sides};
use crate::entry::{Entry, Posted};

/// Rows of the log that wait: many enough that there are some of each talk, few enough that whoever reads a history has
/// little to look through.
const TAIL: i64 = 1_536;
/// Beyond that, a transaction files this many times the rows that it has gained. Talks that began at once would else be
/// filed at once.
const PACE: usize = 2;
/// So many do not wait, whatever it takes.
const TAIL_MAX: i64 = 2_048;
/// Rows of one talk that are filed in a row, about a tenth of a millisecond's work.
const ROWS_AT_ONCE: usize = 128;
/// How far the place up to which all is filed moves before it is written: it is a page of its own.
const FILED_STEP: i64 = 512;

/// The keys of a talk in `history`: those that come first, where it stands there under two. Both are filed together.
type Talk = (i64, i64);

/// What waits to be filed. Where that is not known, at a start and after a transaction that failed, all of it is filed
/// first.
#[derive(Default)]
pub(super) struct Filing {
    tail: Option<Tail>,
}

impl Filing {
    /// Takes note of rows that the log has gained in this transaction, and files what has waited for long.
    pub(super) fn gain(&mut self, connection: &Connection, entries: &[Posted]) -> rusqlite::Result<()> {
        let Some(tail) = &mut self.tail else { return self.file(connection) };
        for posted in entries {
            tail.note(&posted.entry);
        }
        tail.shorten(connection, TAIL_MAX, usize::MAX)?;
        tail.shorten(connection, TAIL, PACE * entries.len())?;
        tail.save(connection, FILED_STEP)
    }

    /// Files everything.
    pub(super) fn file(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        if let Some(tail) = &mut self.tail {
            tail.shorten(connection, 0, usize::MAX)?;
            return tail.save(connection, 1);
        }
        self.tail = Some(Tail::file(connection)?);
        Ok(())
    }
}

/// The end of the log.
struct Tail {
    /// Places that wait, the oldest first.
    waiting: HashMap<Talk, VecDeque<i64>>,
    /// Each talk by the oldest of them.
    oldest: BTreeSet<(i64, Talk)>,
    /// The newest row of the log.
    newest: i64,
    /// Up to where all is filed, as the database has it.
    filed: i64,
}

impl Tail {
    /// Files all that the database has, and begins with nothing.
    fn file(connection: &Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached(include_str!("../../../sql/sqlite/filing/file_tail.sql"))?.execute([])?;
        let mut filed = connection.prepare_cached(include_str!("../../../sql/sqlite/filing/filed.sql"))?;
        let filed = filed.query_row([], |row| row.get(0))?;
        Ok(Self { waiting: HashMap::new(), oldest: BTreeSet::new(), newest: filed, filed })
    }

    fn note(&mut self, entry: &Entry) {
        self.newest = int(entry.seq.get());
        let Some(talk) = entry.conversation.and_then(|conversation| sides(conversation).min()) else {
            return;
        };
        let waiting = self.waiting.entry(talk).or_default();
        if waiting.is_empty() {
            self.oldest.insert((self.newest, talk));
        }
        waiting.push_back(self.newest);
    }

    /// Files those who have waited longest, until nothing waits that comes before the newest `length` rows, or until
    /// about so many rows are filed.
    fn shorten(&mut self, connection: &Connection, length: i64, rows_max: usize) -> rusqlite::Result<()> {
        let through = self.newest - length;
        if self.oldest_through(through).is_none() {
            return Ok(());
        }
        let mut file = connection.prepare_cached(include_str!("../../../sql/sqlite/filing/file.sql"))?;
        let mut rows = 0;
        while rows < rows_max
            && let Some(talk) = self.oldest_through(through)
        {
            rows += self
                .file_some(talk, |(owner, peer), seq| file.execute(params![owner, peer, seq]).map(|_| ()))?;
        }
        Ok(())
    }

    /// The talk that has waited longest, if since a row up to this one.
    fn oldest_through(&self, through: i64) -> Option<Talk> {
        self.oldest.first().filter(|(seq, _)| *seq <= through).map(|(_, talk)| *talk)
    }

    /// Files a few rows of a talk, and says how many.
    fn file_some(
        &mut self,
        talk: Talk,
        mut file: impl FnMut(Talk, i64) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<usize> {
        self.oldest.pop_first();
        let Some(waiting) = self.waiting.get_mut(&talk) else { return Ok(0) };
        let rows = waiting.len().min(ROWS_AT_ONCE);
        let waited: Vec<i64> = waiting.drain(..rows).collect();
        let (one, other) = talk;
        waited.iter().try_for_each(|seq| file((one, other), *seq))?;
        if other > 0 && other != one {
            waited.iter().try_for_each(|seq| file((other, one), *seq))?;
        }
        match waiting.front() {
            Some(next) => drop(self.oldest.insert((*next, talk))),
            None => drop(self.waiting.remove(&talk)),
        }
        Ok(rows)
    }

    /// Writes up to where all is filed, when that has moved so far.
    fn save(&mut self, connection: &Connection, step: i64) -> rusqlite::Result<()> {
        let filed = self.oldest.first().map_or(self.newest, |(seq, _)| seq - 1);
        if filed - self.filed >= step {
            let state = include_str!("../../../sql/sqlite/event/server_state.sql");
            connection.prepare_cached(state)?.execute(params!["filed", filed])?;
            self.filed = filed;
        }
        Ok(())
    }
}
