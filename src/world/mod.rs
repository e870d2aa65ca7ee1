//! What is so: users, their clients, channels, and who is where with which rank.
//!
//! A value in memory that only [`World::apply`] changes, one [`Event`] at a time. It knows no numerics, no
//! SQL, no clock, and not whether anybody is connected.

pub mod account;
mod apply;
mod audience;
pub mod channel;
pub mod client;
pub mod event;
pub mod hook;
pub mod past;
pub mod permission;
pub mod refusal;
pub mod user;

use std::collections::{BTreeSet, HashMap};

use uuid::Uuid;

use crate::entry::Audience;
use crate::id::{AccountId, ChannelId, ClientId, IdMap, UserId};
use crate::protocol::name::{ChannelName, Nickname};

pub use account::{Account, Keeper, Markers};
pub use channel::{Channel, ChannelLists, ChannelModes, Flag, List, ListEntry, Membership, Topic};
pub use client::Client;
pub use event::{ChannelChange, Event, Rank, Target, Verb};
pub use hook::Hook;
pub use past::Past;
use past::Pasts;
pub use refusal::Refusal;
pub use user::{Left, User, UserFlag, UserModes};

/// Everything that is so at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct World {
    users: IdMap<UserId, User>,
    clients: IdMap<ClientId, Client>,
    channels: IdMap<ChannelId, Channel>,
    accounts: IdMap<AccountId, Account>,
    nicks: HashMap<Nickname, UserId>,
    /// The nicks that are kept for accounts.
    account_names: HashMap<Nickname, AccountId>,
    channel_names: HashMap<ChannelName, ChannelId>,
    /// Who watches a nick with MONITOR, whether anybody has it or not.
    watchers: HashMap<Nickname, BTreeSet<UserId>>,
    /// Where the hooks are.
    hooks: HashMap<Uuid, ChannelId>,
    pasts: Pasts,
    tally: Tally,
    next_id: u64,
}

/// How many users have a mode, and how many clients are connections, counted as they come and go: LUSERS is part
/// of every welcome, and what connections alone are told is not even put together where there are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// Users with mode `i`.
    pub invisible: usize,
    /// Users with mode `o`.
    pub operators: usize,
    /// Clients that are connections.
    pub connections: usize,
}

impl World {
    /// A world with nobody in it, whose next user, client, channel or account gets the number `next_id`.
    pub fn empty(next_id: u64) -> Self {
        Self {
            users: IdMap::default(),
            clients: IdMap::default(),
            channels: IdMap::default(),
            accounts: IdMap::default(),
            nicks: HashMap::new(),
            account_names: HashMap::new(),
            channel_names: HashMap::new(),
            watchers: HashMap::new(),
            hooks: HashMap::new(),
            pasts: Pasts::default(),
            tally: Tally::default(),
            next_id,
        }
    }

    /// The number that the next user, client, channel or account gets.
    pub const fn next_id(&self) -> u64 {
        self.next_id
    }

    /// The user with this number; every id that the world hands out names somebody until the user leaves.
    pub fn user(&self, id: UserId) -> Option<&User> {
        self.users.get(&id)
    }

    /// All users, in no order.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &User> {
        self.users.values()
    }

    /// # Refusals
    /// `NoSuchNick` when nobody has this nick.
    pub fn user_by_nick(&self, nick: &str) -> Result<&User, Refusal> {
        Nickname::parse(nick)
            .ok()
            .and_then(|nick| self.nicks.get(&nick))
            .and_then(|id| self.users.get(id))
            .ok_or_else(|| Refusal::NoSuchNick(nick.to_owned()))
    }

    /// The client with this number.
    pub fn client(&self, id: ClientId) -> Option<&Client> {
        self.clients.get(&id)
    }

    /// All clients, in no order.
    pub fn clients(&self) -> impl ExactSizeIterator<Item = &Client> {
        self.clients.values()
    }

    /// The channel with this number.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.get(&id)
    }

    /// All channels, in no order.
    pub fn channels(&self) -> impl ExactSizeIterator<Item = &Channel> {
        self.channels.values()
    }

    /// # Refusals
    /// `NoSuchChannel` when there is none of this name, or when no channel can have it.
    pub fn channel_by_name(&self, name: &str) -> Result<&Channel, Refusal> {
        ChannelName::parse(name)
            .ok()
            .and_then(|name| self.channel_names.get(&name))
            .and_then(|id| self.channels.get(id))
            .ok_or_else(|| Refusal::NoSuchChannel(name.to_owned()))
    }

    /// The clients of all members of a channel.
    pub fn channel_audience(&self, channel: &Channel) -> Audience {
        Audience::Many(channel.audience.get(|| {
            let members = channel.members.keys().filter_map(|id| self.users.get(id));
            members.flat_map(|user| user.clients.iter().copied()).collect()
        }))
    }

    /// The clients of everybody who shares a channel with `user`, each once. The user's own clients are
    /// among them when `own` says so.
    pub fn neighbours(&self, user: &User, own: bool) -> Audience {
        let channels = user.channels.iter().filter_map(|id| self.channels.get(id));
        // Sorted runs, which the stable sort merges: fifty large channels cost little more than one.
        let mut clients: Vec<ClientId> = Vec::new();
        for channel in channels {
            clients.extend_from_slice(self.channel_audience(channel).clients());
        }
        clients.extend(&user.clients);
        clients.sort();
        clients.dedup();
        if !own {
            clients.retain(|client| !user.clients.contains(client));
        }
        Audience::Many(clients.into())
    }

    /// Those of an audience that are connections.
    pub fn connections_of(&self, audience: &Audience) -> Audience {
        let is_connection = |id: &&ClientId| self.clients.get(id).is_some_and(|client| client.is_connection);
        Audience::Many(audience.clients().iter().filter(is_connection).copied().collect())
    }

    /// The clients of all who hear WALLOPS.
    pub fn wallops_audience(&self) -> Audience {
        let listeners = self.users.values().filter(|user| user.modes.wallops);
        Audience::of(listeners.flat_map(|user| user.clients.iter().copied()).collect())
    }

    /// The users who watch a nick with MONITOR.
    pub fn watchers_of(&self, nick: &Nickname) -> impl Iterator<Item = &User> {
        let watchers = self.watchers.get(nick).into_iter().flatten();
        watchers.filter_map(|id| self.users.get(id))
    }

    /// Those who went by a nick and gave it up, the newest first.
    pub fn past_of_nick(&self, nick: &str) -> impl Iterator<Item = &Past> {
        self.pasts.of_nick(nick)
    }

    /// How many users have which mode.
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// The clients of one user.
    pub fn clients_of(&self, user: UserId) -> Audience {
        let clients = self.users.get(&user).map(|user| user.clients.iter().copied().collect());
        Audience::of(clients.unwrap_or_default())
    }
}
