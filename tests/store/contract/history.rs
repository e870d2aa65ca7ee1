//! Histories: what was said, by the numbers of those who talk.

use neoirc::entry::Conversation;
use neoirc::id::{ChannelId, Seq, UserId};
use neoirc::store::HistoryRequest;

use crate::story::{Story, at};
use crate::subject::Subject;

fn history(story: &mut Story, request: HistoryRequest) -> Vec<u64> {
    let lines = story.store().reader().history(&request).unwrap();
    lines.iter().map(|line| line.seq.get()).collect()
}

fn all(conversation: Conversation) -> HistoryRequest {
    HistoryRequest { conversation, before: None, limit: 500, history_max: 0 }
}

pub(super) fn a_channel_has_its_own_history(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let (one, other) = (story.found("#one", alice), story.found("#other", alice));
    story.say(&[phone], Conversation::Channel(one));
    story.answer(phone);
    story.say(&[phone], Conversation::Channel(other));
    story.say(&[phone], Conversation::Direct(alice, alice));
    story.say(&[phone], Conversation::Channel(one));
    story.commit();
    story.restart();
    assert_eq!(history(&mut story, all(Conversation::Channel(one))), [1, 5]);
    assert_eq!(history(&mut story, all(Conversation::Channel(other))), [3]);
    assert_eq!(history(&mut story, all(Conversation::Channel(ChannelId::new(99)))), [0; 0]);
}

pub(super) fn two_who_talk_see_the_same_history(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let (bob, other) = story.arrive("bob");
    let (carol, third) = story.arrive("carol");
    story.say(&[phone, other], Conversation::Direct(alice, bob));
    story.commit();
    story.say(&[phone, other], Conversation::Direct(bob, alice));
    story.say(&[phone, third], Conversation::Direct(alice, carol));
    story.commit();
    story.restart();
    assert_eq!(history(&mut story, all(Conversation::Direct(alice, bob))), [1, 2]);
    assert_eq!(history(&mut story, all(Conversation::Direct(bob, alice))), [1, 2]);
    assert_eq!(history(&mut story, all(Conversation::Direct(carol, alice))), [3]);
    assert_eq!(history(&mut story, all(Conversation::Direct(bob, carol))), [0; 0]);
    let stranger = UserId::new(99);
    assert_eq!(history(&mut story, all(Conversation::Direct(alice, stranger))), [0; 0]);
}

pub(super) fn talking_to_oneself_is_heard_once(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    story.say(&[phone], Conversation::Direct(alice, alice));
    story.commit();
    assert_eq!(history(&mut story, all(Conversation::Direct(alice, alice))), [1]);
}

/// Ten messages in a channel, at the places 1 to 10.
fn ten(subject: Subject) -> (Story, Conversation) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let conversation = Conversation::Channel(story.found("#c", alice));
    // Several commits: an engine may keep what was said last elsewhere than what was said before.
    for commit in [6, 3, 1] {
        for _ in 0..commit {
            story.say(&[phone], conversation);
        }
        story.commit();
    }
    (story, conversation)
}

pub(super) fn a_history_is_read_page_by_page(subject: Subject) {
    let (mut story, conversation) = ten(subject);
    let mut page = |before: Option<u64>, limit| {
        let before = before.map(Seq::new);
        history(&mut story, HistoryRequest { conversation, before, limit, history_max: 0 })
    };
    assert_eq!(page(None, 4), [7, 8, 9, 10]);
    assert_eq!(page(Some(7), 4), [3, 4, 5, 6]);
    assert_eq!(page(Some(3), 4), [1, 2]);
    assert_eq!(page(Some(1), 4), [0; 0]);
    assert_eq!(page(Some(99), 1), [10]);
    assert_eq!(page(None, 0), [0; 0]);
}

pub(super) fn a_history_shows_only_so_many_messages(subject: Subject) {
    let (mut story, conversation) = ten(subject);
    let mut page = |before: Option<u64>, limit, history_max| {
        let before = before.map(Seq::new);
        history(&mut story, HistoryRequest { conversation, before, limit, history_max })
    };
    assert_eq!(page(None, 500, 3), [8, 9, 10]);
    assert_eq!(page(None, 2, 3), [9, 10]);
    assert_eq!(page(Some(9), 500, 3), [8]);
    assert_eq!(page(Some(8), 500, 3), [0; 0]);
    assert_eq!(page(None, 500, 10).len(), 10);
    assert_eq!(page(None, 500, 11).len(), 10);
}

/// More messages than an engine would leave lying about, in three talks at once, read wherever a page may end.
pub(super) fn a_long_history_has_no_gap_and_nothing_twice(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let (bob, laptop) = story.arrive("bob");
    let channel = Conversation::Channel(story.found("#c", alice));
    let talks = [channel, Conversation::Direct(alice, bob), Conversation::Direct(bob, alice)];
    let mut said = Vec::new();
    for number in 0..3_000 {
        let seq = story.say(&[phone, laptop], talks[number % 3]);
        said.push((number % 3 > 0, seq.get()));
        if number % 7 == 0 {
            story.commit();
        }
        if number == 1_500 {
            story.commit();
            story.restart();
        }
    }
    story.commit();
    for (conversation, direct) in [(channel, false), (talks[1], true), (talks[2], true)] {
        let expected: Vec<u64> =
            said.iter().filter(|(is_direct, _)| *is_direct == direct).map(|(_, seq)| *seq).collect();
        let mut found = Vec::new();
        while let Some(page) = {
            let before = found.first().copied().map(Seq::new);
            let page =
                history(&mut story, HistoryRequest { conversation, before, limit: 41, history_max: 0 });
            (!page.is_empty()).then_some(page)
        } {
            found.splice(0..0, page);
        }
        assert_eq!(found, expected);
        for history_max in [1, 100, 900, 950, 990] {
            let request = HistoryRequest { conversation, before: None, limit: 5_000, history_max };
            assert_eq!(history(&mut story, request), expected[expected.len() - history_max..]);
        }
    }
}

pub(super) fn the_newest_entry_until_a_time_is_found(subject: Subject) {
    let (mut story, _) = ten(subject);
    let store = story.store();
    // An entry is as many seconds younger as its place is higher.
    for (second, seq) in [(0, 0), (2_000, 0), (2_001, 1), (2_005, 5), (2_010, 10), (9_999, 10)] {
        assert_eq!(store.newest_until(at(second)).unwrap(), Seq::new(seq), "until {second}");
    }
}
