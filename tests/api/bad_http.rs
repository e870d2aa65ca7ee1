//! Requests that no well-behaved client sends, written to a socket by hand.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::support::{PATIENCE, TestServer, exchange, request};

/// The server still does its work after whatever came before.
#[track_caller]
fn still_lives(server: &TestServer, nick: &str) {
    let mut client = server.open(nick);
    client.say(nick, "still here");
    assert_eq!(client.poll(5).len(), 1);
}

#[test]
fn unknown_paths_are_404_in_json() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let paths = [
        "/nope",
        "/api",
        "/api/v1/nope",
        "/api/v2/state",
        "/api/v1/messages/7",
        "/api/v1/channels/rust",
        "/api/v1/channels/rust/members/alice",
        "/.well-known/nope",
        "/api/v1/..%2f..%2fetc%2fpasswd",
        "/api/v1/%00",
        "/%F0%9F%A6%80",
    ];
    for http in [alice.http.clone(), server.nobody()] {
        for path in paths {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                http.send(method, path).refusal(404);
            }
        }
    }
}

/// "wrong methods (405 with `Allow`)".
#[test]
fn wrong_methods_are_405_with_allow() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let known = [
        ("/api/v1/session", &["POST"][..]),
        ("/api/v1/login", &["POST"]),
        ("/api/v1/logout", &["POST"]),
        ("/api/v1/clients", &["GET"]),
        ("/api/v1/clients/00000000-0000-4000-8000-000000000000", &["DELETE"]),
        ("/api/v1/state", &["GET"]),
        ("/api/v1/users/me", &["GET"]),
        ("/api/v1/messages", &["GET", "POST"]),
        ("/api/v1/history", &["GET"]),
        ("/api/v1/channels", &["GET"]),
        ("/api/v1/channels/rust/members", &["GET"]),
        ("/api/v1/server", &["GET"]),
        ("/.well-known/healthcheck.json", &["GET"]),
        ("/livez", &["GET"]),
        ("/readyz", &["GET"]),
    ];
    for (path, methods) in known {
        for method in [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            if methods.contains(&method.as_str()) {
                continue;
            }
            let answer = alice.http.send(method.clone(), path);
            answer.refusal(405);
            let allow = answer.header("allow").to_string();
            let allowed: Vec<&str> = allow.split(',').map(str::trim).collect();
            assert!(
                methods.iter().all(|method| allowed.contains(method)),
                "{method} {path}: Allow is {allow:?}"
            );
            assert!(!allowed.contains(&method.as_str()), "{method} {path}: Allow is {allow:?}");
        }
    }
}

#[test]
fn garbage_is_refused_or_dropped() {
    let server = TestServer::spawn();
    let address = server.socket_address();
    let garbage: [&[u8]; 8] = [
        b"\r\n\r\n\r\n\r\n",
        b"NICK alice\r\nUSER a 0 * :a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello \r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /api/v1/server HTTP/9.9\r\n\r\n",
        b"GET /api/v1/server\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
        b"\x00\x00\x00\x00\r\n\r\n",
    ];
    for bytes in garbage {
        let answer = exchange(&address, bytes);
        assert!(answer.status.is_none_or(|status| (400..500).contains(&status)), "{bytes:?} got {answer:?}");
    }
    still_lives(&server, "alice");
}

/// Two readings of where a body ends are the way to smuggle requests.
#[test]
fn contradictory_lengths_are_refused() {
    let server = TestServer::spawn();
    let address = server.socket_address();
    let line = "POST /api/v1/session HTTP/1.1";
    let heads: [&[&str]; 5] = [
        &["Content-Length: 5", "Content-Length: 6"],
        &["Content-Length: 5", "Transfer-Encoding: chunked"],
        &["Content-Length: -1"],
        &["Content-Length: 99999999999999999999999"],
        &["Transfer-Encoding: chunked, identity"],
    ];
    for headers in heads {
        let answer = exchange(&address, &request(line, headers, b"0\r\n\r\n"));
        assert!(
            answer.status.is_none_or(|status| (400..=501).contains(&status) && status != 500),
            "{headers:?}: {answer:?}"
        );
    }
    still_lives(&server, "alice");
}

/// "A `Host` with a blank is let through: check it."
#[test]
fn a_host_that_is_no_host_is_refused() {
    let server = TestServer::spawn();
    for host in ["a b", "a\tb"] {
        let bytes = format!("GET /api/v1/server HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = exchange(&server.socket_address(), bytes.as_bytes());
        assert_eq!(answer.status, Some(400), "{host:?}: {answer:?}");
    }
}

/// "16 KiB, 100 headers, target 8 KiB".
#[test]
fn oversized_heads_are_refused() {
    let server = TestServer::spawn();
    let address = server.socket_address();
    let long = "x".repeat(200_000);
    let many = "X-Many: y\r\n".repeat(5000);
    let heads = [
        format!("GET /api/v1/server HTTP/1.1\r\nHost: x\r\nX-Long: {long}\r\n\r\n"),
        format!("GET /api/v1/server HTTP/1.1\r\nHost: x\r\n{many}\r\n"),
        format!("GET /api/v1/server?{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET /api/v1/state HTTP/1.1\r\nHost: x\r\nCookie: neoirc_auth={long}\r\n\r\n"),
    ];
    for head in heads {
        let answer = exchange(&address, head.as_bytes());
        assert!(answer.status.is_none_or(|status| (400..500).contains(&status)), "{answer:?}");
    }
    still_lives(&server, "alice");
}

/// Reads until the server closes, and returns how long that took.
fn time_to_close(mut socket: TcpStream) -> Duration {
    let begun = Instant::now();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut rest = Vec::new();
    match socket.read_to_end(&mut rest) {
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => PATIENCE,
        Ok(_) | Err(_) => begun.elapsed(),
    }
}

/// "Slow headers are cut after 5 s, slow bodies after 10 s."
#[test]
fn slow_requests_are_cut() {
    let server = TestServer::spawn_with(&[("HEADER_TIMEOUT", "1s"), ("BODY_TIMEOUT", "1s")]);
    let head_only: [&[u8]; 7] = [
        // A body without a length and without an end, where none is read or before it would be.
        b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"nic",
        b"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"nic",
        b"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"nic",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
        b"GET /api/v1/server HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{\"nick\":",
        b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"nic",
    ];
    for bytes in head_only {
        let mut socket = TcpStream::connect(server.socket_address()).unwrap();
        socket.write_all(bytes).unwrap();
        let waited = time_to_close(socket);
        assert!(waited < Duration::from_secs(10), "{waited:?} for {:?}", String::from_utf8_lossy(bytes));
    }
    still_lives(&server, "alice");
}

/// A client that promises a body and leaves must not leave anything behind.
#[test]
fn a_vanishing_client_does_no_harm() {
    let server = TestServer::spawn();
    for _ in 0..50 {
        let mut socket = TcpStream::connect(server.socket_address()).unwrap();
        socket
            .write_all(b"POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            .unwrap();
    }
    let alice = server.open("alice");
    for _ in 0..20 {
        let mut socket = TcpStream::connect(server.socket_address()).unwrap();
        let cookie = alice.http.token().unwrap();
        let poll = format!(
            "GET /api/v1/messages?after={}&timeout=30 HTTP/1.1\r\nHost: x\r\nCookie: neoirc_auth={cookie}\r\n\r\n",
            alice.cursor
        );
        socket.write_all(poll.as_bytes()).unwrap();
    }
    let mut polling = alice.clone();
    alice.say("alice", "hi");
    assert_eq!(polling.poll(5).len(), 1);
    still_lives(&server, "bob");
}

/// Several requests in one packet are answered in their order.
#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = TestServer::spawn();
    let mut socket = TcpStream::connect(server.socket_address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let one = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    let two = "GET /api/v1/nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    socket.write_all(format!("{one}{two}").as_bytes()).unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    let statuses: Vec<&str> =
        text.match_indices("HTTP/1.1 ").map(|(at, _)| text.get(at + 9..at + 12).unwrap()).collect();
    assert_eq!(statuses, ["200", "404"], "{text}");
}

/// "`Content-Encoding` refused": a small body must not become a large one.
#[test]
fn compressed_bodies_are_refused() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let request =
            alice.http.request(Method::POST, "/api/v1/messages").header("Content-Encoding", encoding);
        let answer =
            crate::support::Answer::of(request.body(json!({ "command": "LUSERS" }).to_string())).unwrap();
        assert!([400, 415].contains(&answer.status), "{encoding}: {}", answer.status);
        answer.refusal(answer.status);
    }
}
