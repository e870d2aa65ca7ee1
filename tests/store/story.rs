//! Tells a store what a writer would: events with the entries that they cause, in batches.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;
use neoirc::delivery::{PageLimits, Settled, Settlement};
use neoirc::entry::{Audience, Conversation, Entry, Posted, Wire};
use neoirc::id::{ChannelId, ClientId, Seq, TokenHash, UserId};
use neoirc::protocol::name::{ChannelName, Hostname, Nickname, Realname, Username};
use neoirc::store::{Batch, Retention, Store};
use neoirc::world::{Event, Membership, World};
use uuid::Uuid;

use crate::subject::Subject;

/// A time, in seconds since 1970, with a fraction that only nanoseconds hold.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::new(second, 123_456_789).unwrap()
}

/// Limits that never cut anything.
pub(crate) const ALL: PageLimits = PageLimits { entries: usize::MAX, bytes: usize::MAX };

/// A store together with the world that it should hold, and the batch in the making.
pub(crate) struct Story {
    pub(crate) subject: Subject,
    pub(crate) world: World,
    pub(crate) next_seq: Seq,
    pub(crate) batch: Batch,
}

impl Story {
    /// Begins with an empty store.
    pub(crate) fn new(mut subject: Subject) -> Self {
        let loaded = subject.store().load().unwrap();
        Self { subject, world: loaded.world, next_seq: loaded.next_seq, batch: Batch::default() }
    }

    pub(crate) fn store(&mut self) -> &mut dyn Store {
        self.subject.store()
    }

    /// Makes a fact so.
    pub(crate) fn fact(&mut self, event: Event) {
        self.world.apply(&event);
        self.batch.events.push(event);
    }

    /// A session with its first client.
    pub(crate) fn arrive(&mut self, nick: &str) -> (UserId, ClientId) {
        let user = UserId::new(self.world.next_id());
        self.fact(Event::SessionOpened {
            user,
            uuid: Uuid::from_u128(u128::from(user.get()) << 64),
            nick: Nickname::parse(nick).unwrap(),
            username: Username::parse("someone").unwrap(),
            realname: Realname::parse("Someone").unwrap(),
            hostname: Hostname::from_address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            at: at(1_000),
        });
        (user, self.add_client(user))
    }

    /// One more client of a session.
    pub(crate) fn add_client(&mut self, user: UserId) -> ClientId {
        let client = ClientId::new(self.world.next_id());
        self.fact(Event::ClientAdded {
            client,
            user,
            uuid: Uuid::from_u128(u128::from(client.get())),
            token: token(client),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            is_connection: client.get().is_multiple_of(2),
            at: at(1_001),
        });
        client
    }

    /// The end of a session with one client.
    pub(crate) fn leave(&mut self, user: UserId, client: ClientId) {
        self.fact(Event::ClientRemoved { client, token: token(client) });
        self.fact(Event::SessionEnded { user, reason: "Quit".to_owned() });
    }

    /// A channel with its first member.
    pub(crate) fn found(&mut self, name: &str, user: UserId) -> ChannelId {
        let channel = ChannelId::new(self.world.next_id());
        let name = ChannelName::parse(name).unwrap();
        self.fact(Event::ChannelCreated { channel, name, at: at(1_002) });
        self.fact(Event::Joined { channel, user, membership: Membership::FOUNDER });
        channel
    }

    /// One row of the log. Its text names its place.
    pub(crate) fn entry(&mut self, audience: Audience, conversation: Option<Conversation>) -> Seq {
        let seq = self.next_seq;
        self.next_seq = seq.next();
        let (time, line) = (at(2_000 + i64::try_from(seq.get()).unwrap()), text(seq).into());
        let entry = Arc::new(Entry { seq, at: time, since_ms: 0, conversation, line, wire: None });
        self.batch.entries.push(Posted { audience, entry });
        seq
    }

    /// Who brought about a row that is yet to be committed.
    pub(crate) fn bring_about(&mut self, seq: Seq, wire: Wire) {
        let posted = self.batch.entries.iter_mut().find(|posted| posted.entry.seq == seq).unwrap();
        posted.entry = Arc::new(Entry { wire: Some(Arc::new(wire)), ..Entry::clone(&posted.entry) });
    }

    /// An answer to one client.
    pub(crate) fn answer(&mut self, client: ClientId) -> Seq {
        self.entry(Audience::One(client), None)
    }

    /// So many answers to one client.
    pub(crate) fn answers(&mut self, client: ClientId, count: usize) -> Vec<Seq> {
        (0..count).map(|_| self.answer(client)).collect()
    }

    /// Something said to these clients.
    pub(crate) fn say(&mut self, clients: &[ClientId], conversation: Conversation) -> Seq {
        self.entry(Audience::of(clients.to_vec()), Some(conversation))
    }

    /// Commits what has come together.
    pub(crate) fn commit(&mut self) -> Vec<Settled> {
        self.batch.next_id = Some(self.world.next_id());
        let batch = std::mem::take(&mut self.batch);
        self.store().commit(&batch).unwrap()
    }

    /// Settles one queue alone.
    pub(crate) fn settle(&mut self, settlement: Settlement) -> Settled {
        self.batch.held.extend(&settlement.transient);
        self.batch.settlements.push(settlement);
        *self.commit().last().unwrap()
    }

    /// The places that a client's queue on disk names after one place and up to another.
    pub(crate) fn read(&mut self, client: ClientId, after: Seq, through: Seq) -> Vec<Seq> {
        let stretch = self.store().reader().read(client, after, through, ALL).unwrap();
        assert!(!stretch.cut, "nothing can have cut it short");
        for line in &stretch.lines {
            assert_eq!(line.json, text(line.seq), "a line under a wrong place");
        }
        stretch.lines.iter().map(|line| line.seq).collect()
    }

    /// Clears away until there is nothing left to clear.
    pub(crate) fn tidy(&mut self, retention: &Retention) {
        for _ in 0..10_000 {
            if !self.store().tidy(retention).unwrap() {
                return;
            }
        }
        panic!("tidying comes to no end");
    }

    /// What a restart finds. The world has to be the one that was told.
    pub(crate) fn restart(&mut self) -> neoirc::store::Loaded {
        let loaded = self.subject.restart();
        assert_eq!(loaded.world, self.world, "memory equals disk");
        loaded
    }
}

/// The line of an entry.
fn text(seq: Seq) -> String {
    format!(r#"{{"seq":{seq}}}"#)
}

/// The token of a client.
pub(crate) fn token(client: ClientId) -> TokenHash {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&client.get().to_be_bytes());
    TokenHash::new(bytes)
}

/// A settlement that spills `spilled`, all of them named by no history.
pub(crate) fn spill(before: Settled, spilled: &[Seq]) -> Settlement {
    Settlement {
        client: before.client,
        before,
        acked: before.acked,
        settled: spilled.last().copied().unwrap_or(before.settled).max(before.settled),
        spilled: spilled.to_vec(),
        transient: spilled.to_vec(),
        expired: Seq::ZERO,
        entries_max: 0,
        seen_at: at(5_000),
        at: at(5_001),
    }
}

/// Retention that needs everything from `queues_need` on and shortens no history.
pub(crate) fn retention(queues_need: Seq) -> Retention {
    Retention {
        queues_need,
        history_max: 0,
        outcomes_since: Timestamp::MIN,
        now: Timestamp::MIN,
        rows_max: 50,
    }
}
