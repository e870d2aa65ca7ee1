//! Filing what the log has gained: the rows by which a talk is found again are written many at once, after the
//! messages themselves have been told.
//!
//! A message costs its share of one page of the log, wherever it was said. Its row in `history` lies with the others of
//! its talk, so that messages of sixty talks would have to write sixty pages before any of them may be told. They wait
//! instead until there are many; what is filed up to which place stands in the database itself, so that nothing needs
//! to be made up for after a crash. Whoever reads a history looks at the end of the log, too.

use rusqlite::Connection;

/// Rows of the log after which they are filed: few enough that the commit which does it takes a millisecond or two
/// longer, and that whoever reads a history has little to look through.
const ROWS_MAX: usize = 1_024;

/// What is known of the end of the log.
pub(super) struct Filing {
    /// Rows that are not filed, or more.
    unfiled: usize,
}

impl Filing {
    /// At a start, when nobody has counted.
    pub(super) const fn unknown() -> Self {
        Self { unfiled: ROWS_MAX }
    }

    /// Takes note of rows that the log is about to gain. Says whether it is time to file them.
    pub(super) const fn gain(&mut self, rows: usize) -> bool {
        self.unfiled += rows;
        self.unfiled >= ROWS_MAX
    }

    /// Files everything, as part of a transaction that may still fail; [`done`](Self::done) is said after it.
    pub(super) fn file(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.unfiled == 0 {
            return Ok(());
        }
        file(connection)
    }

    /// All of the log is filed.
    pub(super) const fn done(&mut self) {
        self.unfiled = 0;
    }
}

/// Files everything, whoever has counted what. A transaction in which it is done twice does nothing the second time.
pub(super) fn file(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(include_str!("../../../sql/sqlite/filing/file.sql"))?.execute([])?;
    connection.prepare_cached(include_str!("../../../sql/sqlite/filing/filed.sql"))?.execute([])?;
    Ok(())
}
