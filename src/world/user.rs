//! One session.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::account::Markers;
use crate::id::{AccountId, ChannelId, ClientId, UserId};
use crate::protocol::isupport::BOT_LETTER;
use crate::protocol::name::{Hostname, Nickname, Realname, Username};
use crate::protocol::password::PasswordHash;

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
    /// What WHOIS and WHO show beside the nick; the username until it is set.
    pub realname: Realname,
    /// What others are told while it is away; `None` while it is here.
    pub away: Option<String>,
    /// Its user modes.
    pub modes: UserModes,
    /// The public key that it signs with, in base64; `None` until it has published one.
    pub signing_key: Option<String>,
    /// What is kept of its password, by which other devices come in; `None` until it has set one.
    pub password: Option<PasswordHash>,
    /// Its account; `None` where it ends with its session.
    pub account: Option<AccountId>,
    /// How far it has read where; its account has that, where there is one.
    pub markers: Markers,
    /// How it was left when its last device went, the last time that it stayed.
    pub left: Option<Left>,
    /// The nicks that it watches with MONITOR.
    pub watches: HashSet<Nickname>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Its devices.
    pub clients: BTreeSet<ClientId>,
    /// Where it is a member.
    pub channels: BTreeSet<ChannelId>,
    /// Where it is invited to and has not come in yet.
    pub invited_to: BTreeSet<ChannelId>,
}

/// A session that stays without a device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// Since when, in running time.
    pub at: Timestamp,
    /// What is said of it meanwhile; `None` where it had said something itself, or nothing is said.
    pub away: Option<String>,
}

impl User {
    /// `nick!username@hostname`
    pub fn hostmask(&self) -> String {
        hostmask(&self.nick, &self.username, &self.hostname)
    }
}

/// `nick!username@hostname` of somebody who is not known to the world yet, or not under this nick.
pub fn hostmask(nick: &Nickname, username: &Username, hostname: &Hostname) -> String {
    // Made for everything that anybody says: as long as it is to be from the beginning.
    [nick.as_str(), "!", username.as_str(), "@", hostname.as_str()].concat()
}

/// Modes of a user; each is a letter without an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum UserFlag {
    /// `B`: it is a bot, and says so.
    Bot,
    /// `S`: the session of an account stays when its last device goes.
    Stays,
    /// `i`: hidden from those who share no channel with it.
    Invisible,
    /// `o`: an operator of the server.
    Operator,
    /// `w`: hears WALLOPS.
    Wallops,
}

impl UserFlag {
    /// All of them, in the order of their letters.
    pub const ALL: [Self; 5] = [Self::Bot, Self::Stays, Self::Invisible, Self::Operator, Self::Wallops];

    /// The letter of the mode.
    pub const fn letter(self) -> char {
        match self {
            Self::Bot => BOT_LETTER,
            Self::Stays => 'S',
            Self::Invisible => 'i',
            Self::Operator => 'o',
            Self::Wallops => 'w',
        }
    }

    /// The flag of a letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.letter() == letter)
    }
}

/// The modes of a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "IRC's flags are independent of each other")]
pub struct UserModes {
    /// `+B`
    pub bot: bool,
    /// `+S`
    pub stays: bool,
    /// `+i`
    pub invisible: bool,
    /// `+o`
    pub operator: bool,
    /// `+w`
    pub wallops: bool,
}

impl UserModes {
    /// Whether a flag is set.
    pub const fn has(&self, flag: UserFlag) -> bool {
        match flag {
            UserFlag::Bot => self.bot,
            UserFlag::Stays => self.stays,
            UserFlag::Invisible => self.invisible,
            UserFlag::Operator => self.operator,
            UserFlag::Wallops => self.wallops,
        }
    }

    pub(crate) const fn set(&mut self, flag: UserFlag, on: bool) {
        match flag {
            UserFlag::Bot => self.bot = on,
            UserFlag::Stays => self.stays = on,
            UserFlag::Invisible => self.invisible = on,
            UserFlag::Operator => self.operator = on,
            UserFlag::Wallops => self.wallops = on,
        }
    }
}
