//! Pages of other sites: "a request with a foreign `Origin` or `Sec-Fetch-Site: cross-site` is refused with 403 unless
//! the origin is in `CORS_ORIGINS` (default none), and only those get CORS headers with credentials."

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, Http, TestServer};

const LISTED: &str = "https://web.example.org";

fn ask(http: &Http, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let request = http.request(method, path);
    Answer::of(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).unwrap()
}

#[track_caller]
fn has_no_cors(answer: &Answer) {
    let cors = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
    assert!(cors.is_none(), "{answer:?}");
}

/// `Origin` as a browser on a page of the server itself sends it.
fn own_origin(server: &TestServer) -> String {
    server.url()
}

#[test]
fn foreign_pages_are_refused() {
    for origins in ["", LISTED] {
        let server = TestServer::spawn_with(&[("CORS_ORIGINS", origins)]);
        let alice = server.open("alice");
        let own = own_origin(&server);
        let other_scheme = own.replace("http:", "https:");
        let other_port = format!("{}1", own.rsplit_once(':').unwrap().0);
        let foreign: Vec<Vec<(&str, &str)>> = vec![
            vec![("Origin", "https://evil.example")],
            vec![("Origin", "null")],
            vec![("Origin", "https://web.example.org.evil.example")],
            vec![("Origin", "http://web.example.org")],
            vec![("Origin", &other_scheme)],
            vec![("Origin", &other_port)],
            vec![("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
            vec![("Sec-Fetch-Site", "cross-site")],
            vec![("Sec-Fetch-Site", "same-site")],
            vec![("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")],
        ];
        for headers in foreign {
            for http in [server.nobody(), alice.http.clone()] {
                for path in ["/api/v1/messages?timeout=0", "/api/v1/state", "/api/v1/server", "/api/v1/nope"]
                {
                    let answer = ask(&http, Method::GET, path, &headers);
                    assert_eq!(answer.refusal(403), "foreign origin", "{path} {headers:?}");
                    has_no_cors(&answer);
                }
            }
        }
    }
}

/// A refused request does nothing, however it comes.
#[test]
fn what_a_foreign_page_asks_is_not_done() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    let evil = "https://evil.example";
    for (path, body) in [
        ("/api/v1/messages", json!({ "command": "PRIVMSG", "to": "alice", "body": ["forged"] })),
        ("/api/v1/logout", json!({})),
        ("/api/v1/session", json!({ "nick": "mallory" })),
    ] {
        // As a form sends it, without asking first.
        let request = alice.http.request(Method::POST, path).header("Origin", evil);
        Answer::of(request.header("Content-Type", "text/plain").body(body.to_string())).unwrap().refusal(403);
    }
    assert!(alice.drain().is_empty(), "nothing was said");
    assert_eq!(alice.state()["nick"], "alice", "nobody was logged out");
    server.open("mallory");
}

#[test]
fn our_own_pages_are_served() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let own = own_origin(&server);
    for headers in [
        vec![("Origin", own.as_str())],
        vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")],
        vec![("Sec-Fetch-Site", "same-origin")],
        vec![("Sec-Fetch-Site", "none")],
    ] {
        let answer = ask(&alice.http, Method::GET, "/api/v1/state", &headers);
        answer.ok();
        has_no_cors(&answer);
    }
}

/// The scheme is what a trusted proxy says it is.
#[test]
fn our_own_pages_are_served_behind_a_proxy_with_tls() {
    let server = TestServer::spawn_with(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    let host = server.socket_address();
    let ask = |scheme: &str| {
        let origin = format!("{scheme}://{host}");
        let headers = [("Origin", origin.as_str()), ("X-Forwarded-Proto", "https")];
        ask(&server.nobody(), Method::GET, "/api/v1/server", &headers)
    };
    ask("https").ok();
    ask("http").refusal(403);
}

#[test]
fn listed_pages_are_served_with_credentials() {
    let server =
        TestServer::spawn_with(&[("CORS_ORIGINS", "http://localhost:5173, https://web.example.org")]);
    let alice = server.open("alice");
    let headers = [("Origin", LISTED), ("Sec-Fetch-Site", "cross-site")];
    // Errors too, or the page could not read what is wrong.
    for (path, status) in [("/api/v1/state", 200), ("/api/v1/nope", 404), ("/api/v1/session", 405)] {
        let answer = ask(&alice.http, Method::GET, path, &headers);
        assert_eq!(answer.status, status, "{}", answer.text);
        assert_eq!(answer.header("access-control-allow-origin"), LISTED);
        assert_eq!(answer.header("access-control-allow-credentials"), "true");
        assert!(answer.header("access-control-expose-headers").contains("Retry-After"));
        assert_eq!(answer.header("vary"), "Origin, Cookie");
    }
}

#[test]
fn preflights_are_answered_for_listed_pages_alone() {
    let server = TestServer::spawn_with(&[("CORS_ORIGINS", LISTED)]);
    let nobody = server.nobody();
    let ask_for = |origin: &str| {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "idempotency-key"),
            ("Sec-Fetch-Site", "cross-site"),
        ];
        ask(&nobody, Method::OPTIONS, "/api/v1/messages", &headers)
    };
    let answer = ask_for(LISTED);
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(answer.header("access-control-allow-origin"), LISTED);
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    for (header, value) in [
        ("access-control-allow-methods", "GET"),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-methods", "DELETE"),
        ("access-control-allow-headers", "Content-Type"),
        ("access-control-allow-headers", "Idempotency-Key"),
    ] {
        let listed = answer.header(header).split(", ").any(|listed| listed == value);
        assert!(listed, "{value} in {header}: {answer:?}");
    }
    for origin in
        ["https://evil.example", "null", "*", "https://web.example.org:8443", "http://web.example.org"]
    {
        let answer = ask_for(origin);
        answer.refusal(403);
        has_no_cors(&answer);
    }
}

/// OPTIONS that is no preflight is a method like any other that is not taken.
#[test]
fn other_options_are_405() {
    let server = TestServer::spawn_with(&[("CORS_ORIGINS", LISTED)]);
    ask(&server.nobody(), Method::OPTIONS, "/api/v1/messages", &[]).refusal(405);
    ask(&server.nobody(), Method::OPTIONS, "/api/v1/messages", &[("Origin", LISTED)]).refusal(405);
}
