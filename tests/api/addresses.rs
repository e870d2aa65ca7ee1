//! Who is asking: "Addresses come from the peer, or from `X-Forwarded-For` read right to left through
//! `TRUSTED_PROXIES` only."

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestServer, exchange, request, token_in};

/// Opens a session with these headers.
#[track_caller]
fn open(server: &TestServer, nick: &str, headers: &[(&str, &str)]) -> Answer {
    let request = server.nobody().request(Method::POST, "/api/v1/session").json(&json!({ "nick": nick }));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    let answer = Answer::of(request).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer
}

/// The address that the server takes a session to come from; without reverse DNS it is the hostname.
#[track_caller]
fn address_of(server: &TestServer, token: String) -> String {
    let state = server.nobody().with_token(Some(token)).get("/api/v1/state").ok();
    state["hostname"].as_str().unwrap().to_string()
}

/// The same of a new session with these lines of `X-Forwarded-For`.
#[track_caller]
fn address_behind(server: &TestServer, nick: &str, lines: &[&str]) -> String {
    let headers: Vec<_> = lines.iter().map(|line| ("X-Forwarded-For", *line)).collect();
    address_of(server, token_in(open(server, nick, &headers).set_cookie()))
}

#[test]
fn strangers_cannot_name_another_address() {
    for proxies in ["", "10.0.0.0/8,::1"] {
        let server = TestServer::spawn_with(&[("TRUSTED_PROXIES", proxies)]);
        for (nick, line) in
            [("a", "192.0.2.7"), ("b", "10.0.0.1"), ("c", "192.0.2.7, 10.0.0.1"), ("d", "garbage")]
        {
            assert_eq!(address_behind(&server, nick, &[line]), "127.0.0.1", "{proxies:?}: {line}");
        }
    }
}

#[test]
fn hops_are_read_from_right_to_left() {
    let server = TestServer::spawn_with(&[("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8 fd00::/8")]);
    let expected: [(&[&str], &str); 9] = [
        (&[], "127.0.0.1"),
        (&["192.0.2.7"], "192.0.2.7"),
        // What the client claims stands on the left, and is not read.
        (&["203.0.113.9, 192.0.2.7"], "192.0.2.7"),
        (&["203.0.113.9, 192.0.2.7, 10.1.1.1, fd00::2"], "192.0.2.7"),
        (&["203.0.113.9", "192.0.2.7, 10.1.1.1", "10.2.2.2"], "192.0.2.7"),
        (&["10.1.1.1, 10.2.2.2"], "10.1.1.1"),
        (&["192.0.2.7:40123"], "192.0.2.7"),
        (&["[2001:db8::7]:443"], "2001:db8::7"),
        (&["::ffff:192.0.2.7"], "192.0.2.7"),
    ];
    for (number, (lines, address)) in expected.into_iter().enumerate() {
        assert_eq!(address_behind(&server, &format!("n{number}"), lines), address, "{lines:?}");
    }
}

#[test]
fn garbage_ends_the_walk() {
    let server = TestServer::spawn_with(&[("TRUSTED_PROXIES", "127.0.0.1,10.0.0.0/8")]);
    let expected: [(&[&str], &str); 5] = [
        (&["192.0.2.7, unknown"], "127.0.0.1"),
        (&["192.0.2.7, unknown, 10.1.1.1"], "10.1.1.1"),
        (&["192.0.2.7", ""], "127.0.0.1"),
        (&["unknown, 192.0.2.7"], "192.0.2.7"),
        (&["192.0.2.7, 999.1.1.1, 10.1.1.1"], "10.1.1.1"),
    ];
    for (number, (lines, address)) in expected.into_iter().enumerate() {
        assert_eq!(address_behind(&server, &format!("n{number}"), lines), address, "{lines:?}");
    }
}

/// Whoever sends bytes that are no text must not become the proxy by it.
#[test]
fn bytes_that_are_no_text_hide_nobody() {
    let server = TestServer::spawn_with(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    let body = br#"{"nick":"alice"}"#;
    let head =
        [&b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 16\r\n"[..]];
    let forwarded = [&b"X-Forwarded-For: \xff\xfe, 192.0.2.7\r\n\r\n"[..]];
    let answer = exchange(&server.socket_address(), &[head[0], forwarded[0], body].concat());
    assert_eq!(answer.status, Some(201), "{answer:?}");
    let cookie = answer.text.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap();
    assert_eq!(address_of(&server, token_in(cookie)), "192.0.2.7");
}

/// "`Path=/; HttpOnly; SameSite=Strict`, `Secure` when … a trusted proxy says `X-Forwarded-Proto: https`".
#[test]
fn the_cookie_is_secure_behind_a_trusted_proxy_with_tls() {
    let server = TestServer::spawn_with(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    let attributes = |cookie: &str| cookie.split("; ").skip(1).map(str::to_string).collect::<BTreeSet<_>>();
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let https = [("X-Forwarded-Proto", "https")];
    let (plain, secure) = (
        set(&["Path=/", "HttpOnly", "SameSite=Strict"]),
        set(&["Path=/", "HttpOnly", "SameSite=Strict", "Secure"]),
    );
    assert_eq!(attributes(open(&server, "a", &[]).set_cookie()), plain);
    assert_eq!(attributes(open(&server, "b", &[("X-Forwarded-Proto", "http")]).set_cookie()), plain);
    let opened = open(&server, "c", &https);
    assert_eq!(attributes(opened.set_cookie()), secure);

    // The cookie that clears it has the same attributes, or a browser would not take it for the same.
    let cleared = [&secure, &set(&["Max-Age=0"])].into_iter().flatten().cloned().collect::<BTreeSet<_>>();
    let client = server.nobody().with_token(Some(token_in(opened.set_cookie())));
    let log_out = client.request(Method::POST, "/api/v1/logout").header("X-Forwarded-Proto", "https");
    let answer = Answer::of(log_out).unwrap();
    assert_eq!(answer.set_cookie().split(';').next(), Some("neoirc_auth="));
    assert_eq!(attributes(answer.set_cookie()), cleared);

    let client = server.nobody().with_token(Some(token_in(open(&server, "d", &https).set_cookie())));
    let quit = client.request(Method::POST, "/api/v1/messages").header("X-Forwarded-Proto", "https");
    let answer = Answer::of(quit.json(&json!({ "command": "QUIT" }))).unwrap();
    assert_eq!(attributes(answer.set_cookie()), cleared);
}

/// The helper for requests by hand sends what it is given.
#[test]
fn a_stranger_who_claims_tls_gets_a_plain_cookie() {
    let server = TestServer::spawn_with(&[("TRUSTED_PROXIES", "10.0.0.0/8")]);
    let headers = ["X-Forwarded-Proto: https", "Content-Length: 16"];
    let bytes = request("POST /api/v1/session HTTP/1.1", &headers, br#"{"nick":"alice"}"#);
    let answer = exchange(&server.socket_address(), &bytes);
    assert_eq!(answer.status, Some(201), "{answer:?}");
    assert!(!answer.text.contains("Secure"), "{answer:?}");
}
