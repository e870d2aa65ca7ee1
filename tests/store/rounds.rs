//! Clearing away goes round: nobody who always leaves something behind keeps it from the rest, and no talk is left out.

use neoirc::entry::Conversation;
use neoirc::id::{ClientId, Seq, UserId};
use neoirc::protocol::stamp::StampHash;
use neoirc::store::{KeptOutcome, Retention};
use neoirc::world::Event;
use rusqlite::Connection;

use crate::story::{Story, at, retention};
use crate::subject::Subject;

fn story() -> Story {
    Story::new(Subject::sqlite_in_a_file())
}

/// Counts rows, looking into the file from outside.
fn rows(story: &Story, table: &str) -> i64 {
    let connection = Connection::open(story.subject.path()).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// Rows of one talk.
fn kept(story: &Story, talk: Conversation) -> i64 {
    let Conversation::Channel(channel) = talk else { unreachable!() };
    rows(story, &format!("history WHERE owner = {channel} AND peer = 0"))
}

/// Says something so often in a talk, and what comes before needs not be read at a start.
fn say(story: &mut Story, phone: ClientId, talk: Conversation, times: usize) {
    for _ in 0..times {
        story.say(&[phone], talk);
    }
    story.batch.checkpoint = Some(Seq::new(story.next_seq.get() - 1));
    story.commit();
}

fn showing(story: &Story, history_max: usize) -> Retention {
    Retention { history_max, ..retention(story.next_seq) }
}

/// A channel that is opened, spoken in and left.
fn come_and_go(story: &mut Story, (user, phone): (UserId, ClientId), name: &str) {
    let channel = story.found(name, user);
    let said = story.say(&[phone], Conversation::Channel(channel));
    story.fact(Event::Parted { channel, user, reason: None });
    story.fact(Event::ChannelEnded { channel });
    story.batch.checkpoint = Some(said);
}

#[test]
fn channels_that_come_and_go_do_not_keep_the_rest_from_its_turn() {
    let mut story = story();
    let (alice, phone) = story.arrive("alice");
    let talk = Conversation::Channel(story.found("#talk", alice));
    for number in 0..100 {
        story.fact(Event::StampSpent { stamp: StampHash([number; 32]), until: at(1) });
        let (key, response) = (number.to_string(), "{}".to_owned());
        story.batch.outcomes.push(KeptOutcome { client: phone, key, response, at: at(1) });
    }
    say(&mut story, phone, talk, 200);
    let guest = story.arrive("guest");
    for step in 0..40 {
        for number in 0..10 {
            come_and_go(&mut story, guest, &format!("#{step}-{number}"));
        }
        story.commit();
        let retention = Retention { outcomes_since: at(2), now: at(2), ..showing(&story, 10) };
        assert!(story.store().tidy(&retention).unwrap());
    }
    assert_eq!((rows(&story, "spent_stamps"), rows(&story, "outcomes")), (0, 0));
    assert_eq!(kept(&story, talk), 10);
}

#[test]
fn one_step_forgets_many_channels() {
    let mut story = story();
    let guest = story.arrive("guest");
    for number in 0..40 {
        come_and_go(&mut story, guest, &format!("#{number}"));
    }
    story.commit();
    let retention = Retention { rows_max: 1_000, ..retention(story.next_seq) };
    story.store().tidy(&retention).unwrap();
    for table in ["forgotten", "history", "log"] {
        assert_eq!(rows(&story, table), 0, "{table}");
    }
}

/// What a process has counted goes with it.
#[test]
fn restarts_let_no_talk_keep_more_each_time() {
    let mut story = story();
    let (alice, phone) = story.arrive("alice");
    let talk = Conversation::Channel(story.found("#talk", alice));
    for _ in 0..4 {
        // Less than what a talk has to gain to be looked at for that.
        say(&mut story, phone, talk, 60);
        story.restart();
        let retention = showing(&story, 10);
        story.tidy(&retention);
        assert_eq!(kept(&story, talk), 10);
    }
}

#[test]
fn talks_where_nobody_speaks_are_shortened_when_less_is_to_be_shown() {
    let mut story = story();
    let (alice, phone) = story.arrive("alice");
    let (bob, _) = story.arrive("bob");
    let talk = Conversation::Channel(story.found("#talk", alice));
    say(&mut story, phone, talk, 60);
    say(&mut story, phone, Conversation::Direct(bob, alice), 60);
    for shown in [40, 50, 0, 7] {
        let retention = showing(&story, shown);
        story.tidy(&retention);
        let left = if shown == 7 { 7 } else { 40 };
        assert_eq!(kept(&story, talk), left);
        assert_eq!(rows(&story, "history"), 3 * left, "and between two it stands twice");
        assert_eq!(rows(&story, "log"), 2 * left);
    }
}

#[test]
fn a_round_over_all_talks_takes_a_few_a_step() {
    let mut story = story();
    let (alice, phone) = story.arrive("alice");
    for number in 0..40 {
        let talk = Conversation::Channel(story.found(&format!("#{number}"), alice));
        say(&mut story, phone, talk, 12);
    }
    story.restart();
    let retention = showing(&story, 0);
    story.tidy(&retention);
    let retention = showing(&story, 12);
    let mut steps = 0;
    while story.store().tidy(&retention).unwrap() {
        steps += 1;
    }
    assert!((10..=20).contains(&steps), "{steps} steps for forty talks");
    assert!(!story.store().tidy(&retention).unwrap(), "then there is nothing to do");
    assert_eq!(rows(&story, "history"), 480);
}
