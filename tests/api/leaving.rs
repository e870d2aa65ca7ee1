//! Logout, QUIT, and what a cookie is worth afterwards or never was.

use reqwest::Method;
use serde_json::json;

use crate::support::{Answer, TestClient, TestServer, command_of};

/// Every endpoint that needs a cookie.
const CLOSED_DOORS: [(Method, &str); 11] = [
    (Method::GET, "/api/v1/state"),
    (Method::GET, "/api/v1/users/me"),
    (Method::GET, "/api/v1/messages"),
    (Method::GET, "/api/v1/messages?after=0&timeout=0"),
    (Method::POST, "/api/v1/messages"),
    (Method::POST, "/api/v1/logout"),
    (Method::GET, "/api/v1/history?target=%23rust"),
    (Method::GET, "/api/v1/clients"),
    (Method::DELETE, "/api/v1/clients/00000000-0000-4000-8000-000000000000"),
    (Method::GET, "/api/v1/channels"),
    (Method::GET, "/api/v1/channels/rust/members"),
];

#[track_caller]
fn every_door_is_closed(server: &TestServer, token: Option<&str>) {
    let http = server.nobody().with_token(token.map(ToString::to_string));
    for (method, path) in CLOSED_DOORS {
        let request = http.request(method.clone(), path).body("{\"command\":\"LUSERS\"}");
        let answer = Answer::of(request).unwrap();
        assert_eq!(answer.refusal(401), "unauthorized", "{method} {path} with {token:?}");
        assert_eq!(answer.json(), json!({ "error": "unauthorized" }), "{method} {path}");
    }
}

/// "cleared with an empty value and `Max-Age=0`".
#[track_caller]
fn clears_the_cookie(answer: &Answer) {
    let cookie = answer.set_cookie();
    let parts: Vec<&str> = cookie.split("; ").collect();
    assert_eq!(parts.first(), Some(&"neoirc_auth="), "{cookie}");
    for attribute in ["Max-Age=0", "Path=/"] {
        assert!(parts.contains(&attribute), "{attribute} is missing in {cookie:?}");
    }
}

/// The QUIT messages somebody has received, by the nick that left.
fn quits(client: &mut TestClient) -> Vec<String> {
    let messages = client.drain();
    let quits = messages.iter().filter(|message| command_of(message) == "QUIT");
    quits.map(|message| message["from"].as_str().unwrap().to_string()).collect()
}

/// "Missing or unknown: 401 `{"error":"unauthorized"}`."
#[test]
fn without_a_good_cookie_every_door_is_closed() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let upper_case = alice.http.token().unwrap().to_uppercase();
    let short = alice.http.token().unwrap().chars().take(63).collect::<String>();
    let bad = ["", "x", &"0".repeat(64), &"f".repeat(6000), &short, &upper_case, "\"quoted\""];
    every_door_is_closed(&server, None);
    for token in bad {
        every_door_is_closed(&server, Some(token));
    }
    assert_eq!(alice.state()["nick"], "alice", "and the good one still opens");
}

/// A browser sends its other cookies along.
#[test]
fn other_cookies_do_not_disturb() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookies = format!("theme=dark; neoirc_auth={}; lang=en", alice.http.token().unwrap());
    let request = server.nobody().request(Method::GET, "/api/v1/state").header("Cookie", cookies);
    assert_eq!(Answer::of(request).unwrap().ok()["nick"], "alice");
}

#[test]
fn logout_ends_the_session_of_the_last_client() {
    let server = TestServer::spawn();
    let (alice, mut bob, mut carol) = (server.open("alice"), server.open("bob"), server.open("carol"));
    for channel in ["#a", "#b"] {
        alice.join(channel);
        bob.join(channel);
    }
    carol.join("#c");
    carol.drain();
    bob.drain();
    let answer = alice.http.post("/api/v1/logout", &json!({}));
    assert_eq!(answer.ok(), json!({ "status": "ok" }));
    clears_the_cookie(&answer);
    every_door_is_closed(&server, alice.http.token());
    assert_eq!(quits(&mut bob), ["alice"], "one QUIT, though two channels are shared");
    assert_eq!(quits(&mut carol), Vec::<String>::new(), "no QUIT for strangers");
    assert_eq!(bob.command(&json!({ "command": "PRIVMSG", "to": "alice", "body": ["?"] }))["numeric"], "401");
    let again = server.open("Alice");
    assert_ne!(again.id, alice.id, "the nick is free, and its new holder somebody else");
    assert_eq!(again.channels(), Vec::<String>::new());
}

#[test]
fn logout_needs_no_body() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    assert_eq!(alice.http.send(Method::POST, "/api/v1/logout").ok(), json!({ "status": "ok" }));
}

// clause: commands.quit nicks.free
#[test]
fn quit_ends_the_session() {
    let server = TestServer::spawn();
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#a");
    bob.join("#a");
    bob.drain();
    let answer = alice.http.post("/api/v1/messages", &json!({ "command": "QUIT", "body": ["bye"] }));
    assert_eq!(answer.ok(), json!({ "status": "quit" }));
    clears_the_cookie(&answer);
    every_door_is_closed(&server, alice.http.token());
    let heard = bob.drain();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((command_of(&heard[0]), &heard[0]["from"]), ("QUIT", &json!("alice")));
    assert!(heard[0]["to"].as_str().unwrap_or_default().is_empty(), "`to` is empty for QUIT: {}", heard[0]);
    assert!(heard[0]["body"][0].as_str().unwrap().ends_with("bye"), "{}", heard[0]);
    server.open("alice");
}

/// A poll that waits when its session ends is answered, not left to its timeout.
#[test]
fn a_waiting_poll_learns_that_its_session_ended() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let polling = alice.clone();
    let begun = std::time::Instant::now();
    let waiting = std::thread::spawn(move || {
        let path = format!("/api/v1/messages?after={}&timeout=30", polling.cursor);
        polling.http.get(&path).status
    });
    // The poll may reach the server before or after the QUIT; both must be answered at once.
    alice.quit();
    let status = waiting.join().unwrap();
    assert!(status == 200 || status == 401, "{status}");
    assert!(begun.elapsed().as_secs() < 15, "the poll was left waiting");
}
