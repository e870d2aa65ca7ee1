//! Copies of the database: made while a server runs, held against the laws, and put back.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;

use super::check::{Summary, summary, violations};
use super::lock::FileLock;
use super::open::{BUSY_TIMEOUT, file_uri};
use super::{Location, doing, int, load, schema, search};
use crate::store::StoreError;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/restore/", $name, ".sql"))
    };
}

/// How far a restored database leaps ahead in the order of messages. Clients may have seen cursors that were given
/// after the backup was made. Were they given again, a client that polls late, with a cursor of before, would miss
/// what came up to it. At ten thousand messages a second it takes 79 days to give so many, and a message's id has
/// room for four thousand such leaps.
const SEQ_LEAP: u64 = 1 << 36;
/// The same for the numbers of users, clients and channels, which clients may remember.
const ID_LEAP: u64 = 1 << 32;

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
    let copy = copy(&connection, to)?;
    let (copied, _) = open_to_read(copy.path())?;
    refuse_violations(&copied)?;
    let summary = summary(&copied, version)?;
    drop(copied);
    copy.persist_noclobber(to).map_err(|error| io("name", to)(error.error))?;
    sync_folder(to)?;
    Ok(summary)
}

/// Puts a backup in the place of the database, which no server may be using. What was there is kept beside it, with
/// `aside` behind its name; gives that name, or `None` where nothing was there.
///
/// # Errors
/// When the backup is not good, or a server uses the database. Then nothing is changed.
pub fn restore(location: &Location, from: &Path, aside: &str) -> Result<Option<PathBuf>, StoreError> {
    let path = place_of(file_of(location)?)?;
    let (source, _) = open_to_read(from)?;
    let lock = FileLock::take(&path)?;
    refuse_violations(&source)?;
    let copy = copy(&source, &path)?;
    leap_ahead(copy.path(), &path)?;
    give_to_owner(copy.path(), &path)?;
    give_to_owner(&with_suffix(&path, ".lock"), &path)?;
    copy.as_file().sync_all().map_err(io("write", copy.path()))?;
    let kept = set_aside(&path, aside)?;
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
        let file = with_suffix(&index, suffix);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(io("remove", &file)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// A copy of a database in a file beside `beside`, on disk, for its owner alone; it goes unless it gets a name.
pub(super) fn copy(source: &Connection, beside: &Path) -> Result<NamedTempFile, StoreError> {
    let folder = folder_of(beside);
    let file = tempfile::Builder::new().prefix(".neoirc-").suffix(".partial").tempfile_in(folder);
    let file = file.map_err(io("make a file in", folder))?;
    let mut target = Connection::open(file.path()).map_err(doing("open the copy"))?;
    let backup = Backup::new(source, &mut target).map_err(doing("begin a copy"))?;
    // In one step: a writer goes on meanwhile, and a copy in several would begin anew with each of its commits.
    let outcome = backup.step(-1).map_err(doing("copy the database"))?;
    drop(backup);
    if outcome != StepResult::Done {
        return Err(StoreError::Refused("the database is locked; try again".to_owned()));
    }
    // One file is easier to carry than one with a log beside it. The server changes that back when it opens it.
    target.pragma_update(None, "journal_mode", "DELETE").map_err(doing("close the copy"))?;
    target.close().map_err(|(_, cause)| doing("close the copy")(cause))?;
    file.as_file().sync_all().map_err(io("write", file.path()))?;
    Ok(file)
}

/// Makes the names of files and folders durable that were given in the folder of `path`.
pub(super) fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(io("write the folder", folder))
}

/// Leaves out numbers that clients may have seen: a good many after those of the copy, and a good many after those of
/// the database that it replaces, which may have leapt ahead itself.
fn leap_ahead(copy: &Path, replaced: &Path) -> Result<(), StoreError> {
    let counters = |connection: &Connection| Ok((load::newest_seq(connection)?, load::next_id(connection)?));
    let replaced = open_to_read(replaced).and_then(|(connection, _)| counters(&connection));
    let connection = Connection::open(copy).map_err(doing("open the copy"))?;
    let (newest, next_id) = counters(&connection)?;
    // Where there is nothing to be read, the leap has to do.
    let (newest, next_id) = replaced.map_or((newest, next_id), |(other_newest, other_next)| {
        (newest.max(other_newest), next_id.max(other_next))
    });
    connection
        .execute(sql!("seq_floor"), [int(newest.get() + SEQ_LEAP)])
        .and_then(|_| connection.execute(sql!("next_id"), [int(next_id + ID_LEAP)]))
        .map_err(doing("leap ahead"))?;
    connection.close().map_err(|(_, cause)| doing("close the copy")(cause))
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
fn set_aside(path: &Path, aside: &str) -> Result<Option<PathBuf>, StoreError> {
    if !path.exists() {
        return Ok(None);
    }
    let kept = with_suffix(path, aside);
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
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(file_uri(path), flags).map_err(doing("open the database"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(doing("set the busy timeout"))?;
    connection.pragma_update(None, "trusted_schema", false).map_err(doing("set up the database"))?;
    match schema::inspect(&connection)? {
        0 => Err(StoreError::Refused(format!("{} has nothing in it", path.display()))),
        version => Ok((connection, version)),
    }
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

fn folder_of(path: &Path) -> &Path {
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
