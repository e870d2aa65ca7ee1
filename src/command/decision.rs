//! What deciding a command gives: facts to make so, answers to give, and what the receipt says.

use jiff::Timestamp;

use crate::id::{ChannelId, ClientId, UserId};
use crate::world::{Event, Refusal};

/// Who asks, when, and under which limits.
#[derive(Clone, Copy, Debug)]
pub struct Caller {
    /// The session.
    pub user: UserId,
    /// The device it speaks through.
    pub client: ClientId,
    /// The time of the decision.
    pub at: Timestamp,
    /// Channels that one session may be in; 0 is no limit.
    pub channels_max: usize,
}

/// What a command that was granted does.
#[derive(Debug, Default)]
pub struct Decision {
    /// Facts, in the order in which they are made so.
    pub events: Vec<Event>,
    /// Answers to the asking client, given after the facts.
    pub replies: Vec<Reply>,
    /// Parts that were refused while the rest was granted.
    pub refusals: Vec<Refusal>,
    /// What the receipt says.
    pub outcome: Outcome,
}

impl Decision {
    /// Nothing to do, and nothing to say.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// One fact.
    pub fn event(event: Event) -> Self {
        Self { events: vec![event], ..Self::default() }
    }

    /// One answer.
    pub fn answer(reply: Reply) -> Self {
        Self { replies: vec![reply], ..Self::default() }
    }

    /// The same with another outcome.
    #[must_use]
    pub fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// The same with one more answer.
    #[must_use]
    pub fn and_answer(mut self, reply: Reply) -> Self {
        self.replies.push(reply);
        self
    }
}

/// What the receipt of a granted command says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Outcome {
    /// Nothing but that it was done.
    #[default]
    Ok,
    /// The message got its place in the order.
    Sent,
    /// The caller is in this channel.
    Joined(String),
    /// The caller left this channel.
    Parted(String),
    /// The caller goes by this nick.
    Nick(String),
    /// The caller's token came back.
    Pong(Vec<String>),
    /// The session ended.
    Quit,
}

/// An answer to the asking client; `reply/answer.rs` says it in numerics, from the world as it is after the
/// facts of the same decision.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// 001 to 005, LUSERS and MOTD, for a new client.
    Welcome,
    /// JOIN from oneself, topic and names of every channel one is in.
    ChannelState,
    /// Topic, if there is one, and names, for somebody who just came in.
    Entered(ChannelId),
    /// The topic, or that there is none.
    Topic(ChannelId),
    /// The members of a channel as far as the caller may see them; the name as it was asked for.
    Names(String),
    /// The channels that are visible, or those of them that were named.
    List(Vec<String>),
    /// Those in a channel, or those whom a mask names; the mask as it was asked for.
    Who(String),
    /// What may be known of a user.
    Whois(UserId),
    /// The end of an answer to WHOIS, with the nick as it was typed, also after a refusal.
    EndOfWhois(String),
    /// Counts of users and channels.
    Lusers,
    /// The message of the day.
    Motd,
    /// That somebody spoken to is away.
    Away(UserId),
    /// That the caller is marked as away.
    NowAway,
    /// That the caller is no longer away.
    Unaway,
    /// The modes of a channel and when it was made.
    ChannelModes(ChannelId),
    /// The caller's own modes.
    UserModes,
    /// That an invitation was sent.
    Inviting(UserId, ChannelId),
}
