//! Opening a session: `POST /api/v1/session`.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use serde_json::{Value, json};

use crate::support::{Answer, TestServer, token_in};

const PATH: &str = "/api/v1/session";

/// Opens a session and returns the answer, whatever it is.
#[track_caller]
fn ask(server: &TestServer, body: &Value) -> Answer {
    server.nobody().post(PATH, body)
}

#[track_caller]
fn is_refused(server: &TestServer, body: &Value, text: &str) {
    assert_eq!(ask(server, body).refusal(400), text, "{body}");
}

#[test]
fn a_session_is_201_with_id_and_nick() {
    let server = TestServer::spawn();
    let answer = ask(&server, &json!({ "nick": "alice" }));
    assert_eq!(answer.status, 201, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["nick"], "alice");
    assert!(!body["id"].is_null(), "{body}");
    assert_eq!(body.as_object().unwrap().len(), 2, "nothing beside id and nick: {body}");
}

/// "`Path=/; HttpOnly; SameSite=Strict`, `Secure` when the request came by TLS … No Max-Age when set".
#[test]
fn the_cookie_has_exactly_its_attributes() {
    let server = TestServer::spawn();
    let answer = ask(&server, &json!({ "nick": "alice" }));
    let cookie = answer.set_cookie().to_string();
    let attributes: BTreeSet<&str> = cookie.split("; ").skip(1).collect();
    assert_eq!(attributes, BTreeSet::from(["Path=/", "HttpOnly", "SameSite=Strict"]), "{cookie}");
    let token = token_in(&cookie);
    assert_eq!(token.len(), 64);
    assert!(token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "lower-case hex: {token}");
    assert!(!answer.text.contains(&token), "the token is never in a body");
}

/// A peer that is no trusted proxy cannot make the server believe in TLS.
#[test]
fn a_stranger_cannot_claim_tls() {
    let server = TestServer::spawn();
    let request = server.nobody().request(reqwest::Method::POST, PATH);
    let answer =
        Answer::of(request.header("X-Forwarded-Proto", "https").json(&json!({ "nick": "alice" }))).unwrap();
    assert_eq!(answer.status, 201);
    assert!(!answer.set_cookie().contains("Secure"), "{}", answer.set_cookie());
}

/// "Stored only as SHA-256. Never in a JSON body, never in a log."
#[test]
fn the_token_is_neither_on_disk_nor_in_the_log() {
    let mut server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#rust");
    alice.drain();
    let token = alice.http.token().unwrap().to_string();
    for path in
        ["/api/v1/state", "/api/v1/users/me", "/api/v1/messages?after=0&timeout=0", "/api/v1/channels"]
    {
        assert!(!alice.http.get(path).text.contains(&token), "{path} shows the token");
    }
    server.terminate();
    let mut files = 0;
    for file in fs::read_dir(server.folder()).unwrap() {
        let path = file.unwrap().path();
        let Ok(bytes) = fs::read(&path) else { continue };
        let found = bytes.windows(token.len()).any(|window| window == token.as_bytes());
        assert!(!found, "{} holds the token", path.display());
        files += 1;
    }
    assert!(files >= 2, "the database and the log were looked at");
}

#[test]
fn a_nick_must_be_1_to_32_characters() {
    let server = TestServer::spawn();
    let text = "nick must be 1-32 characters";
    is_refused(&server, &json!({ "nick": "" }), text);
    is_refused(&server, &json!({ "nick": "a".repeat(33) }), text);
    is_refused(&server, &json!({ "nick": "a".repeat(1000) }), text);
    assert_eq!(ask(&server, &json!({ "nick": "a".repeat(32) })).status, 201);
    assert_eq!(ask(&server, &json!({ "nick": "b" })).status, 201);
}

#[test]
fn a_nick_must_be_a_nick() {
    let server = TestServer::spawn();
    let bad = [
        "1alice",
        "-alice",
        "al ice",
        "al.ice",
        "al!ice",
        "al@ice",
        "#alice",
        "*",
        "älice",
        "alice,bob",
        "a:b",
        "&a",
    ];
    for nick in bad {
        is_refused(&server, &json!({ "nick": nick }), "invalid nick format");
    }
    // Characters are counted, not bytes: these are 32 characters in 64 bytes.
    is_refused(&server, &json!({ "nick": "ä".repeat(32) }), "invalid nick format");
    for nick in ["[]\\^{}|`", "_a-9", "`x", "A1"] {
        let answer = ask(&server, &json!({ "nick": nick }));
        assert_eq!((answer.status, answer.json()["nick"].clone()), (201, json!(nick)));
    }
}

#[test]
fn a_username_is_optional_and_checked() {
    let server = TestServer::spawn();
    for username in ["a b", "a@b", "a!b", "é", "#a", &"u".repeat(33)] {
        is_refused(&server, &json!({ "nick": "bob", "username": username }), "invalid username format");
    }
    // A username may begin with what a nick may not begin with.
    assert_eq!(ask(&server, &json!({ "nick": "bob", "username": "9-lives" })).status, 201);
    assert_eq!(ask(&server, &json!({ "nick": "carol", "username": "u".repeat(32) })).status, 201);
}

#[test]
fn a_body_that_is_no_session_request_is_refused() {
    let server = TestServer::spawn();
    let nobody = server.nobody();
    let broken = [
        "",
        "{",
        "nick=alice",
        "[]",
        "\"alice\"",
        "null",
        "7",
        "{\"nick\":7}",
        // A sequence must not pass for the fields of an object in their order.
        "[\"alice\"]",
        "[\"alice\",\"alice\"]",
        "{\"nick\":[\"a\"]}",
    ];
    for body in broken {
        assert_eq!(nobody.post_bytes(PATH, body).refusal(400), "invalid request body", "{body}");
    }
    let answer = nobody.post_bytes(PATH, "{\"nick\":\"alice\",\"username\":7}");
    assert_eq!(answer.refusal(400), "invalid request body");
    let answer = nobody.post_bytes(PATH, b"{\"nick\":\"\xff\"}".to_vec());
    assert_eq!(answer.refusal(400), "invalid request body");
}

/// A missing nick is either no request or no nick; it is 400 in any case, and in the usual shape.
#[test]
fn a_missing_nick_is_refused() {
    let server = TestServer::spawn();
    for body in [json!({}), json!({ "nick": null }), json!({ "username": "liddell" })] {
        let text = ask(&server, &body).refusal(400);
        assert!(["invalid request body", "nick must be 1-32 characters"].contains(&text.as_str()), "{text}");
    }
}

/// "Bodies are read as JSON whatever the content type says (`curl -d` is enough)"; unknown fields are ignored.
#[test]
fn the_content_type_does_not_matter() {
    let server = TestServer::spawn();
    for (nick, content_type) in [("alice", "application/x-www-form-urlencoded"), ("bob", "text/plain")] {
        let request =
            server.nobody().request(reqwest::Method::POST, PATH).header("Content-Type", content_type);
        let answer = Answer::of(request.body(format!("{{\"nick\":\"{nick}\",\"unknown\":[1]}}"))).unwrap();
        assert_eq!(answer.status, 201, "{}", answer.text);
    }
}

/// "unique under ASCII casemapping (case kept for display)".
#[test]
fn a_nick_is_taken_in_any_case() {
    let server = TestServer::spawn();
    server.open("Alice");
    for nick in ["Alice", "alice", "ALICE"] {
        let answer = ask(&server, &json!({ "nick": nick }));
        assert_eq!(answer.refusal(409), "nick already taken");
        assert_eq!(answer.set_cookie(), "");
    }
    // Under `ascii` these brackets are different letters, under `rfc1459` they would not be.
    assert_eq!(ask(&server, &json!({ "nick": "x[" })).status, 201);
    assert_eq!(ask(&server, &json!({ "nick": "x{" })).status, 201);
}

/// Whoever goes by the name of the server would speak in its place.
#[test]
fn the_name_of_the_server_is_nobodys_nick() {
    let server = TestServer::spawn_with(&[("SERVER_NAME", "teahouse")]);
    assert_eq!(ask(&server, &json!({ "nick": "TeaHouse" })).refusal(409), "nick already taken");
    let alice = server.open("alice");
    assert_eq!(alice.command(&json!({ "command": "NICK", "body": ["teahouse"] }))["numeric"], "433");
    assert_eq!(alice.state()["nick"], "alice");
}

/// Of many who want one nick at the same time exactly one gets it.
#[test]
fn one_nick_has_one_holder() {
    let server = TestServer::spawn();
    let statuses: Vec<u16> = thread::scope(|scope| {
        let asking: Vec<_> =
            (0..16).map(|_| scope.spawn(|| ask(&server, &json!({ "nick": "highlander" })).status)).collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 15, "{statuses:?}");
}
