//! How often one may ask: "Login 1/s burst 5 an address; session creation 1/s burst 20 an address beside hashcash;
//! commands 10/s burst 40 a session". Whoever asks more often gets 429 with `Retry-After`.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestServer, mint, texts, until};

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

fn log_in(server: &TestServer, nick: &str, password: &str, forwarded_for: &str) -> Answer {
    let request = server.nobody().request(Method::POST, "/api/v1/login");
    let request = request.header("X-Forwarded-For", forwarded_for);
    Answer::of(request.json(&json!({ "nick": nick, "password": password }))).unwrap()
}

#[test]
fn logins_are_limited_by_address() {
    let server = TestServer::spawn_with(&[
        ("LOGIN_RATE_LIMIT", "0.01"),
        ("LOGIN_RATE_BURST", "4"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ]);
    server.open("alice").pass("correct horse");
    // What is no attempt takes nothing.
    log_in(&server, "alice", "", "192.0.2.7").refusal(400);
    for (nick, password) in [("alice", "wrong horse"), ("nobody", "x"), ("no nick", "x"), ("alice", "x")] {
        log_in(&server, nick, password, "192.0.2.7").refusal(401);
    }
    for (nick, password) in [("alice", "correct horse"), ("bob", "x"), ("no nick", "x")] {
        let wait = wait_s(&log_in(&server, nick, password, "192.0.2.7"), "4");
        assert!((90..=100).contains(&wait), "{wait}");
    }
    log_in(&server, "alice", "correct horse", "192.0.2.8").ok();
}

/// A password is not guessed from many addresses either; others are not concerned.
#[test]
fn logins_are_limited_by_nick() {
    let server = TestServer::spawn_with(&[("LOGIN_RATE_LIMIT", "0.01"), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let from = |number: usize| format!("192.0.2.{number}");
    let refused = (0..60).position(|number| log_in(&server, "alice", "wrong", &from(number)).status == 429);
    // One a second comes back while the others are being hashed.
    assert!(refused.is_some_and(|number| number >= 20), "{refused:?}");
    log_in(&server, "bob", "wrong", &from(99)).refusal(401);
}

/// Being told what a session costs is no attempt, and whoever comes too often keeps the stamp.
#[test]
fn a_limit_spends_no_stamp() {
    let bits = ("NEOIRC_HASHCASH_BITS", "8");
    let server = TestServer::spawn_with(&[bits, ("SESSION_RATE_LIMIT", "2"), ("SESSION_RATE_BURST", "1")]);
    let pay = |nick: &str, stamp: &str| {
        server.nobody().post("/api/v1/session", &json!({ "nick": nick, "pow_token": stamp }))
    };
    for _ in 0..3 {
        open(&server, "alice", None).refusal(402);
        pay("alice", "nonsense").refusal(402);
    }
    let front = format!("1:8:{}:neoirc:", crate::pow::day(0));
    assert_eq!(pay("alice", &mint(8, &front)).status, 201);
    let stamp = mint(8, &front);
    wait_s(&pay("bob", &stamp), "1");
    until("its turn comes", || pay("bob", &stamp).status == 201);
}

/// What is looked at takes work, and what is asked into the queue is written: as dear as the commands that do the same.
#[test]
fn looking_around_is_limited_by_session() {
    let settings = [
        ("HISTORY_RATE_LIMIT", "0.01"),
        ("HISTORY_RATE_BURST", "12"),
        ("COMMAND_RATE_LIMIT", "0.01"),
        ("COMMAND_RATE_BURST", "20"),
        ("METRICS_USERNAME", "m"),
        ("METRICS_PASSWORD", "n"),
    ];
    let server = TestServer::spawn_with(&settings);
    let alice = server.open("alice");
    let names: Vec<String> = (0..40).map(|number| format!("#c{number}")).collect();
    alice.join(&names.join(","));
    // Coming into forty channels was five of twenty, and so is each of these.
    let state = "/api/v1/state?initChannelState=1";
    for _ in 0..3 {
        alice.http.get(state).ok();
    }
    wait_s(&alice.http.get(state), "20");
    for path in ["/api/v1/channels", "/api/v1/channels/c1/members", "/api/v1/clients", "/api/v1/users/me"] {
        alice.http.get(path).ok();
    }
    for _ in 0..4 {
        alice.http.get("/api/v1/state").ok();
    }
    let hooks = "/api/v1/hooks?channel=%23c1";
    for path in ["/api/v1/state", "/api/v1/channels", "/api/v1/channels/c1/members", hooks] {
        wait_s(&alice.http.get(path), "12");
    }
    wait_s(&alice.http.send(Method::DELETE, "/api/v1/clients/none"), "20");
    let metrics = server.nobody().request(Method::GET, "/metrics").basic_auth("m", Some("n"));
    let metrics = metrics.send().unwrap().text().unwrap();
    assert!(metrics.contains("neoirc_rate_limited_total{limit=\"history\"} 4"), "{metrics}");
}

/// Hashing a password takes a core for a while, which is nobody's alone.
#[test]
fn a_password_is_as_dear_as_ten_commands() {
    let server = TestServer::spawn_with(&[("COMMAND_RATE_LIMIT", "0.01"), ("COMMAND_RATE_BURST", "25")]);
    let alice = server.open("alice");
    let pass = json!({ "command": "PASS", "body": ["correct horse"] });
    alice.pass("correct horse");
    alice.pass("battery staple");
    wait_s(&alice.http.post("/api/v1/messages", &pass), "25");
    alice.say("alice", "still here");
}
