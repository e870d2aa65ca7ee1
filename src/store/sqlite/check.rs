//! The laws of a database: what is so in every one that the server wrote, between any two commits.
//!
//! Each law is a statement in `sql/sqlite/check/` that finds what breaks it, in words. `neoircd check` tells an
//! operator; a backup is held against them before anybody relies on it; the model test holds every step against
//! them.

use std::net::IpAddr;

use rusqlite::{Connection, Params, Row};

use super::queues::Run;
use super::{SqliteStore, doing, int, load, schema, uint};
use crate::protocol::hostmask::Hostmask;
use crate::protocol::name::{ChannelName, Nickname, Realname, TalkName, Username};
use crate::store::StoreError;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/check/", $name, ".sql"))
    };
}

/// Violations of one law that are told one by one: who has more has one cause and needs no longer list.
const TOLD_MAX: usize = 20;

/// The laws that a statement alone can judge.
const LAWS: [&str; 16] = [
    sql!("state"),
    sql!("identities"),
    sql!("memberships"),
    sql!("empty_channels"),
    sql!("deviceless"),
    sql!("next_id"),
    sql!("pruned"),
    sql!("stored_entries"),
    sql!("history"),
    sql!("direct"),
    sql!("held"),
    sql!("audiences"),
    sql!("unfiled"),
    sql!("hooks"),
    sql!("accounts"),
    sql!("lines"),
];

/// What is in a database.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Sessions.
    pub sessions: u64,
    /// Their clients.
    pub clients: u64,
    /// Channels.
    pub channels: u64,
    /// Rows of the log.
    pub messages: u64,
    /// When the newest of them was said.
    pub newest_at: Option<String>,
    /// The version of its schema.
    pub schema: i64,
}

impl Summary {
    /// Of a database that cannot be counted.
    pub(super) const fn unknown(schema: i64) -> Self {
        Self { sessions: 0, clients: 0, channels: 0, messages: 0, newest_at: None, schema }
    }
}

impl SqliteStore {
    /// Holds the database against its laws. Gives what breaks them, in words.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub fn check(&self) -> Result<Vec<String>, StoreError> {
        violations(&self.connection)
    }
}

/// What breaks the laws. All of it is seen at one moment, whatever is written meanwhile. In a database of an older
/// schema, laws about what is not there yet are passed over.
pub(super) fn violations(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let moment = connection.unchecked_transaction().map_err(doing("begin a check"))?;
    let damage = pages(&moment);
    if !damage.is_empty() {
        // What the laws would find in damaged pages is noise.
        return Ok(damage);
    }
    let is_old = schema::inspect(&moment)? < schema::VERSION;
    let mut found = Vec::new();
    let orphans = |row: &Row<'_>| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
        Ok(format!("a row of {table} names a row of {parent} that is missing"))
    };
    tell(&moment, "PRAGMA foreign_key_check", [], orphans, &mut found)?;
    for law in LAWS {
        if is_old && moment.prepare(law).is_err() {
            continue;
        }
        tell(&moment, law, [], |row| row.get(0), &mut found)?;
    }
    if found.is_empty() {
        let newest = load::newest_seq(&moment)?;
        tell(&moment, sql!("cursors"), [int(newest.get())], |row| row.get(0), &mut found)?;
        runs(&moment, &mut found).map_err(doing("check the queues"))?;
    }
    if !is_old {
        names(&moment, &mut found).map_err(doing("check the names"))?;
    }
    if found.is_empty()
        && !is_old
        && let Err(error) = loads(&moment)
    {
        // Whatever no law has a word for, and a start would stumble over.
        found.push(error.to_string());
    }
    Ok(found)
}

/// Whether a start would find what it reads.
fn loads(connection: &Connection) -> Result<(), StoreError> {
    load::world(connection)?;
    load::queues(connection)?;
    load::recent(connection).map(drop)
}

/// Whether the pages of the file are whole.
fn pages(connection: &Connection) -> Vec<String> {
    let verdict = connection.prepare("PRAGMA integrity_check").and_then(|mut statement| {
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<Result<Vec<_>, _>>()
    });
    match verdict {
        Ok(verdict) => verdict.into_iter().filter(|line| line != "ok").take(TOLD_MAX).collect(),
        // So damaged that even the check breaks off.
        Err(error) => vec![error.to_string()],
    }
}

fn tell(
    connection: &Connection,
    law: &str,
    params: impl Params,
    words: impl FnMut(&Row<'_>) -> rusqlite::Result<String>,
    found: &mut Vec<String>,
) -> Result<(), StoreError> {
    let told = connection.prepare(law).and_then(|mut statement| {
        let rows = statement.query_map(params, words)?;
        rows.take(TOLD_MAX).collect::<Result<Vec<_>, _>>()
    });
    found.extend(told.map_err(doing("check the laws"))?);
    Ok(())
}

/// A run is what it says of itself, and the log has everything that it names.
fn runs(connection: &Connection, found: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut runs = connection.prepare(sql!("runs"))?;
    let mut log_row = connection.prepare(sql!("log_row"))?;
    let mut rows = runs.query([])?;
    while let Some(row) = rows.next()? {
        let (client, run): (i64, Run) = (row.get(0)?, Run::from_row(row, 1)?);
        let seqs = run.seqs();
        if seqs.is_none() {
            let Run { first, last, .. } = run;
            found.push(format!("client {client}: the run from {first} to {last} is damaged"));
        }
        for seq in seqs.unwrap_or_default() {
            if !log_row.query_row([int(seq)], |row| row.get::<_, bool>(0))? {
                found.push(format!("client {client}: message {seq} of its queue is not in the log"));
            }
            if found.len() >= TOLD_MAX {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Every name is one that the server would give.
fn names(connection: &Connection, found: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut names = connection.prepare(sql!("names"))?;
    let mut rows = names.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
        let good = match kind.as_str() {
            "username" => Username::parse(&name).is_ok(),
            "realname" => Realname::parse(&name).is_ok(),
            "mask" => Hostmask::parse(&name).is_some(),
            "channel or nick" => TalkName::parse(&name).is_ok(),
            "channel" => ChannelName::parse(&name).is_ok(),
            "address" => name.parse::<IpAddr>().is_ok(),
            _ => Nickname::parse(&name).is_ok(),
        };
        if !good && found.len() < TOLD_MAX {
            found.push(format!("{name:?} is no {kind}"));
        }
    }
    Ok(())
}

/// What is in a database.
pub(super) fn summary(connection: &Connection, schema: i64) -> Result<Summary, StoreError> {
    let summary = connection.query_row(sql!("summary"), [], |row| {
        let count = |column| row.get(column).map(uint);
        Ok(Summary {
            sessions: count(0)?,
            clients: count(1)?,
            channels: count(2)?,
            messages: count(3)?,
            newest_at: row.get(4)?,
            schema,
        })
    });
    summary.map_err(doing("count what there is"))
}
