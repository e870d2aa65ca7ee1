//! The world that was told is the world that comes back.

use neoirc::id::{ChannelId, Seq, UserId};
use neoirc::protocol::hostmask::Hostmask;
use neoirc::protocol::limits::WHOWAS_MAX;
use neoirc::protocol::name::{Hostname, Nickname, Realname};
use neoirc::protocol::password::PasswordHash;
use neoirc::world::{ChannelChange, Event, Flag, List, ListEntry, Membership, Past, Rank, Topic, UserFlag};

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
    let ada = Realname::parse("Ada 🎩").unwrap();
    story.fact(Event::RealnameChanged { user: alice, realname: ada });
    let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned();
    story.fact(Event::KeyPublished { user: alice, key, channel: None });
    story.commit();
    let loaded = story.restart();
    let mut clients: Vec<_> = loaded.queues.iter().map(|queue| (queue.disk.client, queue.token)).collect();
    clients.sort_unstable_by_key(|(client, _)| *client);
    assert_eq!(clients, [(phone, token(phone)), (laptop, token(laptop))]);
    assert!(loaded.queues.iter().all(|queue| queue.user == alice && queue.seen_at == at(1_001)));

    story.fact(Event::AwayChanged { user: alice, text: None });
    // The same nick in another case is a change of its own, which equality of nicks alone would not show.
    story.fact(Event::NickChanged { user: alice, nick: Nickname::parse("aLICE").unwrap() });
    story.fact(Event::ClientRemoved { client: laptop, token: token(laptop) });
    story.commit();
    let loaded = story.restart();
    assert_eq!(loaded.world.user(alice).unwrap().nick.as_str(), "aLICE");
}

pub(super) fn the_newest_password_comes_back(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, _) = story.arrive("alice");
    let (bob, _) = story.arrive("bob");
    for text in ["$argon2id$one", "$argon2id$two"] {
        story.fact(Event::PasswordSet { user: alice, password: PasswordHash::new(text) });
        story.commit();
        story.restart();
    }
    let loaded = story.restart();
    let kept = loaded.world.user(alice).unwrap().password.as_ref();
    assert_eq!(kept.map(PasswordHash::reveal), Some("$argon2id$two"));
    assert_eq!(loaded.world.user(bob).unwrap().password, None);
}

pub(super) fn every_user_mode_comes_back_set_and_unset(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, _) = story.arrive("alice");
    for on in [true, false] {
        for flag in UserFlag::ALL {
            story.fact(Event::UserModesChanged { user: alice, changes: vec![(flag, on)] });
            story.commit();
            story.restart();
        }
    }
    let changes = vec![(UserFlag::Bot, true), (UserFlag::Wallops, true), (UserFlag::Bot, false)];
    story.fact(Event::UserModesChanged { user: alice, changes });
    story.commit();
    let loaded = story.restart();
    let modes = loaded.world.user(alice).unwrap().modes;
    assert!(modes.wallops && !modes.bot, "of several changes the last counts");
}

pub(super) fn watched_nicks_come_back(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let nicks = |names: &[&str]| names.iter().map(|name| Nickname::parse(name).unwrap()).collect::<Vec<_>>();
    let watch = |names: &[&str], on| Event::WatchesChanged { user: alice, nicks: nicks(names), on };
    story.fact(watch(&["Bob", "carol", "dan"], true));
    story.commit();
    story.restart();
    story.fact(watch(&["BOB", "dan"], false));
    story.fact(watch(&["Dan"], true));
    story.commit();
    let loaded = story.restart();
    let bob = Nickname::parse("bob").unwrap();
    assert_eq!(loaded.world.watchers_of(&bob).count(), 0);
    assert_eq!(loaded.world.user(alice).unwrap().watches.len(), 2);
    story.leave(alice, phone);
    story.commit();
    story.restart();
}

pub(super) fn those_who_gave_up_nicks_come_back_as_far_as_there_is_room(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, _) = story.arrive("alice");
    for second in 0..=i64::try_from(WHOWAS_MAX).unwrap() {
        let past = Past::of(story.world.user(alice).unwrap(), at(second));
        story.fact(Event::NickLeft(past));
    }
    story.commit();
    let loaded = story.restart();
    let times: Vec<_> = loaded.world.past_of_nick("ALICE").map(|past| past.at).collect();
    assert_eq!(times.len(), WHOWAS_MAX);
    assert_eq!(times.first(), Some(&at(i64::try_from(WHOWAS_MAX).unwrap())), "the newest first");
    assert_eq!(times.last(), Some(&at(1)), "the oldest is forgotten");
}

pub(super) fn masks_come_back_with_their_setters(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, _) = story.arrive("alice");
    let channel = story.found("#c", alice);
    let mask = |text| Hostmask::parse(text).unwrap();
    let listed = |list, text| ChannelChange::Listed {
        list,
        entry: ListEntry { mask: mask(text), set_by: "alice".to_owned(), set_at: at(7) },
    };
    let changes =
        List::ALL.into_iter().flat_map(|list| [listed(list, "Bob"), listed(list, "*@host.example")]);
    story.fact(Event::ModesChanged { channel, by: alice, changes: changes.collect() });
    story.commit();
    story.restart();
    let changes = vec![ChannelChange::Unlisted { list: List::Ban, mask: mask("BOB") }];
    story.fact(Event::ModesChanged { channel, by: alice, changes });
    story.commit();
    let loaded = story.restart();
    let lists = &loaded.world.channel(channel).unwrap().lists;
    assert_eq!(lists.entries(List::Ban).len(), 1);
    let found = lists.find(List::Exception, &mask("bob")).unwrap();
    assert_eq!((found.mask.as_str(), found.set_by.as_str(), found.set_at), ("Bob!*@*", "alice", at(7)));
}

pub(super) fn channels_come_back_with_everything_about_them(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, _) = story.arrive("alice");
    let (bob, _) = story.arrive("bob");
    let (carol, _) = story.arrive("carol");
    let channel = story.found("#Grün", alice);
    let voiced = Membership { operator: false, voice: true };
    story.fact(Event::Invited { channel, user: bob, by: alice, passes: true });
    story.fact(Event::Invited { channel, user: carol, by: alice, passes: true });
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
            ChannelChange::HashcashBits(on.then_some(20)),
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
    story.fact(Event::Invited { channel: guests, user: alice, by: bob, passes: true });
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
