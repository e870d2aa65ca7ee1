//! The world that was told is the world that comes back.

use neoirc::id::{ChannelId, Seq, UserId};
use neoirc::protocol::name::{Hostname, Nickname};
use neoirc::world::{ChannelChange, Event, Flag, Membership, Rank, Topic};

use crate::story::{Story, at, token};
use crate::subject::Subject;

pub(super) fn an_empty_store_holds_an_empty_world(mut subject: Subject) {
    for _ in 0..2 {
        let loaded = subject.restart();
        assert_eq!(loaded.world.users().len() + loaded.world.channels().len(), 0);
        assert_eq!(loaded.next_seq, Seq::new(1));
        assert!(loaded.queues.is_empty() && loaded.recent.is_empty());
    }
}

pub(super) fn people_and_their_clients_come_back(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("Alice");
    let laptop = story.add_client(alice);
    let hostname = Hostname::from_dns("host.example").unwrap();
    story.fact(Event::HostnameResolved { user: alice, hostname });
    story.fact(Event::AwayChanged { user: alice, text: Some("tea".to_owned()) });
    story.fact(Event::InvisibleChanged { user: alice, on: true });
    story.commit();
    let loaded = story.restart();
    let mut clients: Vec<_> = loaded.queues.iter().map(|queue| (queue.disk.client, queue.token)).collect();
    clients.sort_unstable_by_key(|(client, _)| *client);
    assert_eq!(clients, [(phone, token(phone)), (laptop, token(laptop))]);
    assert!(loaded.queues.iter().all(|queue| queue.user == alice && queue.seen_at == at(1_001)));

    story.fact(Event::AwayChanged { user: alice, text: None });
    story.fact(Event::InvisibleChanged { user: alice, on: false });
    // The same nick in another case is a change of its own, which equality of nicks alone would not show.
    story.fact(Event::NickChanged { user: alice, nick: Nickname::parse("aLICE").unwrap() });
    story.fact(Event::ClientRemoved { client: laptop, token: token(laptop) });
    story.commit();
    let loaded = story.restart();
    assert_eq!(loaded.world.user(alice).unwrap().nick.as_str(), "aLICE");
}

pub(super) fn channels_come_back_with_everything_about_them(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, _) = story.arrive("alice");
    let (bob, _) = story.arrive("bob");
    let (carol, _) = story.arrive("carol");
    let channel = story.found("#Grün", alice);
    let voiced = Membership { operator: false, voice: true };
    story.fact(Event::Invited { channel, user: bob, by: alice });
    story.fact(Event::Invited { channel, user: carol, by: alice });
    story.fact(Event::Joined { channel, user: bob, membership: voiced });
    let topic = Topic { text: "tea".to_owned(), set_by: "alice".to_owned(), set_at: at(1_003) };
    story.fact(Event::TopicSet { channel, by: alice, topic: Some(topic) });
    story.commit();
    let loaded = story.restart();
    let found = loaded.world.channel(channel).unwrap();
    assert_eq!(found.name.as_str(), "#Grün");
    assert_eq!(found.members[&bob], voiced);
    assert_eq!(found.invited.iter().collect::<Vec<_>>(), [&carol], "an invitation is good for one JOIN");

    story.fact(Event::TopicSet { channel, by: alice, topic: None });
    story.fact(Event::Kicked { channel, user: bob, by: alice, reason: "out".to_owned() });
    story.commit();
    story.restart();
}

pub(super) fn every_mode_comes_back_set_and_unset(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, _) = story.arrive("alice");
    let channel = story.found("#c", alice);
    let mut change = |changes| {
        story.fact(Event::ModesChanged { channel, by: alice, changes });
        story.commit();
        story.restart();
    };
    for on in [true, false] {
        for flag in Flag::ALL {
            change(vec![ChannelChange::Flag { flag, on }]);
        }
        change(vec![
            ChannelChange::Key(on.then(|| "secret".to_owned())),
            ChannelChange::Limit(on.then_some(9)),
        ]);
        for rank in [Rank::Voice, Rank::Operator] {
            change(vec![ChannelChange::Rank { user: alice, rank, on }]);
        }
    }
    change(vec![
        ChannelChange::Limit(Some(u32::MAX)),
        ChannelChange::Key(Some("a".to_owned())),
        ChannelChange::Key(Some("b".to_owned())),
        ChannelChange::Flag { flag: Flag::Secret, on: true },
        ChannelChange::Flag { flag: Flag::Secret, on: false },
    ]);
}

pub(super) fn what_ended_is_gone(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let (bob, _) = story.arrive("bob");
    let shared = story.found("#shared", alice);
    let own = story.found("#own", alice);
    story.fact(Event::Joined { channel: shared, user: bob, membership: Membership::default() });
    let guests = story.found("#guests", bob);
    story.fact(Event::Invited { channel: guests, user: alice, by: bob });
    story.commit();
    story.leave(alice, phone);
    story.fact(Event::ChannelEnded { channel: own });
    story.commit();
    let loaded = story.restart();
    assert_eq!(loaded.world.users().len(), 1);
    assert_eq!(loaded.world.channels().len(), 2);
    assert_eq!(loaded.queues.len(), 1);

    story.fact(Event::Parted { channel: shared, user: bob, reason: None });
    story.fact(Event::ChannelEnded { channel: shared });
    story.commit();
    story.restart();
}

pub(super) fn ids_are_never_given_twice(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let channel = story.found("#c", alice);
    story.commit();
    story.leave(alice, phone);
    story.fact(Event::ChannelEnded { channel });
    story.commit();
    let loaded = story.restart();
    assert!(loaded.world.next_id() > channel.get(), "the numbers of those who left are spent");

    let (again, _) = story.arrive("alice");
    let second = story.found("#c", again);
    assert!(again > UserId::new(channel.get()) && second > ChannelId::new(channel.get()));
    story.commit();
    story.restart();
    let (world, next_seq) = story.store().load_world().unwrap();
    assert_eq!((world, next_seq), (story.world, story.next_seq), "the short load finds the same");
}
