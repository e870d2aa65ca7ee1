//! Accounts and read markers over HTTP.

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer, command_of, numerics, refused, texts, token_in};

const PATH: &str = "/api/v1/register";
const PASSWORD: &str = "correct horse";

fn wanted(nick: &str) -> Value {
    json!({ "nick": nick, "password": PASSWORD })
}

/// Somebody with a session and an account.
fn registered(server: &TestServer, nick: &str) -> TestClient {
    let client = server.open(nick);
    assert_eq!(client.http.post(PATH, &wanted(nick)).status, 201);
    client
}

fn marker(client: &TestClient, target: &str) -> Value {
    client.http.get(&format!("/api/v1/markers/{target}")).ok()["timestamp"].clone()
}

fn mark(client: &TestClient, target: &str, time: &str) -> Value {
    let path = format!("/api/v1/markers/{target}");
    let body = json!({ "timestamp": time }).to_string();
    let request = client.http.request(reqwest::Method::PUT, &path).body(body);
    crate::support::Answer::of(request).unwrap().ok()
}

#[test]
fn a_newcomer_registers_in_one_request() {
    let server = TestServer::spawn();
    let answer = server.nobody().post(PATH, &wanted("alice"));
    assert_eq!(answer.status, 201);
    let (made, token) = (answer.json(), token_in(answer.set_cookie()));
    assert_eq!((&made["nick"], &made["account"]), (&json!("alice"), &json!("alice")));
    let alice = server.nobody().with_token(Some(token));
    assert_eq!(alice.get("/api/v1/state").ok()["account"], "alice");
    assert_eq!(server.nobody().post(PATH, &wanted("ALICE")).refusal(409), "nick already taken");
}

#[test]
fn a_session_registers_itself_and_nobody_else() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    assert!(alice.state().get("account").is_none());
    let other = alice.http.post(PATH, &wanted("bob")).refusal(409);
    assert_eq!(other, "an account is made for the nick that the session goes by");
    let answer = alice.http.post(PATH, &wanted("alice"));
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json(), json!({ "id": alice.id, "nick": "alice", "account": "alice" }));
    assert_eq!(answer.set_cookie(), "", "it has its cookie");
    assert_eq!(alice.http.post(PATH, &wanted("alice")).refusal(409), "the session has an account already");
    let stale = server.nobody().with_token(Some("0".repeat(64)));
    stale.post(PATH, &wanted("carol")).refusal(401);
}

#[test]
fn bad_wishes_are_told_what_is_wrong() {
    let server = TestServer::spawn();
    let nobody = server.nobody();
    for (body, error) in [
        (json!({ "nick": "alice" }), "invalid request body"),
        (json!({ "nick": 5, "password": PASSWORD }), "invalid request body"),
        (json!({ "nick": "", "password": PASSWORD }), "nick must be 1-32 characters"),
        (json!({ "nick": "a b", "password": PASSWORD }), "invalid nick format"),
        (json!({ "nick": "alice", "password": "" }), "password is missing or too long"),
        (json!({ "nick": "alice", "password": "x".repeat(257) }), "password is missing or too long"),
        (json!({ "nick": "alice", "password": "short" }), "password is too short"),
    ] {
        assert_eq!(nobody.post(PATH, &body).refusal(400), error, "{body}");
    }
    assert_eq!(server.open("alice").state()["nick"], "alice", "nothing came of them");
}

#[test]
fn accounts_of_one_address_are_limited() {
    let limits = [("ACCOUNT_RATE_LIMIT", "0.001"), ("ACCOUNT_RATE_BURST", "2"), ("ACCOUNTS_MAX", "3")];
    let server = TestServer::spawn_with(&limits);
    let alice = registered(&server, "alice");
    registered(&server, "bob");
    let carol = server.open("carol");
    carol.http.post(PATH, &wanted("carol")).refusal(429);
    let register = json!({ "command": "REGISTER", "params": ["*", "*", PASSWORD] });
    assert_eq!(carol.post(&register).0, 429, "the command is no way round it");
    alice.quit();
    // A nick that somebody has makes no account, and what is asked again under its key is not asked anew.
    let one = TestServer::spawn_with(&[("ACCOUNT_RATE_LIMIT", "0.001"), ("ACCOUNT_RATE_BURST", "1")]);
    let dave = one.open("dave");
    one.nobody().post(PATH, &wanted("dave")).refusal(409);
    let first = dave.post_once("key", &register).unwrap().ok();
    assert_eq!(dave.post_once("key", &register).unwrap().ok(), first);
    let free = TestServer::spawn_with(&[("ACCOUNT_RATE_LIMIT", "0"), ("ACCOUNTS_MAX", "1")]);
    registered(&free, "alice");
    let full = free.nobody().post(PATH, &wanted("bob")).refusal(403);
    assert_eq!(full, "no further accounts are made here");
    assert_eq!(free.open("bob").state()["nick"], "bob", "and no session is left of it");
}

/// "login to an account whose session has ended makes a new session", "the nick is reserved".
#[test]
fn an_account_outlives_its_session_and_the_process() {
    let mut server = TestServer::spawn();
    let alice = registered(&server, "alice");
    alice.command(&json!({ "command": "PUBKEY", "body": { "alg": "ed25519", "key": "A".repeat(43) + "=" } }));
    mark(&alice, "%23tea", "2026-01-02T03:04:05.678Z");
    alice.quit();
    let taken = server.nobody().post("/api/v1/session", &json!({ "nick": "Alice" }));
    assert_eq!(taken.refusal(409), "nick already taken");
    server.kill9();
    server.start();
    let bob = server.open("bob");
    refused(&bob.post(&json!({ "command": "NICK", "body": ["alice"] })).1, "433");
    let wrong = json!({ "nick": "alice", "password": "wrong horse" });
    server.nobody().post("/api/v1/login", &wrong).refusal(401);
    let mut again = TestClient::log_in(&server.nobody(), "ALICE", PASSWORD);
    assert_ne!(again.id, alice.id, "it is another session");
    assert_eq!(numerics(&again.drain())[..2], ["001", "002"]);
    assert_eq!(again.state()["account"], "alice");
    assert_eq!(marker(&again, "%23tea"), "2026-01-02T03:04:05.678Z");
    let phone = TestClient::log_in(&server.nobody(), "alice", PASSWORD);
    assert_eq!(phone.id, again.id, "a further device of that session");
    again.pass("a new password");
    again.quit();
    server.nobody().post("/api/v1/login", &wanted("alice")).refusal(401);
    TestClient::log_in(&server.nobody(), "alice", "a new password");
}

#[test]
fn whoever_goes_by_another_nick_logs_in_by_its_accounts_name() {
    let server = TestServer::spawn();
    let alice = registered(&server, "alice");
    alice.command(&json!({ "command": "NICK", "body": ["ally"] }));
    for nick in ["alice", "ally"] {
        let device = TestClient::log_in(&server.nobody(), nick, PASSWORD);
        assert_eq!(device.id, alice.id);
    }
    alice.command(&json!({ "command": "NICK", "body": ["alice"] }));
}

/// "a session lives on by its own rules, `away` when no device is connected if so set".
#[test]
fn a_session_that_stays_hears_what_was_said() {
    let mut server = TestServer::spawn();
    let alice = registered(&server, "alice");
    let mut bob = server.open("bob");
    alice.join("#tea");
    bob.join("#tea");
    alice.mode("alice", &["+S"]);
    bob.drain();
    alice.http.send(reqwest::Method::POST, "/api/v1/logout").ok();
    alice.http.get("/api/v1/state").refusal(401);
    bob.say("#tea", "to whom it may concern");
    bob.say("alice", "to you");
    assert_eq!(numerics(&bob.drain()), ["PRIVMSG", "PRIVMSG", "301"], "no QUIT, and she is away");
    server.kill9();
    server.start();
    let members = bob.http.get("/api/v1/channels/tea/members").ok();
    assert_eq!(members.as_array().unwrap().len(), 2, "{members}");
    let back = TestClient::log_in(&server.nobody(), "alice", PASSWORD);
    assert_eq!(back.id, alice.id);
    assert_eq!(back.channels(), ["#tea"]);
    assert!(back.state().get("away").is_none());
    for (target, text) in [("%23tea", "to whom it may concern"), ("bob", "to you")] {
        let history = back.http.get(&format!("/api/v1/history?target={target}")).ok();
        assert_eq!(texts(history.as_array().unwrap()), [text]);
    }
    back.quit();
    bob.poll_until(|message| command_of(message) == "QUIT");
}

#[test]
fn a_session_that_stays_does_not_stay_for_ever() {
    let server = TestServer::spawn_with(&[("SESSION_IDLE_TIMEOUT", "2s"), ("ACCOUNTS_STAY", "true")]);
    let alice = registered(&server, "alice");
    let mut bob = server.open("bob");
    alice.join("#tea");
    bob.join("#tea");
    alice.http.send(reqwest::Method::POST, "/api/v1/logout").ok();
    let heard = bob.poll_until(|message| command_of(message) == "QUIT");
    assert_eq!(heard.last().unwrap()["body"], json!(["Session expired"]));
}

#[test]
fn an_operator_drops_an_account_and_the_session_that_only_it_kept() {
    let oper = [("NEOIRC_OPER_NAME", "root"), ("NEOIRC_OPER_PASSWORD", "toor"), ("ACCOUNTS_STAY", "true")];
    let server = TestServer::spawn_with(&oper);
    let alice = registered(&server, "alice");
    let mut root = server.open("root");
    alice.join("#tea");
    root.join("#tea");
    alice.http.send(reqwest::Method::POST, "/api/v1/logout").ok();
    root.command(&json!({ "command": "OPER", "params": ["root", "toor"] }));
    root.command(&json!({ "command": "UNREGISTER", "params": ["alice"] }));
    root.poll_until(|message| command_of(message) == "QUIT");
    assert_eq!(server.open("alice").state()["nick"], "alice");
}

#[test]
fn a_marker_goes_forward_alone_and_all_devices_hear_of_it() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.pass(PASSWORD);
    let mut phone = TestClient::log_in(&server.nobody(), "alice", PASSWORD);
    alice.drain();
    phone.drain();
    assert_eq!(marker(&alice, "%23tea"), Value::Null);
    let set = mark(&alice, "%23Tea", "2026-01-02T03:04:05.679999999Z");
    assert_eq!(set, json!({ "target": "#Tea", "timestamp": "2026-01-02T03:04:05.679Z" }));
    let told = phone.drain();
    assert_eq!(told.len(), 1, "{told:#?}");
    assert_eq!((&told[0]["command"], &told[0]["to"]), (&json!("MARKREAD"), &json!("#Tea")));
    assert_eq!(told[0]["params"], json!(["timestamp=2026-01-02T03:04:05.679Z"]));
    let older = mark(&phone, "%23tea", "2025-01-01T00:00:00Z");
    assert_eq!(older["timestamp"], "2026-01-02T03:04:05.679Z");
    let ahead = mark(&phone, "bob", "2999-01-01T00:00:00Z");
    assert!(ahead["timestamp"].as_str().unwrap() < "2999", "not beyond now");
    let bad = |path: &str, body: &str| {
        let request = alice.http.request(reqwest::Method::PUT, path).body(body.to_owned());
        crate::support::Answer::of(request).unwrap().refusal(400)
    };
    assert_eq!(
        bad("/api/v1/markers/a%20b", r#"{"timestamp":"2026-01-02T03:04:05Z"}"#),
        "neither a channel nor a nick"
    );
    assert_eq!(bad("/api/v1/markers/bob", "[]"), "invalid request body");
    assert!(bad("/api/v1/markers/bob", r#"{"timestamp":"now"}"#).starts_with("timestamp is no time"));
    alice.http.get("/api/v1/markers/%23").refusal(400);
    server.nobody().get("/api/v1/markers/bob").refusal(401);
}
