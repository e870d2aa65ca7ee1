//! From rows back to the world, the queues and the end of the log.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::packed::unpack;
use super::{doing, timestamp, uint};
use crate::delivery::Settled;
use crate::delivery::page::Dropped;
use crate::entry::{Audience, Conversation, Entry, Posted};
use crate::id::{AccountId, ChannelId, ClientId, Seq, TokenHash, UserId};
use crate::protocol::hostmask::Hostmask;
use crate::protocol::name::{ChannelName, Hostname, Nickname, Realname, TalkName, Username};
use crate::protocol::password::PasswordHash;
use crate::store::{LoadedQueue, StoreError};
use crate::world::{
    ChannelChange, Event, Flag, Hook, Keeper, Left, List, ListEntry, Membership, Past, Topic, UserFlag, World,
};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/load/", $name, ".sql"))
    };
}

/// Builds the world from facts that would have led to it: there is no second way in which it changes.
pub(super) fn world(connection: &Connection) -> Result<World, StoreError> {
    let mut world = World::empty(next_id(connection)?);
    for (sql, facts_of) in [
        (sql!("accounts"), accounts as fn(&Row<'_>) -> rusqlite::Result<Option<Vec<Event>>>),
        (sql!("users"), users),
        (sql!("markers"), markers),
        (sql!("clients"), clients),
        (sql!("channels"), channels),
        (sql!("memberships"), memberships),
        (sql!("invitations"), invitations),
        (sql!("channel_masks"), channel_masks),
        (sql!("hooks"), hooks),
        (sql!("watches"), watches),
        (sql!("past_nicks"), past_nicks),
    ] {
        for facts in rows(connection, sql, facts_of)? {
            let facts = facts.ok_or_else(|| StoreError::Damaged(format!("a row of: {sql}")))?;
            for fact in &facts {
                world.apply(fact);
            }
        }
    }
    Ok(world)
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, StoreError> {
    let mut statement = connection.prepare(sql).map_err(doing("load"))?;
    let rows = statement.query_map([], read).and_then(Iterator::collect);
    rows.map_err(doing("load"))
}

fn user_id(row: &Row<'_>, column: usize) -> rusqlite::Result<UserId> {
    row.get(column).map(|id| UserId::new(uint(id)))
}

fn channel_id(row: &Row<'_>, column: usize) -> rusqlite::Result<ChannelId> {
    row.get(column).map(|id| ChannelId::new(uint(id)))
}

fn seq(row: &Row<'_>, column: usize) -> rusqlite::Result<Seq> {
    row.get(column).map(|seq| Seq::new(uint(seq)))
}

fn users(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let user = user_id(row, 0)?;
    let nick = Nickname::parse(&row.get::<_, String>(2)?);
    let username = Username::parse(&row.get::<_, String>(3)?);
    let realname = Realname::parse(&row.get::<_, String>(7)?);
    let (Ok(nick), Ok(username), Ok(realname)) = (nick, username, realname) else { return Ok(None) };
    let opened = Event::SessionOpened {
        user,
        uuid: Uuid::from_bytes(row.get(1)?),
        nick,
        username,
        realname,
        hostname: Hostname::restored(row.get(4)?),
        at: timestamp(row.get(6)?),
    };
    let mut facts = vec![opened, Event::AwayChanged { user, text: row.get(5)? }];
    if let Some(key) = row.get(8)? {
        facts.push(Event::KeyPublished { user, key, channel: None });
    }
    if let Some(password) = row.get::<_, Option<String>>(14)? {
        facts.push(Event::PasswordSet { user, password: PasswordHash::new(password) });
    }
    let mut changes = Vec::new();
    for (column, flag) in (9..).zip(UserFlag::ALL) {
        changes.push((flag, row.get(column)?));
    }
    facts.push(Event::UserModesChanged { user, changes });
    if let Some(account) = row.get::<_, Option<i64>>(15)? {
        facts.push(Event::AccountEntered { user, account: AccountId::new(uint(account)) });
    }
    if let Some(at) = row.get(16)? {
        facts.push(Event::SessionStayed { user, left: Left { at: timestamp(at), away: row.get(17)? } });
    }
    Ok(Some(facts))
}

fn accounts(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let account = AccountId::new(uint(row.get(0)?));
    let Ok(name) = Nickname::parse(&row.get::<_, String>(1)?) else { return Ok(None) };
    let (password, at) = (PasswordHash::new(row.get::<_, String>(2)?), timestamp(row.get(4)?));
    Ok(Some(vec![Event::AccountMade { account, name, password, signing_key: row.get(3)?, at }]))
}

fn markers(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let Ok(target) = TalkName::parse(&row.get::<_, String>(1)?) else { return Ok(None) };
    let owner = uint(row.get(0)?);
    let is_of_account: bool = row.get(3)?;
    let keeper = if is_of_account {
        Keeper::Account(AccountId::new(owner))
    } else {
        Keeper::Session(UserId::new(owner))
    };
    Ok(Some(vec![Event::MarkerSet { keeper, target, at: timestamp(row.get(2)?), instead_of: None }]))
}

fn hooks(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let Ok(name) = Nickname::parse(&row.get::<_, String>(2)?) else { return Ok(None) };
    let hook = Hook {
        id: Uuid::from_bytes(row.get(0)?),
        name,
        secret: TokenHash::new(row.get(3)?),
        made_by: row.get(4)?,
        made_at: timestamp(row.get(5)?),
    };
    Ok(Some(vec![Event::HookMade { channel: channel_id(row, 1)?, hook }]))
}

fn clients(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let Ok(address) = row.get::<_, String>(4)?.parse::<IpAddr>() else { return Ok(None) };
    let added = Event::ClientAdded {
        client: ClientId::new(uint(row.get(0)?)),
        user: user_id(row, 1)?,
        uuid: Uuid::from_bytes(row.get(2)?),
        token: TokenHash::new(row.get(3)?),
        address,
        is_connection: row.get(13)?,
        at: timestamp(row.get(5)?),
    };
    Ok(Some(vec![added]))
}

fn channels(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    // Who set a mode is told when it is set and not kept; any number serves here.
    let by = UserId::default();
    let channel = channel_id(row, 0)?;
    let Ok(name) = ChannelName::parse(&row.get::<_, String>(1)?) else { return Ok(None) };
    let topic = match (row.get(3)?, row.get::<_, Option<String>>(4)?, row.get::<_, Option<i64>>(5)?) {
        (Some(text), set_by, set_at) => Some(Topic {
            text,
            set_by: set_by.unwrap_or_default(),
            set_at: timestamp(set_at.unwrap_or_default()),
        }),
        _ => None,
    };
    let mut changes = Vec::new();
    let flags = [Flag::InviteOnly, Flag::Moderated, Flag::NoExternal, Flag::Secret, Flag::TopicLocked];
    for (column, flag) in (6..).zip(flags) {
        changes.push(ChannelChange::Flag { flag, on: row.get(column)? });
    }
    changes.push(ChannelChange::Key(row.get(11)?));
    changes.push(ChannelChange::Limit(row.get(12)?));
    changes.push(ChannelChange::HashcashBits(row.get(13)?));
    Ok(Some(vec![
        Event::ChannelCreated { channel, name, at: timestamp(row.get(2)?) },
        Event::TopicSet { channel, by, topic },
        Event::ModesChanged { channel, by, changes },
    ]))
}

fn memberships(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let membership = Membership { operator: row.get(2)?, voice: row.get(3)? };
    Ok(Some(vec![Event::Joined { channel: channel_id(row, 0)?, user: user_id(row, 1)?, membership }]))
}

fn invitations(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let by = UserId::default();
    let (channel, user) = (channel_id(row, 0)?, user_id(row, 1)?);
    Ok(Some(vec![Event::Invited { channel, user, by, passes: true }]))
}

fn channel_masks(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let by = UserId::default();
    let letter: String = row.get(1)?;
    let list = letter.chars().next().and_then(List::from_letter);
    let mask = Hostmask::parse(&row.get::<_, String>(2)?);
    let (Some(list), Some(mask)) = (list, mask) else { return Ok(None) };
    let entry = ListEntry { mask, set_by: row.get(3)?, set_at: timestamp(row.get(4)?) };
    let changes = vec![ChannelChange::Listed { list, entry }];
    Ok(Some(vec![Event::ModesChanged { channel: channel_id(row, 0)?, by, changes }]))
}

fn watches(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let Ok(nick) = Nickname::parse(&row.get::<_, String>(1)?) else { return Ok(None) };
    Ok(Some(vec![Event::WatchesChanged { user: user_id(row, 0)?, nicks: vec![nick], on: true }]))
}

fn past_nicks(row: &Row<'_>) -> rusqlite::Result<Option<Vec<Event>>> {
    let nick = Nickname::parse(&row.get::<_, String>(0)?);
    let username = Username::parse(&row.get::<_, String>(1)?);
    let realname = Realname::parse(&row.get::<_, String>(3)?);
    let (Ok(nick), Ok(username), Ok(realname)) = (nick, username, realname) else { return Ok(None) };
    let (hostname, at) = (Hostname::restored(row.get(2)?), timestamp(row.get(4)?));
    Ok(Some(vec![Event::NickLeft(Past { nick, username, hostname, realname, at })]))
}

/// The number that the next user, client or channel gets.
pub(super) fn next_id(connection: &Connection) -> Result<u64, StoreError> {
    connection.query_row(sql!("next_id"), [], |row| row.get(0).map(uint)).map_err(doing("load"))
}

/// The place of the newest entry there ever was.
pub(super) fn newest_seq(connection: &Connection) -> Result<Seq, StoreError> {
    connection.query_row(sql!("newest_seq"), [], |row| seq(row, 0)).map_err(doing("load"))
}

/// How far the server's running time had come. Before it was saved by itself, what it kept last tells.
pub(super) fn ran_until(connection: &Connection) -> Result<Option<Timestamp>, StoreError> {
    let found = connection.query_row(sql!("ran_until"), [], |row| row.get::<_, Option<i64>>(0));
    found.map(|found| found.map(timestamp)).map_err(doing("load"))
}

/// What the disk has of each queue.
pub(super) fn queues(connection: &Connection) -> Result<Vec<LoadedQueue>, StoreError> {
    rows(connection, sql!("clients"), |row| {
        let entries = uint(row.get(10)?);
        let dropped = Dropped { entries, through: seq(row, 11)?, at: timestamp(row.get(12)?) };
        Ok(LoadedQueue {
            user: user_id(row, 1)?,
            token: TokenHash::new(row.get(3)?),
            seen_at: timestamp(row.get(6)?),
            disk: Settled {
                client: ClientId::new(uint(row.get(0)?)),
                acked: seq(row, 7)?,
                settled: seq(row, 8)?,
                stored: uint(row.get(9)?),
                dropped: (entries > 0).then_some(dropped),
            },
        })
    })
}

/// The log after the checkpoint.
pub(super) fn recent(connection: &Connection) -> Result<Vec<Posted>, StoreError> {
    let entries = rows(connection, sql!("recent"), |row| {
        let one: Option<i64> = row.get(3)?;
        let many: Option<Vec<u8>> = row.get(5)?;
        let audience = match (one, many) {
            (Some(client), _) => Some(Audience::One(ClientId::new(uint(client)))),
            (None, packed) => packed
                .as_deref()
                .and_then(unpack)
                .map(|clients| Audience::Many(clients.into_iter().map(ClientId::new).collect())),
        };
        // Whose conversation it is matters when an entry is stored, which this one is; that it has one
        // matters still.
        let lasting: bool = row.get(2)?;
        let conversation = lasting.then_some(Conversation::Channel(ChannelId::default()));
        let (seq, at, line) = (seq(row, 0)?, timestamp(row.get(1)?), row.get::<_, Vec<u8>>(4)?.into());
        let entry = Arc::new(Entry { seq, at, since_ms: 0, conversation, line, wire: None });
        Ok(audience.map(|audience| Posted { audience, entry }))
    })?;
    let damaged = || StoreError::Damaged("an audience in the log".to_owned());
    entries.into_iter().map(|entry| entry.ok_or_else(damaged)).collect()
}
