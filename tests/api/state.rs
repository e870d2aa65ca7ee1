//! Who am I and where: `GET /api/v1/state` and `GET /api/v1/users/me`.

use serde_json::{Value, json};

use crate::support::{TestServer, numerics};

#[test]
fn state_says_who_and_where() {
    let server = TestServer::spawn();
    let nobody = server.nobody();
    let answer = nobody.post("/api/v1/session", &json!({ "nick": "alice", "username": "liddell" }));
    let token = crate::support::token_in(answer.set_cookie());
    let http = nobody.with_token(Some(token));
    let state = http.get("/api/v1/state").ok();
    assert_eq!(state["id"], answer.json()["id"]);
    assert_eq!(state["nick"], "alice");
    assert_eq!(state["username"], "liddell");
    assert_eq!(state["hostname"], "127.0.0.1");
    assert_eq!(state["channels"], json!([]));
    assert!(state.get("away").is_none_or(Value::is_null), "not away: {state}");
    assert_eq!(http.get("/api/v1/users/me").ok(), state, "the two endpoints are one");
}

#[test]
fn state_follows_what_happens() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    assert_eq!(alice.state()["username"], "alice", "the username defaults to the nick");
    alice.join("#rust");
    alice.join("#c");
    alice.command(&json!({ "command": "TOPIC", "to": "#rust", "body": ["memory safety"] }));
    alice.command(&json!({ "command": "AWAY", "body": ["at lunch"] }));
    alice.command(&json!({ "command": "NICK", "body": ["alicia"] }));
    let state = alice.state();
    assert_eq!((&state["nick"], &state["username"]), (&json!("alicia"), &json!("alice")));
    assert_eq!(state["away"], "at lunch");
    assert_eq!(alice.channels(), ["#c", "#rust"]);
    let channels = state["channels"].as_array().unwrap();
    let topic_of =
        |name: &str| channels.iter().find(|channel| channel["name"] == name).unwrap()["topic"].clone();
    assert_eq!(topic_of("#rust"), "memory safety");
    assert!(topic_of("#c").as_str().unwrap_or_default().is_empty());
    assert!(channels.iter().all(|channel| !channel["id"].is_null()), "{state}");
    alice.command(&json!({ "command": "PART", "to": "#c" }));
    alice.command(&json!({ "command": "AWAY" }));
    assert_eq!(alice.channels(), ["#rust"]);
    assert!(alice.state().get("away").is_none_or(Value::is_null));
}

/// "to the asking client alone: per channel a JOIN from oneself, 332+333, 353, 366".
// clause: queues.state
#[test]
fn channel_state_can_be_asked_for() {
    let server = TestServer::spawn();
    let (mut alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#rust");
    bob.join("#rust");
    alice.command(&json!({ "command": "TOPIC", "to": "#rust", "body": ["memory safety"] }));
    alice.join("#bare");
    alice.drain();
    bob.drain();
    let state = alice.http.get("/api/v1/state?initChannelState=1").ok();
    assert_eq!(state["nick"], "alice");
    let messages = alice.drain();
    for message in messages.iter().filter(|message| message["command"] == "JOIN") {
        assert_eq!(message["from"], "alice", "{message}");
    }
    let first = messages.iter().position(|message| message["to"] == "#rust").unwrap();
    let (rust, bare) =
        if first == 0 { messages.split_at(5) } else { (messages.split_at(3).1, messages.split_at(3).0) };
    assert_eq!(numerics(rust), ["JOIN", "332", "333", "353", "366"]);
    assert_eq!(numerics(bare), ["JOIN", "353", "366"]);
    assert_eq!(rust[1]["body"], json!(["memory safety"]));
    assert_eq!(bob.drain(), Vec::<Value>::new(), "nobody else hears of it");
}

#[test]
fn channel_state_comes_only_when_asked_for() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#rust");
    alice.drain();
    for path in ["/api/v1/state", "/api/v1/state?initChannelState=0", "/api/v1/users/me"] {
        alice.http.get(path).ok();
        assert_eq!(alice.drain(), Vec::<Value>::new(), "{path}");
    }
}
