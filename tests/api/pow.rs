//! Proof of work: what a session costs.

use std::thread;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::support::{Answer, TestClient, TestServer, mint, mint_lazily, token_in, work};

/// Few enough for a test to mint hundreds of stamps, enough that none is good by accident.
pub(crate) const BITS: u32 = 12;

#[expect(clippy::disallowed_methods, reason = "a stamp names the day on which it was made")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// The day so many hours from now, as a stamp names it.
pub(crate) fn day(hours: i64) -> String {
    (now() + SignedDuration::from_hours(hours)).strftime("%y%m%d").to_string()
}

/// The second so many seconds from now.
pub(crate) fn second(seconds: i64) -> String {
    (now() + SignedDuration::from_secs(seconds)).strftime("%y%m%d%H%M%S").to_string()
}

pub(crate) fn spawn() -> TestServer {
    TestServer::spawn_with(&[("NEOIRC_HASHCASH_BITS", "12"), ("SERVER_NAME", "irc.example.org")])
}

/// What stands before the counter of a stamp for a session.
fn front(bits: u32, date: &str) -> String {
    format!("1:{bits}:{date}:irc.example.org:")
}

fn good_stamp() -> String {
    mint(BITS, &front(BITS, &day(0)))
}

pub(crate) fn open(server: &TestServer, nick: &str, stamp: &str) -> Answer {
    server.nobody().post("/api/v1/session", &json!({ "nick": nick, "pow_token": stamp }))
}

/// "402 … both with `"hashcash":{"bits","resource","format"}` so that a client knows what to compute".
#[track_caller]
fn must_pay(answer: &Answer, text: &str) {
    assert_eq!(answer.refusal(402), text);
    let hashcash =
        json!({ "bits": BITS, "resource": "irc.example.org", "format": "1:bits:YYMMDD:resource::counter" });
    assert_eq!(answer.json(), json!({ "error": text, "hashcash": hashcash }));
    assert_eq!(answer.set_cookie(), "");
}

#[track_caller]
fn is_invalid(server: &TestServer, stamp: &str, why: &str) {
    must_pay(&open(server, "alice", stamp), &format!("invalid hashcash stamp: {why}"));
}

#[test]
fn a_session_costs_a_stamp() {
    let server = spawn();
    let required = "hashcash proof-of-work required";
    for body in [
        json!({ "nick": "alice" }),
        json!({ "nick": "alice", "pow_token": null }),
        json!({ "nick": "alice", "pow_token": "" }),
    ] {
        must_pay(&server.nobody().post("/api/v1/session", &body), required);
    }
    assert_eq!(open(&server, "alice", &good_stamp()).status, 201);
    let body = json!({ "nick": "bob", "hashcash": good_stamp() });
    assert_eq!(server.nobody().post("/api/v1/session", &body).status, 201, "under its older name");
    let body = json!({ "nick": "carol", "pow_token": good_stamp(), "hashcash": "nonsense" });
    assert_eq!(server.nobody().post("/api/v1/session", &body).status, 201, "the newer name counts");
    for bad in [json!(7), json!(["x"]), json!({})] {
        let answer = server.nobody().post("/api/v1/session", &json!({ "nick": "dan", "pow_token": bad }));
        assert_eq!(answer.refusal(400), "invalid request body");
    }
}

#[test]
fn what_a_session_costs_is_told() {
    let server = spawn();
    assert_eq!(server.nobody().get("/api/v1/server").ok()["hashcash_bits"], BITS);
    let free = TestServer::spawn();
    assert_eq!(free.nobody().get("/api/v1/server").ok().get("hashcash_bits"), None, "only when > 0");
    let answer = open(&free, "alice", "nonsense that nobody asked for");
    assert_eq!(answer.status, 201, "where it costs nothing a stamp is not looked at: {}", answer.text);
    let usual = TestServer::launch(|launch| launch.without("NEOIRC_HASHCASH_BITS"));
    assert_eq!(usual.nobody().get("/api/v1/server").ok()["hashcash_bits"], 20, "the default");
}

/// While many come the price rises; whoever was told the old one a moment ago has not worked in vain.
#[test]
fn a_crowd_raises_the_price_as_far_as_the_operator_allows() {
    let price = |server: &TestServer| server.nobody().get("/api/v1/server").ok()["hashcash_bits"].clone();
    for (max, risen) in [("0", 4), ("5", 5), ("20", 6)] {
        let server = TestServer::spawn_with(&[
            ("NEOIRC_HASHCASH_BITS", "4"),
            ("NEOIRC_HASHCASH_BITS_MAX", max),
            ("SERVER_NAME", "irc.example.org"),
        ]);
        assert_eq!(price(&server), 4);
        for number in 0..200 {
            let answer = open(&server, &format!("guest{number}"), &mint(4, &front(4, &day(0))));
            assert_eq!(answer.status, 201, "what was told a moment ago is enough: {}", answer.text);
        }
        assert_eq!(price(&server), risen, "at most {max}");
        let unpaid = server.nobody().post("/api/v1/session", &json!({ "nick": "late" }));
        assert_eq!((unpaid.status, unpaid.json()["hashcash"]["bits"].clone()), (402, json!(risen)));
        let less = open(&server, "late", &mint(4, &front(3, &day(0))));
        assert_eq!(less.refusal(402), "invalid hashcash stamp: too few bits claimed");
    }
}

/// Every rule of the contract, each broken alone.
#[test]
fn a_stamp_for_a_session_keeps_every_rule() {
    let server = spawn();
    let today = day(0);
    for (front, why) in [
        (format!("0:{BITS}:{today}:irc.example.org:"), "unknown version"),
        (format!("2:{BITS}:{today}:irc.example.org:"), "unknown version"),
        (format!("1:{}:{today}:irc.example.org:", BITS - 1), "too few bits claimed"),
        (format!("1:0:{today}:irc.example.org:"), "too few bits claimed"),
        (format!("1:+12:{today}:irc.example.org:"), "malformed"),
        (format!("1::{today}:irc.example.org:"), "malformed"),
        (format!("1:{BITS}:{today}:irc.example.com:"), "wrong resource"),
        (format!("1:{BITS}:{today}::"), "wrong resource"),
        (format!("1:{BITS}:{today}:irc.example.org:ext"), "extension not empty"),
        (format!("1:{BITS}:{today}:irc.example.org"), "malformed"),
        (format!("1:{BITS}:260230:irc.example.org:"), "bad date"),
        (format!("1:{BITS}:2026-11-25:irc.example.org:"), "bad date"),
        (format!("1:{BITS}::irc.example.org:"), "bad date"),
        (format!("1:{BITS}:{today}0000:irc.example.org:"), "bad date"),
    ] {
        is_invalid(&server, &mint(BITS, &front), why);
    }
    for (stamp, why) in [
        (mint_lazily(BITS, &front(BITS, &today)), "too little work"),
        (format!("{} x", good_stamp()), "malformed"),
        (format!("{}é", good_stamp()), "malformed"),
        ("x".repeat(385), "too long"),
        ("x".to_string(), "malformed"),
    ] {
        is_invalid(&server, &stamp, why);
    }
    // A claim of more work than is asked for has to be kept as well.
    let boast = mint(BITS, &front(200, &today));
    assert!(work(&boast) < 200);
    is_invalid(&server, &boast, "too little work");
    let more = mint(BITS + 2, &front(BITS + 2, &today));
    assert_eq!(open(&server, "generous", &more).status, 201);
}

/// "date `YYMMDD` or `YYMMDDHHMMSS` within 48 h either way".
#[test]
fn a_date_counts_to_48_hours_either_way() {
    let server = spawn();
    let limit = 48 * 3600;
    // A minute on either side, so that no pace of the test decides.
    let good = [day(0), day(-24), day(24), day(48), second(0), second(-limit + 60), second(limit - 60)];
    for (number, date) in good.iter().enumerate() {
        let answer = open(&server, &format!("guest{number}"), &mint(BITS, &front(BITS, date)));
        assert_eq!(answer.status, 201, "{date}: {}", answer.text);
    }
    for date in [day(-72), day(72), day(-24 * 365), day(24 * 365), second(-limit - 60), second(limit + 60)] {
        is_invalid(&server, &mint(BITS, &front(BITS, &date)), "date too far from now");
    }
}

#[test]
fn a_stamp_is_spent_once_and_remembered_through_crashes() {
    let mut server = spawn();
    let stamp = good_stamp();
    assert_eq!(open(&server, "alice", &stamp).status, 201);
    let spent = "invalid hashcash stamp: already spent";
    must_pay(&open(&server, "bob", &stamp), spent);
    server.kill9();
    server.start();
    must_pay(&open(&server, "bob", &stamp), spent);
    server.restart();
    must_pay(&open(&server, "bob", &stamp), spent);
    assert_eq!(open(&server, "bob", &good_stamp()).status, 201);
}

/// What opens no session costs nothing: the same stamp is good for the next attempt.
#[test]
fn a_refused_session_spends_no_stamp() {
    let server = spawn();
    assert_eq!(open(&server, "alice", &good_stamp()).status, 201);
    let stamp = good_stamp();
    assert_eq!(open(&server, "ALICE", &stamp).refusal(409), "nick already taken");
    assert_eq!(open(&server, "no nick", &stamp).refusal(400), "invalid nick format");
    assert_eq!(open(&server, "bob", &stamp).status, 201);
    assert_eq!(open(&server, "alice", &stamp).refusal(409), "nick already taken", "which is looked at first");
}

/// "Of two identical stamps at the same time exactly one wins."
#[test]
fn of_equal_stamps_at_once_one_opens_a_session() {
    let server = spawn();
    for round in 0..5 {
        let stamp = good_stamp();
        let statuses: Vec<u16> = thread::scope(|scope| {
            let asking: Vec<_> = (0..8)
                .map(|number| {
                    let (server, stamp) = (&server, &stamp);
                    scope.spawn(move || open(server, &format!("guest{round}x{number}"), stamp).status)
                })
                .collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 402).count(), 7, "{statuses:?}");
    }
}

/// The login of a further device is paid for with a password alone.
#[test]
fn a_login_costs_no_stamp() {
    let server = spawn();
    let answer = open(&server, "alice", &good_stamp());
    let token = token_in(answer.set_cookie());
    let alice = TestClient {
        http: server.nobody().with_token(Some(token)),
        nick: "alice".to_string(),
        id: answer.json()["id"].clone(),
        cursor: 0,
    };
    alice.pass("correct horse");
    TestClient::log_in(&server.nobody(), "alice", "correct horse");
}
