//! Long polling: cursors, waiting, being woken, several polls at once.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Page, TestClient, TestServer, pair, texts};

/// How soon "at once" is. Far below every timeout used here, far above what a loaded machine needs.
const AT_ONCE: Duration = Duration::from_secs(4);

/// "Reading consumes nothing."
// clause: queues.cursor
#[test]
fn reading_twice_reads_the_same() {
    let server = TestServer::spawn();
    let (alice, bob) = pair(&server);
    for number in 0..5 {
        alice.say("#c", &format!("{number}"));
    }
    let first = bob.read_after(bob.cursor);
    assert_eq!(texts(&first), ["0", "1", "2", "3", "4"]);
    assert_eq!(bob.read_after(bob.cursor), first);
    let middle = first[2]["seq"].as_u64().unwrap();
    assert_eq!(bob.read_after(middle), first.split_at(3).1);
}

/// Without `after` a client reads from the beginning, so the first request of a new one needs no knowledge.
#[test]
fn without_a_cursor_reading_begins_at_the_beginning() {
    let server = TestServer::spawn();
    let alice = server.open_unread("alice");
    let answer = alice.http.get("/api/v1/messages?timeout=0").ok();
    let page = Page::check(0, &answer);
    assert_eq!(page.messages[0]["command"], "001");
    assert_eq!(answer, alice.http.get("/api/v1/messages?after=0&timeout=0").ok());
}

/// "N is the cursor to send next, A when nothing came."
#[test]
fn an_empty_answer_repeats_the_cursor() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let path = format!("/api/v1/messages?after={}&timeout=0", alice.cursor);
    let answer = alice.http.get(&path).ok();
    assert_eq!(answer["messages"], json!([]));
    assert_eq!(answer["last_id"], alice.cursor);
}

/// "`after` beyond the newest is clamped to it": such a client hears what comes next instead of nothing for ever.
// clause: queues.cursor
#[test]
fn a_cursor_from_the_future_is_clamped() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    for beyond in [1, 1_000_000, u64::try_from(i64::MAX).unwrap() - bob.cursor] {
        let newest = bob.cursor;
        let future = newest + beyond;
        bob.cursor = future.min(u64::try_from(i64::MAX).unwrap());
        assert_eq!(bob.poll(0), Vec::<Value>::new());
        assert_eq!(bob.cursor, newest, "clamped to the newest");
        let receipt = alice.say("#c", &format!("after {future}"));
        let heard = bob.poll(10);
        assert_eq!(heard.len(), 1, "{heard:?}");
        assert_eq!(heard[0]["id"], receipt["id"]);
    }
}

// clause: queues.wait
#[test]
fn a_timeout_of_zero_answers_at_once() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    let begun = Instant::now();
    alice.poll(0);
    assert!(begun.elapsed() < AT_ONCE);
}

// clause: queues.wait
#[test]
fn a_poll_waits_as_long_as_it_was_told() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    let begun = Instant::now();
    assert_eq!(alice.poll(1), Vec::<Value>::new());
    let waited = begun.elapsed();
    assert!(waited >= Duration::from_millis(950) && waited < Duration::from_secs(1) + AT_ONCE, "{waited:?}");
}

#[test]
fn the_default_timeout_is_a_setting() {
    let server = TestServer::spawn_with(&[("LONG_POLL_TIMEOUT", "1")]);
    let alice = server.open("alice");
    let begun = Instant::now();
    let answer = alice.http.get(&format!("/api/v1/messages?after={}", alice.cursor)).ok();
    let waited = begun.elapsed();
    assert_eq!(answer["messages"], json!([]));
    assert!(waited >= Duration::from_millis(950) && waited < Duration::from_secs(1) + AT_ONCE, "{waited:?}");
}

/// "timeout in seconds, … at most 30": more is clamped rather than refused.
#[test]
fn a_huge_timeout_is_accepted() {
    let server = TestServer::spawn();
    let alice = server.open_unread("alice");
    for timeout in ["31", "86400", "9223372036854775807"] {
        let answer = alice.http.get(&format!("/api/v1/messages?after=0&timeout={timeout}")).ok();
        assert!(!answer["messages"].as_array().unwrap().is_empty(), "{timeout}");
    }
}

// clause: queues.wait
#[test]
fn a_waiting_poll_is_woken() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    for round in 0..5 {
        let begun = Instant::now();
        let heard = thread::scope(|scope| {
            let polling = scope.spawn(|| bob.poll(30));
            // Whether the message or the poll is first, the answer must not wait for the timeout. Half of the
            // rounds give the poll time to arrive.
            if round % 2 == 0 {
                thread::yield_now();
            } else {
                alice.http.get("/api/v1/state").ok();
            }
            alice.say("#c", &format!("round {round}"));
            polling.join().unwrap()
        });
        assert_eq!(texts(&heard), [format!("round {round}")]);
        assert!(begun.elapsed() < AT_ONCE, "woken only after {:?}", begun.elapsed());
    }
}

/// "Several polls on one client at once all get the answer."
// clause: queues.wait
#[test]
fn several_polls_are_all_answered() {
    let server = TestServer::spawn();
    let (alice, bob) = pair(&server);
    let begun = Instant::now();
    let answers: Vec<Vec<Value>> = thread::scope(|scope| {
        let tabs = vec![bob.clone(), bob.clone(), bob.clone()];
        let polls: Vec<_> = tabs.into_iter().map(|mut tab| scope.spawn(move || tab.poll(30))).collect();
        alice.say("#c", "for all tabs");
        polls.into_iter().map(|poll| poll.join().unwrap()).collect()
    });
    assert!(begun.elapsed() < AT_ONCE);
    for heard in &answers {
        assert_eq!(texts(heard), ["for all tabs"], "{answers:?}");
    }
}

/// "not within two minutes while it fits the tail in memory, so that two tabs of one browser, with one cookie and
/// two cursors, both read everything".
// clause: queues.cursor
#[test]
fn two_cursors_under_one_cookie_both_read_everything() {
    let server = TestServer::spawn();
    let (alice, mut eager) = pair(&server);
    let mut lazy = eager.clone();
    let mut read_eagerly = Vec::new();
    for number in 0..50 {
        alice.say("#c", &format!("{number}"));
        read_eagerly.extend(eager.poll(5));
    }
    eager.drain();
    assert_eq!(read_eagerly.len(), 50);
    assert_eq!(lazy.drain(), read_eagerly);
}

/// "4 waiting polls a client": the newest four wait, an older one is answered empty.
#[test]
fn a_fifth_poll_releases_the_oldest() {
    let server = TestServer::spawn();
    let (alice, bob) = pair(&server);
    let begun = Instant::now();
    let answers: Vec<Vec<Value>> = thread::scope(|scope| {
        let polls: Vec<_> =
            (0..5).map(|_| bob.clone()).map(|mut tab| scope.spawn(move || tab.poll(30))).collect();
        // One of the five returns without a message; only then is it known that all five have arrived.
        crate::support::until("the oldest poll is released", || {
            polls.iter().any(thread::ScopedJoinHandle::is_finished)
        });
        alice.say("#c", "to the rest");
        polls.into_iter().map(|poll| poll.join().unwrap()).collect()
    });
    assert!(begun.elapsed() < Duration::from_secs(15), "nobody waited for the timeout");
    assert_eq!(answers.iter().filter(|heard| heard.is_empty()).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|heard| texts(heard) == ["to the rest"]).count(), 4, "{answers:?}");
}

/// Under one cursor nothing is lost, doubled or out of order while many talk at once.
// clause: queues.order
#[test]
fn many_senders_one_order() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let mut carol = server.open("carol");
    carol.join("#c");
    let (heard_by_bob, heard_by_carol) = thread::scope(|scope| {
        for sender in 0..4 {
            let alice = &alice;
            scope.spawn(move || {
                for number in 0..50 {
                    alice.say("#c", &format!("{sender}/{number}"));
                }
            });
        }
        let carol = scope.spawn(|| read_texts(&mut carol, 200));
        (read_texts(&mut bob, 200), carol.join().unwrap())
    });
    assert_eq!(heard_by_bob, heard_by_carol, "one order for everybody");
    for sender in 0..4 {
        let own = heard_by_bob.iter().filter(|text| text.starts_with(&format!("{sender}/"))).cloned();
        let expected: Vec<String> = (0..50).map(|number| format!("{sender}/{number}")).collect();
        assert_eq!(own.collect::<Vec<_>>(), expected, "each sender's order is kept");
    }
}

fn read_texts(client: &mut TestClient, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    crate::support::until("all messages arrive", || {
        all.extend(texts(&client.poll(1)));
        all.len() >= count
    });
    all
}
