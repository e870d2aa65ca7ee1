//! `Idempotency-Key`: "the same key again from the same client within 10 minutes, across a restart too, gets the
//! first outcome and does nothing twice."

use std::thread;

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer, numerics, pair, refused, texts};

#[track_caller]
fn post_once(client: &TestClient, key: &str, message: &Value) -> Value {
    client.post_once(key, message).unwrap().ok()
}

fn hello() -> Value {
    json!({ "command": "PRIVMSG", "to": "#c", "body": ["hello"] })
}

#[test]
fn a_key_says_it_once() {
    let server = TestServer::spawn();
    let (mut alice, mut bob) = pair(&server);
    let first = post_once(&alice, "k1", &hello());
    assert_eq!(first["status"], "sent");
    for _ in 0..3 {
        assert_eq!(post_once(&alice, "k1", &hello()), first);
    }
    let second = post_once(&alice, "k2", &hello());
    assert_ne!(second["id"], first["id"], "another key is another message");
    assert_eq!(texts(&bob.drain()).len(), 2);
    assert_eq!(texts(&alice.drain()).len(), 2);
}

/// Without a key the same text twice is two messages, as in any chat.
#[test]
fn without_a_key_everything_counts() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let (first, second) = (alice.say("#c", "ha"), alice.say("#c", "ha"));
    assert_ne!(first["id"], second["id"]);
    assert_eq!(texts(&bob.drain()), ["ha", "ha"]);
}

#[test]
fn keys_belong_to_clients() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let from_alice = post_once(&alice, "same", &hello());
    let from_bob = post_once(&bob, "same", &hello());
    assert_ne!(from_alice["id"], from_bob["id"]);
    assert_eq!(texts(&bob.drain()).len(), 2);
}

#[test]
fn a_key_survives_a_restart() {
    let mut server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let first = post_once(&alice, "k1", &hello());
    server.restart();
    assert_eq!(post_once(&alice, "k1", &hello()), first);
    server.kill9();
    server.start();
    assert_eq!(post_once(&alice, "k1", &hello()), first);
    assert_eq!(texts(&bob.drain()), ["hello"]);
}

/// The outcome that is repeated may be a refusal; its numeric is queued once.
#[test]
fn refusals_are_outcomes_too() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    alice.mode("#c", &["+m"]);
    bob.drain();
    let first = post_once(&bob, "k1", &hello());
    refused(&first, "404");
    alice.mode("#c", &["-m"]);
    assert_eq!(post_once(&bob, "k1", &hello()), first, "the first outcome, though it would be granted now");
    let heard = bob.drain();
    assert_eq!(numerics(&heard), ["404", "MODE"]);
}

/// Other commands than PRIVMSG are not done twice either.
#[test]
fn every_command_may_have_a_key() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let part = json!({ "command": "PART", "to": "#c" });
    let first = post_once(&alice, "leave", &part);
    assert_eq!(first["status"], "parted");
    alice.join("#c");
    assert_eq!(post_once(&alice, "leave", &part), first);
    assert_eq!(alice.channels(), ["#c"], "not parted again");
    assert_eq!(numerics(&bob.drain()), ["PART", "JOIN"]);
}

/// A retry may overtake its first attempt: then, too, only one is done.
#[test]
fn the_same_key_at_the_same_time() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let outcomes: Vec<Value> = thread::scope(|scope| {
        let posts: Vec<_> = (0..8).map(|_| scope.spawn(|| post_once(&alice, "k1", &hello()))).collect();
        posts.into_iter().map(|post| post.join().unwrap()).collect()
    });
    assert!(outcomes.iter().all(|outcome| *outcome == outcomes[0]), "{outcomes:?}");
    assert_eq!(texts(&bob.drain()), ["hello"]);
}

/// "(≤ 64 characters)".
#[test]
fn a_long_key_is_refused() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    alice.post_once(&"k".repeat(65), &hello()).unwrap().refusal(400);
    assert_eq!(post_once(&alice, &"k".repeat(64), &hello())["status"], "sent");
    assert_eq!(texts(&bob.drain()), ["hello"]);
}

/// What was no request at all has no outcome to repeat.
#[test]
fn a_bad_request_uses_up_no_key() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    alice.post_once("k1", &json!({ "to": "#c" })).unwrap().refusal(400);
    assert_eq!(post_once(&alice, "k1", &hello())["status"], "sent");
    assert_eq!(texts(&bob.drain()), ["hello"]);
}
