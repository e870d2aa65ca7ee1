//! Connections that are held without being used, or that are too many.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{
    PATIENCE, TestServer, exchange, pair, plain_client, read_answer, request, texts, until,
};

const LIVEZ: &[u8] = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

/// Settings under which connections from this machine are counted: a proxy is named, and it is another.
const COUNTED: (&str, &str) = ("TRUSTED_PROXIES", "192.0.2.1");

/// A socket that does not wait for ever.
fn connect(server: &TestServer) -> TcpStream {
    let socket = TcpStream::connect(server.socket_address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Asks whether the server lives, on a connection that stays open.
fn livez(socket: &mut TcpStream) -> u16 {
    socket.write_all(LIVEZ).unwrap();
    read_answer(socket).status.unwrap()
}

/// The status of an answer on a connection of its own.
fn status(server: &TestServer) -> Option<u16> {
    exchange(&server.socket_address(), &request("GET /livez HTTP/1.1", &[], b"")).status
}

#[test]
fn an_address_has_so_many_connections() {
    let server = TestServer::spawn_with(&[("HTTP_CONNECTIONS_PER_IP", "3"), COUNTED]);
    let mut held: Vec<TcpStream> = (0..3).map(|_| connect(&server)).collect();
    for socket in &mut held {
        assert_eq!(livez(socket), 200);
    }
    let refused = exchange(&server.socket_address(), &request("GET /livez HTTP/1.1", &[], b""));
    assert_eq!(refused.status, Some(429), "{refused:?}");
    assert!(refused.text.ends_with(r#"{"error":"too many connections"}"#), "{refused:?}");
    for header in ["retry-after: 1", "connection: close", "x-content-type-options: nosniff"] {
        assert!(refused.text.contains(header), "{header} in {refused:?}");
    }
    // Those that were there before are not disturbed, and another address is not concerned.
    assert_eq!(livez(&mut held[0]), 200);
    let elsewhere = plain_client().local_address(std::net::IpAddr::from([127, 0, 0, 2]));
    let answer = elsewhere.build().unwrap().get(format!("{}/livez", server.url())).send().unwrap();
    assert_eq!(answer.status(), 200);
    held.pop();
    until("a place is free again", || status(&server) == Some(200));
}

/// One that waits to be refused is not held open for it.
#[test]
fn one_connection_too_many_is_closed_at_once() {
    let server =
        TestServer::spawn_with(&[("HTTP_CONNECTIONS_PER_IP", "1"), ("HEADER_TIMEOUT", "0"), COUNTED]);
    let mut held = connect(&server);
    assert_eq!(livez(&mut held), 200);
    let mut text = String::new();
    connect(&server).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 429 "), "{text}");
}

/// A trusted proxy brings everybody's connections, and while none is named, whoever is on this machine may be one.
#[test]
fn a_proxy_may_have_more() {
    for proxies in ["127.0.0.0/8", ""] {
        let server =
            TestServer::spawn_with(&[("HTTP_CONNECTIONS_PER_IP", "1"), ("TRUSTED_PROXIES", proxies)]);
        let mut held: Vec<TcpStream> = (0..5).map(|_| connect(&server)).collect();
        assert!(held.iter_mut().all(|socket| livez(socket) == 200));
    }
}

/// "20,000 in all": all workers together have so many, and a further one waits.
#[test]
fn connections_in_all_are_limited() {
    let server = TestServer::spawn_with(&[("CONNECTIONS_MAX", "4"), ("WORKERS", "2")]);
    let mut held: Vec<TcpStream> = (0..4).map(|_| connect(&server)).collect();
    assert!(held.iter_mut().all(|socket| livez(socket) == 200));
    let mut waiting = connect(&server);
    waiting.write_all(LIVEZ).unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let error = waiting.read(&mut [0]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut), "{error}");
    held.pop();
    waiting.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(read_answer(&mut waiting).status, Some(200));
}

/// "Slow headers are cut after 5 s."
#[test]
fn a_slow_first_head_is_told_so() {
    let server = TestServer::spawn_with(&[("HEADER_TIMEOUT", "1s")]);
    let answer = exchange(&server.socket_address(), b"GET /livez HTTP/1.1\r\nHost: ");
    assert_eq!(answer.status, Some(408), "{answer:?}");
}

/// So are those of a later request, which the framework does not limit.
#[test]
fn a_later_head_may_be_no_slower_than_the_first() {
    let server = TestServer::spawn_with(&[("HEADER_TIMEOUT", "1s")]);
    let mut socket = connect(&server);
    assert_eq!(livez(&mut socket), 200);
    assert_eq!(livez(&mut socket), 200);
    socket.write_all(b"GET /livez HTTP/1.1\r\nHost: ").unwrap();
    let begun = Instant::now();
    let mut rest = Vec::new();
    // A reset is a close.
    drop(socket.read_to_end(&mut rest));
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// What waits for an answer, or for a next request, is not slow.
#[test]
fn patient_connections_are_not_cut() {
    let server = TestServer::spawn_with(&[("HEADER_TIMEOUT", "1s"), ("WRITE_TIMEOUT", "1s")]);
    let mut alice = server.open("alice");
    let mut idle = connect(&server);
    assert_eq!(livez(&mut idle), 200);
    let mut polling = connect(&server);
    assert_eq!(livez(&mut polling), 200);
    let cookie = alice.http.token().unwrap();
    let head = format!("Host: x\r\nCookie: neoirc_auth={cookie}\r\n\r\n");
    let poll = format!("GET /api/v1/messages?after={}&timeout=3 HTTP/1.1\r\n{head}", alice.cursor);
    polling.write_all(poll.as_bytes()).unwrap();
    assert_eq!(read_answer(&mut polling).status, Some(200), "a poll of three seconds");
    assert_eq!(livez(&mut idle), 200, "a connection that was idle for as long");
    assert_eq!(livez(&mut polling), 200);
    assert!(alice.drain().is_empty());
}

/// Asks for more than the system takes on behalf of somebody who does not read.
fn ask_for_much(server: &TestServer, cookie: &str) -> TcpStream {
    let mut socket = connect(server);
    let head = format!("Host: x\r\nCookie: neoirc_auth={cookie}\r\n\r\n");
    let poll = format!("GET /api/v1/messages?after=0&timeout=0 HTTP/1.1\r\n{head}");
    socket.write_all(poll.repeat(16).as_bytes()).unwrap();
    socket
}

/// "A reader that never reads is cut after 30 s."
#[test]
fn whoever_never_reads_is_cut() {
    let server = TestServer::spawn_with(&[("WRITE_TIMEOUT", "1s"), ("HEADER_TIMEOUT", "0")]);
    let (alice, bob) = pair(&server);
    for _ in 0..300 {
        alice.say("bob", &"x".repeat(3_900));
    }
    let mut unread = ask_for_much(&server, bob.http.token().unwrap());
    until("the connection is cut", || unread.write_all(b"\r\n").is_err());
    // The queue is as it was.
    let mut again = bob.clone();
    assert_eq!(texts(&again.drain()).len(), 300);
}

/// Idle connections, a client that never polls, and one that never reads: nobody else notices.
#[test]
fn dead_weight_disturbs_nobody() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let (lazy, deaf) = (server.open("lazy"), server.open("deaf"));
    lazy.join("#c");
    deaf.join("#c");
    for _ in 0..300 {
        alice.say("deaf", &"x".repeat(3_900));
    }
    let idle: Vec<TcpStream> = (0..300).map(|_| connect(&server)).collect();
    let unread: Vec<TcpStream> = (0..8).map(|_| ask_for_much(&server, deaf.http.token().unwrap())).collect();
    bob.drain();
    for number in 0..50 {
        alice.say("#c", &format!("number {number}"));
        let heard = bob.poll_until(|message| message["body"] == json!([format!("number {number}")]));
        assert_eq!(heard.len(), 1, "{heard:?}");
    }
    drop((idle, unread, lazy));
}
