//! One row of the log: a message with its place in the order and its time; and those who are to hear it.
//!
//! An entry is made once by the writer, stored once, and shared by every queue it stands in; its JSON text
//! is never made again.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use jiff::Timestamp;
use uuid::Uuid;

use crate::id::{ChannelId, ClientId, Seq, UserId};

/// The clients an entry is for, in ascending order without repeats.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Audience {
    /// The answer to one client.
    One(ClientId),
    /// Everybody who witnesses a fact. Shared: a channel's audience changes seldom and is sent often.
    Many(Arc<[ClientId]>),
}

impl Audience {
    /// An audience from clients in any order, with repeats.
    pub fn of(mut clients: Vec<ClientId>) -> Self {
        clients.sort_unstable();
        clients.dedup();
        Self::Many(clients.into())
    }

    /// Nobody.
    pub fn nobody() -> Self {
        Self::Many(Arc::new([]))
    }

    /// The clients, ascending.
    pub fn clients(&self) -> &[ClientId] {
        match self {
            Self::One(client) => std::slice::from_ref(client),
            Self::Many(clients) => clients,
        }
    }
}

/// The talk that a message belongs to, by the numbers of those who talk and never by their names.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Conversation {
    /// What was said in one life of a channel.
    Channel(ChannelId),
    /// What two sessions said to each other.
    Direct(UserId, UserId),
    /// What happened in one life of a channel beside talk: who came and went, its modes, its topic.
    Happenings(ChannelId),
}

/// One row of the log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its place in the order.
    pub seq: Seq,
    /// When the writer decided it; never used for order.
    pub at: Timestamp,
    /// The same moment on the server's monotonic clock, in milliseconds: how long it stays in memory goes by
    /// that. After a restart, the moment of the start.
    pub since_ms: u64,
    /// The talk whose history shows it; `None` for what no history shows.
    pub conversation: Option<Conversation>,
    /// The message as JSON, as every recipient gets it.
    pub line: Bytes,
    /// What connections need besides; `None` for what the server says while there are none.
    pub wire: Option<Arc<Wire>>,
}

impl Entry {
    /// What it takes in memory, in bytes: nearly all of it, or a little more.
    pub fn bytes(&self) -> usize {
        let wire = self.wire.as_deref().map_or(0, |wire| wire.bytes(self.line.len()));
        self.line.len() + size_of::<Self>() + wire
    }
}

/// What connections need of an entry beside its JSON text. All but the lines is kept on disk with the entry.
#[derive(Debug, Default)]
pub struct Wire {
    /// `nick!user@host` of whoever brought it about; `None` for what the server itself says.
    pub source: Option<Box<str>>,
    /// The account of that, where it has one.
    pub account: Option<Box<str>>,
    /// Its realname, where it came into a channel by this.
    pub realname: Option<Box<str>>,
    /// Whether that is a bot.
    pub is_bot: bool,
    /// Whether it is for those who watch a nick and share no channel with whoever has it.
    pub is_for_watchers: bool,
    /// The device whose request brought it about.
    pub by: Option<ClientId>,
    /// Whether there were connections when it was made, so that its lines are likely to be.
    pub is_awaited: bool,
    /// The entry as lines of IRC: made by the first connection that sends it, for all of them.
    pub lines: OnceLock<Box<WireLines>>,
}

impl Wire {
    /// The same for another entry that was brought about by the same.
    #[must_use]
    pub fn again(&self, is_for_watchers: bool) -> Self {
        let (source, account, realname) = (self.source.clone(), self.account.clone(), None);
        let (is_bot, by, is_awaited, lines) = (self.is_bot, self.by, self.is_awaited, OnceLock::new());
        Self { source, account, realname, is_bot, is_for_watchers, by, is_awaited, lines }
    }

    /// What it takes in memory beside an entry whose JSON text is so long. Lines are about as long as that.
    fn bytes(&self, json_bytes: usize) -> usize {
        let lines = if self.is_awaited { json_bytes + size_of::<WireLines>() } else { 0 };
        let texts = [&self.source, &self.account, &self.realname];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        size_of::<Self>() + texts + lines
    }
}

/// An entry as lines of IRC. Which of its tags a connection gets is its own affair, so they stand apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WireLines {
    /// The command, or the digits of a numeric.
    pub command: Box<str>,
    /// The channel or nick that it is for.
    pub to: Box<str>,
    /// The lines with their ends, without tags.
    pub lines: Vec<Box<str>>,
    /// The line with account and realname, for those who asked for that; none for what is no JOIN.
    pub extended: Option<Box<str>>,
    /// All of it as one batch for those who take several lines for one message, its first line without tags; `None`
    /// where there is only one.
    pub batch: Option<Box<str>>,
    /// The value of the tag `time`.
    pub time: Box<str>,
    /// The value of the tag `msgid`.
    pub id: Box<str>,
    /// The sender's own tags, ready to be sent; empty where there are none.
    pub tags: Box<str>,
}

impl WireLines {
    /// Whether somebody says something by it.
    pub fn is_message(&self) -> bool {
        matches!(&*self.command, "PRIVMSG" | "NOTICE" | "TAGMSG")
    }

    /// Whether it is for a channel, or some of it.
    pub fn is_to_channel(&self) -> bool {
        self.to.trim_start_matches(['@', '+']).starts_with('#')
    }
}

/// An entry with those who are to hear it. Once it stands in their queues nobody asks who they were, so the
/// list, which for a large channel is longer than the message, does not live as long as the entry.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Who is to hear it.
    pub audience: Audience,
    /// What they are to hear.
    pub entry: Arc<Entry>,
}

/// The lowest 48 bits of a message's id.
const SEQ_BITS: u128 = (1 << 48) - 1;

/// Makes the id, a `UUIDv7`, of the message at `seq`: the time in milliseconds, 26 bits of `noise`, and the position
/// in the last group, so that a message is found by its id without an index.
/// Source: RFC 9562 §5.7, with the counter of §6.2 in `rand_b`.
pub fn message_id(at: Timestamp, seq: Seq, noise: u32) -> Uuid {
    let ms = u128::try_from(at.as_millisecond()).unwrap_or(0) & SEQ_BITS;
    let noise = u128::from(noise);
    let rand_a = noise & 0xfff;
    let rand_b = (noise >> 12) & 0x3fff;
    let bits = (ms << 80)
        | (0x7 << 76)
        | (rand_a << 64)
        | (0b10 << 62)
        | (rand_b << 48)
        | (u128::from(seq.get()) & SEQ_BITS);
    Uuid::from_u128(bits)
}

/// The position that a message's id names. An id that no message has names some position all the same: a page
/// of history before it begins there, and shows nothing that its reader may not see.
pub fn seq_of_message_id(id: Uuid) -> Seq {
    Seq::new(u64::try_from(id.as_u128() & SEQ_BITS).expect("48 bits fit into 64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_a_uuid_of_version_7_and_carries_its_position() {
        let at = Timestamp::from_millisecond(1_790_000_000_123).unwrap();
        let id = message_id(at, Seq::new(0x1234_5678), u32::MAX);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(seq_of_message_id(id), Seq::new(0x1234_5678));
        assert!(id.to_string().ends_with("-000012345678"), "{id}");
    }

    #[test]
    fn an_audience_is_sorted_and_without_repeats() {
        let audience = Audience::of(vec![ClientId::new(3), ClientId::new(1), ClientId::new(3)]);
        assert_eq!(audience.clients(), [ClientId::new(1), ClientId::new(3)]);
    }
}
