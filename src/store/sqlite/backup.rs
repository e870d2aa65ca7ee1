//! Copies of the database: made while a server runs, held against the laws, and put back.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::iter::once;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

use super::check::{Summary, summary, violations};
use super::lock::{BESIDE, FileLock, file_in, sweep_abandoned};
use super::open::{BUSY_TIMEOUT, file_uri};
use super::{Location, doing, int, load, schema, search};
use crate::id::Seq;
use crate::store::StoreError;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/restore/", $name, ".sql"))
    };
}

/// How a restored database leaps ahead in the order of messages. Clients may have seen cursors that were given after the
/// backup was made. Were they given again, a client that polls late, with a cursor of before, would miss what came up to
/// it. By time, 64 places a millisecond, more than a server can give, and a message's id has room for that until 2159.
/// Else by steps that take weeks to fill, of which there is room for four thousand.
const SEQS: Leap = Leap { per_ms: 1 << 6, by_time_max: 1 << 47, step: 1 << 36, known_max: 1 << 48 };
/// The same for the numbers of users, clients and channels, which clients may remember.
const IDS: Leap = Leap { per_ms: 1 << 4, by_time_max: 1 << 47, step: 1 << 32, known_max: 1 << 53 };
/// The beginning of 2020, from which the time counts in that.
const EPOCH_MS: i64 = 1_577_836_800_000;
/// What stands behind the name of a database that was replaced, before the time.
const ASIDE: &str = ".before-restore-";

/// Holds a database, which a server may be using, against its laws.
///
/// # Errors
/// When it is not there, is none of ours, or cannot be read at all.
pub fn check(location: &Location) -> Result<(Summary, Vec<String>), StoreError> {
    let (connection, version) = open_to_read(file_of(location)?)?;
    let found = violations(&connection)?;
    let summary = if found.is_empty() { summary(&connection, version)? } else { Summary::unknown(version) };
    Ok((summary, found))
}

/// Copies a database, which a server may be using, into a file of its own that only its owner may read. The copy is
/// held against the laws and on disk before it has its name.
///
/// # Errors
/// When the file is there already, the database is not, or the copy is not good.
pub fn backup(location: &Location, to: &Path) -> Result<Summary, StoreError> {
    if to.exists() {
        return Err(StoreError::Refused(format!("{} is there already, and stays as it is", to.display())));
    }
    let (connection, version) = open_to_read(file_of(location)?)?;
    sweep_abandoned(folder_of(to));
    let copy = copy(&connection, file_in(folder_of(to))?)?;
    let (copied, _) = open_to_read(copy.path())?;
    refuse_violations(&copied)?;
    let summary = summary(&copied, version)?;
    drop(copied);
    copy.persist_noclobber(to).map_err(|error| io("name", to)(error.error))?;
    sync_folder(to)?;
    Ok(summary)
}

/// Puts a backup in the place of the database, which no server may be using. What was there is kept beside it, with
/// the time behind its name; gives that name, or `None` where nothing was there.
///
/// # Errors
/// When the backup is not good, or a server uses the database. Then nothing is changed.
pub fn restore(location: &Location, from: &Path, now: Timestamp) -> Result<Option<PathBuf>, StoreError> {
    let path = place_of(file_of(location)?)?;
    let (source, _) = open_to_read(from)?;
    let lock = FileLock::take(&path)?;
    lock.sweep();
    refuse_violations(&source)?;
    let copy = copy(&source, lock.file_beside()?)?;
    leap_ahead(copy.path(), &path, now)?;
    give_to_owner(copy.path(), &path)?;
    give_to_owner(&with_suffix(&path, ".lock"), &path)?;
    copy.as_file().sync_all().map_err(io("write", copy.path()))?;
    let kept = set_aside(&path, &now.strftime("%Y%m%dT%H%M%S%.3fZ").to_string())?;
    // Before the file: an index without a database is made anew, and one with another would be believed.
    forget_index(&path)?;
    // Takes the place of the old file in one step: at every moment there is one of the two.
    copy.persist(&path).map_err(|error| io("replace", &path)(error.error))?;
    sync_folder(&path)?;
    drop(lock);
    Ok(kept)
}

/// Removes the index for searching: what it has is in another database, and it is made anew from this one.
fn forget_index(path: &Path) -> Result<(), StoreError> {
    let index = search::index_of(path);
    for suffix in ["", "-wal", "-shm"] {
        remove_if_there(&with_suffix(&index, suffix))?;
    }
    Ok(())
}

/// Removes a file. One that is not there is no error.
pub(super) fn remove_if_there(file: &Path) -> Result<(), StoreError> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(io("remove", file)(error)),
        _ => Ok(()),
    }
}

/// A copy of a database in a new file, on disk, for its owner alone.
pub(super) fn copy(source: &Connection, file: NamedTempFile) -> Result<NamedTempFile, StoreError> {
    if let Err(error) = fill(source, file.path()) {
        // The file goes by itself, and not what SQLite may have left beside it, such as on a full disk.
        for suffix in BESIDE {
            drop(fs::remove_file(with_suffix(file.path(), suffix)));
        }
        return Err(error);
    }
    file.as_file().sync_all().map_err(io("write", file.path()))?;
    Ok(file)
}

fn fill(source: &Connection, file: &Path) -> Result<(), StoreError> {
    let mut target = Connection::open(file).map_err(doing("open the copy"))?;
    let backup = Backup::new(source, &mut target).map_err(doing("begin a copy"))?;
    // In one step: a writer goes on meanwhile, and a copy in several would begin anew with each of its commits.
    let outcome = backup.step(-1).map_err(doing("copy the database"))?;
    drop(backup);
    if outcome != StepResult::Done {
        return Err(StoreError::Refused("the database is locked; try again".to_owned()));
    }
    // One file is easier to carry than one with a log beside it. The server changes that back when it opens it.
    target.pragma_update(None, "journal_mode", "DELETE").map_err(doing("close the copy"))?;
    target.close().map_err(|(_, cause)| doing("close the copy")(cause))
}

/// Makes the names of files and folders durable that were given in the folder of `path`.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("write the folder", folder))
}

/// How a counter leaps ahead.
struct Leap {
    /// How far at least, for each millisecond since the epoch. Nothing that was ever given is beyond that, whether or not
    /// it can be read anywhere.
    per_ms: u64,
    /// How far so at most, should the clock be far ahead.
    by_time_max: u64,
    /// How far beyond what is known where that is beyond the time: a clock was wrong.
    step: u64,
    /// No counter gets so far: it is read in a damaged file.
    known_max: u64,
}

impl Leap {
    /// From where a counter goes on that had got to `known`, where `restores` went before.
    fn from(&self, known: u64, now: Timestamp, restores: u64) -> u64 {
        let ms = u64::try_from(now.as_millisecond().saturating_sub(EPOCH_MS)).unwrap_or_default();
        let by_time = ms.saturating_mul(self.per_ms).min(self.by_time_max);
        if by_time > known {
            return by_time;
        }
        // What the last ones gave may be in none of the files that can be read.
        known.saturating_add(self.step.saturating_mul(restores + 1))
    }
}

/// Leaves out numbers that clients may have seen: a good many after those of the copy, of the database that it replaces,
/// which may have leapt ahead itself, and of those that were replaced before.
fn leap_ahead(copy: &Path, replaced: &Path, now: Timestamp) -> Result<(), StoreError> {
    let connection = Connection::open(copy).map_err(doing("open the copy"))?;
    let (mut newest, mut next_id) = (load::newest_seq(&connection)?.get(), load::next_id(&connection)?);
    let earlier = replaced_before(replaced);
    let files = once(counters_in(&file_uri(replaced)));
    let files =
        files.chain(earlier.iter().map(|file| counters_in(&format!("{}?immutable=1", file_uri(file)))));
    for (other_newest, other_next) in files {
        newest = newest.max(other_newest.filter(|seq| *seq < SEQS.known_max).unwrap_or_default());
        next_id = next_id.max(other_next.filter(|id| *id < IDS.known_max).unwrap_or_default());
    }
    let restores = earlier.len() as u64;
    connection
        .execute(sql!("seq_floor"), [int(SEQS.from(newest, now, restores))])
        .and_then(|_| connection.execute(sql!("next_id"), [int(IDS.from(next_id, now, restores))]))
        .map_err(doing("leap ahead"))?;
    connection.close().map_err(|(_, cause)| doing("close the copy")(cause))
}

/// How far the counters of a database had got, as far as that can be read: it may be damaged, or newer than this program.
fn counters_in(uri: &str) -> (Option<u64>, Option<u64>) {
    let Ok(connection) = connect_to_read(uri) else { return (None, None) };
    (load::newest_seq(&connection).ok().map(Seq::get), load::next_id(&connection).ok())
}

/// The databases that restores have replaced here, which are kept beside.
fn replaced_before(path: &Path) -> Vec<PathBuf> {
    let mut begin = path.file_name().unwrap_or_default().to_owned();
    begin.push(ASIDE);
    let is_one = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let rest = name.as_encoded_bytes().strip_prefix(begin.as_encoded_bytes());
        rest.is_some_and(|time| time.ends_with(b"Z"))
    };
    let files = fs::read_dir(folder_of(path)).into_iter().flatten().flatten();
    files.filter(is_one).map(|entry| entry.path()).collect()
}

/// Gives a file to whoever owns the database, or its folder where there is none: an operator may be root, and the server
/// be nobody in particular.
fn give_to_owner(file: &Path, database: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, chown};
        let owner = fs::metadata(database).or_else(|_| fs::metadata(folder_of(database)));
        let (owner, now) =
            owner.and_then(|owner| Ok((owner, fs::metadata(file)?))).map_err(io("look at", file))?;
        if (owner.uid(), owner.gid()) != (now.uid(), now.gid()) {
            chown(file, Some(owner.uid()), Some(owner.gid())).map_err(io("give away", file))?;
        }
    }
    Ok(())
}

/// Gives what is in the place of the database a second name. Nothing is deleted.
fn set_aside(path: &Path, time: &str) -> Result<Option<PathBuf>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let kept = with_suffix(path, &format!("{ASIDE}{time}"));
    if kept.exists() {
        return Err(StoreError::Refused(format!("{} is there already", kept.display())));
    }
    // Nearly always this leaves the database in one file. Where it is too damaged for that, its log goes with it.
    let whole = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|old| old.pragma_query(None, "wal_checkpoint", |_| Ok(())));
    if let Err(error) = whole {
        tracing::warn!(%error, "the old database could not be tidied up");
    }
    for part in ["-wal", "-shm"] {
        let (from, to) = (with_suffix(path, part), with_suffix(&kept, part));
        match fs::rename(&from, to) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io("rename", &from)(error)),
            _ => {}
        }
    }
    // Not every file system has a second name for a file.
    fs::hard_link(path, &kept).or_else(|_| fs::copy(path, &kept).map(|_| ())).map_err(io("keep", path))?;
    sync_folder(path)?;
    Ok(Some(kept))
}

fn refuse_violations(connection: &Connection) -> Result<(), StoreError> {
    let found = violations(connection)?;
    if found.is_empty() { Ok(()) } else { Err(StoreError::Damaged(found.join("; "))) }
}

fn file_of(location: &Location) -> Result<&Path, StoreError> {
    match location {
        Location::File(path) => Ok(path),
        Location::Memory => Err(StoreError::Refused("a database in memory has no file".to_owned())),
    }
}

/// Opens a database to read it. Gives the version of its schema too.
fn open_to_read(path: &Path) -> Result<(Connection, i64), StoreError> {
    // SQLite says no more of a file that is missing than that it cannot open it.
    OpenOptions::new().read(true).open(path).map_err(io("open", path))?;
    let connection = connect_to_read(&file_uri(path))?;
    match schema::inspect(&connection)? {
        0 => Err(StoreError::Refused(format!("{} has nothing in it", path.display()))),
        version => Ok((connection, version)),
    }
}

fn connect_to_read(uri: &str) -> Result<Connection, StoreError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags).map_err(doing("open the database"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(doing("set the busy timeout"))?;
    connection.pragma_update(None, "trusted_schema", false).map_err(doing("set up the database"))?;
    Ok(connection)
}

/// The one name of a database that may be missing; its folder is made.
fn place_of(path: &Path) -> Result<PathBuf, StoreError> {
    if path.exists() {
        return path.canonicalize().map_err(io("find", path));
    }
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    let folder = folder.canonicalize().map_err(io("find", folder))?;
    Ok(path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name)))
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path with something behind its name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn io(doing: &str, path: &Path) -> impl Fn(std::io::Error) -> StoreError {
    let doing = format!("{doing} {}", path.display());
    move |cause| StoreError::Io { doing: doing.clone(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::SqliteStore;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_leap_goes_by_time_and_where_the_clock_is_wrong_beyond_what_is_known() {
        let now = at("2026-07-01T12:00:00Z");
        let by_time = SEQS.from(7, now, 0);
        assert_eq!(by_time, SEQS.from(1 << 40, now, 3), "what is known is before that");
        assert!(SEQS.from(7, at("2026-07-01T12:00:00.001Z"), 0) > by_time);
        assert_eq!(SEQS.from(by_time, now, 0), by_time + SEQS.step);
        assert_eq!(SEQS.from(7, at("1970-01-01T00:00:00Z"), 0), 7 + SEQS.step);
        assert_eq!(SEQS.from(7, at("1970-01-01T00:00:00Z"), 2), 7 + 3 * SEQS.step);
        // A message's id has 48 bits for its place, and numbers in JSON have 53.
        assert_eq!(SEQS.from(7, Timestamp::MAX, 0), 1 << 47);
        assert!(SEQS.from(7, at("2100-01-01T00:00:00Z"), 0) < 1 << 48);
        assert!(IDS.from(7, Timestamp::MAX, 0) < 1 << 53);
    }

    /// With a clock of before the epoch: what files know is all there is.
    #[test]
    fn a_leap_goes_beyond_what_any_file_beside_has_whatever_its_schema() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("neoirc.db");
        let location = Location::File(path.clone());
        drop(SqliteStore::open(&location).unwrap());
        let backup_file = folder.path().join("backup.db");
        backup(&location, &backup_file).unwrap();
        let counters = |path: &Path| counters_in(&file_uri(path));
        let times = ["1999-01-01T00:00:00Z", "1999-01-02T00:00:00Z", "1999-01-03T00:00:00Z"];
        let mut before = counters(&path);
        for (number, time) in times.into_iter().enumerate() {
            match number {
                // Of a version that nobody knows.
                1 => Connection::open(&path).unwrap().pragma_update(None, "user_version", 9_999).unwrap(),
                // Nothing of it can be read.
                2 => fs::write(&path, "no database").unwrap(),
                _ => {}
            }
            restore(&location, &backup_file, at(time)).unwrap();
            let after = counters(&path);
            assert!(after.0 > before.0 && after.1 > before.1, "{after:?} after {before:?}, {number}");
            before = after;
        }
        assert_eq!(replaced_before(&path).len(), 3);
    }

    #[test]
    fn a_copy_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = file_in(folder.path()).unwrap();
        fs::write(file.path(), "no database ".repeat(99)).unwrap();
        // As a full disk leaves it.
        fs::write(with_suffix(file.path(), "-shm"), "").unwrap();
        let source = Connection::open_in_memory().unwrap();
        source.execute_batch("CREATE TABLE t (x)").unwrap();
        assert!(copy(&source, file).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
