//! One life of a channel: its members, topic, modes and invitations.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::audience::AudienceCache;
use super::event::Rank;
use super::hook::Hook;
use super::refusal::Refusal;
use crate::id::{ChannelId, UserId};
use crate::protocol::hostmask::Hostmask;
use crate::protocol::name::ChannelName;

/// One life of a channel, from the first JOIN to the last member's leaving.
#[derive(Clone, PartialEq, Debug)]
pub struct Channel {
    /// Its number; a later channel of the same name has another.
    pub id: ChannelId,
    /// Its name as the first member spelled it.
    pub name: ChannelName,
    /// When the first member came.
    pub created_at: Timestamp,
    /// What it is about, if anybody has said so.
    pub topic: Option<Topic>,
    /// Its modes.
    pub modes: ChannelModes,
    /// Its lists of masks.
    pub lists: ChannelLists,
    /// Who is in it, with which rank.
    pub members: BTreeMap<UserId, Membership>,
    /// Who may pass `+i` and a ban once.
    pub invited: BTreeSet<UserId>,
    /// The addresses by which programs speak in it.
    pub hooks: BTreeMap<Uuid, Hook>,
    pub(super) audience: AudienceCache,
}

impl Channel {
    pub(super) fn new(id: ChannelId, name: ChannelName, created_at: Timestamp) -> Self {
        Self {
            id,
            name,
            created_at,
            topic: None,
            modes: ChannelModes { topic_locked: true, no_external: true, ..ChannelModes::default() },
            lists: ChannelLists::default(),
            members: BTreeMap::new(),
            invited: BTreeSet::new(),
            hooks: BTreeMap::new(),
            audience: AudienceCache::default(),
        }
    }

    /// # Refusals
    /// `NotOnChannel` when the user is not in it.
    pub fn member(&self, user: UserId) -> Result<Membership, Refusal> {
        self.members.get(&user).copied().ok_or_else(|| Refusal::NotOnChannel(self.name.to_string()))
    }

    /// Whether the user is in it.
    pub fn has(&self, user: UserId) -> bool {
        self.members.contains_key(&user)
    }
}

/// The text of a topic, and who set it when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic {
    /// Never empty: an empty text is no topic.
    pub text: String,
    /// The nick of whoever set it, as it was then.
    pub set_by: String,
    /// When it was set.
    pub set_at: Timestamp,
}

/// A member's rank. Both may be held at once; the higher shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Membership {
    /// `+o`, shown as `@`.
    pub operator: bool,
    /// `+v`, shown as `+`.
    pub voice: bool,
}

impl Membership {
    /// What the first member of a channel gets.
    pub const FOUNDER: Self = Self { operator: true, voice: false };

    /// The prefix of the highest rank: `@`, `+` or nothing.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self { operator: true, .. } => "@",
            Self { voice: true, .. } => "+",
            _ => "",
        }
    }

    /// The prefixes of all ranks, the highest first.
    pub const fn prefixes(self) -> &'static str {
        match self {
            Self { operator: true, voice: true } => "@+",
            _ => self.prefix(),
        }
    }

    /// Whether the member has this rank or a higher one.
    pub const fn is_at_least(self, rank: Rank) -> bool {
        match rank {
            Rank::Operator => self.operator,
            Rank::Voice => self.operator || self.voice,
        }
    }
}

/// Modes of a channel that are a letter without an argument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flag {
    /// `i`: an invitation is needed to join.
    InviteOnly,
    /// `m`: only operators and voiced members speak.
    Moderated,
    /// `n`: only members speak.
    NoExternal,
    /// `s`: hidden from those who are not in it.
    Secret,
    /// `t`: only operators set the topic.
    TopicLocked,
}

impl Flag {
    /// All of them, in the order of their letters.
    pub const ALL: [Self; 5] =
        [Self::InviteOnly, Self::Moderated, Self::NoExternal, Self::Secret, Self::TopicLocked];

    /// The letter of the mode.
    pub const fn letter(self) -> char {
        match self {
            Self::InviteOnly => 'i',
            Self::Moderated => 'm',
            Self::NoExternal => 'n',
            Self::Secret => 's',
            Self::TopicLocked => 't',
        }
    }

    /// The flag of a letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|flag| flag.letter() == letter)
    }
}

/// The modes of a channel.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "IRC's flags are independent of each other")]
pub struct ChannelModes {
    /// `+i`
    pub invite_only: bool,
    /// `+m`
    pub moderated: bool,
    /// `+n`
    pub no_external: bool,
    /// `+s`
    pub secret: bool,
    /// `+t`
    pub topic_locked: bool,
    /// `+k`: who joins must know it.
    pub key: Option<String>,
    /// `+l`: most members that may be in it.
    pub limit: Option<u32>,
    /// `+H`: bits of work that every PRIVMSG must show.
    pub hashcash_bits: Option<u8>,
}

impl ChannelModes {
    /// Whether a flag is set.
    pub const fn has(&self, flag: Flag) -> bool {
        match flag {
            Flag::InviteOnly => self.invite_only,
            Flag::Moderated => self.moderated,
            Flag::NoExternal => self.no_external,
            Flag::Secret => self.secret,
            Flag::TopicLocked => self.topic_locked,
        }
    }

    pub(crate) const fn set(&mut self, flag: Flag, on: bool) {
        match flag {
            Flag::InviteOnly => self.invite_only = on,
            Flag::Moderated => self.moderated = on,
            Flag::NoExternal => self.no_external = on,
            Flag::Secret => self.secret = on,
            Flag::TopicLocked => self.topic_locked = on,
        }
    }
}

/// A list of masks that a channel keeps.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum List {
    /// `b`: who may neither come in nor speak.
    Ban,
    /// `e`: who may all the same.
    Exception,
    /// `I`: who passes `+i`.
    InviteException,
}

impl List {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ban, Self::Exception, Self::InviteException];

    /// The letter of the mode.
    pub const fn letter(self) -> char {
        match self {
            Self::Ban => 'b',
            Self::Exception => 'e',
            Self::InviteException => 'I',
        }
    }

    /// The list of a letter.
    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.letter() == letter)
    }
}

/// A mask in a list, and who put it there when.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListEntry {
    /// Whom it names.
    pub mask: Hostmask,
    /// The nick of whoever set it, as it was then.
    pub set_by: String,
    /// When it was set.
    pub set_at: Timestamp,
}

/// The lists of a channel, by the folded text of each mask.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChannelLists {
    bans: BTreeMap<String, ListEntry>,
    exceptions: BTreeMap<String, ListEntry>,
    invite_exceptions: BTreeMap<String, ListEntry>,
}

impl ChannelLists {
    const fn of(&self, list: List) -> &BTreeMap<String, ListEntry> {
        match list {
            List::Ban => &self.bans,
            List::Exception => &self.exceptions,
            List::InviteException => &self.invite_exceptions,
        }
    }

    const fn of_mut(&mut self, list: List) -> &mut BTreeMap<String, ListEntry> {
        match list {
            List::Ban => &mut self.bans,
            List::Exception => &mut self.exceptions,
            List::InviteException => &mut self.invite_exceptions,
        }
    }

    /// Its entries, in the order of their masks.
    pub fn entries(&self, list: List) -> impl ExactSizeIterator<Item = &ListEntry> {
        self.of(list).values()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self, list: List) -> bool {
        self.of(list).is_empty()
    }

    /// The entry whose mask is the same.
    pub fn find(&self, list: List, mask: &Hostmask) -> Option<&ListEntry> {
        self.of(list).get(&mask.folded())
    }

    pub(crate) fn add(&mut self, list: List, entry: ListEntry) {
        self.of_mut(list).insert(entry.mask.folded(), entry);
    }

    pub(crate) fn remove(&mut self, list: List, mask: &Hostmask) {
        self.of_mut(list).remove(&mask.folded());
    }
}
