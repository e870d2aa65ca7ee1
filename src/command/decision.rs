//! What deciding a command gives: facts to make so, answers to give, and what the receipt says.

use jiff::Timestamp;

use super::help::HelpTopic;
use super::list::ListQuery;
use super::oper::OperBlock;
use super::query::Whowas;
use super::who::WhoQuery;
use crate::id::{ChannelId, ClientId, UserId};
use crate::protocol::name::{Nickname, TalkName};
use crate::world::{Event, List, Refusal};

/// Who asks, when, and under which rules.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// The session.
    pub user: UserId,
    /// The device it speaks through.
    pub client: ClientId,
    /// The time of the decision.
    pub at: Timestamp,
    /// The same in running time.
    pub running: Timestamp,
    /// What the operator has set.
    pub rules: &'a Rules,
    /// Whether the stamp that came with the request was spent before.
    pub stamp_is_spent: bool,
    /// Whether it has tried OPER too often lately.
    pub must_wait_for_oper: bool,
}

/// How a client wants its answers, where that is not how everybody gets them.
/// Source: <https://ircv3.net/irc/>, the capabilities of the same names
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "capabilities are independent of each other")]
pub struct Style {
    /// All prefixes of a member in NAMES and WHO, the highest first.
    pub multi_prefix: bool,
    /// Whole hostmasks in NAMES.
    pub userhost_in_names: bool,
    /// No NAMES for a JOIN unless it is asked for.
    pub no_implicit_names: bool,
    /// With a JOIN, how far one has read in the channel.
    pub read_marker: bool,
}

/// What decisions go by that the operator has set.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// The server's name, by which commands may ask for it.
    pub server_name: String,
    /// Channels that one session may be in; 0 is no limit.
    pub channels_max: usize,
    /// Hooks that one channel may have; 0 is no limit.
    pub hooks_max: usize,
    /// Clients that one session may have; 0 is no limit.
    pub clients_max: usize,
    /// Fewest characters of a password.
    pub password_chars_min: usize,
    /// Accounts that there may be; 0 is no limit.
    pub accounts_max: usize,
    /// Whether the session of an account stays without a device unless it says otherwise.
    pub accounts_stay: bool,
    /// What others are told of a session that stays without a device; empty when they are told nothing.
    pub away_without_device: String,
    /// Markers that an account or a session may have; 0 is no limit.
    pub markers_max: usize,
    /// Messages of a history that one CHATHISTORY gives.
    pub history_page_max: usize,
    /// Bits of work that a session costs; 0 for nothing.
    pub session_hashcash_bits: u32,
    /// The most that it costs while many are being opened; the same or less is always the same.
    pub session_hashcash_bits_max: u32,
    /// Who becomes an operator of the server by OPER; `None` when nobody does.
    pub oper: Option<OperBlock>,
}

impl Rules {
    /// Whether whoever goes by this nick would be taken for the server.
    pub fn is_of_server(&self, nick: &Nickname) -> bool {
        self.server_name.eq_ignore_ascii_case(nick.as_str())
    }
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
    /// What the process is to do once all this is durable.
    pub order: Option<Order>,
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

/// What an operator of the server asks of the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Read the settings again.
    Rehash,
    /// Stop.
    Die,
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
    /// The caller has this account.
    Account(String),
    /// How far the caller has read in this talk.
    Marker(String, Option<Timestamp>),
    /// The caller's token came back.
    Pong(Vec<String>),
    /// The session ended.
    Quit,
}

/// An answer to the asking client; `reply/answer.rs` says it in numerics, from the world as it is after the
/// facts of the same decision. One that would be long ends with another of these, which goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    /// 001 to 005, LUSERS and MOTD, for a new client.
    Welcome,
    /// JOIN from oneself, topic and names of every channel one is in.
    ChannelState,
    /// The same of one channel.
    StateOf(ChannelId),
    /// Topic, if there is one, and names, for somebody who just came in.
    Entered(ChannelId),
    /// The topic, or that there is none.
    Topic(ChannelId),
    /// The members of a channel as far as the caller may see them, those after a place; the name as it was
    /// asked for.
    Names(String, Option<UserId>),
    /// The channels that fit, as far as they are visible.
    List(ListQuery),
    /// Those that fit among these channels, besides those that were found already.
    ListAmong(ListQuery, Vec<ChannelId>, Vec<ChannelId>),
    /// These channels, and the end of the list.
    ListOf(Vec<ChannelId>),
    /// Those who fit, as far as they may be seen.
    Who(WhoQuery),
    /// Those who fit among these users, besides those who were found already.
    WhoAmong(WhoQuery, Vec<UserId>, Vec<UserId>),
    /// These users, all of them members of the channel if there is one, and the end of the list.
    WhoOf(WhoQuery, Option<ChannelId>, Vec<UserId>),
    /// What may be known of a user.
    Whois(UserId),
    /// The end of an answer to WHOIS, with the nick as it was typed, also after a refusal.
    EndOfWhois(String),
    /// Who went by a nick.
    Whowas(Whowas),
    /// Nicks with their hosts, as far as somebody has them.
    Userhost(Vec<String>),
    /// Those of these nicks that somebody has.
    Ison(Vec<String>),
    /// Counts of users and channels.
    Lusers,
    /// The message of the day.
    Motd,
    /// What the server is.
    Version,
    /// Who runs it.
    Admin,
    /// More about it.
    Info,
    /// What time it is.
    Time,
    /// Which servers there are that this mask names.
    Links(String),
    /// Statistics by their letter.
    Stats(char),
    /// Help on a subject.
    Help(&'static HelpTopic),
    /// That somebody spoken to is away.
    Away(UserId),
    /// That the caller is marked as away.
    NowAway,
    /// That the caller is no longer away.
    Unaway,
    /// The modes of a channel and when it was made.
    ChannelModes(ChannelId),
    /// One of the lists of a channel.
    MaskList(ChannelId, List),
    /// The caller's own modes.
    UserModes,
    /// That an invitation was sent.
    Inviting(UserId, ChannelId),
    /// The channels that the caller is invited to.
    Invitations,
    /// That the caller is an operator now.
    YouAreOper,
    /// How many operators there are, which follows it.
    OperatorCount,
    /// That the settings are being read again.
    Rehashing,
    /// That the caller has an account now.
    Registered(String),
    /// That the caller, or somebody, has it no longer.
    Unregistered(String),
    /// As which account the caller is here.
    LoggedIn,
    /// That it is here without one.
    LoggedOut,
    /// How far the caller has read in a talk.
    Marker(TalkName),
    /// Which of these nicks somebody has and which nobody.
    Presence(Vec<String>),
    /// The nicks that the caller watches.
    Watched,
}
