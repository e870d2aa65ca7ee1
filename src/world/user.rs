//! One session.

use std::collections::BTreeSet;

use jiff::Timestamp;
use uuid::Uuid;

use crate::id::{ChannelId, ClientId, UserId};
use crate::protocol::name::{Hostname, Nickname, Username};

/// One session: a person or a bot, with all its devices.
#[derive(Clone, PartialEq, Debug)]
pub struct User {
    /// Its number, never given to another.
    pub id: UserId,
    /// Its public identity.
    pub uuid: Uuid,
    /// The nick it goes by now.
    pub nick: Nickname,
    /// The second part of its hostmask.
    pub username: Username,
    /// The third part: the address until reverse DNS has found a name.
    pub hostname: Hostname,
    /// What others are told while it is away; `None` while it is here.
    pub away: Option<String>,
    /// User mode `i`: hidden from those who share no channel with it.
    pub invisible: bool,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Its devices.
    pub clients: BTreeSet<ClientId>,
    /// Where it is a member.
    pub channels: BTreeSet<ChannelId>,
}

impl User {
    /// `nick!username@hostname`
    pub fn hostmask(&self) -> String {
        format!("{}!{}@{}", self.nick, self.username.as_str(), self.hostname.as_str())
    }
}
