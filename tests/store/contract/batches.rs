//! What a batch leaves beside the world: the log and the outcomes.

use neoirc::delivery::Settled;
use neoirc::entry::{Audience, Conversation};
use neoirc::id::{ClientId, Seq};
use neoirc::protocol::stamp::StampHash;
use neoirc::store::KeptOutcome;
use neoirc::world::Event;

use crate::story::{Story, at, retention, spill};
use crate::subject::Subject;

pub(super) fn entries_after_the_checkpoint_come_back_with_their_audiences(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let (_, other) = story.arrive("bob");
    let channel = story.found("#c", alice);
    let scattered: Vec<ClientId> = (0..300).map(|n| ClientId::new(1 + n * n)).collect();
    story.answer(phone);
    story.say(&[phone, other], Conversation::Channel(channel));
    story.entry(Audience::of(scattered.clone()), None);
    story.entry(Audience::nobody(), Some(Conversation::Channel(channel)));
    let wanted: Vec<_> = story.batch.entries.clone();
    story.commit();
    let recent = story.restart().recent;
    assert_eq!(recent.len(), wanted.len());
    for (found, wanted) in recent.iter().zip(&wanted) {
        assert_eq!(found.audience.clients(), wanted.audience.clients());
        let (found, wanted) = (&found.entry, &wanted.entry);
        assert_eq!((found.seq, found.at, &found.line), (wanted.seq, wanted.at, &wanted.line));
        assert_eq!(found.conversation.is_some(), wanted.conversation.is_some());
    }

    story.batch.checkpoint = Some(Seq::new(2));
    story.commit();
    let recent: Vec<Seq> = story.restart().recent.iter().map(|posted| posted.entry.seq).collect();
    assert_eq!(recent, [Seq::new(3), Seq::new(4)]);
    // A batch without a checkpoint leaves the one there is.
    story.answer(phone);
    story.commit();
    assert_eq!(story.restart().recent.len(), 3);
}

pub(super) fn places_only_go_forward(subject: Subject) {
    let mut story = Story::new(subject);
    let (_, phone) = story.arrive("alice");
    story.answers(phone, 9);
    story.commit();
    assert_eq!(story.restart().next_seq, Seq::new(10));
    // Everything was heard, so that tidying takes all of it, the newest row too.
    story.batch.checkpoint = Some(Seq::new(9));
    story.settle({
        let before = Settled::new(phone);
        let mut settlement = spill(before, &[]);
        settlement.acked = Seq::new(9);
        settlement
    });
    story.tidy(&retention(Seq::new(10)));
    let loaded = story.restart();
    assert!(loaded.recent.is_empty());
    assert_eq!(loaded.next_seq, Seq::new(10), "a place is never given twice");
}

fn outcome(client: ClientId, key: &str, response: &str, second: i64) -> KeptOutcome {
    KeptOutcome { client, key: key.to_owned(), response: response.to_owned(), at: at(second) }
}

pub(super) fn an_outcome_is_repeated_until_it_is_too_old(subject: Subject) {
    let mut story = Story::new(subject);
    let (_, phone) = story.arrive("alice");
    story.batch.outcomes.push(outcome(phone, "k", r#"{"status":"ok"}"#, 100));
    story.commit();
    story.restart();
    for (since, wanted) in [(99, true), (100, true), (101, false)] {
        let found = story.store().outcome(phone, "k", at(since)).unwrap();
        assert_eq!(found.as_deref(), wanted.then_some(r#"{"status":"ok"}"#), "since {since}");
    }
    // A key that is used again after its time begins anew.
    story.batch.outcomes.push(outcome(phone, "k", "second", 900));
    story.commit();
    assert_eq!(story.store().outcome(phone, "k", at(800)).unwrap().as_deref(), Some("second"));
}

pub(super) fn an_outcome_is_its_clients_alone(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let laptop = story.add_client(alice);
    story.batch.outcomes.push(outcome(phone, "k", "phone", 100));
    story.batch.outcomes.push(outcome(laptop, "K", "laptop", 100));
    story.commit();
    assert_eq!(story.store().outcome(laptop, "k", at(0)).unwrap(), None);
    assert_eq!(story.store().outcome(phone, "k", at(0)).unwrap().as_deref(), Some("phone"));
}

pub(super) fn a_stamp_is_spent_with_its_batch_and_remembered(subject: Subject) {
    let mut story = Story::new(subject);
    let (one, other) = (StampHash([1; 32]), StampHash([2; 32]));
    story.fact(Event::StampSpent { stamp: one, until: at(100) });
    assert!(!story.store().is_spent(one).unwrap(), "not before the commit");
    story.commit();
    story.restart();
    assert!(story.store().is_spent(one).unwrap());
    assert!(!story.store().is_spent(other).unwrap());
}

/// Somebody speaks under a key and leaves, and both stand in one batch: the writer takes what is waiting.
pub(super) fn a_batch_may_keep_an_outcome_of_a_client_that_it_removes(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    story.commit();
    story.batch.outcomes.push(outcome(phone, "k", "{}", 100));
    story.leave(alice, phone);
    story.commit();
    story.restart();
}

/// The sweep collects a client's queue, and the client leaves in the same batch.
pub(super) fn a_batch_may_settle_the_queue_of_a_client_that_it_removes(subject: Subject) {
    let mut story = Story::new(subject);
    let (alice, phone) = story.arrive("alice");
    let seqs = story.answers(phone, 3);
    story.commit();
    story.leave(alice, phone);
    let settled = story.settle(spill(Settled::new(phone), &seqs));
    assert_eq!(settled.client, phone, "there is an answer for each settlement");
    assert!(story.restart().queues.is_empty());
}
