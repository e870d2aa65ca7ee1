//! How often one may ask: "Login 1/s burst 5 an address; session creation 1/s burst 20 an address beside hashcash;
//! commands 10/s burst 40 a session". Whoever asks more often gets 429 with `Retry-After`.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestServer, texts, until};

/// Opens a session, with a line of `X-Forwarded-For` where there is one.
fn open(server: &TestServer, nick: &str, forwarded_for: Option<&str>) -> Answer {
    let request = server.nobody().request(Method::POST, "/api/v1/session").json(&json!({ "nick": nick }));
    let request =
        forwarded_for.into_iter().fold(request, |request, line| request.header("X-Forwarded-For", line));
    Answer::of(request).unwrap()
}

/// Checks that this says how long to wait, and returns it.
#[track_caller]
fn wait_s(answer: &Answer, burst: &str) -> u64 {
    assert_eq!(answer.refusal(429), "too many requests");
    let wait = answer.header("retry-after").to_string();
    assert_eq!(answer.header("ratelimit-limit"), burst);
    assert_eq!(answer.header("ratelimit-remaining"), "0");
    assert_eq!(answer.header("ratelimit-reset"), wait);
    assert!(answer.header("set-cookie").is_empty(), "{answer:?}");
    let seconds = wait.parse().unwrap();
    assert!(seconds >= 1, "{wait}");
    seconds
}

#[test]
fn sessions_are_limited_by_address() {
    let server = TestServer::spawn_with(&[("SESSION_RATE_LIMIT", "0.01"), ("SESSION_RATE_BURST", "3")]);
    for nick in ["a", "b", "c"] {
        assert_eq!(open(&server, nick, None).status, 201);
    }
    let wait = wait_s(&open(&server, "d", None), "3");
    assert!((90..=100).contains(&wait), "one in a hundred seconds: {wait}");
    // Nobody believes a stranger who names another address.
    wait_s(&open(&server, "d", Some("192.0.2.7")), "3");
    wait_s(&open(&server, "d", Some("127.0.0.1, 192.0.2.8")), "3");
    // What is no request for a session at all is told so, and takes nothing.
    open(&server, "not a nick", None).refusal(400);
    let health = server.nobody().get("/.well-known/healthcheck.json").ok();
    assert_eq!(health["sessions"], 3, "what was refused did nothing");
}

#[test]
fn a_limit_lets_go_again() {
    let server = TestServer::spawn_with(&[("SESSION_RATE_LIMIT", "4"), ("SESSION_RATE_BURST", "1")]);
    assert_eq!(open(&server, "a", None).status, 201);
    until("a session may be opened again", || open(&server, "b", None).status == 201);
}

/// Everybody behind a proxy is somebody else; of IPv6 it is each network of 64 bits.
#[test]
fn addresses_behind_a_proxy_are_limited_each() {
    let server = TestServer::spawn_with(&[
        ("SESSION_RATE_LIMIT", "0.01"),
        ("SESSION_RATE_BURST", "1"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    let asked = [
        ("192.0.2.7", 201),
        ("192.0.2.7", 429),
        ("192.0.2.8", 201),
        ("192.0.2.99, 192.0.2.8", 429),
        ("::ffff:192.0.2.8", 429),
        ("2001:db8:1:2::1", 201),
        ("[2001:db8:1:2:ffff:ffff:ffff:ffff]:443", 429),
        ("2001:db8:1:3::1", 201),
    ];
    for (number, (line, status)) in asked.into_iter().enumerate() {
        assert_eq!(open(&server, &format!("n{number}"), Some(line)).status, status, "{line}");
    }
}

#[test]
fn commands_are_limited_by_session() {
    let server = TestServer::spawn_with(&[("COMMAND_RATE_LIMIT", "0.01"), ("COMMAND_RATE_BURST", "3")]);
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    let say = |text: &str| {
        let message = json!({ "command": "PRIVMSG", "to": "bob", "body": [text] });
        alice.http.post("/api/v1/messages", &message)
    };
    for text in ["one", "two", "three"] {
        say(text).ok();
    }
    let wait = wait_s(&say("four"), "3");
    assert!((90..=100).contains(&wait), "{wait}");
    // Reading is no command, and another session is not concerned.
    alice.http.get("/api/v1/messages?timeout=0").ok();
    alice.state();
    assert_eq!(texts(&bob.drain()), ["one", "two", "three"], "what was refused did nothing");
    bob.say("alice", "I may");
    // Whatever is posted counts, good or bad.
    wait_s(&alice.http.post_bytes("/api/v1/messages", "nonsense"), "3");
    // Without a cookie there is nobody to count.
    server.nobody().post("/api/v1/messages", &json!({ "command": "LUSERS" })).refusal(401);
}

#[test]
fn commands_may_be_given_again_after_a_while() {
    let server = TestServer::spawn_with(&[("COMMAND_RATE_LIMIT", "5"), ("COMMAND_RATE_BURST", "1")]);
    let mut alice = server.open("alice");
    alice.say("alice", "first");
    let message = json!({ "command": "PRIVMSG", "to": "alice", "body": ["second"] });
    until("a command may be given again", || alice.post(&message).0 == 200);
    assert_eq!(texts(&alice.drain()), ["first", "second"]);
}

/// The defaults are those of the contract: 40 commands and 20 sessions at once, and not many more.
#[test]
fn the_defaults_are_in_force() {
    let server =
        TestServer::launch(|launch| launch.without("SESSION_RATE_LIMIT").without("COMMAND_RATE_LIMIT"));
    let opened = (0..60).filter(|number| open(&server, &format!("n{number}"), None).status == 201).count();
    assert!((20..60).contains(&opened), "{opened}");
    let alice = {
        let mut opened = None;
        until("a session may be opened again", || {
            let answer = open(&server, "alice", None);
            let cookie = (answer.status == 201).then(|| crate::support::token_in(answer.set_cookie()));
            opened = cookie.map(|token| server.nobody().with_token(Some(token)));
            opened.is_some()
        });
        opened.unwrap()
    };
    let ping = json!({ "command": "PING" });
    let given = (0..200).filter(|_| alice.post("/api/v1/messages", &ping).status == 200).count();
    assert!((40..200).contains(&given), "{given}");
}
