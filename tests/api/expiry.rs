//! "Idle expiry after `SESSION_IDLE_TIMEOUT` without a request from any client."

use serde_json::json;

use crate::support::{TestClient, TestServer, command_of, pair, until};

#[test]
fn an_idle_session_ends_with_a_quit() {
    let server = TestServer::spawn_with(&[("SESSION_IDLE_TIMEOUT", "2s")]);
    let (mut alice, bob) = (server.open("alice"), server.open("bob"));
    for channel in ["#a", "#b"] {
        alice.join(channel);
        bob.join(channel);
    }
    alice.drain();
    // Alice stays alive by polling; bob does nothing.
    let heard = alice.poll_until(|message| command_of(message) == "QUIT");
    let quits: Vec<_> = heard.iter().filter(|message| command_of(message) == "QUIT").collect();
    assert_eq!(quits.len(), 1, "once, though two channels are shared: {heard:?}");
    assert_eq!(quits[0]["from"], "bob");
    bob.http.get("/api/v1/state").refusal(401);
    assert_eq!(alice.channels(), ["#a", "#b"], "who polls is not idle");
    let members = alice.http.get("/api/v1/channels/a/members").ok();
    assert_eq!(members.as_array().unwrap().len(), 1, "{members}");
    assert_eq!(
        server.nobody().post("/api/v1/session", &json!({ "nick": "bob" })).status,
        201,
        "the nick is free"
    );
}

/// A poll that waits is a client that is there, however long it waits.
#[test]
fn a_waiting_poll_is_not_idle() {
    let server = TestServer::spawn_with(&[("SESSION_IDLE_TIMEOUT", "2s")]);
    let mut alice = server.open("alice");
    for _ in 0..2 {
        assert_eq!(alice.poll(4).len(), 0);
    }
    assert_eq!(alice.state()["nick"], "alice");
}

/// An empty channel does not outlive the expiry of its last member, nor does the expired session a restart.
#[test]
fn expiry_is_durable() {
    let mut server = TestServer::spawn_with(&[("SESSION_IDLE_TIMEOUT", "2s")]);
    let (mut alice, bob) = (server.open("alice"), server.open("bob"));
    bob.join("#mine");
    bob.join("#ours");
    alice.join("#ours");
    alice.poll_until(|message| command_of(message) == "QUIT");
    server.kill9();
    server.start();
    bob.http.get("/api/v1/state").refusal(401);
    let carol = server.open("carol");
    let channels = carol.http.get("/api/v1/channels").ok();
    assert!(!channels.to_string().contains("#mine"), "{channels}");
}

/// "A stale client beside a fresh one is dropped alone."
#[test]
fn a_silent_device_is_dropped_alone() {
    let server = TestServer::spawn_with(&[("SESSION_IDLE_TIMEOUT", "2s")]);
    let (mut alice, mut bob) = pair(&server);
    alice.pass("correct horse");
    let phone = TestClient::log_in(&server.nobody(), "alice", "correct horse");
    until("the phone is dropped", || {
        assert_eq!((alice.poll(0), bob.poll(0)), (vec![], vec![]), "nobody is told");
        // Looking at the devices is no request of the phone.
        alice.http.get("/api/v1/clients").ok().as_array().unwrap().len() == 1
    });
    phone.http.get("/api/v1/state").refusal(401);
    assert_eq!(alice.channels(), ["#c"]);
}
