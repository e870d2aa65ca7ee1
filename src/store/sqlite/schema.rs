//! The schema and its migrations, which are append-only: one that has landed is never edited.

use refinery::{Migration, Runner};
use rusqlite::Connection;

use super::doing;
use crate::store::StoreError;

/// Every migration, the oldest first.
const MIGRATIONS: [(&str, &str); 10] = [
    ("V1__first", include_str!("../../../sql/sqlite/migrations/0001_first.sql")),
    ("V2__irc", include_str!("../../../sql/sqlite/migrations/0002_irc.sql")),
    ("V3__passwords", include_str!("../../../sql/sqlite/migrations/0003_passwords.sql")),
    ("V4__connections", include_str!("../../../sql/sqlite/migrations/0004_connections.sql")),
    ("V5__filing", include_str!("../../../sql/sqlite/migrations/0005_filing.sql")),
    ("V6__sources", include_str!("../../../sql/sqlite/migrations/0006_sources.sql")),
    ("V7__hooks", include_str!("../../../sql/sqlite/migrations/0007_hooks.sql")),
    ("V8__search", include_str!("../../../sql/sqlite/migrations/0008_search.sql")),
    ("V9__accounts", include_str!("../../../sql/sqlite/migrations/0009_accounts.sql")),
    ("V10__tokens", include_str!("../../../sql/sqlite/migrations/0010_tokens.sql")),
];

/// The schema that this program knows, as `PRAGMA user_version` tells it: the number of the newest migration.
#[expect(clippy::cast_possible_wrap, reason = "there will be a few dozen migrations at most")]
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// Marks a database as one of ours: "nirc" in ASCII, in `PRAGMA application_id`.
const APPLICATION_ID: i64 = 0x6e69_7263;

/// Looks at a database without changing it. Gives the version of its schema, 0 where there is none yet.
///
/// # Errors
/// [`StoreError::Refused`] when the file belongs to another program or to a newer version of this one.
pub(super) fn inspect(connection: &Connection) -> Result<i64, StoreError> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let version = number("user_version").map_err(doing("read the version of the schema"))?;
    let application = number("application_id").map_err(doing("read the mark of the database"))?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(doing("read the schema"))?;
    if tables > 0 && application != APPLICATION_ID {
        return Err(StoreError::Refused("the database belongs to another program".to_owned()));
    }
    if version > VERSION {
        return Err(StoreError::Refused(format!(
            "the database has schema {version}, newer than {VERSION}, the newest that this program knows: \
             use the newer program, or a backup made before it ran"
        )));
    }
    Ok(version)
}

/// Brings the schema to the version that this program knows.
///
/// # Errors
/// When a migration fails; the database is then as it was.
pub(super) fn migrate(connection: &mut Connection, version: i64) -> Result<(), StoreError> {
    if version == VERSION {
        return Ok(());
    }
    // First of all, so that a start that is cut short leaves a file that the next one knows as ours.
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(doing("mark the database as ours"))?;
    let migrations = MIGRATIONS.iter().map(|(name, sql)| Migration::unapplied(name, sql));
    let migrations: Vec<_> = migrations
        .collect::<Result<_, _>>()
        .map_err(|error| StoreError::Refused(format!("a migration is misnamed: {error}")))?;
    // A table that is made anew is dropped in between, which must not take with it what belongs to its rows. Inside of the
    // transaction it is too late to say so.
    set_foreign_keys(connection, false)?;
    Runner::new(&migrations)
        .set_grouped(true)
        .run(connection)
        .map_err(|error| StoreError::Refused(format!("the schema cannot be brought up to date: {error}")))?;
    set_foreign_keys(connection, true)
}

fn set_foreign_keys(connection: &Connection, on: bool) -> Result<(), StoreError> {
    connection.pragma_update(None, "foreign_keys", on).map_err(doing("set whether foreign keys count"))
}
