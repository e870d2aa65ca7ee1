//! What was said: `GET /api/v1/history`.

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer, refused, texts};

/// A page of history.
#[track_caller]
fn history(client: &TestClient, query: &str) -> Vec<Value> {
    let answer = client.http.get(&format!("/api/v1/history?{query}")).ok();
    answer.as_array().unwrap_or_else(|| panic!("history is an array: {answer}")).clone()
}

#[track_caller]
fn history_is(client: &TestClient, query: &str, status: u16) {
    client.http.get(&format!("/api/v1/history?{query}")).refusal(status);
}

/// Two members of #c, and what alice says there numbered from 0.
fn conversation(server: &TestServer, count: usize) -> (TestClient, TestClient, Vec<Value>) {
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    alice.join("#c");
    bob.join("#c");
    let receipts = (0..count).map(|number| alice.say("#c", &number.to_string())).collect();
    (alice, bob, receipts)
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

/// "PRIVMSG and NOTICE only, oldest first within the page".
#[test]
fn history_is_what_was_said() {
    let server = TestServer::spawn();
    let (alice, mut bob, _) = conversation(&server, 3);
    bob.command(&json!({ "command": "NOTICE", "to": "#c", "body": ["a notice"] }));
    alice.command(&json!({ "command": "TOPIC", "to": "#c", "body": ["a topic"] }));
    alice.mode("#c", &["+m"]);
    bob.command(&json!({ "command": "PART", "to": "#c" }));
    bob.join("#c");
    let said = history(&bob, "target=%23c");
    let commands: Vec<&Value> = said.iter().map(|message| &message["command"]).collect();
    assert_eq!(commands, ["PRIVMSG", "PRIVMSG", "PRIVMSG", "NOTICE"]);
    assert_eq!(texts(&said), ["0", "1", "2"]);
    let delivered = bob.read_after(0);
    for message in &said {
        assert!(delivered.contains(message), "history shows messages as they were delivered: {message}");
    }
    bob.drain();
}

#[test]
fn the_default_page_is_50_and_the_largest_500() {
    let server = TestServer::spawn();
    let (alice, _, _) = conversation(&server, 510);
    assert_eq!(texts(&history(&alice, "target=%23c")), numbers(460..510));
    assert_eq!(texts(&history(&alice, "target=%23c&limit=7")), numbers(503..510));
    assert_eq!(texts(&history(&alice, "target=%23c&limit=500")), numbers(10..510));
    assert_eq!(texts(&history(&alice, "target=%23c&limit=501")), numbers(10..510));
    assert_eq!(texts(&history(&alice, "target=%23c&limit=1000000")), numbers(10..510));
}

/// "`before` is a `seq` or an `id`".
#[test]
fn older_pages_are_reached_by_seq_and_by_id() {
    let server = TestServer::spawn();
    let (alice, _, receipts) = conversation(&server, 30);
    let (seq, id) = (&receipts[20]["seq"], receipts[20]["id"].as_str().unwrap());
    assert_eq!(texts(&history(&alice, &format!("target=%23c&limit=5&before={seq}"))), numbers(15..20));
    assert_eq!(texts(&history(&alice, &format!("target=%23c&limit=5&before={id}"))), numbers(15..20));
    let first = &receipts[0]["seq"];
    assert_eq!(history(&alice, &format!("target=%23c&before={first}")), Vec::<Value>::new());
    let mut pages: Vec<String> = Vec::new();
    let mut before = i64::MAX;
    loop {
        let page = history(&alice, &format!("target=%23c&limit=7&before={before}"));
        let Some(oldest) = page.first() else { break };
        before = oldest["seq"].as_i64().unwrap();
        pages.splice(0..0, texts(&page));
    }
    assert_eq!(pages, numbers(0..30));
}

/// An id nobody ever gave a message, or one of a message the caller cannot see, leads nowhere.
#[test]
fn a_foreign_id_is_no_place_in_this_history() {
    let server = TestServer::spawn();
    let (alice, _, _) = conversation(&server, 3);
    let path = "/api/v1/history?target=%23c&before=0190a0b0-0000-7000-8000-000000000000";
    let answer = alice.http.get(path);
    assert!([200, 400, 404].contains(&answer.status), "{}", answer.text);
}

/// "Members only"; 400, 403, 404.
#[test]
fn history_is_for_members() {
    let server = TestServer::spawn();
    let (alice, bob, _) = conversation(&server, 1);
    let carol = server.open("carol");
    history_is(&carol, "target=%23c", 403);
    history_is(&carol, "target=%23nowhere", 404);
    history_is(&carol, "target=ghost", 404);
    history_is(&carol, "", 400);
    history_is(&carol, "target=", 400);
    bob.command(&json!({ "command": "PART", "to": "#c" }));
    history_is(&bob, "target=%23c", 403);
    assert_eq!(texts(&history(&alice, "target=%23C")), ["0"], "names are found in any case");
}

/// "a channel recreated under an old name starts empty".
#[test]
fn a_recreated_channel_starts_empty() {
    let server = TestServer::spawn();
    let (alice, bob, receipts) = conversation(&server, 3);
    for client in [&alice, &bob] {
        client.command(&json!({ "command": "PART", "to": "#c" }));
    }
    bob.join("#c");
    assert_eq!(history(&bob, "target=%23c"), Vec::<Value>::new());
    let id = receipts[2]["id"].as_str().unwrap();
    let answer = bob.http.get(&format!("/api/v1/history?target=%23c&before={id}"));
    assert!(answer.status != 200 || answer.json() == json!([]), "not by the back door: {}", answer.text);
    bob.say("#c", "anew");
    assert_eq!(texts(&history(&bob, "target=%23c")), ["anew"]);
}

/// "a DM target means the two sessions, never whoever holds the nick now".
#[test]
fn direct_messages_belong_to_two_sessions() {
    let server = TestServer::spawn();
    let (alice, bob, carol) = (server.open("alice"), server.open("bob"), server.open("carol"));
    alice.say("bob", "to bob");
    bob.say("alice", "to alice");
    carol.say("bob", "from carol");
    assert_eq!(texts(&history(&alice, "target=bob")), ["to bob", "to alice"]);
    assert_eq!(texts(&history(&bob, "target=alice")), ["to bob", "to alice"]);
    assert_eq!(texts(&history(&bob, "target=carol")), ["from carol"]);
    assert_eq!(history(&carol, "target=alice"), Vec::<Value>::new());
    bob.command(&json!({ "command": "NICK", "body": ["robert"] }));
    assert_eq!(
        texts(&history(&alice, "target=robert")),
        ["to bob", "to alice"],
        "a session keeps its history"
    );
    history_is(&alice, "target=bob", 404);
    carol.command(&json!({ "command": "NICK", "body": ["bob"] }));
    assert_eq!(history(&alice, "target=bob"), Vec::<Value>::new(), "carol is not the old bob");
    bob.quit();
    let stranger = server.open("robert");
    assert_eq!(history(&stranger, "target=alice"), Vec::<Value>::new(), "a stranger inherits nothing");
    assert_eq!(history(&alice, "target=robert"), Vec::<Value>::new());
}

/// What was said to some of a channel alone is in no history, which all would read; nor are tags without a text.
// clause: messages.history
#[test]
fn what_not_all_heard_is_not_in_history() {
    let server = TestServer::spawn();
    let (alice, bob, _) = conversation(&server, 1);
    alice.say("@#c", "for operators");
    bob.command(&json!({ "command": "TAGMSG", "to": "#c", "meta": { "typing": "active" } }));
    bob.command(&json!({ "command": "TAGMSG", "to": "alice", "meta": { "typing": "active" } }));
    for client in [&alice, &bob] {
        assert_eq!(texts(&history(client, "target=%23c")), ["0"]);
        history_is(client, "target=%40%23c", 404);
    }
    assert_eq!(history(&alice, "target=bob"), Vec::<Value>::new());
}

/// What was refused was never said.
#[test]
fn refused_messages_are_not_in_history() {
    let server = TestServer::spawn();
    let (alice, bob, _) = conversation(&server, 1);
    alice.mode("#c", &["+m"]);
    refused(&bob.command(&json!({ "command": "PRIVMSG", "to": "#c", "body": ["gagged"] })), "404");
    assert_eq!(texts(&history(&alice, "target=%23c")), ["0"]);
}

/// "`MAX_HISTORY` never shortens a queue": it bounds what history shows, a target.
#[test]
fn max_history_bounds_history_and_no_queue() {
    let server = TestServer::spawn_with(&[("MAX_HISTORY", "10")]);
    let (alice, mut bob, _) = conversation(&server, 60);
    crate::support::until("history is bounded", || {
        texts(&history(&alice, "target=%23c&limit=500")) == numbers(50..60)
    });
    assert_eq!(texts(&bob.drain()), numbers(0..60));
}
