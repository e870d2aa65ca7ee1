//! Copying the write-ahead log back into the database, beside the writer.
//!
//! Every thousand pages or so what is in the log has to be written where it belongs, and the disk to be waited for. Done by the
//! writer, that is a pause of some milliseconds for everybody who waits for a commit. So a thread of its own copies while the
//! writer goes on; the few pages that are committed meanwhile are copied by the writer, for only where nothing is left to
//! be copied does the log begin anew, instead of growing for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::JoinHandle;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, DEFAULT_NAME};

use super::doing;
use crate::store::StoreError;

/// Pages in the log from which on they are copied: 4 MB.
const PAGES_MAX: u32 = 1_000;
/// So few are left to the writer, which copies them within a fraction of a millisecond.
const REST_MAX: u32 = 32;
/// How often the thread copies what came while it was copying, before it leaves it to the writer.
const PASSES_MAX: usize = 4;

/// Has the log of a database copied back.
pub(super) struct Copier {
    /// Pages in the log after the last commit.
    pages: Arc<AtomicU32>,
    /// How many of them were copied when it was last done.
    copied: u32,
    is_copying: bool,
    ask: Option<SyncSender<()>>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Copier {
    /// From now on the log of the writer's connection is copied by way of the other one, and not by itself.
    pub(super) fn start(writer: &mut Connection, beside: Connection) -> Result<Self, StoreError> {
        // Before the database is written to, the log is made durable; both wait for the disk as a commit does.
        beside
            .execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA trusted_schema = OFF;")
            .map_err(doing("set up the copying of the log"))?;
        let pages = Arc::new(AtomicU32::new(0));
        let (counted, seen) = (Arc::clone(&pages), Arc::clone(&pages));
        // A hook is what SQLite itself copies by, until there is another one.
        let hook = move |_: &mut _, pages: i32| {
            counted.store(pages.unsigned_abs(), Relaxed);
            Ok(())
        };
        writer.wal_hook(Some(hook)).map_err(doing("watch the log"))?;
        let (ask, asked) = sync_channel(1);
        let (tell, done) = sync_channel(1);
        let thread = std::thread::Builder::new()
            .name("wal".to_owned())
            .spawn(move || {
                while asked.recv().is_ok() {
                    copy_most(&beside, &seen);
                    if tell.send(()).is_err() {
                        return;
                    }
                }
            })
            .map_err(|cause| StoreError::Io { doing: "start the copying of the log".to_owned(), cause })?;
        Ok(Self { pages, copied: 0, is_copying: false, ask: Some(ask), done, thread: Some(thread) })
    }

    /// To be called after each commit: has the log copied where it has grown, or copies the rest.
    pub(super) fn after_commit(&mut self, writer: &Connection) {
        let pages = self.pages.load(Relaxed);
        if pages < self.copied {
            // It has begun anew.
            self.copied = 0;
        }
        if self.is_copying {
            if self.done.try_recv() == Err(TryRecvError::Empty) {
                return;
            }
            self.is_copying = false;
            copy(writer);
            // Also where not all could be copied, since somebody reads: it is tried again when it has grown by as much.
            self.copied = pages;
        } else if pages >= self.copied.saturating_add(PAGES_MAX) {
            // Should the thread have ended, that is found out after the next commit, and the writer copies by itself.
            let _asked = self.ask.as_ref().map(|ask| ask.try_send(()));
            self.is_copying = true;
        }
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        // The thread ends when nobody can ask it any more.
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Copies until hardly anything is left of what was counted.
fn copy_most(connection: &Connection, counted: &AtomicU32) {
    for _ in 0..PASSES_MAX {
        match copy(connection) {
            Some(copied) if counted.load(Relaxed).saturating_sub(copied) > REST_MAX => {}
            _ => return,
        }
    }
}

/// Copies what can be copied while others write and read. Gives how many pages of the log are copied now; `None` where the disk
/// refuses. Nothing is lost then: the log has it all.
fn copy(connection: &Connection) -> Option<u32> {
    match connection.wal_checkpoint_v2(DEFAULT_NAME, CheckpointMode::PASSIVE) {
        Ok((_, copied)) => Some(u32::try_from(copied).unwrap_or(0)),
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log cannot be copied back; it grows meanwhile");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn database(path: &Path) -> (Connection, Copier) {
        let mut writer = Connection::open(path).unwrap();
        // What is tested is not whether the disk keeps it.
        writer
            .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE t (text BLOB)")
            .unwrap();
        let copier = Copier::start(&mut writer, Connection::open(path).unwrap()).unwrap();
        (writer, copier)
    }

    /// One commit of some pages. Gives how many the log has after it.
    fn commit(writer: &Connection, copier: &mut Copier) -> u32 {
        writer.execute("INSERT INTO t VALUES (zeroblob(20000))", []).unwrap();
        copier.after_commit(writer);
        copier.pages.load(Relaxed)
    }

    /// Commits until the log has begun anew. Gives how long it was.
    fn commit_until_it_begins_anew(writer: &Connection, copier: &mut Copier) -> u32 {
        let (begun, mut longest) = (Instant::now(), 0);
        loop {
            let pages = commit(writer, copier);
            if pages < longest {
                return longest;
            }
            longest = pages;
            assert!(begun.elapsed() < PATIENCE, "{pages} pages");
        }
    }

    #[test]
    fn the_log_begins_anew_again_and_again_while_somebody_writes_without_pause() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let (writer, mut copier) = database(&path);
        for _ in 0..3 {
            assert!(commit_until_it_begins_anew(&writer, &mut copier) >= PAGES_MAX);
        }
        let rows: i64 = writer.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
        drop((copier, writer));
        let again = Connection::open(&path).unwrap();
        assert_eq!(again.query_row("SELECT count(*) FROM t", [], |row| row.get(0)), Ok(rows));
        assert_eq!(again.query_row("PRAGMA integrity_check", [], |row| row.get(0)), Ok("ok".to_owned()));
    }

    #[test]
    fn whoever_reads_keeps_the_log_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let (writer, mut copier) = database(&path);
        commit(&writer, &mut copier);
        let reader = Connection::open(&path).unwrap();
        let seen = || reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap();
        reader.execute_batch("BEGIN").unwrap();
        assert_eq!(seen(), 1);
        let begun = Instant::now();
        while commit(&writer, &mut copier) < 3 * PAGES_MAX {
            assert!(begun.elapsed() < PATIENCE);
        }
        assert_eq!(seen(), 1, "still the same moment");
        reader.execute_batch("COMMIT").unwrap();
        assert!(commit_until_it_begins_anew(&writer, &mut copier) >= 3 * PAGES_MAX);
    }

    #[test]
    fn without_the_thread_the_writer_copies_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let (writer, mut copier) = database(&folder.path().join("a.db"));
        copier.ask = None;
        copier.thread.take().unwrap().join().unwrap();
        for _ in 0..2 {
            assert!(commit_until_it_begins_anew(&writer, &mut copier) < 2 * PAGES_MAX);
        }
    }
}
