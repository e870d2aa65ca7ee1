//! "Security headers (CSP same-origin, no framing, no base, no sniffing) on every response", and
//! "`Cache-Control: no-store`, `Vary: Origin, Cookie` on all of `/api`".

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestServer};

#[track_caller]
fn is_dressed(what: &str, answer: &Answer) {
    let expected = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cache-control", "no-store"),
        ("vary", "Origin, Cookie"),
    ];
    for (name, value) in expected {
        let found: Vec<_> = answer.headers.get_all(name).iter().collect();
        assert_eq!(found, [value], "{name} of {what}: {answer:?}");
    }
    let policy = answer.header("content-security-policy");
    let rules: Vec<&str> = policy.split("; ").collect();
    for rule in ["default-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(rules.contains(&rule), "{rule} of {what}: {policy:?}");
    }
}

#[test]
fn every_kind_of_answer_has_them() {
    let server = TestServer::spawn_with(&[("COMMAND_RATE_LIMIT", "0.01"), ("COMMAND_RATE_BURST", "4")]);
    let alice = server.open("alice");
    let (http, nobody) = (&alice.http, server.nobody());
    let post = |body: &str| http.post_bytes("/api/v1/messages", body);
    let posted = |name: &str, value: &str| {
        let request = http.request(Method::POST, "/api/v1/messages").header(name, value);
        Answer::of(request.body(r#"{"command":"LUSERS"}"#)).unwrap()
    };
    let answers = [
        (201, "a new session", nobody.post("/api/v1/session", &json!({ "nick": "bob" }))),
        (400, "no JSON", nobody.post_bytes("/api/v1/session", "nonsense")),
        (
            401,
            "a wrong password",
            nobody.post("/api/v1/login", &json!({ "nick": "bob", "password": "guess" })),
        ),
        (200, "the devices", http.get("/api/v1/clients")),
        (404, "no device", http.send(Method::DELETE, "/api/v1/clients/x")),
        (409, "a taken nick", nobody.post("/api/v1/session", &json!({ "nick": "alice" }))),
        (200, "a command", post(r#"{"command":"LUSERS"}"#)),
        (200, "a refusal of IRC", post(r#"{"command":"JOIN"}"#)),
        (400, "no command", post("{}")),
        (429, "too many commands", post(r#"{"command":"LUSERS"}"#)),
        (413, "a long body", post(&"x".repeat(5_000))),
        (415, "a packed body", posted("Content-Encoding", "gzip")),
        (403, "a foreign page", posted("Origin", "https://evil.example")),
        (400, "a bad host", posted("Host", "a b")),
        (200, "a poll", http.get("/api/v1/messages?timeout=0")),
        (400, "a bad number", http.get("/api/v1/messages?after=x")),
        (200, "the state", http.get("/api/v1/state")),
        (404, "no channel", http.get("/api/v1/channels/nowhere/members")),
        (400, "no target", http.get("/api/v1/history")),
        (401, "no cookie", nobody.get("/api/v1/state")),
        (404, "no path", nobody.get("/api/v1/nope")),
        (404, "no path outside", nobody.get("/nope")),
        (404, "a path that cannot be decoded", http.get("/api/v1/channels/%ff/members")),
        (405, "a wrong method", nobody.send(Method::DELETE, "/api/v1/session")),
        (200, "the server", nobody.get("/api/v1/server")),
        (200, "health", nobody.get("/.well-known/healthcheck.json")),
        (200, "liveness", nobody.get("/livez")),
        (200, "readiness", nobody.get("/readyz")),
        (200, "a logout", http.post("/api/v1/logout", &json!({}))),
    ];
    for (status, what, answer) in answers {
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        is_dressed(what, &answer);
    }
}

/// A body that does not come in time is refused in the same dress.
#[test]
fn a_timeout_has_them_too() {
    let server = TestServer::spawn_with(&[("BODY_TIMEOUT", "100ms")]);
    let head = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{";
    let answer = crate::support::exchange(&server.socket_address(), head.as_bytes());
    assert_eq!(answer.status, Some(408), "{answer:?}");
    let text = answer.text.to_lowercase();
    for header in
        ["content-security-policy: default-src 'self'", "x-frame-options: deny", "cache-control: no-store"]
    {
        assert!(text.contains(header), "{header} in {text}");
    }
}

/// What a listed page may read is not kept from it by the resource policy.
#[test]
fn listed_pages_may_embed() {
    let server = TestServer::spawn_with(&[("CORS_ORIGINS", "https://web.example.org")]);
    let request =
        server.nobody().request(Method::GET, "/api/v1/server").header("Origin", "https://web.example.org");
    let answer = Answer::of(request).unwrap();
    assert_eq!(answer.header("cross-origin-resource-policy"), "cross-origin");
}
