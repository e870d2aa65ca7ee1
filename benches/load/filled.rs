//! Databases that are filled without a server: what would take one an hour, or fifty million deliveries.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use anyhow::Result;
use neoirc::auth::token::Token;
use neoirc::entry::{Audience, Conversation, Entry, Posted};
use neoirc::id::{ChannelId, ClientId, Seq, UserId};
use neoirc::protocol::name::{ChannelName, Hostname, Nickname, Realname, Username};
use neoirc::store::sqlite::{Location, SqliteStore};
use neoirc::store::{Batch, Store};
use neoirc::world::{Event, Membership, World};
use uuid::Uuid;

use crate::crowd::Account;
use crate::server::Folder;

/// Events, and messages, in one commit.
const EVENTS_PER_BATCH: usize = 3_000;
const MESSAGES_PER_BATCH: u64 = 8_000;
/// About what a message of 64 bytes takes in the log.
const LINE_BYTES: usize = 260;
/// Whoever was filled in has asked for nothing since, and is to stay all the same; so are the messages.
pub(crate) const SETTINGS: [(&str, &str); 2] = [("SESSION_IDLE_TIMEOUT", "0"), ("MAX_HISTORY", "0")];

/// A channel with members, who have nothing to read.
pub(crate) fn members(folder: &Folder, channel: &str, members: usize) -> Result<Vec<Account>> {
    let mut store = SqliteStore::open(&Location::File(folder.path().join("neoirc.db")))?;
    let mut world = World::empty(1);
    let at = "2026-01-01T00:00:00Z".parse()?;
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let name = ChannelName::parse(channel)?;
    let channel = ChannelId::new(1);
    let mut events = vec![Event::ChannelCreated { channel, name, at }];
    let mut accounts = Vec::with_capacity(members);
    for number in 0..u64::try_from(members)? {
        let (user, client) = (UserId::new(2 + 2 * number), ClientId::new(3 + 2 * number));
        let username = Username::parse("member")?;
        let (nick, token) = (format!("member{number}"), Token::random());
        events.push(Event::SessionOpened {
            user,
            uuid: Uuid::from_u128(u128::from(user.get())),
            nick: Nickname::parse(&nick)?,
            realname: Realname::from(&username),
            username,
            hostname: Hostname::from_address(address),
            at,
        });
        let (uuid, hash) = (Uuid::from_u128(u128::from(client.get())), token.hash());
        events.push(Event::ClientAdded {
            client,
            user,
            uuid,
            token: hash,
            address,
            is_connection: false,
            at,
        });
        events.push(Event::Joined { channel, user, membership: Membership::default() });
        accounts.push(Account { nick, cookie: token.reveal().to_owned(), after: 0 });
    }
    for part in events.chunks(EVENTS_PER_BATCH) {
        for event in part {
            world.apply(event);
        }
        let next_id = Some(world.next_id());
        store.commit(&Batch { events: part.to_vec(), next_id, ..Batch::default() })?;
    }
    Ok(accounts)
}

/// So many messages of the past, in the history of the one channel of [`members`].
pub(crate) fn messages(folder: &Folder, messages: u64) -> Result<()> {
    let mut store = SqliteStore::open(&Location::File(folder.path().join("neoirc.db")))?;
    let conversation = Some(Conversation::Channel(ChannelId::new(1)));
    let at = "2026-01-01T00:00:00Z".parse()?;
    let line: bytes::Bytes = format!("{{{:>width$}}}", "", width = LINE_BYTES).into();
    let mut written = 0;
    while written < messages {
        let count = MESSAGES_PER_BATCH.min(messages - written);
        let entry = |number| {
            let (seq, line) = (Seq::new(written + 1 + number), line.clone());
            let entry = Arc::new(Entry { seq, at, since_ms: 0, conversation, line, wire: None });
            Posted { audience: Audience::nobody(), entry }
        };
        let entries = (0..count).map(entry).collect();
        written += count;
        let checkpoint = Some(Seq::new(written));
        store.commit(&Batch { entries, checkpoint, ..Batch::default() })?;
    }
    Ok(())
}
