//! Operators of the server: becoming one, and what REHASH, DIE and KILL do to the process and to sessions.

use std::fs;

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer, until};

const OPER: [(&str, &str); 2] = [("NEOIRC_OPER_NAME", "root"), ("NEOIRC_OPER_PASSWORD", "correct horse")];

#[track_caller]
fn oper(client: &TestClient, password: &str) -> Value {
    client.command(&json!({ "command": "OPER", "params": ["root", password] }))
}

/// A server with a settings file, and Alice, its operator.
fn operated(motd: &str) -> (TestServer, TestClient) {
    let server = TestServer::launch(|launch| {
        let file = launch.folder().join("neoirc.toml");
        fs::write(&file, format!("motd = \"{motd}\"\n")).unwrap();
        let launch = OPER.iter().fold(launch, |launch, (name, value)| launch.with(name, value));
        launch.word("--config").word(file.to_str().unwrap())
    });
    let mut alice = server.open("alice");
    assert_eq!(oper(&alice, "correct horse")["status"], "ok");
    alice.drain();
    (server, alice)
}

fn change_motd(server: &TestServer, motd: &str) {
    fs::write(server.folder().join("neoirc.toml"), format!("motd = \"{motd}\"\n")).unwrap();
}

fn motd(server: &TestServer) -> Value {
    server.nobody().get("/api/v1/server").ok()["motd"].clone()
}

// clause: flood.oper
#[test]
fn attempts_to_become_one_are_limited_and_logged_without_the_password() {
    let server = TestServer::spawn_with(&OPER);
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    for _ in 0..3 {
        assert_eq!(oper(&alice, "battery staple")["numeric"], "464");
    }
    assert_eq!(oper(&alice, "correct horse")["numeric"], "263", "the right one has to wait, too");
    assert_eq!(
        oper(&bob, "correct horse")["numeric"],
        "263",
        "and so has whoever comes from the same address"
    );
    let log = server.log();
    assert!(log.contains("alice") && log.contains("operator of the server"), "{log}");
    for secret in ["battery staple", "correct horse"] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn the_log_says_what_was_granted_and_what_operators_do() {
    let (server, alice) = operated("hello");
    let bob = server.open("bob");
    assert_eq!(oper(&alice, "battery staple")["numeric"], "464", "an operator who mistypes");
    assert_eq!(bob.command(&json!({ "command": "KILL", "params": ["alice"] }))["numeric"], "481");
    assert_eq!(alice.command(&json!({ "command": "KILL", "params": ["bob"] }))["status"], "ok");
    assert_eq!(alice.command(&json!({ "command": "REHASH" }))["status"], "ok");
    until("both are logged", || server.log().contains("REHASH"));
    let log = server.log();
    let lines = |part: &str| log.lines().filter(|line| line.contains(part)).collect::<Vec<_>>();
    let attempts = lines("tried to become");
    assert_eq!(attempts.len(), 2, "{log}");
    assert!(attempts[0].contains("true") && attempts[1].contains("false"), "{attempts:?}");
    let given = lines("has given a command");
    assert_eq!(given.len(), 2, "{log}");
    assert!(given[0].contains("KILL bob") && given.iter().all(|line| line.contains("alice")), "{given:?}");
}

#[test]
fn an_operator_stays_one_across_a_restart() {
    let mut server = TestServer::spawn_with(&OPER);
    let mut alice = server.open("alice");
    oper(&alice, "correct horse");
    server.kill9();
    server.start();
    let receipt = alice.command(&json!({ "command": "WALLOPS", "body": ["hear"] }));
    assert_eq!(receipt["status"], "ok");
    let heard = alice.drain();
    assert!(heard.iter().any(|message| message["command"] == "381"), "{heard:?}");
}

// clause: commands.rehash
#[test]
fn rehash_reads_the_settings_again() {
    let (server, mut alice) = operated("before");
    change_motd(&server, "after");
    assert_eq!(motd(&server), "before");
    assert_eq!(alice.command(&json!({ "command": "REHASH" }))["status"], "ok");
    let heard = alice.drain();
    let file = heard[0]["params"][0].as_str().unwrap();
    assert_eq!((&heard[0]["command"], file.ends_with("neoirc.toml")), (&json!("382"), true), "{heard:?}");
    until("the new settings are in force", || motd(&server) == "after");
}

/// Who may be an operator, and the rules for commands, follow the file as well.
// clause: commands.rehash
#[test]
fn rehash_changes_the_rules() {
    let (server, alice) = operated("hello");
    let bob = server.open("bob");
    bob.join("#one");
    fs::write(server.folder().join("neoirc.toml"), "channels_per_session = 1\n").unwrap();
    alice.command(&json!({ "command": "REHASH" }));
    let join = json!({ "command": "JOIN", "to": "#two" });
    let part = json!({ "command": "PART", "to": "#two" });
    until("the new rule is in force", || {
        let refused = bob.command(&join)["numeric"] == "405";
        bob.command(&part);
        refused
    });
}

#[test]
fn a_hangup_does_the_same_and_settings_that_cannot_be_used_change_nothing() {
    let (mut server, alice) = operated("before");
    change_motd(&server, "after");
    server.signal("HUP");
    until("the new settings are in force", || motd(&server) == "after");
    fs::write(server.folder().join("neoirc.toml"), "motd = \"worse\"\nmax_history = \"many\"\n").unwrap();
    server.signal("HUP");
    until("the log says why", || server.log().contains("MAX_HISTORY"));
    assert_eq!(motd(&server), "after");
    assert!(server.is_alive());
    assert_eq!(alice.state()["nick"], "alice");
}

// clause: commands.die
#[test]
fn a_hangup_changes_how_often_one_may_ask() {
    let file = |server: &TestServer, burst: u32| {
        let text = format!("command_rate_limit = 0.001\ncommand_rate_burst = {burst}\n");
        fs::write(server.folder().join("neoirc.toml"), text).unwrap();
    };
    let server = TestServer::launch(|launch| {
        let file = launch.folder().join("neoirc.toml");
        fs::write(&file, "command_rate_limit = 0\n").unwrap();
        launch.without("COMMAND_RATE_LIMIT").word("--config").word(file.to_str().unwrap())
    });
    let alice = server.open("alice");
    let asks = || alice.post(&json!({ "command": "LUSERS" })).0;
    assert!((0..50).all(|_| asks() == 200), "there is no limit");
    file(&server, 2);
    server.signal("HUP");
    until("there is a limit", || asks() == 429);
    file(&server, 3);
    server.signal("HUP");
    until("it is another one", || asks() == 200);
}

#[test]
fn die_ends_the_process_cleanly() {
    let (mut server, alice) = operated("hello");
    let bob = server.open("bob");
    assert_eq!(bob.command(&json!({ "command": "DIE" }))["numeric"], "481");
    assert_eq!(
        alice.command(&json!({ "command": "DIE" }))["status"],
        "ok",
        "the receipt comes before the end"
    );
    until("the process has ended", || !server.is_alive());
    assert!(server.reap().success());
    server.start();
    assert_eq!(alice.state()["nick"], "alice", "nothing was lost");
}

// clause: messages.kill
#[test]
fn kill_ends_a_session_with_all_its_waiting_polls() {
    let (server, alice) = operated("hello");
    let (mut bob, mut carol) = (server.open("bob"), server.open("carol"));
    bob.join("#c");
    carol.join("#c");
    bob.drain();
    carol.drain();
    let waiting = bob.clone();
    let poll = std::thread::spawn(move || {
        waiting.http.get(&format!("/api/v1/messages?after={}&timeout=20", waiting.cursor)).status
    });
    let receipt = alice.command(&json!({ "command": "KILL", "params": ["bob"], "body": ["spam"] }));
    assert_eq!(receipt["status"], "ok");
    assert_eq!(poll.join().unwrap(), 401);
    bob.http.get("/api/v1/state").refusal(401);
    let heard = carol.poll(5);
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!((&heard[0]["command"], &heard[0]["from"]), (&json!("QUIT"), &json!("bob")));
    assert_eq!(heard[0]["body"], json!(["Killed (alice (spam))"]));
    server.open("bob");
}
