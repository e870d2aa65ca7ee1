//! The transaction of a batch.
//!
//! `rusqlite` has one, which has its BEGIN and its COMMIT parsed anew each time. A batch of one message notices: these
//! are prepared once, like every other statement.

use rusqlite::Connection;

/// What is written while there is one is undone with it, unless it is committed.
pub(super) struct Transaction<'a>(&'a Connection);

impl<'a> Transaction<'a> {
    /// Begins to write, with the lock that this takes.
    pub(super) fn begin(connection: &'a Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self(connection))
    }

    /// Makes it durable. Where that fails, it is undone.
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([]).map(|_| ())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // Some errors undo everything by themselves, and after a commit there is nothing to be undone.
        if !self.0.is_autocommit() {
            // Where this fails the next transaction cannot begin, and the writer learns of it there.
            drop(self.0.execute_batch("ROLLBACK"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (n INTEGER PRIMARY KEY)").unwrap();
        connection
    }

    fn rows(connection: &Connection) -> i64 {
        connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
    }

    fn insert(connection: &Connection) -> rusqlite::Result<usize> {
        connection.execute("INSERT INTO t VALUES (1)", [])
    }

    #[test]
    fn what_is_not_committed_is_undone() {
        let connection = table();
        for _ in 0..2 {
            let transaction = Transaction::begin(&connection).unwrap();
            insert(&connection).unwrap();
            drop(transaction);
            assert_eq!(rows(&connection), 0);
        }
        let transaction = Transaction::begin(&connection).unwrap();
        insert(&connection).unwrap();
        transaction.commit().unwrap();
        assert_eq!(rows(&connection), 1);
    }

    #[test]
    fn a_commit_that_fails_is_undone_and_the_next_one_begins_anew() {
        let connection = table();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                CREATE TABLE child (n INTEGER REFERENCES t (n) DEFERRABLE INITIALLY DEFERRED)",
            )
            .unwrap();
        let transaction = Transaction::begin(&connection).unwrap();
        connection.execute("INSERT INTO child VALUES (7)", []).unwrap();
        transaction.commit().unwrap_err();
        assert!(connection.is_autocommit(), "nothing is left open");
        let transaction = Transaction::begin(&connection).unwrap();
        insert(&connection).unwrap();
        transaction.commit().unwrap();
        assert_eq!(rows(&connection), 1);
    }
}
