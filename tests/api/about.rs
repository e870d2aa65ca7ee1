//! What the server says of itself to anybody: `/server`, health, liveness, readiness.

use serde_json::{Value, json};

use crate::support::{TestServer, until};

#[test]
fn server_describes_itself() {
    let server = TestServer::spawn_with(&[("SERVER_NAME", "irc.example.org"), ("MOTD", "Mind the bees")]);
    let about = server.nobody().get("/api/v1/server").ok();
    assert_eq!(about["name"], "irc.example.org");
    assert!(about["version"].as_str().unwrap().contains(env!("CARGO_PKG_VERSION")), "{about}");
    assert!(about["motd"].to_string().contains("Mind the bees"), "{about}");
    assert_eq!(about["users"], 0);
    assert_eq!(about.get("hashcash_bits"), None, "only when more than 0");
    let alice = server.open("alice");
    server.open("bob");
    assert_eq!(server.nobody().get("/api/v1/server").ok()["users"], 2);
    alice.quit();
    assert_eq!(server.nobody().get("/api/v1/server").ok()["users"], 1);
}

#[test]
fn healthcheck_counts() {
    let server = TestServer::spawn();
    let health = || server.nobody().get("/.well-known/healthcheck.json").ok();
    let before = health();
    let fields = [
        "status",
        "now",
        "uptimeSeconds",
        "version",
        "sessions",
        "clients",
        "queuedLines",
        "channels",
        "connectionsSinceBoot",
        "sessionsSinceBoot",
        "messagesSinceBoot",
    ];
    for field in fields {
        assert!(before.get(field).is_some_and(|value| !value.is_null()), "{field} is missing: {before}");
    }
    assert!(before["status"].as_str().is_some_and(|status| !status.is_empty()));
    assert!(before["version"].as_str().unwrap().contains(env!("CARGO_PKG_VERSION")), "{before}");
    before["now"].as_str().unwrap().parse::<jiff::Timestamp>().expect("`now` is an RFC 3339 time");
    for field in ["uptimeSeconds", "sessions", "clients", "queuedLines", "channels", "messagesSinceBoot"] {
        assert!(before[field].is_u64() || before[field].is_f64(), "{field} is a number: {before}");
    }
    let count =
        |health: &Value, field: &str| health[field].as_u64().unwrap_or_else(|| panic!("{field}: {health}"));
    assert_eq!(
        [count(&before, "sessions"), count(&before, "clients"), count(&before, "channels")],
        [0, 0, 0]
    );
    let alice = server.open("alice");
    let bob = server.open("bob");
    alice.join("#rust");
    bob.join("#rust");
    alice.say("#rust", "hi");
    let during = health();
    assert_eq!(
        [count(&during, "sessions"), count(&during, "clients"), count(&during, "channels")],
        [2, 2, 1]
    );
    assert_eq!(count(&during, "sessionsSinceBoot"), 2);
    assert!(count(&during, "messagesSinceBoot") > count(&before, "messagesSinceBoot"), "{during}");
    assert!(count(&during, "connectionsSinceBoot") > 0, "{during}");
    bob.quit();
    let after = health();
    assert_eq!([count(&after, "sessions"), count(&after, "sessionsSinceBoot")], [1, 2], "{after}");
}

/// "queuedLines" is what clients have not acknowledged: it grows with messages and falls with polls.
#[test]
fn queued_lines_rise_and_fall() {
    let server = TestServer::spawn();
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    let queued =
        || server.nobody().get("/.well-known/healthcheck.json").ok()["queuedLines"].as_u64().unwrap();
    let mut alice_reads = alice.clone();
    alice_reads.drain();
    bob.drain();
    let before = queued();
    for _ in 0..20 {
        alice.say("bob", "hi");
    }
    assert!(queued() >= before + 20, "{before} and then {}", queued());
    alice_reads.drain();
    bob.drain();
    until("acknowledged lines are no longer counted", || queued() <= before);
}

#[test]
fn alive_and_ready() {
    let server = TestServer::spawn();
    for path in ["/livez", "/readyz"] {
        assert_eq!(server.nobody().get(path).status, 200, "{path}");
    }
}

/// A closed door for anybody is no reason to hide the open ones.
#[test]
fn a_bad_cookie_does_not_close_open_doors() {
    let server = TestServer::spawn();
    let http = server.nobody().with_token(Some("f".repeat(64)));
    for path in ["/api/v1/server", "/.well-known/healthcheck.json", "/livez", "/readyz"] {
        assert_eq!(http.get(path).status, 200, "{path}");
    }
    assert_eq!(http.post("/api/v1/session", &json!({ "nick": "alice" })).status, 201);
}
