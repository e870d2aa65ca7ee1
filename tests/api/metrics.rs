//! `GET /metrics`: behind a name and a password, in the text that Prometheus reads, and true.

use std::collections::HashMap;
use std::net::TcpListener;
use std::thread;

use data_encoding::BASE64;
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Answer, Http, Launch, TestServer, refused, until};

const NAME: (&str, &str) = ("METRICS_USERNAME", "prometheus");
const PASSWORD: (&str, &str) = ("METRICS_PASSWORD", "open sesame");

fn ask(http: &Http, credentials: &str) -> Answer {
    let authorization = format!("Basic {}", BASE64.encode(credentials.as_bytes()));
    Answer::of(http.request(Method::GET, "/metrics").header("Authorization", authorization)).unwrap()
}

/// The samples of a page, by name and labels.
#[track_caller]
fn samples(http: &Http) -> HashMap<String, f64> {
    let answer = ask(http, "prometheus:open sesame");
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{answer:?}");
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap_or_else(|error| panic!("{line}: {error}")))
    };
    answer.text.lines().filter(|line| !line.starts_with('#')).map(sample).collect()
}

#[test]
fn without_a_name_there_are_no_metrics() {
    let server = TestServer::spawn_with(&[PASSWORD]);
    server.nobody().get("/metrics").refusal(404);
    ask(&server.nobody(), ":open sesame").refusal(404);
}

#[test]
fn only_who_knows_the_password_reads_them() {
    let server = TestServer::spawn_with(&[NAME, PASSWORD]);
    let nobody = server.nobody();
    let answer = nobody.get("/metrics");
    answer.refusal(401);
    assert!(answer.header("www-authenticate").starts_with("Basic "), "{answer:?}");
    for wrong in ["prometheus:", "prometheus:open sesam", "prometheus:open sesame!", ":open sesame", "x", ""]
    {
        ask(&nobody, wrong).refusal(401);
    }
    for header in ["Basic", "Basic ****", "Bearer b3BlbiBzZXNhbWU=", ""] {
        let request = nobody.request(Method::GET, "/metrics").header("Authorization", header);
        Answer::of(request).unwrap().refusal(401);
    }
    assert_eq!(nobody.send(Method::POST, "/metrics").status, 405);
    assert!(ask(&nobody, "prometheus:open sesame").text.contains("neoirc_build_info{version=\"neoirc-"));
}

/// A name without a password would be an open door.
#[test]
fn a_name_needs_a_password() {
    let folder = TempDir::new().unwrap();
    let ending = Launch::serve(folder.path()).with(NAME.0, NAME.1).start().ending();
    assert_eq!(ending.status.code(), Some(1));
    assert!(ending.log.contains("METRICS_PASSWORD"), "{}", ending.log);
}

#[test]
fn the_figures_are_true() {
    let server = TestServer::spawn_with(&[NAME, PASSWORD]);
    let nobody = server.nobody();
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#tea");
    bob.join("#tea");
    bob.drain();
    let before = samples(&nobody);
    for _ in 0..3 {
        alice.say("#tea", "hi");
    }
    refused(&alice.command(&json!({ "command": "PRIVMSG", "to": "nobody-here", "body": ["hi"] })), "401");
    refused(&alice.command(&json!({ "command": "TOPIC", "to": "#nowhere" })), "403");
    let after = samples(&nobody);
    let gained = |name: &str| after[name] - before.get(name).copied().unwrap_or_default();

    for (name, value) in [
        ("neoirc_ready", 1.0),
        ("neoirc_sessions", 2.0),
        ("neoirc_clients", 2.0),
        ("neoirc_channels", 1.0),
        ("neoirc_waiting_polls", 0.0),
    ] {
        assert!((after[name] - value).abs() < f64::EPSILON, "{name} is {}", after[name]);
    }
    for (name, value) in [
        ("neoirc_messages_total", 3.0),
        // Three messages and two refusals; the messages go to both.
        ("neoirc_entries_total", 5.0),
        ("neoirc_deliveries_total", 8.0),
        ("neoirc_refusals_total{numeric=\"401\"}", 1.0),
        ("neoirc_refusals_total{numeric=\"403\"}", 1.0),
        // Five commands, and the page itself before it.
        ("neoirc_http_responses_total{class=\"2xx\"}", 6.0),
        ("neoirc_commit_failures_total", 0.0),
        ("neoirc_rate_limited_total{limit=\"login\"}", 0.0),
    ] {
        assert!((gained(name) - value).abs() < f64::EPSILON, "{name} gained {}", gained(name));
    }
    // Bob's three, and what Alice has not read of her own.
    assert!(gained("neoirc_queued_entries") >= 3.0 && gained("neoirc_commit_seconds_count") >= 5.0);
    assert!(gained("neoirc_batch_requests_sum") >= 5.0, "each request was in some batch");
    assert!(
        after["neoirc_commit_seconds_bucket{le=\"+Inf\"}"]
            >= after["neoirc_commit_seconds_bucket{le=\"0.001\"}"]
    );
    for name in ["process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_threads"] {
        assert!(after[name] > 0.0, "{name}");
    }
    assert!(after["process_cpu_seconds_total"] < 60.0 && after["process_start_time_seconds"] > 1.7e9);
    assert!(
        after["neoirc_database_bytes{file=\"database\"}"] + after["neoirc_database_bytes{file=\"wal\"}"]
            > 0.0
    );
    let names = after.keys().cloned().collect::<String>();
    assert!(
        !names.contains("alice") && !names.contains("tea"),
        "no series of a person or a channel: {names}"
    );
    nobody.get("/nowhere").refusal(404);
    assert!(samples(&nobody)["neoirc_http_responses_total{class=\"4xx\"}"] >= 1.0);
}

#[test]
fn waiting_polls_are_counted_while_they_wait() {
    let server = TestServer::spawn_with(&[NAME, PASSWORD]);
    let nobody = server.nobody();
    let mut alice = server.open("alice");
    thread::scope(|scope| {
        let mut tab = alice.clone();
        let poll = scope.spawn(move || tab.poll(30));
        until("the poll waits", || samples(&nobody)["neoirc_waiting_polls"] > 0.5);
        alice.say("alice", "wake up");
        poll.join().unwrap();
    });
    until("it waits no more", || samples(&nobody)["neoirc_waiting_polls"] < 0.5);
    alice.drain();
}

#[test]
fn who_comes_too_soon_is_counted() {
    let slow = [("SESSION_RATE_LIMIT", "0.001"), ("SESSION_RATE_BURST", "1")];
    let server = TestServer::spawn_with(&[
        NAME,
        PASSWORD,
        slow[0],
        slow[1],
        ("COMMAND_RATE_LIMIT", "0.001"),
        ("COMMAND_RATE_BURST", "1"),
    ]);
    let alice = server.open("alice");
    server.nobody().post("/api/v1/session", &json!({ "nick": "bob" })).refusal(429);
    alice.join("#tea");
    for _ in 0..2 {
        assert_eq!(alice.post(&json!({ "command": "PING" })).0, 429);
    }
    let samples = samples(&server.nobody());
    for (limit, count) in [("session", 1.0), ("command", 2.0), ("login", 0.0)] {
        let name = format!("neoirc_rate_limited_total{{limit=\"{limit}\"}}");
        assert!((samples[&name] - count).abs() < f64::EPSILON, "{name} is {}", samples[&name]);
    }
}

/// What operators are told of is there, and what is there they are told of.
#[test]
fn every_metric_is_documented() {
    let server = TestServer::spawn_with(&[NAME, PASSWORD]);
    let page = ask(&server.nobody(), "prometheus:open sesame").text;
    let document = include_str!("../../docs/operations.md");
    let families: Vec<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(families.len() > 20, "{families:?}");
    for family in &families {
        assert!(document.contains(&format!("`{family}`")), "{family} is not in docs/operations.md");
    }
    let is_part = |c: char| c.is_ascii_lowercase() || c == '_';
    for word in document.split(|c| !is_part(c)).filter(|word| word.starts_with("neoirc_")) {
        let family = word.trim_end_matches("_bucket");
        assert!(families.contains(&family), "docs/operations.md tells of {word}, which is not there");
    }
}

/// With a listener of their own they are there and nowhere else, and nothing else is there.
#[test]
fn metrics_may_have_a_listener_of_their_own() {
    // A port that was free a moment ago; the announcement tells only the other one.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut server = TestServer::spawn_with(&[NAME, PASSWORD, ("METRICS_LISTEN_ADDR", &address)]);
    let cell = std::sync::Arc::new(std::sync::Mutex::new(format!("http://{address}")));
    let apart = Http::new(cell, None);
    assert!((samples(&apart)["neoirc_sessions"]).abs() < f64::EPSILON);
    server.nobody().get("/metrics").refusal(404);
    apart.get("/metrics").refusal(401);
    for path in ["/api/v1/server", "/api/v1/messages"] {
        apart.get(path).refusal(404);
        apart.post(path, &serde_json::json!({})).refusal(404);
    }
    assert!(server.terminate().success());
}
