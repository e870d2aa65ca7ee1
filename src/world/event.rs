//! Facts: what has been decided, in the past tense, by the numbers of those concerned.
//!
//! A fact is made durable and then told. Each carries all that the store and the announcement need, so that
//! neither has to look for what was so before.

use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::account::Keeper;
use super::channel::{Flag, List, ListEntry, Membership, Topic};
use super::hook::Hook;
use super::past::Past;
use super::user::{Left, UserFlag};
use crate::id::{AccountId, ChannelId, ClientId, TokenHash, UserId};
use crate::protocol::hostmask::Hostmask;
use crate::protocol::message::Body;
use crate::protocol::name::{ChannelName, Hostname, Nickname, Realname, TalkName, Username};
use crate::protocol::password::PasswordHash;
use crate::protocol::stamp::StampHash;

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
        realname: Realname,
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
        is_connection: bool,
        at: Timestamp,
    },
    /// A device was logged out; its token is invalid from now on.
    ClientRemoved { client: ClientId, token: TokenHash },
    /// A session ended, and all its memberships with it. Its clients were removed before.
    SessionEnded { user: UserId, reason: String },
    /// A session stays though its last device has gone.
    SessionStayed { user: UserId, left: Left },
    /// Somebody has an account from now on, which keeps a nick for it.
    AccountMade {
        account: AccountId,
        name: Nickname,
        password: PasswordHash,
        signing_key: Option<String>,
        at: Timestamp,
    },
    /// A session is that of an account from now on.
    AccountEntered { user: UserId, account: AccountId },
    /// An account is no more. Its session, where it had one, goes on without.
    AccountDropped { account: AccountId, session: Option<UserId> },
    /// A session has read up to a time; where there were too many markers, one gave way.
    MarkerSet { keeper: Keeper, target: TalkName, at: Timestamp, instead_of: Option<TalkName> },
    /// Reverse DNS found the name of a session's address.
    HostnameResolved { user: UserId, hostname: Hostname },
    /// A session goes by another nick.
    NickChanged { user: UserId, nick: Nickname },
    /// A session went away (with a text) or came back (without).
    AwayChanged { user: UserId, text: Option<String> },
    /// Modes of a user changed.
    UserModesChanged { user: UserId, changes: Vec<(UserFlag, bool)> },
    /// A session goes by another realname.
    RealnameChanged { user: UserId, realname: Realname },
    /// A session published the key that it signs with: to a channel, or to everybody who shares one with it.
    KeyPublished { user: UserId, key: String, channel: Option<ChannelId> },
    /// A session set the password by which other devices come in.
    PasswordSet { user: UserId, password: PasswordHash },
    /// A session watches these nicks, too, or no longer.
    WatchesChanged { user: UserId, nicks: Vec<Nickname>, on: bool },
    /// Somebody gave up a nick, for WHOWAS.
    NickLeft(Past),
    /// A stamp was spent on something in the same batch; nobody may spend it again until then.
    StampSpent { stamp: StampHash, until: Timestamp },
    /// An operator spoke to all who hear WALLOPS.
    WallopsSent { by: UserId, text: String },
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
    /// A user was asked to come in. Where an operator asked, it may pass `+i` and a ban once (`passes`).
    Invited { channel: ChannelId, user: UserId, by: UserId, passes: bool },
    /// The topic was set, or cleared (`None`).
    TopicSet { channel: ChannelId, by: UserId, topic: Option<Topic> },
    /// Modes of a channel or ranks of its members changed.
    ModesChanged { channel: ChannelId, by: UserId, changes: Vec<ChannelChange> },
    /// A channel got an address by which programs speak in it.
    HookMade { channel: ChannelId, hook: Hook },
    /// That address is good for nothing any more.
    HookRevoked { channel: ChannelId, hook: Uuid },
    /// A program said something through a hook. Changes nothing in the world, as below.
    HookSpoke { channel: ChannelId, name: Nickname, body: Body },
    /// Somebody said something. Changes nothing in the world; its audience is what matters.
    Said { by: UserId, target: Target, verb: Verb, body: Option<Body>, meta: Option<Box<RawValue>> },
}

/// One change of a channel's modes.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the fields are the nouns of each change")]
pub enum ChannelChange {
    /// A letter without an argument.
    Flag {
        flag: Flag,
        on: bool,
    },
    /// `k`
    Key(Option<String>),
    /// `l`
    Limit(Option<u32>),
    /// `H`
    HashcashBits(Option<u8>),
    /// `b`, `e` or `I`: a mask with its setter, or the mask that goes.
    Listed {
        list: List,
        entry: ListEntry,
    },
    Unlisted {
        list: List,
        mask: Hostmask,
    },
    /// `o` or `v` of a member.
    Rank {
        user: UserId,
        rank: Rank,
        on: bool,
    },
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
    /// Those in a channel who have this rank or a higher one.
    Ranked(ChannelId, Rank),
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
    /// TAGMSG: nothing but `meta`.
    Tagmsg,
}

impl Verb {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Privmsg, Self::Notice, Self::Tagmsg];

    /// The command's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Privmsg => "PRIVMSG",
            Self::Notice => "NOTICE",
            Self::Tagmsg => "TAGMSG",
        }
    }
}

impl Rank {
    /// The prefix that shows it.
    pub const fn prefix(self) -> char {
        match self {
            Self::Operator => '@',
            Self::Voice => '+',
        }
    }
}
