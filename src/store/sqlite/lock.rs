//! One process a database: an advisory lock on a file beside it; and the files that such a process has in the making,
//! which stay behind when it is killed.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirEntry, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::backup::folder_of;
use crate::store::StoreError;

/// What the name of every file in the making begins with.
const PREFIX: &str = ".neoirc-";
/// What it ends with.
const SUFFIX: &str = ".partial";
/// Letters and digits by chance before that.
const CHANCE: usize = 6;
/// Files that `SQLite` keeps beside another.
pub(super) const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];
/// How long a file in the making, whose maker has no lock, may go without a byte. While a backup is held against the laws it
/// is only read; a day is far more than that takes.
const ABANDONED_AFTER: Duration = Duration::from_hours(24);

/// The lock; the system lets it go with the process, however that ends.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
    /// The database whose lock it is.
    pub(super) database: PathBuf,
}

impl FileLock {
    /// # Errors
    /// [`StoreError::Refused`] when another process has it.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let io = |cause| StoreError::Io { doing: format!("lock {}", database.display()), cause };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file, database: database.to_owned() }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Refused(format!(
                "the database {} is in use by another process",
                database.display()
            ))),
            Err(TryLockError::Error(cause)) => Err(io(cause)),
        }
    }

    /// Makes a file beside the database. It goes unless it gets a name.
    pub(super) fn file_beside(&self) -> Result<NamedTempFile, StoreError> {
        make(folder_of(&self.database), &prefix_of(&self.database))
    }

    /// Removes what those who had the lock before had in the making, and backups in the same folder that nobody makes
    /// any more.
    pub(super) fn sweep(&self) {
        let prefix = prefix_of(&self.database);
        let is_of_ours = |entry: &DirEntry| is_unfinished(&entry.file_name(), &prefix);
        remove(folder_of(&self.database), |entry| is_of_ours(entry) || is_abandoned(entry));
    }
}

/// Makes a file in a folder for somebody who has no lock: a server may be using the database, and may be started.
pub(super) fn file_in(folder: &Path) -> Result<NamedTempFile, StoreError> {
    make(folder, OsStr::new(PREFIX))
}

/// Removes what backups that were killed left in a folder.
pub(super) fn sweep_abandoned(folder: &Path) {
    remove(folder, is_abandoned);
}

fn make(folder: &Path, prefix: &OsStr) -> Result<NamedTempFile, StoreError> {
    let mut builder = tempfile::Builder::new();
    let file = builder.prefix(prefix).rand_bytes(CHANCE).suffix(SUFFIX).tempfile_in(folder);
    file.map_err(|cause| StoreError::Io { doing: format!("make a file in {}", folder.display()), cause })
}

/// What the names of those files begin with that only whoever has the lock of this database makes.
fn prefix_of(database: &Path) -> OsString {
    let mut prefix = OsString::from(PREFIX);
    prefix.push(database.file_name().unwrap_or_default());
    prefix.push("-");
    prefix
}

/// Whether a name is that of a file in the making, or of one that `SQLite` keeps beside such a file.
fn is_unfinished(name: &OsStr, prefix: &OsStr) -> bool {
    let rest = name.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
    let Some((chance, ending)) = rest.and_then(|rest| rest.split_at_checked(CHANCE)) else { return false };
    let beside = ending.strip_prefix(SUFFIX.as_bytes());
    let is_known = |beside: &[u8]| beside.is_empty() || BESIDE.iter().any(|known| known.as_bytes() == beside);
    chance.iter().all(u8::is_ascii_alphanumeric) && beside.is_some_and(is_known)
}

/// Whether this is in the making without a lock, and has been left alone for so long that nobody can be at it.
fn is_abandoned(entry: &DirEntry) -> bool {
    let age = || entry.metadata().and_then(|entry| entry.modified()).ok()?.elapsed().ok();
    is_unfinished(&entry.file_name(), OsStr::new(PREFIX)) && age().is_some_and(|age| age > ABANDONED_AFTER)
}

fn remove(folder: &Path, is_to_go: impl Fn(&DirEntry) -> bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) || !is_to_go(&entry) {
            continue;
        }
        let file = entry.path();
        match fs::remove_file(&file) {
            Ok(()) => tracing::info!(file = %file.display(), "a copy that was never finished is removed"),
            Err(error) => tracing::warn!(file = %file.display(), %error, "an unfinished copy stays"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_finished_is_removed_and_nothing_that_somebody_is_at() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("neoirc.db");
        let make = |name: &str, days: u64| {
            let file = File::create(folder.path().join(name)).unwrap();
            let now = file.metadata().unwrap().modified().unwrap();
            file.set_modified(now - Duration::from_hours(24 * days + 1)).unwrap();
        };
        let kept = [
            "neoirc.db",
            ".neoirc-abc123.partial",
            ".neoirc-other.db-abc123.partial",
            ".neoirc-neoirc.db-abc1234.partial",
            ".neoirc-neoirc.db-abc123.partial.txt",
            "neoirc.db-abc123.partial",
            ".abc123.partial",
        ];
        let gone = [".neoirc-neoirc.db-abc123.partial", ".neoirc-neoirc.db-zzzzzz.partial-journal"];
        let abandoned = [".neoirc-old123.partial", ".neoirc-old123.partial-wal"];
        for name in kept.iter().chain(&gone) {
            make(name, 0);
        }
        let abandon = || abandoned.map(|name| make(name, 1));
        abandon();
        let left =
            || kept.iter().chain(&gone).chain(&abandoned).filter(|name| folder.path().join(name).exists());
        sweep_abandoned(folder.path());
        assert!(left().eq(kept.iter().chain(&gone)), "what has a lock is none of its affair");
        abandon();
        FileLock::take(&database).unwrap().sweep();
        assert!(left().eq(&kept), "{:?}", left().collect::<Vec<_>>());
    }

    #[test]
    fn a_file_that_is_made_here_is_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("neoirc.db");
        let lock = FileLock::take(&database).unwrap();
        let (with_lock, without) = (lock.file_beside().unwrap(), file_in(folder.path()).unwrap());
        lock.sweep();
        assert!(!with_lock.path().exists() && without.path().exists());
    }
}
