//! From facts to rows: one statement, sometimes a few, for each event.

use jiff::Timestamp;
use rusqlite::{Connection, Params, params};

use super::{int, nanoseconds};
use crate::protocol::limits::WHOWAS_MAX;
use crate::world::{ChannelChange, Event, Flag, Hook, Rank, UserFlag};

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
        Event::SessionOpened { user, uuid, nick, username, realname, hostname, at } => {
            let (id, uuid, at) = (int(user.get()), uuid.as_bytes(), nanoseconds(*at));
            let (nick, username) = (nick.as_str(), username.as_str());
            let (realname, hostname) = (realname.as_str(), hostname.as_str());
            run(sql!("session_opened"), params![id, uuid, nick, username, realname, hostname, at])
        }
        Event::ClientAdded { client, user, uuid, token, address, is_connection, at } => {
            let (id, user, seen_at) = (int(client.get()), int(user.get()), kept_at.unwrap_or(*at));
            let (at, seen_at) = (nanoseconds(*at), nanoseconds(seen_at));
            let (uuid, token, address) = (uuid.as_bytes(), token.as_bytes(), address.to_string());
            run(sql!("client_added"), params![id, user, uuid, token, address, at, seen_at, is_connection])
        }
        Event::ClientRemoved { client, .. } => run(sql!("client_removed"), params![int(client.get())]),
        Event::SessionStayed { user, left } => {
            run(sql!("session_stayed"), params![int(user.get()), nanoseconds(left.at), left.away])
        }
        Event::AccountMade { .. }
        | Event::AccountEntered { .. }
        | Event::AccountDropped { .. }
        | Event::MarkerSet { .. } => write_account(connection, event),
        Event::SessionEnded { user, .. } => {
            run(sql!("session_ended"), params![int(user.get())])?;
            run(sql!("markers_dropped"), params![int(user.get())])?;
            run(sql!("forget"), params![int(user.get())])
        }
        Event::HostnameResolved { user, hostname } => {
            run(sql!("hostname_resolved"), params![int(user.get()), hostname.as_str()])
        }
        Event::NickChanged { user, nick } => {
            run(sql!("nick_changed"), params![int(user.get()), nick.as_str()])
        }
        Event::AwayChanged { user, text } => run(sql!("away_changed"), params![int(user.get()), text]),
        Event::UserModesChanged { .. }
        | Event::RealnameChanged { .. }
        | Event::KeyPublished { .. }
        | Event::PasswordSet { .. }
        | Event::WatchesChanged { .. } => write_user_change(connection, event),
        Event::NickLeft(past) => {
            let (nick, username) = (past.nick.as_str(), past.username.as_str());
            let (hostname, realname) = (past.hostname.as_str(), past.realname.as_str());
            run(sql!("nick_left"), params![nick, username, hostname, realname, nanoseconds(past.at)])?;
            run(sql!("nicks_forgotten"), params![int(WHOWAS_MAX as u64)])
        }
        Event::StampSpent { stamp, until } => run(sql!("stamp_spent"), params![stamp.0, nanoseconds(*until)]),
        Event::ChannelCreated { .. }
        | Event::ChannelEnded { .. }
        | Event::Joined { .. }
        | Event::Parted { .. }
        | Event::Kicked { .. }
        | Event::Invited { .. }
        | Event::TopicSet { .. }
        | Event::ModesChanged { .. } => write_channel_change(connection, event),
        Event::HookMade { channel, hook } => write_hook(connection, int(channel.get()), hook),
        Event::HookRevoked { hook, .. } => run(sql!("hook_revoked"), params![hook.as_bytes()]),
        // What was said is in the log and changes nothing else.
        Event::Said { .. } | Event::HookSpoke { .. } | Event::WallopsSent { .. } => Ok(()),
    }
}

/// Writes what changes in a channel.
fn write_channel_change(connection: &Connection, event: &Event) -> rusqlite::Result<()> {
    let run = |sql, params: &[&dyn rusqlite::ToSql]| execute(connection, sql, params);
    match event {
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
        Event::Invited { passes: false, .. } => Ok(()),
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
        _ => unreachable!("called for the events above alone"),
    }
}

/// Writes what changes of accounts and markers.
fn write_account(connection: &Connection, event: &Event) -> rusqlite::Result<()> {
    let run = |sql, params: &[&dyn rusqlite::ToSql]| execute(connection, sql, params);
    match event {
        Event::AccountMade { account, name, password, signing_key, at } => {
            let (id, name, at) = (int(account.get()), name.as_str(), nanoseconds(*at));
            run(sql!("account_made"), params![id, name, password.reveal(), signing_key, at])
        }
        Event::AccountEntered { user, account } => {
            let (user, account) = (int(user.get()), int(account.get()));
            run(sql!("account_entered"), params![user, account])?;
            run(sql!("account_key"), params![user])?;
            run(sql!("markers_moved"), params![user, account])?;
            run(sql!("markers_dropped"), params![user])
        }
        Event::AccountDropped { account, session } => {
            let account = int(account.get());
            if let Some(user) = session {
                run(sql!("markers_moved"), params![account, int(user.get())])?;
            }
            run(sql!("markers_dropped"), params![account])?;
            run(sql!("account_left"), params![account])?;
            run(sql!("account_dropped"), params![account])
        }
        Event::MarkerSet { keeper, target, at, instead_of } => {
            let keeper = int(keeper.number());
            if let Some(target) = instead_of {
                run(sql!("marker_forgotten"), params![keeper, target.as_str()])?;
            }
            run(sql!("marker_set"), params![keeper, target.as_str(), nanoseconds(*at)])
        }
        _ => unreachable!("called for the events above alone"),
    }
}

fn write_hook(connection: &Connection, channel: i64, hook: &Hook) -> rusqlite::Result<()> {
    let (id, secret, at) = (hook.id.as_bytes(), hook.secret.as_bytes(), nanoseconds(hook.made_at));
    execute(connection, sql!("hook_made"), params![id, channel, hook.name.as_str(), secret, hook.made_by, at])
}

/// Writes what a user changes about itself.
fn write_user_change(connection: &Connection, event: &Event) -> rusqlite::Result<()> {
    let run = |sql, params: &[&dyn rusqlite::ToSql]| execute(connection, sql, params);
    match event {
        Event::UserModesChanged { user, changes } => {
            let column = |of| changes.iter().rev().find(|(flag, _)| *flag == of).map(|(_, on)| *on);
            let [bot, stays, invisible, operator, wallops] = UserFlag::ALL.map(column);
            let user = int(user.get());
            run(sql!("user_modes_changed"), params![user, bot, stays, invisible, operator, wallops])
        }
        Event::RealnameChanged { user, realname } => {
            run(sql!("realname_changed"), params![int(user.get()), realname.as_str()])
        }
        Event::KeyPublished { user, key, .. } => {
            run(sql!("key_published"), params![int(user.get()), key])?;
            run(sql!("account_key"), params![int(user.get())])
        }
        Event::PasswordSet { user, password } => {
            run(sql!("password_set"), params![int(user.get()), password.reveal()])?;
            run(sql!("account_password"), params![int(user.get())])
        }
        Event::WatchesChanged { user, nicks, on } => {
            let sql = if *on { sql!("watched") } else { sql!("unwatched") };
            nicks.iter().try_for_each(|nick| run(sql, params![int(user.get()), nick.as_str()]))
        }
        _ => unreachable!("called for the events above alone"),
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
        ChannelChange::HashcashBits(bits) => {
            execute(connection, sql!("hashcash_bits_changed"), params![channel, bits])
        }
        ChannelChange::Listed { list, entry } => {
            let (list, mask, at) =
                (list.letter().to_string(), entry.mask.as_str(), nanoseconds(entry.set_at));
            execute(connection, sql!("listed"), params![channel, list, mask, entry.set_by, at])
        }
        ChannelChange::Unlisted { list, mask } => {
            let list = list.letter().to_string();
            execute(connection, sql!("unlisted"), params![channel, list, mask.as_str()])
        }
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
