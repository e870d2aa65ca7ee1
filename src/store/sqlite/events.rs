//! From facts to rows: one statement, sometimes a few, for each event.

use jiff::Timestamp;
use rusqlite::{Connection, Params, params};

use super::{int, nanoseconds};
use crate::world::{ChannelChange, Event, Flag, Rank};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/event/", $name, ".sql"))
    };
}

/// Writes what a fact changes. `kept_at` is the moment in running time.
pub(super) fn write(
    connection: &Connection,
    event: &Event,
    kept_at: Option<Timestamp>,
) -> rusqlite::Result<()> {
    let run = |sql, params: &[&dyn rusqlite::ToSql]| execute(connection, sql, params);
    match event {
        Event::SessionOpened { user, uuid, nick, username, hostname, at } => {
            let (id, uuid, at) = (int(user.get()), uuid.as_bytes(), nanoseconds(*at));
            run(
                sql!("session_opened"),
                params![id, uuid, nick.as_str(), username.as_str(), hostname.as_str(), at],
            )
        }
        Event::ClientAdded { client, user, uuid, token, address, at } => {
            let (id, user, seen_at) = (int(client.get()), int(user.get()), kept_at.unwrap_or(*at));
            let (at, seen_at) = (nanoseconds(*at), nanoseconds(seen_at));
            let (uuid, token, address) = (uuid.as_bytes(), token.as_bytes(), address.to_string());
            run(sql!("client_added"), params![id, user, uuid, token, address, at, seen_at])
        }
        Event::ClientRemoved { client, .. } => run(sql!("client_removed"), params![int(client.get())]),
        Event::SessionEnded { user, .. } => {
            run(sql!("session_ended"), params![int(user.get())])?;
            run(sql!("forget"), params![int(user.get())])
        }
        Event::HostnameResolved { user, hostname } => {
            run(sql!("hostname_resolved"), params![int(user.get()), hostname.as_str()])
        }
        Event::NickChanged { user, nick } => {
            run(sql!("nick_changed"), params![int(user.get()), nick.as_str()])
        }
        Event::AwayChanged { user, text } => run(sql!("away_changed"), params![int(user.get()), text]),
        Event::InvisibleChanged { user, on } => run(sql!("invisible_changed"), params![int(user.get()), on]),
        Event::ChannelCreated { channel, name, at } => {
            run(sql!("channel_created"), params![int(channel.get()), name.as_str(), nanoseconds(*at)])
        }
        Event::ChannelEnded { channel } => {
            run(sql!("channel_ended"), params![int(channel.get())])?;
            run(sql!("forget"), params![int(channel.get())])
        }
        Event::Joined { channel, user, membership } => {
            let (channel, user) = (int(channel.get()), int(user.get()));
            run(sql!("joined"), params![channel, user, membership.operator, membership.voice])?;
            run(sql!("invitation_used"), params![channel, user])
        }
        Event::Parted { channel, user, .. } | Event::Kicked { channel, user, .. } => {
            run(sql!("parted"), params![int(channel.get()), int(user.get())])
        }
        Event::Invited { channel, user, .. } => {
            run(sql!("invited"), params![int(channel.get()), int(user.get())])
        }
        Event::TopicSet { channel, topic, .. } => {
            let text = topic.as_ref().map(|topic| &topic.text);
            let by = topic.as_ref().map(|topic| &topic.set_by);
            let at = topic.as_ref().map(|topic| nanoseconds(topic.set_at));
            run(sql!("topic_set"), params![int(channel.get()), text, by, at])
        }
        Event::ModesChanged { channel, changes, .. } => {
            changes.iter().try_for_each(|change| write_change(connection, int(channel.get()), change))
        }
        // What was said is in the log and changes nothing else.
        Event::Said { .. } => Ok(()),
    }
}

fn write_change(connection: &Connection, channel: i64, change: &ChannelChange) -> rusqlite::Result<()> {
    match change {
        ChannelChange::Flag { flag, on } => {
            let column = |of| (*flag == of).then_some(*on);
            let flags = params![
                channel,
                column(Flag::InviteOnly),
                column(Flag::Moderated),
                column(Flag::NoExternal),
                column(Flag::Secret),
                column(Flag::TopicLocked),
            ];
            execute(connection, sql!("modes_changed"), flags)
        }
        ChannelChange::Key(key) => execute(connection, sql!("key_changed"), params![channel, key]),
        ChannelChange::Limit(limit) => execute(connection, sql!("limit_changed"), params![channel, limit]),
        ChannelChange::Rank { user, rank, on } => {
            let sql = match rank {
                Rank::Operator => sql!("operator_changed"),
                Rank::Voice => sql!("voice_changed"),
            };
            execute(connection, sql, params![channel, int(user.get()), on])
        }
    }
}

fn execute(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute(params).map(|_| ())
}
