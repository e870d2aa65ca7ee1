//! Messages come to where histories find them a few talks at a time, long after they are durable. Nobody notices.

use std::collections::HashMap;

use neoirc::entry::Conversation;
use neoirc::id::{Seq, UserId};
use neoirc::store::sqlite::{Location, backup, check};
use neoirc::store::{HistoryRequest, Retention, Window};
use rusqlite::Connection;

use crate::story::{Story, retention};
use crate::subject::Subject;

/// What a history shows at most.
const SHOWN: usize = 40;
/// Many times what waits to be filed.
const MESSAGES: usize = 16_000;

/// Channels of which each is half as lively as the one before, in rounds of six, and some pairs who talk.
fn talks(story: &mut Story) -> Vec<Conversation> {
    let (alice, _) = story.arrive("alice");
    let channels = (0..18).map(|number| story.found(&format!("#{number}"), alice)).collect::<Vec<_>>();
    let others: Vec<UserId> = (0..4).map(|number| story.arrive(&format!("bob{number}")).0).collect();
    let channels = channels
        .iter()
        .flat_map(|channel| [Conversation::Channel(*channel), Conversation::Happenings(*channel)]);
    let pairs = others.into_iter().map(|other| Conversation::Direct(alice, other));
    channels.chain(pairs).chain([Conversation::Direct(alice, alice)]).collect()
}

/// Which talk the next message belongs to: some often, some hardly ever.
fn next_talk(talks: &[Conversation], number: usize) -> Conversation {
    let rarity = number.trailing_ones() as usize % 6;
    talks[(rarity + 6 * (number / 64)) % talks.len()]
}

/// The talk as the other of two has it.
fn reversed(conversation: Conversation) -> Conversation {
    match conversation {
        Conversation::Direct(one, other) => Conversation::Direct(other, one),
        channel => channel,
    }
}

fn shown(story: &mut Story, conversation: Conversation, limit: usize) -> Vec<u64> {
    let request = HistoryRequest { conversation, before: None, limit, history_max: SHOWN };
    let lines = story.store().reader().history(&request).unwrap();
    lines.iter().map(|line| line.seq.get()).collect()
}

fn window(story: &mut Story, conversation: Conversation, from_oldest: bool) -> Vec<u64> {
    let (after, before, limit) = (Seq::ZERO, None, 25);
    let window = Window { conversation, after, before, from_oldest, limit, history_max: SHOWN };
    story.store().reader().window(&window).unwrap().into_iter().map(Seq::get).collect()
}

/// Rows of histories, looking into the file from outside.
fn filed(story: &Story) -> Vec<(i64, i64, i64)> {
    let connection = Connection::open(story.subject.path()).unwrap();
    let mut rows = connection.prepare("SELECT owner, peer, seq FROM history ORDER BY 1, 2, 3").unwrap();
    rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn violations(story: &Story) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("copy.db");
    backup(&Location::File(story.subject.path()), &copy).unwrap();
    check(&Location::File(copy)).unwrap().1
}

#[test]
fn whatever_is_filed_histories_show_the_newest_of_each_talk_once() {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    let (_, phone) = story.arrive("carol");
    let talks = talks(&mut story);
    story.commit();
    let mut said: HashMap<Conversation, Vec<u64>> = HashMap::new();
    let mut number = 0;
    let mut batches = 0;
    while number < MESSAGES {
        for _ in 0..[1, 64, 7, 200, 3][batches % 5] {
            let talk = next_talk(&talks, number);
            said.entry(talk).or_default().push(story.say(&[phone], talk).get());
            // Rows of the log that belong to no talk lie between.
            story.answers(phone, usize::from(number % 9 == 0));
            number += 1;
        }
        story.commit();
        batches += 1;
        // A first step files everything, as a start does.
        if batches % 61 == 0 {
            // A queue may yet name any of it, so what leaves a history stays in the log.
            let step = Retention { history_max: SHOWN, ..retention(Seq::new(1)) };
            while story.store().tidy(&step).unwrap() {}
        }
        if batches % 89 == 0 {
            story.restart();
        }
        let talk = talks[batches % talks.len()];
        let all = said.get(&talk).map_or(&[][..], Vec::as_slice);
        let newest = &all[all.len().saturating_sub(SHOWN)..];
        for talk in [talk, reversed(talk)] {
            assert_eq!(shown(&mut story, talk, 500), newest, "{talk:?} after {number}");
            assert_eq!(shown(&mut story, talk, 9), newest[newest.len().saturating_sub(9)..]);
            assert_eq!(
                window(&mut story, talk, true),
                newest[..newest.len().min(25)],
                "{talk:?} after {number}"
            );
            assert_eq!(window(&mut story, talk, false), newest[newest.len().saturating_sub(25)..]);
        }
        if batches % 7 == 0 {
            assert_eq!(violations(&story), [""; 0], "after {number}");
        }
    }
    assert_eq!(violations(&story), [""; 0]);
}

/// A crash comes when some of the tail is filed, and some of that is no longer shown.
#[test]
fn what_has_left_a_history_does_not_come_back_with_a_start() {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    let (alice, phone) = story.arrive("alice");
    let quiet = Conversation::Channel(story.found("#quiet", alice));
    let loud = Conversation::Channel(story.found("#loud", alice));
    let step = Retention { history_max: SHOWN, ..retention(Seq::new(1)) };
    for _ in 0..5_000 {
        story.say(&[phone], loud);
    }
    story.commit();
    // Only the first of these steps files everything. They clear away faster than more is said.
    for number in 0.. {
        for _ in 0..24 {
            story.say(&[phone], loud);
        }
        // Since a quiet one waits, too, it is not known that all is filed before a place in the midst of the loud.
        if number % 20 == 0 {
            story.say(&[phone], quiet);
        }
        story.commit();
        if !story.store().tidy(&step).unwrap() {
            break;
        }
    }
    let before = filed(&story);
    let Conversation::Channel(loud) = loud else { unreachable!() };
    let is_loud = |row: &&(i64, i64, i64)| u64::try_from(row.0) == Ok(loud.get());
    let oldest = before.iter().find(is_loud).unwrap().2;
    let connection = Connection::open(story.subject.path()).unwrap();
    let sql = "SELECT value FROM server_state WHERE name = 'filed'";
    let filed_through: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert!(filed_through < oldest, "else this shows nothing: {filed_through}, {oldest}");
    story.restart();
    story.answer(phone);
    story.commit();
    for (owner, peer, seq) in filed(&story) {
        let newest = before.iter().filter(|old| (old.0, old.1) == (owner, peer)).map(|old| old.2).max();
        assert!(newest < Some(seq) || before.contains(&(owner, peer, seq)), "{seq} came back");
    }
    assert_eq!(violations(&story), [""; 0]);
}

/// Filing a lot at once would keep everybody waiting; each commit files a little.
#[test]
fn no_commit_files_much_more_than_it_brings() {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    let (_, phone) = story.arrive("carol");
    let talks = talks(&mut story);
    story.commit();
    let mut last = filed(&story).len();
    for number in 0..400 {
        for said in 0..16 {
            story.say(&[phone], talks[(number + said) % talks.len()]);
        }
        story.commit();
        let now = filed(&story).len();
        assert!(now - last <= 300, "{} at once", now - last);
        last = now;
    }
    assert!(last > 400 * 16 - 2_048, "{last} are filed");
}

/// Whom one talked to last is asked for, filed or not; who came to the server last is another matter.
#[test]
fn those_with_whom_one_talked_last_come_before_others() {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    let (alice, phone) = story.arrive("alice");
    let peers: Vec<_> = (0..510).map(|number| story.arrive(&format!("p{number}"))).collect();
    for (peer, client) in &peers {
        story.say(&[phone, *client], Conversation::Direct(alice, *peer));
    }
    story.commit();
    story.say(&[phone, peers[0].1], Conversation::Direct(alice, peers[0].0));
    story.commit();
    for is_filed in [false, true] {
        if is_filed {
            let newest = story.next_seq;
            story.tidy(&retention(newest));
        }
        let found = story.store().reader().peers(alice).unwrap();
        let has = |number: usize| found.contains(&peers[number].0);
        assert_eq!((found.len(), has(0), has(509), has(1)), (500, true, true, false), "filed: {is_filed}");
    }
}
