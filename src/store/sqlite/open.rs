//! Opening the database: the lock, the settings of each connection, the checks before anything is served.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::filing::Filing;
use super::lock::{BESIDE, FileLock};
use super::read::SqliteReader;
use super::tidy::Tidying;
use super::wal::Copier;
use super::{Location, SqliteStore, backup, doing, schema};
use crate::store::StoreError;

/// How long a statement waits for a lock that another connection holds.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that a connection remembers: more than there are in the program.
const STATEMENTS_MAX: usize = 128;
/// Connections that only read: reading a backlog keeps a core busy, and there is one more for histories.
const READERS: usize = 3;
/// The tables that a start reads and therefore checks. The log and the queues are as large as the past, and
/// their check is left to whoever asks for one.
const CHECKED: [&str; 12] = [
    "users",
    "clients",
    "channels",
    "memberships",
    "invitations",
    "server_state",
    "accounts",
    "markers",
    "channel_masks",
    "hooks",
    "watches",
    "past_nicks",
];

impl SqliteStore {
    /// Opens the database, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened, is in use, belongs to something else, is newer than this program or damaged.
    /// Nothing is ever wiped.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        let location = location.clone();
        let (uri, lock, path) = match &location {
            Location::File(path) => {
                let path = prepare_file(path)?;
                let lock = FileLock::take(&path)?;
                lock.sweep();
                refuse_unwritable(&path)?;
                (file_uri(&path), Some(lock), Some(path))
            }
            // A name that no other store in this process has; SQLite shares it among our connections.
            Location::Memory => (format!("file:/neoirc-{}?vfs=memdb", uuid::Uuid::new_v4()), None, None),
        };
        let mut connection = connect(&uri)?;
        // Somebody else's file is left as it is: nothing is written before it is known to be ours.
        let version = schema::inspect(&connection)?;
        configure_writer(&connection, lock.is_some())?;
        check_tables(&connection)?;
        copy_before_migration(&connection, lock.as_ref(), version, schema::VERSION)?;
        schema::migrate(&mut connection, version)?;
        let readers = (0..READERS).map(|_| connect_reader(&uri)).collect::<Result<Vec<_>, _>>()?;
        let reader = Arc::new(SqliteReader::new(path, readers));
        let (filing, tidying, indexer) = (Filing::default(), Tidying::default(), None);
        // In memory there is no log.
        let copier = lock.is_some().then(|| Copier::start(&mut connection, connect(&uri)?)).transpose()?;
        Ok(Self { connection, reader, filing, tidying, copier, indexer, uri, location, _lock: lock })
    }
}

/// Makes the file and its folder where there are none. Gives the one name of the file: under another, which a
/// link may give it, a second process would not find our lock.
pub(super) fn prepare_file(path: &Path) -> Result<PathBuf, StoreError> {
    let io = |doing: &str, path: &Path| {
        let doing = format!("{doing} {}", path.display());
        move |cause| StoreError::Io { doing, cause }
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    }
    if !path.exists() {
        let mut options = fs::OpenOptions::new();
        options.create(true).append(true);
        // The file holds what people said to each other: nobody else on the machine reads it.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path).map_err(io("make", path))?;
    }
    path.canonicalize().map_err(io("find", path))
}

/// Whether every file of the database can be written, so that the first who says something is not the first to hear of
/// it. `SQLite` reads what it may not write and says no more of it.
fn refuse_unwritable(path: &Path) -> Result<(), StoreError> {
    for suffix in [""].iter().chain(&BESIDE) {
        let file = backup::with_suffix(path, suffix);
        match fs::OpenOptions::new().append(true).open(&file) {
            Err(cause) if cause.kind() != ErrorKind::NotFound => {
                return Err(StoreError::Io { doing: format!("write {}", file.display()), cause });
            }
            _ => {}
        }
    }
    Ok(())
}

/// A path as a URI: the characters that mean something there are percent-encoded.
pub(super) fn file_uri(path: &Path) -> String {
    let text = path.to_string_lossy();
    // What begins with two slashes would name a machine, unless none is named before it.
    let begin = if path.is_absolute() { "file://" } else { "file:" };
    format!("{begin}{}", text.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
}

pub(super) fn connect(uri: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags).map_err(doing("open the database"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(doing("set the busy timeout"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Without this a statement with a bound LIMIT is prepared anew each time: its plan might be another one.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(doing("keep the plans of statements"))?;
    Ok(connection)
}

fn configure_writer(connection: &Connection, on_disk: bool) -> Result<(), StoreError> {
    let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
        PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
        PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -4096;";
    connection.execute_batch(settings).map_err(doing("set up the database"))?;
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let synchronous = number("synchronous").map_err(doing("read the level of durability"))?;
    let journal: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(doing("read the kind of journal"))?;
    // What is acknowledged must be on disk: rather no server than one that cannot promise it.
    if synchronous != 2 || (on_disk && journal != "wal") {
        return Err(StoreError::Refused(format!(
            "the database does not allow WAL with synchronous=FULL (journal {journal}, level {synchronous})"
        )));
    }
    Ok(())
}

pub(super) fn connect_reader(uri: &str) -> Result<Connection, StoreError> {
    let connection = connect(uri)?;
    let settings = "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -1024;";
    connection.execute_batch(settings).map_err(doing("set up a reader"))?;
    Ok(connection)
}

fn check_tables(connection: &Connection) -> Result<(), StoreError> {
    for table in CHECKED {
        let exists: bool = connection
            .query_row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)", [table], |row| {
                row.get(0)
            })
            .map_err(doing("read the schema"))?;
        if !exists {
            continue;
        }
        let verdict: String = connection
            .query_row(&format!("PRAGMA quick_check({table})"), [], |row| row.get(0))
            .map_err(doing("check the database"))?;
        if verdict != "ok" {
            return Err(StoreError::Damaged(format!("table {table}: {verdict}")));
        }
    }
    Ok(())
}

/// Before an older schema is brought up to date, the database is copied beside itself: on disk, under a name that
/// tells its schema, readable for its owner alone. An older copy of the same schema is replaced.
fn copy_before_migration(
    connection: &Connection,
    lock: Option<&FileLock>,
    version: i64,
    newest: i64,
) -> Result<(), StoreError> {
    let Some(lock) = lock.filter(|_| (1..newest).contains(&version)) else { return Ok(()) };
    let name = backup::with_suffix(&lock.database, &format!(".schema{version}"));
    // Before there is another: an upgrade that is tried again and again should not need more room than the first time. What
    // it has is in the database, which is changed when the new copy is there.
    backup::remove_if_there(&name)?;
    let copy = backup::copy(connection, lock.file_beside()?)?;
    copy.persist(&name).map_err(|error| StoreError::Io {
        doing: format!("keep a copy of the database as {}", name.display()),
        cause: error.error,
    })?;
    backup::sync_folder(&lock.database)?;
    tracing::info!(copy = %name.display(), "the database is copied before its schema changes");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_made_before_a_schema_changes_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("neoirc.db");
        let store = SqliteStore::open(&Location::File(path.clone())).unwrap();
        let lock = FileLock::take(&folder.path().join("another")).unwrap();
        let copies = || fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name());
        let copies = || copies().filter(|name| name.to_string_lossy().contains("schema")).count();
        for version in [0, schema::VERSION] {
            copy_before_migration(&store.connection, Some(&lock), version, schema::VERSION).unwrap();
            assert_eq!(copies(), 0, "from {version}");
        }
        for _ in 0..2 {
            copy_before_migration(&store.connection, Some(&lock), 1, 2).unwrap();
        }
        let copy = folder.path().join("another.schema1");
        assert_eq!(copies(), 1);
        let (summary, violations) = backup::check(&Location::File(copy.clone())).unwrap();
        assert_eq!((summary.schema, violations.len()), (schema::VERSION, 0));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    /// The copy of an upgrade that failed takes room that the next attempt may not have beside it.
    #[test]
    fn a_copy_of_an_earlier_attempt_is_gone_before_another_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("neoirc.db");
        let lock = FileLock::take(&path).unwrap();
        let copy = folder.path().join("neoirc.db.schema1");
        fs::write(&copy, "of the first attempt").unwrap();
        // Whoever holds a transaction that has written cannot be copied from: the disk is full, or the like.
        let nothing = Connection::open_in_memory().unwrap();
        nothing.execute_batch("CREATE TABLE t (x); BEGIN; INSERT INTO t VALUES (1)").unwrap();
        assert!(copy_before_migration(&nothing, Some(&lock), 1, 2).is_err());
        assert!(!copy.exists());
        let mut left = fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name());
        assert!(left.all(|name| !name.to_string_lossy().contains("partial")));
    }

    #[test]
    fn a_path_has_one_meaning_however_many_slashes_it_begins_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a%b?c#d.db");
        drop(SqliteStore::open(&Location::File(path.clone())).unwrap());
        let with_two = PathBuf::from(format!("/{}", path.display()));
        for path in [path, with_two] {
            let (_, violations) = backup::check(&Location::File(path)).unwrap();
            assert_eq!(violations, [""; 0]);
        }
    }
}
