//! Streams: `GET /messages` that goes on, as `curl -N` reads it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Curl, PATIENCE, TestClient, TestServer, pair, request, texts, until};

const EVENTS: &str = "Accept: text/event-stream";
const LINES: &str = "Accept: application/x-ndjson";

fn curl(client: &TestClient, server: &TestServer, query: &str, headers: &[&str]) -> Curl {
    let url = format!("{}/api/v1/messages{query}", server.url());
    let cookie = format!("Cookie: neoirc_auth={}", client.http.token().unwrap());
    let mut words = vec!["-H", &cookie];
    words.extend(headers.iter().flat_map(|header| ["-H", header]));
    words.push(&url);
    Curl::start(&words)
}

/// The next event: its id or name, and its data. Comments are passed over.
#[track_caller]
fn event(curl: &Curl) -> Option<(String, Value)> {
    let mut name = String::new();
    let mut data = None;
    loop {
        let line = curl.line()?;
        if let Some(text) = line.strip_prefix("data: ") {
            data = Some(serde_json::from_str(text).unwrap());
        } else if let Some(text) = line.strip_prefix("id: ").or_else(|| line.strip_prefix("event: ")) {
            text.clone_into(&mut name);
        } else if line.is_empty() {
            if let Some(data) = data.take() {
                return Some((name, data));
            }
        } else {
            assert!(line.starts_with(':'), "{line}");
        }
    }
}

/// The next message of lines of JSON. Empty lines are passed over.
#[track_caller]
fn message(curl: &Curl) -> Option<Value> {
    loop {
        let line = curl.line()?;
        if !line.is_empty() {
            return Some(serde_json::from_str(&line).unwrap());
        }
    }
}

fn streams(server: &TestServer) -> String {
    let request = server.nobody().request(Method::GET, "/metrics").basic_auth("m", Some("sesame"));
    let page = Answer::of(request).unwrap().text;
    page.lines().find_map(|line| line.strip_prefix("neoirc_streams ")).unwrap().to_owned()
}

const METRICS: [(&str, &str); 2] = [("METRICS_USERNAME", "m"), ("METRICS_PASSWORD", "sesame")];

/// A stream has what a poll has, as it comes, and its ids are cursors.
#[test]
fn a_stream_of_events_is_what_polls_would_read() {
    let server = TestServer::spawn();
    let (alice, bob) = pair(&server);
    alice.say("#c", "before");
    let stream = curl(&bob, &server, &format!("?after={}", bob.cursor), &[EVENTS]);
    let mut read = vec![event(&stream).unwrap()];
    for number in 0..20 {
        alice.say("#c", &number.to_string());
        if number % 5 == 0 {
            read.push(event(&stream).unwrap());
        }
    }
    while read.len() < 21 {
        read.push(event(&stream).unwrap());
    }
    let polled = bob.read_after(bob.cursor);
    assert_eq!(read.iter().map(|(_, message)| message.clone()).collect::<Vec<_>>(), polled);
    assert!(read.iter().all(|(id, message)| id.parse() == Ok(message["seq"].as_u64().unwrap())), "{read:?}");
}

/// It is taken up again with the id of the last event, which browsers send, or with `after`; the former is the newer.
#[test]
fn a_stream_is_taken_up_where_it_was_left() {
    let server = TestServer::spawn();
    let (alice, bob) = pair(&server);
    let begin = format!("?after={}", bob.cursor);
    for number in 0..6 {
        alice.say("#c", &number.to_string());
    }
    let stream = curl(&bob, &server, &begin, &[EVENTS]);
    let first: Vec<_> = (0..2).map(|_| event(&stream).unwrap()).collect();
    drop(stream);
    let last = &first[1].0;
    let (after, header) = (format!("?after={last}"), format!("Last-Event-ID: {last}"));
    for (query, headers) in [(after.as_str(), vec![EVENTS]), (begin.as_str(), vec![EVENTS, &header])] {
        let stream = curl(&bob, &server, query, &headers);
        let rest: Vec<_> = (0..4).map(|_| event(&stream).unwrap().1).collect();
        assert_eq!(texts(&rest), ["2", "3", "4", "5"], "{query}");
    }
    let lines = curl(&bob, &server, &after, &[LINES]);
    let rest: Vec<_> = (0..4).map(|_| message(&lines).unwrap()).collect();
    assert_eq!(texts(&rest), ["2", "3", "4", "5"]);
}

/// What was written to a socket is not acknowledged by that; what a later request names is.
#[test]
fn only_a_cursor_acknowledges() {
    let server = TestServer::spawn_with(&[("QUEUE_KEEP_READ", "0s"), ("QUEUE_SETTLE_AFTER", "100ms")]);
    let (alice, bob) = pair(&server);
    let begin = bob.cursor;
    (0..4).for_each(|number| drop(alice.say("#c", &number.to_string())));
    let stream = curl(&bob, &server, &format!("?after={begin}"), &[LINES]);
    let read: Vec<_> = (0..4).map(|_| message(&stream).unwrap()).collect();
    drop(stream);
    let unread =
        || server.nobody().get("/.well-known/healthcheck.json").ok()["queuedLines"].as_u64().unwrap();
    assert!(unread() >= 4);
    assert_eq!(texts(&bob.read_after(begin)), ["0", "1", "2", "3"]);
    let last = format!("?after={}", read[3]["seq"]);
    let _stream = curl(&bob, &server, &last, &[LINES]);
    let mut founder = alice;
    founder.drain();
    until("all is acknowledged", || unread() == 0);
}

/// Two tabs with one cookie: each reads everything, whichever way.
#[test]
fn a_stream_and_a_poll_of_one_client_both_read_everything() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let stream = curl(&bob, &server, &format!("?after={}", bob.cursor), &[EVENTS]);
    let mut polled = Vec::new();
    for number in 0..30 {
        alice.say("#c", &number.to_string());
        polled.extend(bob.poll(1));
    }
    polled.extend(bob.drain());
    let streamed: Vec<_> = (0..30).map(|_| event(&stream).unwrap().1).collect();
    assert_eq!(streamed, polled);
    // Polls displace each other when they are too many, and no stream.
    let waiting: Vec<_> =
        (0..6).map(|_| curl(&bob, &server, &format!("?after={}", bob.cursor), &[])).collect();
    alice.say("#c", "last");
    assert_eq!(event(&stream).unwrap().1["body"], json!(["last"]));
    drop(waiting);
}

#[test]
fn a_silent_stream_shows_that_it_is_alive() {
    let server = TestServer::spawn_with(&[("STREAM_KEEP_ALIVE", "50ms")]);
    let (alice, bob) = pair(&server);
    let after = format!("?after={}", bob.cursor);
    let events = curl(&bob, &server, &after, &[EVENTS]);
    let alive: Vec<_> = (0..4).map(|_| events.line().unwrap()).collect();
    assert_eq!(alive, [":", "", ":", ""]);
    let lines = curl(&bob, &server, &after, &[LINES]);
    assert_eq!([lines.line(), lines.line()], [Some(String::new()), Some(String::new())]);
    alice.say("#c", "hello");
    assert_eq!(event(&events).unwrap().1["body"], json!(["hello"]));
    assert_eq!(message(&lines).unwrap()["body"], json!(["hello"]));
    let quiet = TestServer::spawn_with(&[("STREAM_KEEP_ALIVE", "0s")]);
    let carol = quiet.open("carol");
    let stream = curl(&carol, &quiet, &format!("?after={}", carol.cursor), &[LINES]);
    assert!(stream.is_silent_for(Duration::from_millis(300)));
}

/// Whatever ends a stream is its last event, and then curl ends without complaint.
#[test]
fn a_stream_says_why_it_ends() {
    let oper = [("NEOIRC_OPER_NAME", "root"), ("NEOIRC_OPER_PASSWORD", "correct horse")];
    let mut server = TestServer::spawn_with(&oper);
    let (alice, bob, carol) = (server.open("alice"), server.open("bob"), server.open("carol"));
    let mut logged_out = curl(&bob, &server, &format!("?after={}", bob.cursor), &[EVENTS]);
    until("it goes on", || {
        !logged_out.is_silent_for(Duration::from_millis(1)) || {
            alice.command(&json!({ "command": "NOTICE", "to": "bob", "body": ["x"] }));
            event(&logged_out).is_some()
        }
    });
    assert_eq!(bob.http.post("/api/v1/logout", &json!({})).status, 200);
    let (name, data) = last(|| event(&logged_out));
    assert_eq!((name.as_str(), &data["end"]), ("end", &json!("logged out")));
    assert!(logged_out.ending().success());
    let mut killed = curl(&carol, &server, &format!("?after={}", carol.cursor), &[LINES]);
    alice.say("carol", "ready?");
    message(&killed).unwrap();
    alice.command(&json!({ "command": "OPER", "params": ["root", "correct horse"] }));
    alice.command(&json!({ "command": "KILL", "params": ["carol"], "body": ["enough"] }));
    let data = last(|| message(&killed));
    assert_eq!(data["end"], "logged out");
    assert!(data["reason"].as_str().unwrap().contains("enough"), "{data}");
    assert!(killed.ending().success());
    let mut stopped = curl(&alice, &server, &format!("?after={}", alice.cursor), &[EVENTS]);
    event(&stopped).unwrap();
    assert!(server.terminate().success());
    assert_eq!(last(|| event(&stopped)), ("end".to_owned(), json!({ "end": "server stopping" })));
    assert!(stopped.ending().success());
}

/// The last of what comes.
#[track_caller]
fn last<T>(mut next: impl FnMut() -> Option<T>) -> T {
    let mut last = next().unwrap();
    while let Some(further) = next() {
        last = further;
    }
    last
}

#[test]
fn a_stream_lasts_as_long_as_is_set() {
    let server = TestServer::spawn_with(&[("STREAM_MAX_AGE", "400ms")]);
    let (alice, bob) = pair(&server);
    let mut stream = curl(&bob, &server, &format!("?after={}", bob.cursor), &[EVENTS]);
    alice.say("#c", "hello");
    assert_eq!(event(&stream).unwrap().1["body"], json!(["hello"]));
    assert_eq!(last(|| event(&stream)).1, json!({ "end": "lifetime" }));
    assert!(stream.ending().success());
}

/// One stream too many ends the oldest, which may be one whose client is long gone.
#[test]
fn a_client_has_so_many_streams() {
    let server = TestServer::spawn_with(&[&METRICS[..], &[("STREAMS_PER_CLIENT", "2")]].concat());
    let (alice, bob) = pair(&server);
    let after = format!("?after={}", bob.cursor);
    let mut oldest = curl(&bob, &server, &after, &[EVENTS]);
    until("the first is there", || streams(&server) == "1");
    let others = [(); 2].map(|()| curl(&bob, &server, &after, &[LINES]));
    assert_eq!(last(|| event(&oldest)).1, json!({ "end": "too many streams" }));
    assert!(oldest.ending().success());
    alice.say("#c", "hello");
    for other in &others {
        assert_eq!(message(other).unwrap()["body"], json!(["hello"]));
    }
    assert_eq!(streams(&server), "2");
    drop(others);
    until("they are gone", || streams(&server) == "0");
}

#[test]
fn an_address_has_so_many_streams() {
    let settings = [("STREAMS_PER_IP", "1"), ("TRUSTED_PROXIES", "10.0.0.0/8")];
    let server = TestServer::spawn_with(&[&METRICS[..], &settings].concat());
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    let first = curl(&bob, &server, "", &[EVENTS]);
    event(&first).unwrap();
    let wanted = || alice.http.request(Method::GET, "/api/v1/messages").header("Accept", "text/event-stream");
    let answer = Answer::of(wanted()).unwrap();
    assert_eq!(answer.refusal(429), "too many streams");
    assert_eq!(answer.header("retry-after"), "1");
    drop(first);
    until("the first is gone", || streams(&server) == "0");
    let second = curl(&alice, &server, "", &[EVENTS]);
    event(&second).unwrap();
}

#[test]
fn what_is_no_cursor_and_who_is_nobody_is_refused() {
    let server = TestServer::spawn();
    let bob = server.open("bob");
    let ask = |http: &crate::support::Http, query: &str, last: Option<&[u8]>| {
        let mut request = http.request(Method::GET, &format!("/api/v1/messages{query}"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        Answer::of(request.header("Accept", "text/event-stream")).unwrap()
    };
    for query in ["?after=-1", "?after=x", "?after=1&after=2", "?timeout=soon", "?after=9223372036854775808"]
    {
        ask(&bob.http, query, None).refusal(400);
    }
    for last in ["-1", "x", "", "1.0", "9223372036854775808", "\u{661}"] {
        assert_eq!(ask(&bob.http, "", Some(last.as_bytes())).refusal(400), "invalid Last-Event-ID", "{last}");
    }
    ask(&bob.http, "", Some(b"\xff")).refusal(400);
    ask(&server.nobody(), "", None).refusal(401);
}

/// HTTP/1.0 has no chunks: the end of the connection is the end of the stream.
#[test]
fn older_clients_read_until_the_connection_ends() {
    let server = TestServer::spawn_with(&[("STREAM_MAX_AGE", "300ms")]);
    let bob = server.open("bob");
    let cookie = format!("Cookie: neoirc_auth={}", bob.http.token().unwrap());
    for (version, is_chunked) in [("1.0", false), ("1.1", true)] {
        let mut socket = TcpStream::connect(server.socket_address()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let line = format!("GET /api/v1/messages HTTP/{version}");
        socket.write_all(&request(&line, &[&cookie, EVENTS], b"")).unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        assert!(head.contains("\r\ncontent-type: text/event-stream"), "{head}");
        assert!(
            head.contains("\r\ncache-control: no-store") && head.contains("x-accel-buffering: no"),
            "{head}"
        );
        assert_eq!(head.contains("transfer-encoding: chunked"), is_chunked, "{head}");
        assert_eq!(body.starts_with("id: "), !is_chunked, "{body}");
        assert!(body.contains("\"001\"") && body.contains("data: {\"end\":\"lifetime\"}\n\n"), "{body}");
    }
}

/// Whoever takes nothing is cut off, and holds no more than a page until then.
#[test]
fn a_stream_that_nobody_reads_is_cut() {
    let server = TestServer::spawn_with(&[&METRICS[..], &[("WRITE_TIMEOUT", "300ms")]].concat());
    let (alice, bob) = pair(&server);
    let cookie = format!("Cookie: neoirc_auth={}", bob.http.token().unwrap());
    let mut socket = TcpStream::connect(server.socket_address()).unwrap();
    socket.write_all(&request("GET /api/v1/messages HTTP/1.1", &[&cookie, EVENTS], b"")).unwrap();
    until("it is there", || streams(&server) == "1");
    let long = "x".repeat(3_500);
    until("it is cut", || {
        (0..50).for_each(|_| drop(alice.say("#c", &long)));
        streams(&server) == "0"
    });
    // Nothing is lost with it.
    assert!(texts(&bob.read_after(bob.cursor)).iter().filter(|text| **text == long).count() >= 50);
}

/// `kill -9` in the middle: a stream that is taken up again lacks nothing and repeats nothing.
#[test]
fn a_stream_outlives_the_process() {
    let mut server = TestServer::spawn();
    let (alice, bob) = pair(&server);
    let mut cursor = bob.cursor.to_string();
    let mut read = Vec::new();
    for round in 0..3 {
        let stream = curl(&bob, &server, &format!("?after={cursor}"), &[EVENTS]);
        for number in 0..10 {
            alice.say("#c", &format!("{round}.{number}"));
        }
        for _ in 0..7 {
            let (id, message) = event(&stream).unwrap();
            cursor = id;
            read.push(message);
        }
        server.kill9();
        server.start();
    }
    let expected = (0..3).flat_map(|round| (0..10).map(move |number| format!("{round}.{number}"))).take(21);
    let said: Vec<_> = texts(&read);
    assert_eq!(said, expected.collect::<Vec<_>>());
}

/// A backlog longer than memory comes from disk, in order, and what was cut off is told.
#[test]
fn a_long_backlog_is_streamed_and_what_is_lost_is_told() {
    let settings =
        [("QUEUE_TAIL_ENTRIES", "20"), ("QUEUE_MAX_ENTRIES", "100"), ("QUEUE_SETTLE_AFTER", "50ms")];
    let server = TestServer::spawn_with(&settings);
    let (mut alice, bob) = pair(&server);
    for number in 0..300 {
        alice.say("#c", &number.to_string());
        if number % 10 == 0 {
            alice.drain();
        }
    }
    alice.drain();
    let stream = curl(&bob, &server, &format!("?after={}", bob.cursor), &[LINES]);
    let first = message(&stream).unwrap();
    assert_eq!((first["command"].as_str(), first["to"].as_str()), (Some("NOTICE"), Some("bob")), "{first}");
    let mut said: Vec<Value> = Vec::new();
    while said.last().is_none_or(|last| last["body"] != json!(["299"])) {
        said.push(message(&stream).unwrap());
    }
    let numbers: Vec<u32> = texts(&said).iter().map(|text| text.parse().unwrap()).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert!(numbers[0] > 0 && said.len() >= 100, "{numbers:?}");
}
