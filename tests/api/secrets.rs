//! "Never in a JSON body, never in a log": what the log says at its most talkative.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestServer, exchange};

#[test]
fn no_secret_is_logged() {
    for level in [("DEBUG", "true"), ("RUST_LOG", "trace")] {
        let server =
            TestServer::spawn_with(&[level, ("COMMAND_RATE_LIMIT", "0.01"), ("COMMAND_RATE_BURST", "4")]);
        let (alice, mut bob) = (server.open("alice"), server.open("bob"));
        let token = alice.http.token().unwrap().to_string();
        alice.join("#c");
        alice
            .http
            .post("/api/v1/messages", &json!({ "command": "JOIN", "to": "#k", "params": ["sesame-key"] }))
            .ok();
        alice.say("bob", "whispered-words");
        bob.drain();
        // Refused in every place: by limits, origins, hosts, lengths, queries, and by the framework.
        let never = "f".repeat(64);
        alice.http.post_bytes("/api/v1/messages", format!(r#"{{"secret-body": "{token}"#)).refusal(400);
        alice.http.post_bytes("/api/v1/messages", "whispered-words").refusal(429);
        alice.http.get(&format!("/api/v1/history?target=secret-target&x={token}"));
        server.nobody().with_token(Some(never.clone())).get("/api/v1/state").refusal(401);
        for (name, value) in [("Origin", "https://secret-origin.example"), ("X-Secret", "secret-header")] {
            Answer::of(alice.http.request(Method::GET, "/api/v1/state").header(name, value)).unwrap();
        }
        let cookie = format!("Cookie: neoirc_auth={token}\r\n");
        for head in [
            format!("GET /api/v1/state HTTP/1.1\r\nHost: a b\r\n{cookie}\r\n"),
            format!("GET /api/v1/state HTTP/9.9\r\nHost: x\r\n{cookie}\r\n"),
            format!("GET /api/v1/state HTTP/1.1\r\nHost: x\r\n{cookie}Bad Header: y\r\n\r\n"),
            format!("GET /api/v1/state HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n{cookie}\r\n"),
            format!("GET /api/v1/state HTTP/1.1\r\n{cookie}\r\n"),
        ] {
            exchange(&server.socket_address(), head.as_bytes());
        }
        alice.http.post("/api/v1/logout", &json!({})).ok();

        let log = std::fs::read_to_string(server.folder().join("neoircd.log")).unwrap();
        assert!(log.contains("a request was served"), "requests are logged under {level:?}:\n{log}");
        for secret in [&token, &never, "sesame-key", "whispered-words", "secret-"] {
            assert!(!log.contains(secret), "{secret} is logged under {level:?}:\n{log}");
        }
    }
}

/// Nobody fills the operator's log by sending nonsense.
#[test]
fn malformed_requests_are_not_logged() {
    let server = TestServer::spawn();
    for nonsense in
        [&b"\x16\x03\x01 a TLS hello\r\n\r\n"[..], b"GET / HTTP/9.9\r\n\r\n", b"NICK alice\r\n\r\n"]
    {
        exchange(&server.socket_address(), nonsense);
    }
    let alice = server.open("alice");
    alice.http.post_bytes("/api/v1/messages", "nonsense").refusal(400);
    let log = std::fs::read_to_string(server.folder().join("neoircd.log")).unwrap();
    assert!(!log.contains("ERROR") && !log.contains("WARN"), "{log}");
}
