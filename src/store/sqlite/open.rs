//! Opening the database: the lock, the settings of each connection, the checks before anything is served.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::lock::FileLock;
use super::read::SqliteReader;
use super::{Location, SqliteStore, doing, schema};
use crate::store::StoreError;

/// How long a statement waits for a lock that another connection holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that a connection remembers: more than there are in the program.
const STATEMENTS_MAX: usize = 128;
/// Connections that only read: reading a backlog keeps a core busy, and there is one more for histories.
const READERS: usize = 3;
/// The tables that a start reads and therefore checks. The log and the queues are as large as the past, and
/// their check is left to whoever asks for one.
const CHECKED: [&str; 6] = ["users", "clients", "channels", "memberships", "invitations", "server_state"];

impl SqliteStore {
    /// Opens the database, makes it where there is none, and brings its schema up to date.
    ///
    /// # Errors
    /// When it cannot be opened, is in use, belongs to something else, is newer than this program or damaged.
    /// Nothing is ever wiped.
    pub fn open(location: &Location) -> Result<Self, StoreError> {
        let (uri, lock) = match location {
            Location::File(path) => {
                let path = prepare_file(path)?;
                let lock = FileLock::take(&path)?;
                (file_uri(&path), Some(lock))
            }
            // A name that no other store in this process has; SQLite shares it among our connections.
            Location::Memory => (format!("file:/neoirc-{}?vfs=memdb", uuid::Uuid::new_v4()), None),
        };
        let mut connection = connect(&uri)?;
        // Somebody else's file is left as it is: nothing is written before it is known to be ours.
        let version = schema::inspect(&connection)?;
        configure_writer(&connection, lock.is_some())?;
        check_tables(&connection)?;
        copy_before_migration(&connection, location, version)?;
        schema::migrate(&mut connection, version)?;
        let readers = (0..READERS).map(|_| connect_reader(&uri)).collect::<Result<Vec<_>, _>>()?;
        let file = match location {
            Location::File(path) => Some(path.clone()),
            Location::Memory => None,
        };
        let reader = Arc::new(SqliteReader::new(file, readers));
        Ok(Self { connection, reader, gained: std::collections::HashMap::new(), _lock: lock })
    }
}

/// Makes the file and its folder where there are none. Gives the one name of the file: under another, which a
/// link may give it, a second process would not find our lock.
fn prepare_file(path: &Path) -> Result<PathBuf, StoreError> {
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

/// A path as a URI: the characters that mean something there are percent-encoded.
fn file_uri(path: &Path) -> String {
    let text = path.to_string_lossy();
    format!("file:{}", text.replace('%', "%25").replace('?', "%3f").replace('#', "%23"))
}

fn connect(uri: &str) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(uri, flags).map_err(doing("open the database"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(doing("set the busy timeout"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
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

fn connect_reader(uri: &str) -> Result<Connection, StoreError> {
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

/// Before an older schema is brought up to date, the file is copied beside itself.
fn copy_before_migration(
    connection: &Connection,
    location: &Location,
    version: i64,
) -> Result<(), StoreError> {
    let Location::File(path) = location else { return Ok(()) };
    if version == 0 || version >= schema::VERSION {
        return Ok(());
    }
    let mut copy = path.clone().into_os_string();
    copy.push(format!(".schema{version}"));
    let copy = PathBuf::from(copy);
    let _ = fs::remove_file(&copy);
    let target = copy.to_string_lossy().into_owned();
    connection
        .execute("VACUUM INTO ?1", [target])
        .map(|_| ())
        .map_err(doing("copy the database before a migration"))
}
