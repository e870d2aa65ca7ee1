//! What the disk allows: how often `SQLite` itself commits one row here and now.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;
use rusqlite::Connection;

/// About the size of a stored message.
const ROW_BYTES: usize = 200;

/// Commits of one row each, one after the other, as durable as the server's own (`synchronous=FULL`).
pub(crate) fn commits_per_s(folder: &Path, duration: Duration) -> Result<f64> {
    let database = Connection::open(folder.join("commits.db"))?;
    database.pragma_update(None, "journal_mode", "WAL")?;
    database.pragma_update(None, "synchronous", "FULL")?;
    database.execute_batch("CREATE TABLE entries (seq INTEGER PRIMARY KEY, text BLOB NOT NULL) STRICT")?;
    let mut insert = database.prepare("INSERT INTO entries (text) VALUES (?1)")?;
    let row = vec![b'x'; ROW_BYTES];
    let started = Instant::now();
    let mut commits = 0_u64;
    while started.elapsed() < duration {
        insert.execute([&row])?;
        commits += 1;
    }
    Ok(commits as f64 / started.elapsed().as_secs_f64())
}
