//! Hooks: secret addresses by which programs speak in a channel, as `curl` uses them.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Http, IrcClient, TestClient, TestServer, pair};

/// A new hook: its id, and the path to post to.
#[track_caller]
fn make(client: &TestClient, channel: &str, name: &str) -> (String, String) {
    let answer = client.http.post("/api/v1/hooks", &json!({ "channel": channel, "name": name }));
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.json();
    assert_eq!(made["name"], name);
    (made["id"].as_str().unwrap().to_owned(), made["url"].as_str().unwrap().to_owned())
}

fn post(http: &Http, path: &str, content_type: &str, body: &[u8]) -> Answer {
    let request = http.request(Method::POST, path).header("Content-Type", content_type);
    Answer::of(request.body(body.to_vec())).unwrap()
}

#[track_caller]
fn say(server: &TestServer, url: &str, text: &str) -> Value {
    let receipt = post(&server.nobody(), url, "text/plain", text.as_bytes()).ok();
    assert_eq!(receipt["status"], "sent", "{receipt}");
    receipt
}

fn curl(server: &TestServer, path: &str, words: &[&str]) -> String {
    let url = format!("{}{path}", server.url());
    let output = Command::new("curl").arg("-s").args(words).arg(url).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn list(client: &TestClient, channel: &str) -> Value {
    client.http.get(&format!("/api/v1/hooks?channel={}", channel.replace('#', "%23"))).ok()
}

/// What curl posts, in each of its ways, is a NOTICE to all members, and stands in the history.
#[test]
fn what_is_posted_is_said() {
    let server = TestServer::spawn();
    let (mut alice, mut bob) = pair(&server);
    let (_, url) = make(&alice, "#c", "ci");
    curl(&server, &url, &["-d", "built"]);
    curl(&server, &url, &["-H", "Content-Type: text/plain", "--data-binary", "two\r\nlines\n"]);
    let receipt = curl(&server, &url, &["-H", "Content-Type: application/json", "-d", r#"{"text":"json"}"#]);
    let heard = bob.poll_until(|message| message["body"] == json!(["json"]));
    let bodies: Vec<_> = heard.iter().map(|message| message["body"].clone()).collect();
    assert_eq!(bodies, [json!(["built"]), json!(["two", "lines"]), json!(["json"])]);
    for message in &heard {
        let shown = (&message["command"], &message["from"], &message["to"]);
        assert_eq!(shown, (&json!("NOTICE"), &json!("ci/hook"), &json!("#c")));
    }
    let receipt: Value = serde_json::from_str(&receipt).unwrap();
    assert_eq!((&receipt["id"], &receipt["seq"]), (&heard[2]["id"], &heard[2]["seq"]));
    assert_eq!(alice.drain(), heard);
    assert_eq!(bob.http.get("/api/v1/history?target=%23c").ok(), json!(heard));
}

/// An operator has made it, so it speaks where only operators may, and costs no work; nobody's nick looks like it.
#[test]
fn a_hook_speaks_whatever_the_modes() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let (_, url) = make(&alice, "#c", "hook");
    alice.mode("#c", &["+mnsiH", "20"]);
    alice.mode("#c", &["+b", "*!*@*"]);
    bob.drain();
    say(&server, &url, "all the same");
    assert_eq!(bob.poll(5)[0]["from"], "hook/hook");
    assert_eq!(server.nobody().post("/api/v1/session", &json!({ "nick": "hook/hook" })).status, 400);
}

#[test]
fn an_irc_client_hears_hooks() {
    let server = TestServer::spawn_irc(&[]);
    let alice = server.open("alice");
    alice.join("#c");
    let (_, url) = make(&alice, "#c", "ci");
    let mut carol = IrcClient::open(&server.irc_address(), "carol");
    carol.ask("JOIN #c");
    say(&server, &url, "built\nand tested");
    let heard =
        [carol.until(&["NOTICE"]), carol.until(&["NOTICE"])].map(|lines| lines.last().unwrap().clone());
    assert_eq!(heard, [":ci/hook NOTICE #c :built", ":ci/hook NOTICE #c :and tested"]);
}

/// Operators of the channel make, see and revoke them, and nobody else does.
#[test]
fn hooks_are_for_operators() {
    let server = TestServer::spawn();
    let (alice, bob) = pair(&server);
    let carol = server.open("carol");
    let (id, url) = make(&alice, "#C", "ci");
    let path = format!("/api/v1/hooks/{id}");
    for other in [&bob, &carol] {
        let answer = other.http.post("/api/v1/hooks", &json!({ "channel": "#c" }));
        assert_eq!(answer.refusal(403), "not an operator of the channel");
        other.http.get("/api/v1/hooks?channel=%23c").refusal(403);
        other.http.send(Method::DELETE, &path).refusal(403);
    }
    alice.mode("#c", &["+s"]);
    carol.http.post("/api/v1/hooks", &json!({ "channel": "#c" })).refusal(404);
    carol.http.get("/api/v1/hooks?channel=%23c").refusal(404);
    carol.http.send(Method::DELETE, &path).refusal(404);
    for nobody in [
        server.nobody().post("/api/v1/hooks", &json!({ "channel": "#c" })),
        server.nobody().get("/api/v1/hooks?channel=%23c"),
        server.nobody().send(Method::DELETE, &path),
    ] {
        nobody.refusal(401);
    }
    let hooks = list(&alice, "#c");
    assert_eq!(hooks.as_array().unwrap().len(), 1);
    let hook = &hooks[0];
    assert_eq!((&hook["id"], &hook["name"], &hook["channel"]), (&json!(id), &json!("ci"), &json!("#c")));
    assert_eq!(hook["created_by"], "alice");
    assert!(!hooks.to_string().contains(url.rsplit('/').next().unwrap()), "the secret is shown once");
    assert_eq!(alice.http.send(Method::DELETE, &path).ok(), json!({ "status": "ok" }));
    assert_eq!(list(&alice, "#c"), json!([]));
    assert_eq!(post(&server.nobody(), &url, "text/plain", b"x").refusal(404), "no such hook");
    alice.http.send(Method::DELETE, &path).refusal(404);
}

#[test]
fn what_is_not_right_is_refused() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    for body in
        ["", "x", "[]", r##"["#c"]"##, "{}", r#"{"channel":7}"#, r##"{"channel":"#c","channel":"#c"}"##]
    {
        alice.http.post_bytes("/api/v1/hooks", body).refusal(400);
    }
    for name in ["", "a b", "7up", "x/y", &"x".repeat(33), "né"] {
        let answer = alice.http.post("/api/v1/hooks", &json!({ "channel": "#c", "name": name }));
        assert_eq!(answer.refusal(400), "invalid hook name", "{name}");
    }
    alice.http.post("/api/v1/hooks", &json!({ "channel": "#nowhere" })).refusal(404);
    alice.http.post("/api/v1/hooks", &json!({ "channel": "bob" })).refusal(404);
    alice.http.get("/api/v1/hooks").refusal(400);
    let (id, url) = make(&alice, "#c", "ci");
    let nobody = server.nobody();
    let zeros = "0".repeat(64);
    for (path, body) in [
        (format!("/api/v1/hooks/{id}/{zeros}"), &b"x"[..]),
        (format!("/api/v1/hooks/{id}/x"), b"x"),
        (format!("/api/v1/hooks/x/{zeros}"), b"x"),
        (format!("/api/v1/hooks/0190a0b0-0000-7000-8000-000000000000/{zeros}"), b"x"),
    ] {
        assert_eq!(post(&nobody, &path, "text/plain", body).refusal(404), "no such hook");
    }
    for (kind, body) in [
        ("text/plain", &b""[..]),
        ("text/plain", b"\n\n"),
        ("text/plain", b"a\0b"),
        ("text/plain", b"\xff\xfe"),
        ("application/json", b"x"),
        ("application/json; charset=utf-8", br#"{"text":""}"#),
        ("application/json", br#"["x"]"#),
    ] {
        post(&nobody, &url, kind, body).refusal(400);
    }
    post(&nobody, &url, "text/plain", "x\n".repeat(65).as_bytes()).refusal(400);
    post(&nobody, &url, "text/plain", "x".repeat(5_000).as_bytes()).refusal(413);
    for method in [Method::GET, Method::PUT] {
        nobody.send(method.clone(), &url).refusal(405);
    }
    assert!(bob.drain().is_empty(), "nothing of it was said");
}

#[test]
fn hooks_are_limited() {
    let settings = [
        ("HOOKS_PER_CHANNEL", "2"),
        ("HOOK_RATE_LIMIT", "0.01"),
        ("HOOK_RATE_BURST", "3"),
        ("HOOK_ADDRESS_RATE_LIMIT", "0.01"),
        ("HOOK_ADDRESS_RATE_BURST", "10"),
    ];
    let server = TestServer::spawn_with(&settings);
    let (alice, _) = pair(&server);
    let (_, one) = make(&alice, "#c", "one");
    let (_, other) = make(&alice, "#c", "other");
    let answer = alice.http.post("/api/v1/hooks", &json!({ "channel": "#c" }));
    assert_eq!(answer.refusal(409), "too many hooks in this channel");
    (0..3).for_each(|_| drop(say(&server, &one, "x")));
    let answer = post(&server.nobody(), &one, "text/plain", b"x");
    answer.refusal(429);
    assert!(!answer.header("retry-after").is_empty());
    say(&server, &other, "x");
    // Whoever guesses uses up what its address has, and nothing of the hook's.
    let guess = format!("{}/{}", other.rsplit_once('/').unwrap().0, "0".repeat(64));
    let statuses: Vec<_> =
        (0..6).map(|_| post(&server.nobody(), &guess, "text/plain", b"x").status).collect();
    assert_eq!(statuses, [404, 404, 404, 404, 404, 429]);
}

/// It belongs to one life of its channel.
#[test]
fn a_hook_goes_with_its_channel() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#c");
    let (_, url) = make(&alice, "#c", "ci");
    alice.command(&json!({ "command": "PART", "to": "#c" }));
    assert_eq!(post(&server.nobody(), &url, "text/plain", b"x").refusal(404), "no such hook");
    alice.join("#c");
    assert_eq!(list(&alice, "#c"), json!([]));
    assert_eq!(post(&server.nobody(), &url, "text/plain", b"x").refusal(404), "no such hook");
}

/// `kill -9` after each answer: what was told to be made, said or revoked is.
#[test]
fn hooks_outlive_the_process() {
    let mut server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let (kept, url) = make(&alice, "#c", "kept");
    let (gone, revoked) = make(&alice, "#c", "gone");
    for round in 0..5 {
        say(&server, &url, &format!("{round}"));
        server.kill9();
        server.start();
    }
    alice.http.send(Method::DELETE, &format!("/api/v1/hooks/{gone}")).ok();
    server.kill9();
    server.start();
    post(&server.nobody(), &revoked, "text/plain", b"x").refusal(404);
    let hooks = list(&alice, "#c");
    assert_eq!((hooks.as_array().unwrap().len(), &hooks[0]["id"]), (1, &json!(kept)));
    let heard = bob.drain();
    let said: Vec<_> = heard.iter().filter(|message| message["from"] == "kept/hook").collect();
    assert_eq!(said.len(), 5, "{heard:?}");
}

/// The secret stands neither in the database nor in the log.
#[test]
fn a_secret_is_kept_nowhere() {
    let mut server = TestServer::spawn_with(&[("DEBUG", "true")]);
    let (alice, _) = pair(&server);
    let (_, url) = make(&alice, "#c", "ci");
    say(&server, &url, "x");
    post(&server.nobody(), &url, "text/plain", b"").refusal(400);
    let secret = url.rsplit('/').next().unwrap().to_owned();
    assert!(server.terminate().success());
    let log = server.log();
    assert!(log.contains("/api/v1/hooks/…") && !log.contains(&secret), "{log}");
    for entry in std::fs::read_dir(server.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}
