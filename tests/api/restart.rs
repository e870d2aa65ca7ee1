//! "Sessions, clients, memberships, modes and queues all survive a restart of the server."

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer, numerics, refused, texts};

/// A server in the middle of life, and everything that can be seen of it from outside.
struct Scene {
    alice: TestClient,
    bob: TestClient,
    outsider: TestClient,
    seen: Vec<Value>,
}

impl Scene {
    fn set(server: &TestServer) -> Self {
        let alice = server.open("Alice");
        let bob = server.open("bob");
        let outsider = server.open("outsider");
        for channel in ["#rust", "#Den", "#open"] {
            alice.join(channel);
            bob.join(channel);
        }
        alice.command(&json!({ "command": "TOPIC", "to": "#rust", "body": ["memory ", "safety"] }));
        alice.mode("#rust", &["+v-t+l", "bob", "7"]);
        alice.mode("#Den", &["+simk", "sesame"]);
        alice.mode("#open", &["+o-n", "bob"]);
        alice.mode("#rust", &["+bbeI", "Eve", "*@*.example", "eve!*@good.example", "mallory"]);
        alice.mode("#open", &["+H", "3"]);
        alice.mode("Alice", &["+iBw"]);
        alice.command(&json!({ "command": "SETNAME", "body": ["Alice Liddell"] }));
        alice.command(&json!({ "command": "MONITOR", "params": ["+", "bob,ghost,outsider"] }));
        alice.command(&json!({ "command": "AWAY", "body": ["at lunch"] }));
        alice.command(&json!({ "command": "INVITE", "to": "outsider", "params": ["#Den"] }));
        bob.command(&json!({ "command": "NICK", "body": ["Robert"] }));
        alice.say("#rust", "before");
        let mut scene = Self { alice, bob, outsider, seen: Vec::new() };
        scene.seen = scene.look();
        scene
    }

    /// Everything the REST endpoints tell each of the three, and the answers to queries.
    fn look(&self) -> Vec<Value> {
        let mut seen = Vec::new();
        for client in [&self.alice, &self.bob, &self.outsider] {
            for path in ["/state", "/channels", "/channels/rust/members", "/channels/open/members", "/server"]
            {
                seen.push(sorted(client.http.get(&format!("/api/v1{path}")).ok()));
            }
        }
        for path in ["/channels/den/members", "/history?target=%23rust", "/history?target=bob"] {
            seen.push(sorted(self.alice.http.get(&format!("/api/v1{path}")).json()));
        }
        seen
    }

    /// The modes and topics as members are told.
    fn ask(&mut self) -> Vec<Value> {
        self.alice.drain();
        for channel in ["#rust", "#den", "#open"] {
            self.alice.command(&json!({ "command": "MODE", "to": channel }));
            self.alice.command(&json!({ "command": "TOPIC", "to": channel }));
        }
        self.alice.command(&json!({ "command": "MODE", "to": "#rust", "params": ["beI"] }));
        self.alice.command(&json!({ "command": "MODE", "to": "Alice" }));
        self.alice.command(&json!({ "command": "WHO", "params": ["Alice", "%nfr"] }));
        self.alice.command(&json!({ "command": "MONITOR", "params": ["L"] }));
        self.alice.command(&json!({ "command": "WHOWAS", "params": ["bob"] }));
        let answers = self.alice.drain();
        answers.iter().map(|answer| json!([answer["command"], answer["params"], answer["body"]])).collect()
    }
}

/// Lists whose order means nothing, in one order.
fn sorted(mut value: Value) -> Value {
    for field in ["channels", "members"] {
        if let Some(items) = value.get_mut(field).and_then(Value::as_array_mut) {
            items.sort_by_key(ToString::to_string);
        }
    }
    if let Some(items) = value.as_array_mut() {
        items.sort_by_key(ToString::to_string);
    }
    value
}

fn survives(restart: impl Fn(&mut TestServer)) {
    let mut server = TestServer::spawn();
    let mut scene = Scene::set(&server);
    let told = scene.ask();
    restart(&mut server);
    assert_eq!(scene.look(), scene.seen);
    assert_eq!(scene.ask(), told);
    // What was decided before still rules.
    assert_eq!(server.nobody().post("/api/v1/session", &json!({ "nick": "alice" })).status, 409);
    refused(&scene.bob.command(&json!({ "command": "MODE", "to": "#rust", "params": ["+m"] })), "482");
    scene.bob.mode("#open", &["+m"]);
    refused(&scene.outsider.command(&json!({ "command": "JOIN", "to": "#Den" })), "475");
    let join = json!({ "command": "JOIN", "to": "#den", "params": ["sesame"] });
    assert_eq!(scene.outsider.command(&join)["status"], "joined", "the invitation still holds");
    scene.outsider.command(&json!({ "command": "PART", "to": "#den" }));
    refused(&scene.outsider.command(&join), "473");
}

#[test]
fn a_clean_restart_changes_nothing() {
    survives(TestServer::restart);
}

#[test]
fn a_crash_changes_nothing() {
    survives(|server| {
        server.kill9();
        server.start();
    });
}

/// Unread messages, cursors, identities and numbers all go on where they were.
// clause: queues.restart
#[test]
fn queues_and_cursors_survive() {
    let mut server = TestServer::spawn();
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#c");
    bob.join("#c");
    bob.drain();
    for number in 0..10 {
        alice.say("#c", &number.to_string());
    }
    let unread = bob.read_after(bob.cursor);
    let middle = unread[4]["seq"].as_u64().unwrap();
    server.restart();
    assert_eq!(bob.read_after(bob.cursor), unread, "the same messages with the same numbers");
    assert_eq!(bob.read_after(middle), unread.split_at(5).1);
    bob.cursor = middle;
    bob.drain();
    server.kill9();
    server.start();
    let receipt = alice.say("#c", "after");
    assert!(
        receipt["seq"].as_u64().unwrap() > unread[9]["seq"].as_u64().unwrap(),
        "a number is never used twice"
    );
    assert_eq!(texts(&bob.drain()), ["after"]);
    assert_eq!(texts(&bob.read_after(middle)), ["5", "6", "7", "8", "9", "after"]);
}

/// The welcome of a client that never read it waits for it.
#[test]
fn an_unread_welcome_survives() {
    let mut server = TestServer::spawn();
    let alice = server.open_unread("alice");
    let before = alice.read_after(0);
    server.kill9();
    server.start();
    assert_eq!(alice.read_after(0), before);
    assert_eq!(numerics(&before)[0], "001");
}

/// "A cursor number is never used twice", also when what had the highest one is gone.
#[test]
fn numbers_do_not_return_with_an_empty_world() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    let highest = alice.cursor;
    alice.quit();
    server.restart();
    let bob = server.open_unread("bob");
    let first = bob.read_after(0)[0]["seq"].as_u64().unwrap();
    assert!(first > highest, "{first} was used before ({highest})");
}

/// A long backlog is read from disk after a restart, whole and in order.
#[test]
fn a_long_backlog_survives() {
    let mut server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    std::thread::scope(|scope| {
        for sender in 0..8 {
            let alice = &alice;
            scope.spawn(move || {
                for number in 0..250 {
                    alice.say("bob", &format!("{sender}/{number}"));
                }
            });
        }
    });
    let before = bob.read_after(bob.cursor);
    assert_eq!(texts(&before).len(), 2000);
    server.kill9();
    server.start();
    assert_eq!(bob.read_after(bob.cursor), before);
    server.restart();
    assert_eq!(bob.read_after(bob.cursor), before);
}

/// A session that has ended does not come back.
#[test]
fn the_dead_stay_dead() {
    let mut server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    alice.join("#mine");
    alice.quit();
    bob.http.post("/api/v1/logout", &json!({})).ok();
    server.kill9();
    server.start();
    for client in [&alice, &bob] {
        client.http.get("/api/v1/state").refusal(401);
    }
    let carol = server.open("alice");
    assert_eq!(carol.http.get("/api/v1/channels").ok(), json!([]));
}
