//! Who is where and who has to hear what, reckoned from the facts alone in the plainest way there is.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use neoirc::entry::Audience;
use neoirc::id::{ChannelId, ClientId, Seq, UserId};
use neoirc::store::Batch;
use neoirc::world::{Event, Target, World};

#[derive(Clone, Default)]
pub(crate) struct Reference {
    clients: BTreeMap<ClientId, UserId>,
    members: BTreeSet<(ChannelId, UserId)>,
    /// Each entry with those it is for.
    told: BTreeMap<Seq, (BTreeSet<ClientId>, Bytes)>,
}

impl Reference {
    /// Follows a batch, and compares the audience of each of its entries.
    pub(crate) fn take(&mut self, batch: &Batch) {
        let mut many = batch.entries.iter().filter(|posted| matches!(posted.audience, Audience::Many(_)));
        for event in &batch.events {
            let witnesses = self.happens(event);
            if witnesses.is_empty() {
                continue;
            }
            let posted = many.next().unwrap_or_else(|| panic!("nobody is told of {event:?}"));
            let audience: BTreeSet<ClientId> = posted.audience.clients().iter().copied().collect();
            assert_eq!(audience, witnesses, "those who hear {event:?}");
            assert_eq!(audience.len(), posted.audience.clients().len(), "each of them once");
        }
        assert!(many.next().is_none(), "something was told that did not happen");
        for posted in &batch.entries {
            let clients = posted.audience.clients().iter().copied().collect();
            let twice = self.told.insert(posted.entry.seq, (clients, posted.entry.line.clone()));
            assert!(twice.is_none(), "the place {} was given before", posted.entry.seq);
        }
    }

    /// Makes a fact so, and names those who have to be told.
    fn happens(&mut self, event: &Event) -> BTreeSet<ClientId> {
        match event {
            Event::ClientAdded { client, user, .. } => {
                self.clients.insert(*client, *user);
                BTreeSet::new()
            }
            Event::ClientRemoved { client, .. } => {
                self.clients.remove(client);
                BTreeSet::new()
            }
            Event::SessionEnded { user, .. } => {
                let mut witnesses = self.neighbours(*user);
                witnesses.remove(user);
                self.members.retain(|(_, member)| member != user);
                self.devices(&witnesses)
            }
            Event::NickChanged { user, .. } => {
                let mut witnesses = self.neighbours(*user);
                witnesses.insert(*user);
                self.devices(&witnesses)
            }
            Event::Joined { channel, user, .. } => {
                assert!(self.members.insert((*channel, *user)), "was not there before");
                self.devices(&self.members_of(*channel))
            }
            Event::Parted { channel, user, .. } | Event::Kicked { channel, user, .. } => {
                let witnesses = self.members_of(*channel);
                assert!(self.members.remove(&(*channel, *user)), "was there before");
                self.devices(&witnesses)
            }
            Event::TopicSet { channel, .. } | Event::ModesChanged { channel, .. } => {
                self.devices(&self.members_of(*channel))
            }
            Event::Invited { user, .. } | Event::InvisibleChanged { user, .. } => {
                self.devices(&BTreeSet::from([*user]))
            }
            Event::Said { by, target, .. } => {
                let mut hearers = match target {
                    Target::Channel(channel) => self.members_of(*channel),
                    Target::User(user) => BTreeSet::from([*user]),
                };
                hearers.insert(*by);
                self.devices(&hearers)
            }
            Event::SessionOpened { .. }
            | Event::HostnameResolved { .. }
            | Event::AwayChanged { .. }
            | Event::ChannelCreated { .. }
            | Event::ChannelEnded { .. } => BTreeSet::new(),
        }
    }

    fn members_of(&self, channel: ChannelId) -> BTreeSet<UserId> {
        self.members.iter().filter(|(of, _)| *of == channel).map(|(_, user)| *user).collect()
    }

    /// Everybody who shares a channel with a user; the user too, where it is in one.
    fn neighbours(&self, user: UserId) -> BTreeSet<UserId> {
        let channels = self.members.iter().filter(|(_, member)| *member == user);
        channels.flat_map(|(channel, _)| self.members_of(*channel)).collect()
    }

    fn devices(&self, users: &BTreeSet<UserId>) -> BTreeSet<ClientId> {
        let theirs = self.clients.iter().filter(|(_, user)| users.contains(user));
        theirs.map(|(client, _)| *client).collect()
    }

    pub(crate) fn is_here(&self, client: ClientId) -> bool {
        self.clients.contains_key(&client)
    }

    /// The places of everything that is for a client, ascending.
    pub(crate) fn for_client(&self, client: ClientId) -> Vec<Seq> {
        let own = self.told.iter().filter(|(_, (clients, _))| clients.contains(&client));
        own.map(|(seq, _)| *seq).collect()
    }

    /// How many of them come after one place and not after another.
    pub(crate) fn between(&self, client: ClientId, after: Seq, through: Seq) -> usize {
        self.for_client(client).iter().filter(|seq| **seq > after && **seq <= through).count()
    }

    /// The text of an entry.
    pub(crate) fn line(&self, seq: Seq) -> Option<&Bytes> {
        self.told.get(&seq).map(|(_, line)| line)
    }

    /// The world agrees, and holds nothing that cannot be.
    pub(crate) fn check(&self, world: &World) {
        let mut nicks = BTreeSet::new();
        let mut members = BTreeSet::new();
        for user in world.users() {
            let nick = user.nick.as_str().to_ascii_lowercase();
            assert_eq!(world.user_by_nick(user.nick.as_str()).unwrap().id, user.id);
            assert!(nicks.insert(nick), "two go by the nick {}", user.nick);
            assert!(!user.clients.is_empty(), "a session has a device");
            members.extend(user.channels.iter().map(|channel| (*channel, user.id)));
        }
        let mut names = BTreeSet::new();
        let mut from_channels = BTreeSet::new();
        for channel in world.channels() {
            let name = channel.name.as_str().to_ascii_lowercase();
            assert_eq!(world.channel_by_name(channel.name.as_str()).unwrap().id, channel.id);
            assert!(names.insert(name), "two channels are called {}", channel.name);
            assert!(!channel.members.is_empty(), "{} is empty", channel.name);
            from_channels.extend(channel.members.keys().map(|user| (channel.id, *user)));
        }
        assert_eq!(members, from_channels, "memberships are symmetric");
        assert_eq!(members, self.members, "and as they have to be");
        let clients: BTreeMap<_, _> = world.clients().map(|client| (client.id, client.user)).collect();
        assert_eq!(clients, self.clients);
    }
}
