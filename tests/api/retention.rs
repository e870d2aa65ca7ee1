//! Queues are bounded, and what is cut off is never silent.

use serde_json::Value;

use crate::support::{Page, TestClient, TestServer, texts, until};

/// Reads one page after the client's cursor and acknowledges nothing of it, since only a further poll would.
fn look(client: &TestClient) -> (Vec<Value>, u64) {
    let page: Page = client.clone().page(0);
    assert!(!page.more, "these tests keep to one page");
    if page.dropped.is_some() {
        assert_eq!(page.messages[0]["command"], "NOTICE", "it begins with a NOTICE: {}", page.messages[0]);
        assert_eq!(page.messages[0]["from"], "neoirc", "from the server: {}", page.messages[0]);
    }
    (page.messages, page.dropped.unwrap_or(0))
}

/// "at most `QUEUE_MAX_ENTRIES` … a client. What is cut off is never silent: the next poll carries
/// `"dropped":<count>` and begins with a NOTICE from the server." A queue that overflows keeps the newest.
// clause: queues.dropped
#[test]
fn an_overflowing_queue_says_what_it_dropped() {
    let server = TestServer::spawn_with(&[("QUEUE_MAX_ENTRIES", "50")]);
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    bob.drain();
    for number in 0..300 {
        alice.say("bob", &number.to_string());
    }
    let kept = std::cell::RefCell::new((Vec::new(), 0));
    until("the queue is cut to its limit", || {
        *kept.borrow_mut() = look(&bob);
        kept.borrow().1 > 0 && texts(&kept.borrow().0).len() <= 50
    });
    let (messages, dropped) = kept.into_inner();
    let read = texts(&messages);
    assert_eq!(dropped + read.len() as u64, 300, "every message is either here or counted");
    let newest: Vec<String> = (300 - read.len()..300).map(|number| number.to_string()).collect();
    assert_eq!(read, newest, "the newest are kept, in order and without a gap");
    // Once told and acknowledged, it is over.
    bob.drain();
    alice.say("bob", "next");
    let page = bob.page(5);
    assert_eq!((texts(&page.messages), page.dropped), (vec!["next".to_string()], None));
}

/// The count of what was cut off is itself not lost in a crash.
#[test]
fn what_was_dropped_is_still_told_after_a_restart() {
    let mut server = TestServer::spawn_with(&[("QUEUE_MAX_ENTRIES", "50")]);
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    bob.drain();
    for number in 0..200 {
        alice.say("bob", &number.to_string());
    }
    until("the queue is cut to its limit", || texts(&look(&bob).0).len() <= 50);
    server.restart();
    let (messages, dropped) = look(&bob);
    assert_eq!(dropped + texts(&messages).len() as u64, 200);
}

/// A client that reads along never hears of limits.
#[test]
fn a_reader_loses_nothing_to_the_limit() {
    let server = TestServer::spawn_with(&[("QUEUE_MAX_ENTRIES", "50")]);
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    bob.drain();
    let mut read = Vec::new();
    for number in 0..200 {
        alice.say("bob", &number.to_string());
        if number % 20 == 19 {
            let page = bob.page(5);
            assert_eq!(page.dropped, None);
            read.extend(texts(&page.messages));
        }
    }
    assert_eq!(read, (0..200).map(|number| number.to_string()).collect::<Vec<_>>());
}

/// "Unacknowledged entries live `QUEUE_MAX_AGE`", and what is too old is dropped just as audibly.
// clause: queues.dropped
#[test]
fn old_entries_are_dropped_audibly() {
    let server = TestServer::spawn_with(&[("QUEUE_MAX_AGE", "2s"), ("QUEUE_SETTLE_AFTER", "1s")]);
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    bob.drain();
    for number in 0..5 {
        alice.say("bob", &number.to_string());
    }
    let kept = std::cell::RefCell::new((Vec::new(), 0));
    until("old entries go", || {
        *kept.borrow_mut() = look(&bob);
        kept.borrow().1 == 5
    });
    assert_eq!(texts(&kept.borrow().0), Vec::<String>::new());
}
