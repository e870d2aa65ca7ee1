//! The head of a request: "16 KiB, 100 headers, target 8 KiB".

use crate::support::{RawAnswer, TestServer, exchange, request};

#[track_caller]
fn ask(server: &TestServer, target: &str, headers: &[&str]) -> RawAnswer {
    exchange(&server.socket_address(), &request(&format!("GET {target} HTTP/1.1"), headers, b""))
}

#[track_caller]
fn is_refused(answer: &RawAnswer, status: u16, text: &str) {
    assert_eq!(answer.status, Some(status), "{answer:?}");
    assert!(answer.text.ends_with(&format!(r#"{{"error":"{text}"}}"#)), "{answer:?}");
}

#[test]
fn a_target_of_8_kib_is_the_longest() {
    let server = TestServer::spawn();
    let target = |bytes: usize| format!("/api/v1/server?{}", "x".repeat(bytes - "/api/v1/server?".len()));
    assert_eq!(ask(&server, &target(8_192), &[]).status, Some(200));
    is_refused(&ask(&server, &target(8_193), &[]), 414, "request target too long");
    // So long that the head does not end in what is read of it.
    is_refused(&ask(&server, &target(70_000), &[]), 414, "request target too long");
}

#[test]
fn a_head_of_16_kib_is_the_longest() {
    let server = TestServer::spawn();
    // With the lines for `Host` and `Connection` that every request here has.
    let others = "Host: localhost\r\nConnection: close\r\n".len() + "X-Filler: \r\n".len();
    let filler = |bytes: usize| format!("X-Filler: {}", "x".repeat(bytes - others));
    assert_eq!(ask(&server, "/api/v1/server", &[&filler(16_384)]).status, Some(200));
    is_refused(&ask(&server, "/api/v1/server", &[&filler(16_385)]), 431, "request head too large");
}

/// The framework takes 96 headers and answers 431 with an empty body beyond.
#[test]
fn too_many_headers_are_refused() {
    let server = TestServer::spawn();
    let lines = |count: usize| (0..count).map(|number| format!("X-{number}: y")).collect::<Vec<_>>();
    let ask = |count: usize| {
        let lines = lines(count - 2);
        ask(&server, "/api/v1/server", &lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_eq!(ask(96).status, Some(200));
    assert_eq!(ask(97).status, Some(431));
}

/// A refused head leaves its connection as good as it was.
#[test]
fn a_refused_head_does_nothing() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = format!("Cookie: neoirc_auth={}", alice.http.token().unwrap());
    let long = format!("X-Filler: {}", "x".repeat(20_000));
    let body = br#"{"command":"QUIT"}"#;
    let length = format!("Content-Length: {}", body.len());
    let bytes = request("POST /api/v1/messages HTTP/1.1", &[&cookie, &long, &length], body);
    is_refused(&exchange(&server.socket_address(), &bytes), 431, "request head too large");
    assert_eq!(alice.state()["nick"], "alice");
}
