//! Numbers in query strings: what is no number in range is 400, and nothing is guessed.

use crate::support::{TestClient, TestServer};

/// Values that are no whole number from 0 to 2^63−1 in ASCII digits, as they stand in a URL.
const BAD_NUMBERS: [&str; 14] = [
    "-1",
    "-0",
    "abc",
    "1.5",
    "1e3",
    "0x10",
    "",
    "%201",
    "%2B1",
    "1%00",
    "%D9%A3",
    "9223372036854775808",
    "99999999999999999999999999",
    "NaN",
];

#[track_caller]
fn is_400(client: &TestClient, path: &str) {
    client.http.get(path).refusal(400);
}

// clause: queues.cursor
#[test]
fn a_bad_cursor_is_400() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    for number in BAD_NUMBERS {
        is_400(&alice, &format!("/api/v1/messages?timeout=0&after={number}"));
    }
}

// clause: queues.cursor
#[test]
fn a_bad_timeout_is_400() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    for number in BAD_NUMBERS {
        is_400(&alice, &format!("/api/v1/messages?after=0&timeout={number}"));
    }
}

#[test]
fn a_repeated_parameter_is_400() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    is_400(&alice, "/api/v1/messages?after=0&after=0&timeout=0");
    is_400(&alice, "/api/v1/messages?after=0&after=5&timeout=0");
    is_400(&alice, "/api/v1/messages?timeout=0&timeout=0");
}

#[test]
fn bad_numbers_in_history_are_400() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#c");
    for number in BAD_NUMBERS {
        is_400(&alice, &format!("/api/v1/history?target=%23c&limit={number}"));
    }
    // `before` may also be an id, so what is neither is refused.
    for text in ["-1", "abc", "1.5", "9223372036854775808", "0190a0b0-zzzz-7000-8000-000000000000"] {
        is_400(&alice, &format!("/api/v1/history?target=%23c&before={text}"));
    }
    is_400(&alice, "/api/v1/history?target=%23c&limit=5&limit=5");
    is_400(&alice, "/api/v1/history?target=%23c&target=%23c");
}

#[test]
fn the_largest_numbers_are_taken() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#c");
    alice.http.get("/api/v1/messages?timeout=0&after=9223372036854775807").ok();
    alice.http.get("/api/v1/history?target=%23c&before=9223372036854775807&limit=9223372036854775807").ok();
}

#[test]
fn leading_zeros_and_unknown_parameters_do_no_harm() {
    let server = TestServer::spawn();
    let alice = server.open_unread("alice");
    let answer = alice.http.get("/api/v1/messages?after=000&timeout=00&colour=blue").ok();
    assert_eq!(answer["messages"][0]["command"], "001");
}

/// Nothing a query can hold may break the server or reach a 5xx.
#[test]
fn odd_queries_are_answered() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let long = "a".repeat(4000);
    let odd = [
        "?",
        "?&&&",
        "?=",
        "?after",
        "?after=%zz",
        "?%FF=%FF",
        "?after=%F0%9F%A6%80",
        "?;",
        &format!("?{long}={long}"),
    ];
    for query in odd {
        let separator = if query.len() > 1 { "&" } else { "" };
        let answer = alice.http.get(&format!("/api/v1/messages{query}{separator}timeout=0"));
        assert!(answer.status == 200 || answer.status == 400, "{query}: {}", answer.status);
    }
    assert_eq!(alice.state()["nick"], "alice");
}
