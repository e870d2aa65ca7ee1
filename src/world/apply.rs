//! The one way in which the world changes.

use std::collections::{BTreeSet, HashMap};

use super::World;
use super::channel::Channel;
use super::client::Client;
use super::event::{ChannelChange, Event, Rank, Target};
use super::user::User;
use crate::entry::Audience;
use crate::id::{ChannelId, ClientId, UserId};

/// Why looking up an id from an event cannot fail.
const KNOWN: &str = "an event names only what is in the world";

impl World {
    /// Makes a fact so, and names the clients who witness it. Cannot fail: whether something may happen was
    /// decided before.
    pub fn apply(&mut self, event: &Event) -> Audience {
        match event {
            Event::SessionOpened { .. } => self.open_session(event),
            Event::ClientAdded { .. } => self.add_client(event),
            Event::ClientRemoved { client, .. } => self.remove_client(*client),
            Event::SessionEnded { user, .. } => self.end_session(*user),
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
            Event::InvisibleChanged { user, on } => {
                self.user_mut(*user).invisible = *on;
                self.clients_of(*user)
            }
            Event::ChannelCreated { channel, name, at } => {
                self.note_id(channel.get());
                self.channel_names.insert(name.clone(), *channel);
                self.channels.insert(*channel, Channel::new(*channel, name.clone(), *at));
                Audience::nobody()
            }
            Event::ChannelEnded { channel } => {
                let channel = self.channels.remove(channel).expect(KNOWN);
                self.channel_names.remove(&channel.name);
                Audience::nobody()
            }
            Event::Joined { channel, user, membership } => {
                self.user_mut(*user).channels.insert(*channel);
                let entered = self.channel_mut(*channel);
                entered.members.insert(*user, *membership);
                entered.invited.remove(user);
                entered.audience.forget();
                self.audience_of(*channel)
            }
            Event::Parted { channel, user, .. } | Event::Kicked { channel, user, .. } => {
                let witnesses = self.audience_of(*channel);
                self.leave(*channel, *user);
                witnesses
            }
            Event::Invited { channel, user, .. } => {
                self.channel_mut(*channel).invited.insert(*user);
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
            Event::Said { by, target, .. } => self.hearers(*by, *target),
        }
    }

    fn open_session(&mut self, event: &Event) -> Audience {
        let Event::SessionOpened { user, uuid, nick, username, hostname, at } = event else {
            unreachable!("called for this event alone")
        };
        self.note_id(user.get());
        self.nicks.insert(nick.clone(), *user);
        let opened = User {
            id: *user,
            uuid: *uuid,
            nick: nick.clone(),
            username: username.clone(),
            hostname: hostname.clone(),
            away: None,
            invisible: false,
            created_at: *at,
            clients: BTreeSet::new(),
            channels: BTreeSet::new(),
        };
        self.users.insert(*user, opened);
        Audience::nobody()
    }

    fn add_client(&mut self, event: &Event) -> Audience {
        let &Event::ClientAdded { client, user, uuid, token, address, at } = event else {
            unreachable!("called for this event alone")
        };
        self.note_id(client.get());
        self.clients.insert(client, Client { id: client, uuid, user, token, address, created_at: at });
        let owner = self.users.get_mut(&user).expect(KNOWN);
        owner.clients.insert(client);
        forget_audiences(&mut self.channels, owner);
        Audience::nobody()
    }

    fn remove_client(&mut self, client: ClientId) -> Audience {
        let removed = self.clients.remove(&client).expect(KNOWN);
        let owner = self.users.get_mut(&removed.user).expect(KNOWN);
        owner.clients.remove(&client);
        forget_audiences(&mut self.channels, owner);
        Audience::nobody()
    }

    fn end_session(&mut self, user: UserId) -> Audience {
        let witnesses = self.neighbours(&self.users[&user], false);
        let ended = self.users.remove(&user).expect(KNOWN);
        for channel in &ended.channels {
            let left = self.channel_mut(*channel);
            left.members.remove(&user);
            left.audience.forget();
        }
        for channel in self.channels.values_mut() {
            channel.invited.remove(&user);
        }
        self.nicks.remove(&ended.nick);
        witnesses
    }

    fn leave(&mut self, channel: ChannelId, user: UserId) {
        self.user_mut(user).channels.remove(&channel);
        let left = self.channel_mut(channel);
        left.members.remove(&user);
        left.audience.forget();
    }

    fn hearers(&self, by: UserId, target: Target) -> Audience {
        let speaker = &self.users[&by];
        match target {
            Target::Channel(channel) if speaker.channels.contains(&channel) => self.audience_of(channel),
            Target::Channel(channel) => {
                let members = self.audience_of(channel);
                Audience::of(members.clients().iter().chain(&speaker.clients).copied().collect())
            }
            Target::User(user) => {
                let listener = &self.users[&user];
                Audience::of(listener.clients.union(&speaker.clients).copied().collect())
            }
        }
    }

    fn user_mut(&mut self, id: UserId) -> &mut User {
        self.users.get_mut(&id).expect(KNOWN)
    }

    fn channel_mut(&mut self, id: ChannelId) -> &mut Channel {
        self.channels.get_mut(&id).expect(KNOWN)
    }

    fn audience_of(&self, channel: ChannelId) -> Audience {
        self.channel_audience(&self.channels[&channel])
    }

    fn clients_of(&self, user: UserId) -> Audience {
        Audience::of(self.users[&user].clients.iter().copied().collect())
    }

    fn note_id(&mut self, id: u64) {
        self.next_id = self.next_id.max(id + 1);
    }
}

fn forget_audiences(channels: &mut HashMap<ChannelId, Channel>, member: &User) {
    for channel in &member.channels {
        channels.get_mut(channel).expect(KNOWN).audience.forget();
    }
}

impl Channel {
    fn change(&mut self, change: &ChannelChange) {
        match change {
            ChannelChange::Flag { flag, on } => self.modes.set(*flag, *on),
            ChannelChange::Key(key) => self.modes.key.clone_from(key),
            ChannelChange::Limit(limit) => self.modes.limit = *limit,
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
