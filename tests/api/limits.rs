//! `MAX_MESSAGE_SIZE`: "(4096 bytes) caps the whole request body: 413 above it."

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Http, TestServer, exchange, request, texts};

const MIB: usize = 1 << 20;

/// A PRIVMSG to #c whose whole body has exactly this many bytes.
fn message_of(bytes: usize) -> String {
    let empty = json!({ "command": "PRIVMSG", "to": "#c", "body": [""] }).to_string();
    let text = "x".repeat(bytes - empty.len());
    let message = json!({ "command": "PRIVMSG", "to": "#c", "body": [text] }).to_string();
    assert_eq!(message.len(), bytes);
    message
}

/// Posts without a promise of length, in chunks.
fn post_chunked(http: &Http, path: &str, body: Vec<u8>) -> reqwest::Result<Answer> {
    let body = reqwest::blocking::Body::new(std::io::Cursor::new(body));
    Answer::of(http.request(Method::POST, path).body(body))
}

#[test]
fn a_body_of_4096_bytes_is_the_largest() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#c");
    alice.drain();
    alice.http.post_bytes("/api/v1/messages", message_of(4096)).ok();
    alice.http.post_bytes("/api/v1/messages", message_of(4097)).refusal(413);
    assert_eq!(post_chunked(&alice.http, "/api/v1/messages", message_of(4096).into()).unwrap().status, 200);
    post_chunked(&alice.http, "/api/v1/messages", message_of(4097).into()).unwrap().refusal(413);
    assert_eq!(texts(&alice.drain()).len(), 2);
}

#[test]
fn the_limit_is_a_setting() {
    let server = TestServer::spawn_with(&[("MAX_MESSAGE_SIZE", "600")]);
    let alice = server.open("alice");
    alice.join("#c");
    alice.http.post_bytes("/api/v1/messages", message_of(600)).ok();
    alice.http.post_bytes("/api/v1/messages", message_of(601)).refusal(413);
}

/// Every endpoint that reads a body is bounded, those without a cookie most of all.
#[test]
fn other_bodies_are_bounded_too() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let body = json!({ "nick": "bob", "filler": "x".repeat(20_000) });
    server.nobody().post("/api/v1/session", &body).refusal(413);
    // A body where none belongs is refused or left unread; it never makes the server remember it.
    let answer = alice.http.post("/api/v1/logout", &body);
    assert!([200, 413].contains(&answer.status), "{}", answer.status);
}

/// Ten megabytes, promised or in chunks, with and without a cookie.
#[test]
fn ten_megabytes_are_413() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let address = server.socket_address();
    let cookie = format!("Cookie: neoirc_auth={}", alice.http.token().unwrap());
    let body = vec![b'x'; 10 * MIB];
    for path in ["/api/v1/messages", "/api/v1/session", "/api/v1/login"] {
        let line = format!("POST {path} HTTP/1.1");
        let length = format!("Content-Length: {}", body.len());
        let answer = exchange(&address, &request(&line, &[&cookie, &length], &body));
        assert_eq!(answer.status, Some(413), "{path}: {answer:?}");
        let chunked = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        let answer = exchange(&address, &request(&line, &[&cookie, "Transfer-Encoding: chunked"], &chunked));
        assert_eq!(answer.status, Some(413), "{path} in chunks: {answer:?}");
    }
    assert_eq!(alice.state()["nick"], "alice", "and the server goes on");
}

/// The promise alone is enough to refuse: nobody has to send ten megabytes to be told.
#[test]
fn a_promise_of_too_much_is_refused_at_once() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = format!("Cookie: neoirc_auth={}", alice.http.token().unwrap());
    let bytes = request("POST /api/v1/messages HTTP/1.1", &[&cookie, "Content-Length: 10485760"], b"{");
    let begun = std::time::Instant::now();
    assert_eq!(exchange(&server.socket_address(), &bytes).status, Some(413));
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
}
