//! Facts: what has been decided, in the past tense, by the numbers of those concerned.
//!
//! A fact is made durable and then told. Each carries all that the store and the announcement need, so that
//! neither has to look for what was so before.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::channel::{Flag, Membership, Topic};
use crate::id::{ChannelId, ClientId, TokenHash, UserId};
use crate::protocol::message::Body;
use crate::protocol::name::{ChannelName, Hostname, Nickname, Username};

/// One fact.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the fields are the nouns of each fact")]
pub enum Event {
    /// Somebody came.
    SessionOpened {
        user: UserId,
        uuid: Uuid,
        nick: Nickname,
        username: Username,
        hostname: Hostname,
        at: Timestamp,
    },
    /// A session got one more device.
    ClientAdded {
        client: ClientId,
        user: UserId,
        uuid: Uuid,
        token: TokenHash,
        address: IpAddr,
        at: Timestamp,
    },
    /// A device was logged out; its token is invalid from now on.
    ClientRemoved { client: ClientId, token: TokenHash },
    /// A session ended, and all its memberships with it. Its clients were removed before.
    SessionEnded { user: UserId, reason: String },
    /// Reverse DNS found the name of a session's address.
    HostnameResolved { user: UserId, hostname: Hostname },
    /// A session goes by another nick.
    NickChanged { user: UserId, nick: Nickname },
    /// A session went away (with a text) or came back (without).
    AwayChanged { user: UserId, text: Option<String> },
    /// User mode `i` was set or unset.
    InvisibleChanged { user: UserId, on: bool },
    /// A channel began, with the modes `+nt`.
    ChannelCreated { channel: ChannelId, name: ChannelName, at: Timestamp },
    /// A channel's last member left.
    ChannelEnded { channel: ChannelId },
    /// A user became a member.
    Joined { channel: ChannelId, user: UserId, membership: Membership },
    /// A member left.
    Parted { channel: ChannelId, user: UserId, reason: Option<String> },
    /// A member was made to leave.
    Kicked { channel: ChannelId, user: UserId, by: UserId, reason: String },
    /// A user may pass `+i` once.
    Invited { channel: ChannelId, user: UserId, by: UserId },
    /// The topic was set, or cleared (`None`).
    TopicSet { channel: ChannelId, by: UserId, topic: Option<Topic> },
    /// Modes of a channel or ranks of its members changed.
    ModesChanged { channel: ChannelId, by: UserId, changes: Vec<ChannelChange> },
    /// Somebody said something. Changes nothing in the world; its audience is what matters.
    Said { by: UserId, target: Target, verb: Verb, body: Body, meta: Option<Box<RawValue>> },
}

/// One change of a channel's modes.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields are the nouns of each change")]
pub enum ChannelChange {
    /// A letter without an argument.
    Flag { flag: Flag, on: bool },
    /// `k`
    Key(Option<String>),
    /// `l`
    Limit(Option<u32>),
    /// `o` or `v` of a member.
    Rank { user: UserId, rank: Rank, on: bool },
}

/// A rank that a member may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rank {
    /// `o`
    Operator,
    /// `v`
    Voice,
}

/// Whom something was said to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Everybody in a channel.
    Channel(ChannelId),
    /// One user.
    User(UserId),
}

/// How something was said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// PRIVMSG
    Privmsg,
    /// NOTICE: nothing ever answers it by itself.
    Notice,
}

impl Verb {
    /// The command's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Privmsg => "PRIVMSG",
            Self::Notice => "NOTICE",
        }
    }
}
