//! The one way in which the world changes.

use std::collections::{BTreeSet, HashSet};

use super::World;
use super::account::Markers;
use super::channel::Channel;
use super::client::Client;
use super::event::{ChannelChange, Event, Rank, Target};
use super::user::{User, UserFlag, UserModes};
use crate::entry::Audience;
use crate::id::{ChannelId, UserId};
use crate::protocol::name::Nickname;

/// Why looking up an id from an event cannot fail.
pub(super) const KNOWN: &str = "an event names only what is in the world";

impl World {
    /// Makes a fact so, and names the clients who witness it. Cannot fail: whether something may happen was
    /// decided before.
    pub fn apply(&mut self, event: &Event) -> Audience {
        match event {
            Event::SessionOpened { .. }
            | Event::ClientAdded { .. }
            | Event::ClientRemoved { .. }
            | Event::SessionStayed { .. }
            | Event::SessionEnded { .. } => self.apply_to_sessions(event),
            Event::AccountMade { .. }
            | Event::AccountEntered { .. }
            | Event::AccountDropped { .. }
            | Event::MarkerSet { .. } => self.apply_to_accounts(event),
            Event::HostnameResolved { .. }
            | Event::NickChanged { .. }
            | Event::AwayChanged { .. }
            | Event::UserModesChanged { .. }
            | Event::RealnameChanged { .. }
            | Event::KeyPublished { .. }
            | Event::PasswordSet { .. }
            | Event::WatchesChanged { .. } => self.apply_to_user(event),
            Event::ChannelCreated { .. }
            | Event::ChannelEnded { .. }
            | Event::Joined { .. }
            | Event::Parted { .. }
            | Event::Kicked { .. }
            | Event::Invited { .. }
            | Event::TopicSet { .. }
            | Event::ModesChanged { .. } => self.apply_to_channel(event),
            Event::HookMade { .. } | Event::HookRevoked { .. } | Event::HookSpoke { .. } => {
                self.apply_to_hooks(event)
            }
            Event::NickLeft(past) => {
                self.pasts.remember(past.clone());
                Audience::nobody()
            }
            // Which stamps were spent is asked of the store alone: there may be more of them than fit in memory.
            Event::StampSpent { .. } => Audience::nobody(),
            Event::WallopsSent { .. } => self.wallops_audience(),
            Event::Said { by, target, .. } => self.hearers(*by, *target),
        }
    }

    fn apply_to_sessions(&mut self, event: &Event) -> Audience {
        match event {
            Event::SessionOpened { user, uuid, nick, username, realname, hostname, at } => {
                self.note_id(user.get());
                self.nicks.insert(nick.clone(), *user);
                let opened = User {
                    id: *user,
                    uuid: *uuid,
                    nick: nick.clone(),
                    username: username.clone(),
                    hostname: hostname.clone(),
                    realname: realname.clone(),
                    away: None,
                    modes: UserModes::default(),
                    signing_key: None,
                    password: None,
                    account: None,
                    markers: Markers::new(),
                    left: None,
                    watches: HashSet::new(),
                    created_at: *at,
                    clients: BTreeSet::new(),
                    channels: BTreeSet::new(),
                    invited_to: BTreeSet::new(),
                };
                self.users.insert(*user, opened);
                Audience::nobody()
            }
            &Event::ClientAdded { client, user, uuid, token, address, is_connection, at } => {
                self.note_id(client.get());
                self.tally.connections += usize::from(is_connection);
                let added = Client { id: client, uuid, user, token, address, is_connection, created_at: at };
                self.clients.insert(client, added);
                let owner = self.users.get_mut(&user).expect(KNOWN);
                owner.clients.insert(client);
                for channel in &owner.channels {
                    let entered = self.channels.get_mut(channel).expect(KNOWN);
                    entered.audience.add(&BTreeSet::from([client]));
                }
                Audience::nobody()
            }
            Event::ClientRemoved { client, .. } => {
                let removed = self.clients.remove(client).expect(KNOWN);
                self.tally.connections -= usize::from(removed.is_connection);
                let owner = self.users.get_mut(&removed.user).expect(KNOWN);
                owner.clients.remove(client);
                for channel in &owner.channels {
                    let left = self.channels.get_mut(channel).expect(KNOWN);
                    left.audience.remove(&BTreeSet::from([*client]));
                }
                Audience::nobody()
            }
            Event::SessionStayed { user, left } => {
                self.user_mut(*user).left = Some(left.clone());
                Audience::nobody()
            }
            Event::SessionEnded { user, .. } => self.end_session(*user),
            _ => unreachable!("called for the events above alone"),
        }
    }

    fn end_session(&mut self, user: UserId) -> Audience {
        let witnesses = self.neighbours(&self.users[&user], false);
        let ended = self.users.remove(&user).expect(KNOWN);
        for channel in &ended.channels {
            let left = self.channel_mut(*channel);
            left.members.remove(&user);
            left.audience.remove(&ended.clients);
        }
        for channel in &ended.invited_to {
            self.channel_mut(*channel).invited.remove(&user);
        }
        for nick in &ended.watches {
            self.unwatch(user, nick);
        }
        for flag in UserFlag::ALL.into_iter().filter(|flag| ended.modes.has(*flag)) {
            self.count(flag, false);
        }
        if let Some(account) = ended.account.and_then(|account| self.accounts.get_mut(&account)) {
            account.session = None;
        }
        self.nicks.remove(&ended.nick);
        witnesses
    }

    fn apply_to_user(&mut self, event: &Event) -> Audience {
        match event {
            Event::HostnameResolved { user, hostname } => {
                self.user_mut(*user).hostname = hostname.clone();
                Audience::nobody()
            }
            Event::NickChanged { user, nick } => {
                let old = std::mem::replace(&mut self.user_mut(*user).nick, nick.clone());
                self.nicks.remove(&old);
                self.nicks.insert(nick.clone(), *user);
                self.neighbours(&self.users[user], true)
            }
            Event::AwayChanged { user, text } => {
                self.user_mut(*user).away.clone_from(text);
                Audience::nobody()
            }
            Event::UserModesChanged { user, changes } => {
                for (flag, on) in changes {
                    if self.users[user].modes.has(*flag) != *on {
                        self.user_mut(*user).modes.set(*flag, *on);
                        self.count(*flag, *on);
                    }
                }
                self.clients_of(*user)
            }
            Event::RealnameChanged { user, realname } => {
                self.user_mut(*user).realname = realname.clone();
                self.neighbours(&self.users[user], true)
            }
            Event::KeyPublished { user, key, channel } => {
                self.user_mut(*user).signing_key = Some(key.clone());
                self.bring_account_in_step(*user);
                match channel {
                    Some(channel) => self.audience_of(*channel),
                    None => self.neighbours(&self.users[user], true),
                }
            }
            Event::PasswordSet { user, password } => {
                self.user_mut(*user).password = Some(password.clone());
                self.bring_account_in_step(*user);
                Audience::nobody()
            }
            Event::WatchesChanged { user, nicks, on } => {
                for nick in nicks {
                    if *on {
                        self.user_mut(*user).watches.insert(nick.clone());
                        self.watchers.entry(nick.clone()).or_default().insert(*user);
                    } else {
                        self.user_mut(*user).watches.remove(nick);
                        self.unwatch(*user, nick);
                    }
                }
                Audience::nobody()
            }
            _ => unreachable!("called for the events above alone"),
        }
    }

    fn apply_to_channel(&mut self, event: &Event) -> Audience {
        match event {
            Event::ChannelCreated { channel, name, at } => {
                self.note_id(channel.get());
                self.channel_names.insert(name.clone(), *channel);
                self.channels.insert(*channel, Channel::new(*channel, name.clone(), *at));
                Audience::nobody()
            }
            Event::ChannelEnded { channel } => {
                let ended = self.channels.remove(channel).expect(KNOWN);
                for guest in &ended.invited {
                    self.user_mut(*guest).invited_to.remove(channel);
                }
                for hook in ended.hooks.keys() {
                    self.hooks.remove(hook);
                }
                self.channel_names.remove(&ended.name);
                Audience::nobody()
            }
            Event::Joined { channel, user, membership } => {
                let came = self.users.get_mut(user).expect(KNOWN);
                came.channels.insert(*channel);
                came.invited_to.remove(channel);
                let entered = self.channels.get_mut(channel).expect(KNOWN);
                entered.members.insert(*user, *membership);
                entered.invited.remove(user);
                entered.audience.add(&came.clients);
                self.audience_of(*channel)
            }
            Event::Parted { channel, user, .. } | Event::Kicked { channel, user, .. } => {
                let witnesses = self.audience_of(*channel);
                self.leave(*channel, *user);
                witnesses
            }
            Event::Invited { channel, user, passes, .. } => {
                if *passes {
                    self.channel_mut(*channel).invited.insert(*user);
                    self.user_mut(*user).invited_to.insert(*channel);
                }
                self.clients_of(*user)
            }
            Event::TopicSet { channel, topic, .. } => {
                self.channel_mut(*channel).topic.clone_from(topic);
                self.audience_of(*channel)
            }
            Event::ModesChanged { channel, changes, .. } => {
                let changed = self.channel_mut(*channel);
                for change in changes {
                    changed.change(change);
                }
                self.audience_of(*channel)
            }
            _ => unreachable!("called for the events above alone"),
        }
    }

    fn unwatch(&mut self, user: UserId, nick: &Nickname) {
        if let Some(watchers) = self.watchers.get_mut(nick) {
            watchers.remove(&user);
            if watchers.is_empty() {
                self.watchers.remove(nick);
            }
        }
    }

    fn count(&mut self, flag: UserFlag, on: bool) {
        let counted = match flag {
            UserFlag::Invisible => &mut self.tally.invisible,
            UserFlag::Operator => &mut self.tally.operators,
            UserFlag::Bot | UserFlag::Stays | UserFlag::Wallops => return,
        };
        *counted = if on { *counted + 1 } else { *counted - 1 };
    }

    fn leave(&mut self, channel: ChannelId, user: UserId) {
        let gone = self.users.get_mut(&user).expect(KNOWN);
        gone.channels.remove(&channel);
        let left = self.channels.get_mut(&channel).expect(KNOWN);
        left.members.remove(&user);
        left.audience.remove(&gone.clients);
    }

    fn hearers(&self, by: UserId, target: Target) -> Audience {
        let speaker = &self.users[&by];
        match target {
            Target::Channel(channel) if speaker.channels.contains(&channel) => self.audience_of(channel),
            Target::Channel(channel) => {
                let members = self.audience_of(channel);
                Audience::of(members.clients().iter().chain(&speaker.clients).copied().collect())
            }
            Target::Ranked(channel, rank) => {
                let members = self.channels[&channel].members.iter();
                let ranked = members.filter(|(_, member)| member.is_at_least(rank)).map(|(id, _)| id);
                let clients = ranked.flat_map(|id| &self.users[id].clients).chain(&speaker.clients);
                Audience::of(clients.copied().collect())
            }
            Target::User(user) => {
                let listener = &self.users[&user];
                Audience::of(listener.clients.union(&speaker.clients).copied().collect())
            }
        }
    }

    pub(super) fn user_mut(&mut self, id: UserId) -> &mut User {
        self.users.get_mut(&id).expect(KNOWN)
    }

    pub(super) fn channel_mut(&mut self, id: ChannelId) -> &mut Channel {
        self.channels.get_mut(&id).expect(KNOWN)
    }

    pub(super) fn audience_of(&self, channel: ChannelId) -> Audience {
        self.channel_audience(&self.channels[&channel])
    }

    pub(super) fn note_id(&mut self, id: u64) {
        self.next_id = self.next_id.max(id + 1);
    }
}

impl Channel {
    fn change(&mut self, change: &ChannelChange) {
        match change {
            ChannelChange::Flag { flag, on } => self.modes.set(*flag, *on),
            ChannelChange::Key(key) => self.modes.key.clone_from(key),
            ChannelChange::Limit(limit) => self.modes.limit = *limit,
            ChannelChange::HashcashBits(bits) => self.modes.hashcash_bits = *bits,
            ChannelChange::Listed { list, entry } => self.lists.add(*list, entry.clone()),
            ChannelChange::Unlisted { list, mask } => self.lists.remove(*list, mask),
            ChannelChange::Rank { user, rank, on } => {
                let member = self.members.get_mut(user).expect(KNOWN);
                match rank {
                    Rank::Operator => member.operator = *on,
                    Rank::Voice => member.voice = *on,
                }
            }
        }
    }
}
