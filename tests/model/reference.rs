//! Who is where and who has to hear what, reckoned from the facts alone in the plainest way there is.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use neoirc::entry::Audience;
use neoirc::id::{AccountId, ChannelId, ClientId, Seq, UserId};
use neoirc::protocol::name::Nickname;
use neoirc::store::Batch;
use neoirc::world::{ChannelChange, Event, Keeper, Rank, Target, UserFlag, World};

#[derive(Clone, Default)]
pub(crate) struct Reference {
    clients: BTreeMap<ClientId, UserId>,
    members: BTreeSet<(ChannelId, UserId)>,
    /// Those of them that have a rank, by the channel: operator, voice.
    ranks: BTreeMap<(ChannelId, UserId), (bool, bool)>,
    /// Nicks in lower case.
    nicks: BTreeMap<UserId, String>,
    /// Accounts, with the session of each.
    accounts: BTreeMap<AccountId, (String, Option<UserId>)>,
    /// Who watches which nick.
    watches: BTreeSet<(UserId, String)>,
    /// Who hears WALLOPS.
    wallops: BTreeSet<UserId>,
    /// Each entry with those it is for.
    told: BTreeMap<Seq, (BTreeSet<ClientId>, Bytes)>,
}

impl Reference {
    /// Follows a batch, and compares the audience of each of its entries.
    pub(crate) fn take(&mut self, batch: &Batch) {
        let mut many = batch.entries.iter().filter(|posted| matches!(posted.audience, Audience::Many(_)));
        for event in &batch.events {
            let watchers = self.watchers(event);
            let witnesses = self.happens(event);
            let watchers = watchers.into_iter().map(|watcher| self.devices(&BTreeSet::from([watcher])));
            for hearers in std::iter::once(witnesses).chain(watchers).filter(|hearers| !hearers.is_empty()) {
                let posted = many.next().unwrap_or_else(|| panic!("nobody is told of {event:?}"));
                let audience: BTreeSet<ClientId> = posted.audience.clients().iter().copied().collect();
                assert_eq!(audience, hearers, "those who hear {event:?}");
                assert_eq!(audience.len(), posted.audience.clients().len(), "each of them once");
            }
        }
        assert!(many.next().is_none(), "something was told that did not happen");
        for posted in &batch.entries {
            let clients = posted.audience.clients().iter().copied().collect();
            let twice = self.told.insert(posted.entry.seq, (clients, posted.entry.line.clone()));
            assert!(twice.is_none(), "the place {} was given before", posted.entry.seq);
        }
    }

    /// Those who watch a nick that is taken or given up, in the order in which they are told.
    fn watchers(&self, event: &Event) -> Vec<UserId> {
        let of = |nick: &str| {
            let watching = self.watches.iter().filter(|(_, watched)| watched == nick);
            watching.map(|(user, _)| *user).collect::<Vec<_>>()
        };
        match event {
            Event::SessionOpened { nick, .. } => of(&nick.as_str().to_ascii_lowercase()),
            Event::SessionEnded { user, .. } => {
                of(&self.nicks[user]).into_iter().filter(|watcher| watcher != user).collect()
            }
            Event::NickChanged { user, nick } => {
                let (old, new) = (&self.nicks[user], nick.as_str().to_ascii_lowercase());
                if *old == new { Vec::new() } else { [of(old), of(&new)].concat() }
            }
            Event::MarkerSet { keeper: Keeper::Session(user), .. } => vec![*user],
            Event::MarkerSet { keeper: Keeper::Account(account), .. } => {
                self.accounts[account].1.into_iter().collect()
            }
            _ => Vec::new(),
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
            Event::SessionEnded { user, .. } => self.ends(*user),
            Event::RealnameChanged { user, .. }
            | Event::KeyPublished { user, channel: None, .. }
            | Event::NickChanged { user, .. } => {
                if let Event::NickChanged { nick, .. } = event {
                    self.nicks.insert(*user, nick.as_str().to_ascii_lowercase());
                }
                let mut witnesses = self.neighbours(*user);
                witnesses.insert(*user);
                self.devices(&witnesses)
            }
            Event::Joined { .. }
            | Event::Parted { .. }
            | Event::Kicked { .. }
            | Event::TopicSet { .. }
            | Event::KeyPublished { channel: Some(_), .. }
            | Event::HookSpoke { .. }
            | Event::ModesChanged { .. } => self.happens_in_channel(event),
            Event::Invited { user, .. } => self.devices(&BTreeSet::from([*user])),
            Event::UserModesChanged { user, changes } => {
                for (_, on) in changes.iter().filter(|(flag, _)| *flag == UserFlag::Wallops) {
                    if *on {
                        self.wallops.insert(*user)
                    } else {
                        self.wallops.remove(user)
                    };
                }
                self.devices(&BTreeSet::from([*user]))
            }
            Event::WallopsSent { .. } => self.devices(&self.wallops),
            Event::Said { by, target, .. } => self.devices(&self.hearers(*by, target)),
            Event::SessionOpened { user, nick, .. } => {
                self.nicks.insert(*user, nick.as_str().to_ascii_lowercase());
                BTreeSet::new()
            }
            Event::WatchesChanged { user, nicks, on } => {
                self.watch(*user, nicks, *on);
                BTreeSet::new()
            }
            Event::AccountMade { .. } | Event::AccountEntered { .. } | Event::AccountDropped { .. } => {
                self.happens_to_accounts(event);
                BTreeSet::new()
            }
            Event::SessionStayed { .. }
            | Event::MarkerSet { .. }
            | Event::NickLeft(_)
            | Event::StampSpent { .. }
            | Event::HostnameResolved { .. }
            | Event::AwayChanged { .. }
            | Event::PasswordSet { .. }
            | Event::ChannelCreated { .. }
            | Event::HookMade { .. }
            | Event::HookRevoked { .. }
            | Event::ChannelEnded { .. } => BTreeSet::new(),
        }
    }

    fn ends(&mut self, user: UserId) -> BTreeSet<ClientId> {
        let mut witnesses = self.neighbours(user);
        witnesses.remove(&user);
        self.members.retain(|(_, member)| *member != user);
        self.ranks.retain(|(_, member), _| *member != user);
        self.watches.retain(|(watcher, _)| *watcher != user);
        self.nicks.remove(&user);
        self.accounts.values_mut().for_each(|(_, session)| *session = session.filter(|of| *of != user));
        self.wallops.remove(&user);
        self.devices(&witnesses)
    }

    fn happens_to_accounts(&mut self, event: &Event) {
        match event {
            Event::AccountMade { account, name, .. } => {
                self.accounts.insert(*account, (name.as_str().to_ascii_lowercase(), None));
            }
            Event::AccountEntered { user, account } => {
                let session = &mut self.accounts.get_mut(account).unwrap().1;
                assert_eq!(session.replace(*user), None, "an account has one session");
            }
            Event::AccountDropped { account, session } => {
                let (_, had) = self.accounts.remove(account).unwrap();
                assert_eq!(had, *session);
            }
            _ => unreachable!("called for the facts above alone"),
        }
    }

    fn watch(&mut self, user: UserId, nicks: &[Nickname], on: bool) {
        for nick in nicks.iter().map(|nick| nick.as_str().to_ascii_lowercase()) {
            let watched = (user, nick);
            if on {
                self.watches.insert(watched)
            } else {
                self.watches.remove(&watched)
            };
        }
    }

    fn happens_in_channel(&mut self, event: &Event) -> BTreeSet<ClientId> {
        match event {
            Event::Joined { channel, user, membership } => {
                self.ranks.insert((*channel, *user), (membership.operator, membership.voice));
                assert!(self.members.insert((*channel, *user)), "was not there before");
                self.devices(&self.members_of(*channel))
            }
            Event::Parted { channel, user, .. } | Event::Kicked { channel, user, .. } => {
                let witnesses = self.members_of(*channel);
                assert!(self.members.remove(&(*channel, *user)), "was there before");
                self.ranks.remove(&(*channel, *user));
                self.devices(&witnesses)
            }
            Event::TopicSet { channel, .. }
            | Event::HookSpoke { channel, .. }
            | Event::KeyPublished { channel: Some(channel), .. } => self.devices(&self.members_of(*channel)),
            Event::ModesChanged { channel, changes, .. } => {
                for change in changes {
                    if let ChannelChange::Rank { user, rank, on } = change {
                        let ranks = self.ranks.get_mut(&(*channel, *user)).unwrap();
                        *(if *rank == Rank::Operator { &mut ranks.0 } else { &mut ranks.1 }) = *on;
                    }
                }
                self.devices(&self.members_of(*channel))
            }
            _ => unreachable!("called for the facts above alone"),
        }
    }

    /// Those who hear what is said.
    fn hearers(&self, by: UserId, target: &Target) -> BTreeSet<UserId> {
        let mut hearers = match target {
            Target::Channel(channel) => self.members_of(*channel),
            Target::Ranked(channel, rank) => {
                let has = |(operator, voice): &(bool, bool)| *operator || (*voice && *rank == Rank::Voice);
                let ranked = self.ranks.iter().filter(|((of, _), ranks)| of == channel && has(ranks));
                ranked.map(|((_, user), _)| *user).collect()
            }
            Target::User(user) => BTreeSet::from([*user]),
        };
        hearers.insert(by);
        hearers
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
            assert!(nicks.insert(nick.clone()), "two go by the nick {}", user.nick);
            let stays = user.account.is_some() && user.left.is_some();
            assert!(stays || !user.clients.is_empty(), "a session has a device, or an account");
            let kept = self.accounts.iter().find(|(_, (name, _))| *name == nick);
            assert!(kept.is_none_or(|(id, _)| user.account == Some(*id)), "{nick} is kept for another");
            let account = self.accounts.iter().find(|(_, (_, session))| *session == Some(user.id));
            assert_eq!(account.map(|(id, _)| *id), user.account);
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
