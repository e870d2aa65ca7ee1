//! Clearing away on `SQLite`: what nobody can ask for any more goes, and nothing else does.

use neoirc::delivery::Settled;
use neoirc::entry::Conversation;
use neoirc::id::{ClientId, Seq, UserId};
use neoirc::protocol::stamp::StampHash;
use neoirc::store::{HistoryRequest, KeptOutcome, Retention};
use neoirc::world::Event;
use rusqlite::Connection;

use crate::story::{Story, at, retention, spill};
use crate::subject::Subject;

fn story() -> Story {
    Story::new(Subject::sqlite_in_a_file())
}

/// Counts rows, looking into the file from outside.
fn rows(story: &Story, table: &str) -> i64 {
    let connection = Connection::open(story.subject.path()).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

fn shown(story: &mut Story, conversation: Conversation) -> Vec<u64> {
    let request = HistoryRequest { conversation, before: None, limit: 500, history_max: 0 };
    let lines = story.store().reader().history(&request).unwrap();
    lines.iter().map(|line| line.seq.get()).collect()
}

/// A channel with one member, for something to be said in.
fn room(story: &mut Story) -> (UserId, ClientId, Conversation) {
    let (alice, phone) = story.arrive("alice");
    let channel = story.found("#c", alice);
    (alice, phone, Conversation::Channel(channel))
}

#[test]
fn rows_that_nobody_holds_go_once_the_checkpoint_has_passed_them() {
    let mut story = story();
    let (_, phone, conversation) = room(&mut story);
    story.answers(phone, 200);
    let said = story.say(&[phone], conversation);
    story.commit();
    let newest = story.next_seq;
    story.tidy(&retention(newest));
    assert_eq!(rows(&story, "log"), 201, "a start still reads them");

    story.batch.checkpoint = Some(said);
    story.commit();
    story.tidy(&retention(newest));
    assert_eq!(rows(&story, "log"), 1, "the history shows what was said");
    assert_eq!(rows(&story, "audiences"), 0, "whom it was for is known from the queues");
    assert_eq!(shown(&mut story, conversation), [said.get()]);
    assert_eq!(story.restart().next_seq, newest);
}

#[test]
fn a_step_touches_few_rows() {
    let mut story = story();
    let (_, phone, _) = room(&mut story);
    story.answers(phone, 120);
    story.batch.checkpoint = Some(Seq::new(120));
    story.commit();
    let step = retention(story.next_seq);
    let mut left = vec![rows(&story, "log")];
    while story.store().tidy(&step).unwrap() {
        left.push(rows(&story, "log"));
    }
    assert!(left.is_sorted_by(|before, after| before - after <= 50), "at most 50 rows a step: {left:?}");
    assert_eq!(left.last(), Some(&0));
}

#[test]
fn held_rows_stay_until_the_queues_let_them_go() {
    let mut story = story();
    let (_, phone, _) = room(&mut story);
    let seqs = story.answers(phone, 30);
    story.commit();
    story.batch.checkpoint = Some(seqs[29]);
    let settled = story.settle(spill(Settled::new(phone), &seqs[..20]));
    story.tidy(&retention(seqs[0]));
    assert_eq!(rows(&story, "log"), 20, "the queue holds the first twenty");
    assert_eq!(story.read(phone, Seq::ZERO, settled.settled), seqs[..20]);

    let mut settlement = spill(settled, &[]);
    settlement.acked = seqs[9];
    let settled = story.settle(settlement);
    story.tidy(&retention(seqs[10]));
    assert_eq!(rows(&story, "log"), 10);
    assert_eq!(story.read(phone, seqs[9], settled.settled), seqs[10..20]);

    let mut settlement = spill(settled, &[]);
    settlement.acked = seqs[29];
    story.settle(settlement);
    let newest = story.next_seq;
    story.tidy(&retention(newest));
    assert_eq!(rows(&story, "log") + rows(&story, "held"), 0);
    assert_eq!(story.restart().next_seq, newest);
}

/// What one client has read of its answers goes, though another one has read nothing for long.
#[test]
fn answers_wait_for_nobody_but_the_one_who_asked() {
    let mut story = story();
    let (alice, phone, _) = room(&mut story);
    let laptop = story.add_client(alice);
    let old = story.answers(laptop, 5);
    let both = story.entry(neoirc::entry::Audience::of(vec![phone, laptop]), None);
    let seqs = story.answers(phone, 300);
    story.commit();
    story.batch.checkpoint = Some(seqs[299]);
    let mut laptops = old.clone();
    laptops.push(both);
    let of_laptop = story.settle(spill(Settled::new(laptop), &laptops));
    let mut phones = vec![both];
    phones.extend(&seqs);
    let of_phone = story.settle(spill(Settled::new(phone), &phones));
    story.tidy(&retention(old[0]));
    assert_eq!(rows(&story, "log"), 306, "both have everything to read");

    let mut settlement = spill(of_phone, &[]);
    settlement.acked = seqs[199];
    let of_phone = story.settle(settlement);
    story.tidy(&retention(old[0]));
    assert_eq!((rows(&story, "log"), rows(&story, "held")), (106, 106));
    assert_eq!(story.read(phone, seqs[199], of_phone.settled), seqs[200..]);
    assert_eq!(story.read(laptop, Seq::ZERO, of_laptop.settled), laptops);

    // What is cut off goes, and what nobody can read any more since its client is gone.
    let mut settlement = spill(of_phone, &[]);
    (settlement.acked, settlement.entries_max) = (seqs[199], 60);
    story.settle(settlement);
    story.tidy(&retention(old[0]));
    assert_eq!((rows(&story, "log"), rows(&story, "held")), (66, 66));
    let token = neoirc::id::TokenHash::new([0; 32]);
    story.fact(Event::ClientRemoved { client: phone, token });
    story.commit();
    story.tidy(&retention(old[0]));
    assert_eq!((rows(&story, "log"), rows(&story, "held")), (6, 6));
    let newest = story.next_seq;
    assert_eq!(story.restart().next_seq, newest);
}

/// One client's tail overflowed to disk and was acknowledged, while another has the same entries in memory
/// alone: until the checkpoint has passed them, the log is all that a restart would know them from.
#[test]
fn a_row_after_the_checkpoint_stays_whatever_the_queues_on_disk_need() {
    let mut story = story();
    let (alice, phone, _) = room(&mut story);
    let laptop = story.add_client(alice);
    let both = || neoirc::entry::Audience::of(vec![phone, laptop]);
    let seqs: Vec<Seq> = (0..5).map(|_| story.entry(both(), None)).collect();
    story.commit();
    let settled = story.settle(spill(Settled::new(phone), &seqs));
    let mut settlement = spill(settled, &[]);
    settlement.acked = seqs[4];
    story.settle(settlement);
    let newest = story.next_seq;
    story.tidy(&retention(newest));

    let loaded = story.restart();
    assert_eq!(loaded.next_seq, newest, "a place is never given twice");
    assert_eq!(loaded.recent.len(), 5, "the other client has yet to hear them");
    // The other client is settled later, as any that is slow, and the checkpoint moves on.
    story.batch.checkpoint = Some(seqs[4]);
    let settled = story.settle(spill(Settled::new(laptop), &seqs));
    story.tidy(&retention(seqs[0]));
    assert_eq!(story.read(laptop, Seq::ZERO, settled.settled), seqs);
}

#[test]
fn the_history_of_a_channel_that_ended_goes() {
    let mut story = story();
    let (alice, phone, conversation) = room(&mut story);
    let said: Vec<Seq> = (0..70).map(|_| story.say(&[phone], conversation)).collect();
    let Conversation::Channel(channel) = conversation else { unreachable!() };
    story.fact(Event::Parted { channel, user: alice, reason: None });
    story.fact(Event::ChannelEnded { channel });
    story.batch.checkpoint = Some(said[69]);
    let mut settlement = spill(Settled::new(phone), &said[50..]);
    settlement.transient.clear();
    let settled = story.settle(settlement);
    story.tidy(&retention(said[50]));
    assert_eq!(shown(&mut story, conversation), [0; 0]);
    assert_eq!(rows(&story, "forgotten"), 0);
    assert_eq!(rows(&story, "log"), 20, "what is still to be read stays");
    assert_eq!(story.read(phone, Seq::ZERO, settled.settled), said[50..]);

    let mut settlement = spill(settled, &[]);
    settlement.acked = said[69];
    story.settle(settlement);
    let newest = story.next_seq;
    story.tidy(&retention(newest));
    assert_eq!(rows(&story, "log"), 0);
    assert_eq!(story.restart().next_seq, newest);
}

/// The last member leaves at once, and somebody who left a moment before has yet to hear the last words.
#[test]
fn the_last_words_in_a_channel_outlive_it_until_the_checkpoint() {
    let mut story = story();
    let (alice, phone, conversation) = room(&mut story);
    let said = story.say(&[phone], conversation);
    let Conversation::Channel(channel) = conversation else { unreachable!() };
    story.fact(Event::Parted { channel, user: alice, reason: None });
    story.fact(Event::ChannelEnded { channel });
    story.commit();
    let newest = story.next_seq;
    // No queue is on disk, so that none says it needs the row.
    story.tidy(&retention(newest));
    let loaded = story.restart();
    assert_eq!(loaded.recent.iter().map(|posted| posted.entry.seq).collect::<Vec<_>>(), [said]);
    assert_eq!(loaded.next_seq, newest, "a place is never given twice");
    story.batch.checkpoint = Some(said);
    let mut settlement = spill(Settled::new(phone), &[said]);
    settlement.transient.clear();
    let settled = story.settle(settlement);
    story.tidy(&retention(said));
    assert_eq!(story.read(phone, Seq::ZERO, settled.settled), [said]);
}

#[test]
fn what_a_session_said_directly_goes_with_it_on_both_sides() {
    let mut story = story();
    let (alice, phone) = story.arrive("alice");
    let (bob, other) = story.arrive("bob");
    let (carol, third) = story.arrive("carol");
    story.say(&[phone, other], Conversation::Direct(alice, bob));
    story.say(&[phone, other], Conversation::Direct(bob, alice));
    story.say(&[phone], Conversation::Direct(alice, alice));
    let kept = story.say(&[other, third], Conversation::Direct(carol, bob));
    story.commit();
    story.leave(alice, phone);
    story.batch.checkpoint = Some(kept);
    story.commit();
    let newest = story.next_seq;
    story.tidy(&retention(newest));
    assert_eq!(shown(&mut story, Conversation::Direct(bob, alice)), [0; 0]);
    assert_eq!(shown(&mut story, Conversation::Direct(bob, carol)), [kept.get()]);
    assert_eq!(rows(&story, "log"), 1);
    assert_eq!(rows(&story, "history"), 2);
}

#[test]
fn a_history_is_shortened_while_queues_still_read_what_it_named() {
    let mut story = story();
    let (_, phone, conversation) = room(&mut story);
    let said: Vec<Seq> = (0..300).map(|_| story.say(&[phone], conversation)).collect();
    story.commit();
    let mut settlement = spill(Settled::new(phone), &said[100..]);
    settlement.transient.clear();
    settlement.acked = said[99];
    story.batch.checkpoint = Some(said[299]);
    let settled = story.settle(settlement);
    story.tidy(&Retention { history_max: 10, ..retention(said[100]) });
    let newest: Vec<u64> = said[290..].iter().map(|seq| seq.get()).collect();
    assert_eq!(shown(&mut story, conversation), newest);
    assert_eq!(rows(&story, "log"), 200, "MAX_HISTORY never shortens a queue");
    assert_eq!(story.read(phone, said[99], settled.settled), said[100..]);

    let mut settlement = spill(settled, &[]);
    settlement.acked = said[299];
    story.settle(settlement);
    let next = story.next_seq;
    story.tidy(&Retention { history_max: 10, ..retention(next) });
    assert_eq!(rows(&story, "log"), 10);
    assert_eq!(shown(&mut story, conversation), newest);
}

/// What a history no longer shows is let go of, but never before a start could do without it.
#[test]
fn a_history_that_is_shortened_leaves_the_log_after_the_checkpoint() {
    let mut story = story();
    let (_, phone, conversation) = room(&mut story);
    for _ in 0..200 {
        story.say(&[phone], conversation);
    }
    story.commit();
    let newest = story.next_seq;
    story.tidy(&Retention { history_max: 10, ..retention(newest) });
    assert_eq!(shown(&mut story, conversation).len(), 10);
    assert_eq!(story.restart().recent.len(), 200, "the client has yet to hear them");
}

#[test]
fn stamps_go_when_nobody_could_present_them_any_more() {
    let mut story = story();
    for number in 0..130 {
        let stamp = StampHash([number; 32]);
        story.fact(Event::StampSpent { stamp, until: at(i64::from(number)) });
    }
    story.commit();
    let newest = story.next_seq;
    story.tidy(&Retention { now: at(120), ..retention(newest) });
    assert_eq!(rows(&story, "spent_stamps"), 10);
    assert!(story.store().is_spent(StampHash([120; 32])).unwrap());
}

#[test]
fn outcomes_go_when_they_are_too_old() {
    let mut story = story();
    let (_, phone) = story.arrive("alice");
    for second in 0..130 {
        let (key, response) = (second.to_string(), "{}".to_owned());
        story.batch.outcomes.push(KeptOutcome { client: phone, key, response, at: at(second) });
    }
    story.commit();
    let newest = story.next_seq;
    story.tidy(&Retention { outcomes_since: at(120), ..retention(newest) });
    assert_eq!(rows(&story, "outcomes"), 10);
    assert!(story.store().outcome(phone, "120", at(0)).unwrap().is_some());
}

/// Steps come every few milliseconds, and filing costs a page for each talk: the first of a row of steps files.
#[test]
fn what_is_said_between_two_steps_is_shown_at_once_and_filed_by_the_next_first_one() {
    let mut story = story();
    let (_, phone, conversation) = room(&mut story);
    story.answers(phone, 200);
    let before = story.say(&[phone], conversation);
    story.batch.checkpoint = Some(before);
    story.commit();
    let step = retention(story.next_seq);
    assert!(story.store().tidy(&step).unwrap(), "there is more than one step");
    let between = story.say(&[phone], conversation);
    story.commit();
    assert!(story.store().tidy(&step).unwrap());
    assert_eq!(rows(&story, "history"), 1);
    assert_eq!(shown(&mut story, conversation), [before.get(), between.get()]);
    story.tidy(&step);
    story.tidy(&step);
    assert_eq!(rows(&story, "history"), 2);
}

#[test]
fn a_channel_that_ends_between_two_steps_leaves_nothing_behind() {
    let mut story = story();
    let (alice, phone, conversation) = room(&mut story);
    story.answers(phone, 200);
    story.batch.checkpoint = Some(story.say(&[phone], conversation));
    story.commit();
    let step = retention(story.next_seq);
    assert!(story.store().tidy(&step).unwrap(), "there is more than one step");
    let last = story.say(&[phone], conversation);
    let Conversation::Channel(channel) = conversation else { unreachable!() };
    story.fact(Event::Parted { channel, user: alice, reason: None });
    story.fact(Event::ChannelEnded { channel });
    story.batch.checkpoint = Some(last);
    story.commit();
    let newest = story.next_seq;
    story.tidy(&retention(newest));
    story.tidy(&retention(newest));
    for table in ["forgotten", "history", "log"] {
        assert_eq!(rows(&story, table), 0, "{table}");
    }
    assert_eq!(story.restart().next_seq, newest);
}

/// More talks than one step looks at.
#[test]
fn every_talk_that_has_too_much_is_shortened() {
    let mut story = story();
    let (alice, phone) = story.arrive("alice");
    let talks: Vec<Conversation> =
        (0..20).map(|number| Conversation::Channel(story.found(&format!("#{number}"), alice))).collect();
    for _ in 0..70 {
        for talk in &talks {
            story.say(&[phone], *talk);
        }
    }
    let newest = story.next_seq;
    story.batch.checkpoint = Some(Seq::new(newest.get() - 1));
    story.commit();
    story.tidy(&Retention { history_max: 10, ..retention(newest) });
    assert_eq!(rows(&story, "history"), 200);
    assert_eq!(rows(&story, "log"), 200);
}
