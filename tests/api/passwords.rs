//! PASS, and what becomes of a password: it is kept as a hash, and stands in no file and no log.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::{Launch, TestClient, TestServer, pair, refused};

/// `correct horse` with 8 KiB and one pass, as Python's argon2-cffi has it.
const WEAK_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$VDD1F1SeHEfKcMI1Wf0eLQ$9j8pCAnDey9+VbTdNattobgThqqhQivQAHGKiYU3fxU";

/// What the database has of the password of a stopped server's only session.
fn kept(server: &TestServer) -> Option<String> {
    let database = Connection::open(server.database()).unwrap();
    database.query_row("SELECT password_hash FROM users", [], |row| row.get(0)).unwrap()
}

// clause: commands.password
#[test]
fn a_password_has_at_least_eight_characters() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    for bad in [
        json!({ "command": "PASS" }),
        json!({ "command": "PASS", "body": [] }),
        json!({ "command": "PASS", "body": [""] }),
        json!({ "command": "PASS", "body": ["1234567"] }),
        json!({ "command": "PASS", "body": ["ééééééé"] }),
        json!({ "command": "PASS", "params": ["1234567"] }),
        json!({ "command": "PASS", "body": { "password": "12345678" } }),
        json!({ "command": "PASS", "body": ["x".repeat(257)] }),
    ] {
        refused(&alice.command(&bad), "461");
    }
    for good in [
        json!({ "command": "pass", "body": ["éééééééé"] }),
        json!({ "command": "PASS", "params": ["12345678"] }),
        json!({ "command": "PASS", "body": ["x".repeat(256)] }),
    ] {
        assert_eq!(alice.command(&good), json!({ "status": "ok" }), "{good}");
    }
    TestClient::log_in(&server.nobody(), "alice", &"x".repeat(256));
}

#[test]
fn the_shortest_password_is_a_setting() {
    let server = TestServer::spawn_with(&[("MIN_PASSWORD_LENGTH", "12")]);
    let alice = server.open("alice");
    refused(&alice.command(&json!({ "command": "PASS", "body": ["elevenchars"] })), "461");
    alice.pass("twelve chars");
}

/// Nobody is told of a password, the session's own devices neither.
#[test]
fn setting_a_password_says_nothing_to_anybody() {
    let server = TestServer::spawn();
    let (mut alice, mut bob) = pair(&server);
    alice.pass("correct horse");
    assert_eq!(alice.drain(), Vec::<Value>::new());
    assert_eq!(bob.drain(), Vec::<Value>::new());
}

#[test]
fn a_password_is_kept_as_argon2id_through_a_crash() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    alice.pass("correct horse");
    server.kill9();
    let hash = kept(&server).unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    server.start();
    TestClient::log_in(&server.nobody(), "alice", "correct horse");
}

/// "Rehash on login when parameters changed": a weaker hash, as an earlier program may have left it, is good once
/// more and is then made anew.
#[test]
fn a_hash_of_other_parameters_is_made_anew_at_login() {
    let mut server = TestServer::spawn();
    server.open("alice");
    server.terminate();
    let database = Connection::open(server.database()).unwrap();
    database.execute("UPDATE users SET password_hash = ?1", [WEAK_HASH]).unwrap();
    drop(database);
    server.start();
    TestClient::log_in(&server.nobody(), "alice", "correct horse");
    server.kill9();
    let new = kept(&server).unwrap();
    assert!(new.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{new}");
    server.start();
    TestClient::log_in(&server.nobody(), "alice", "correct horse");
}

/// The files of a stopped server, with all they hold.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let names = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    names.filter_map(|path| Some((path.display().to_string(), fs::read(&path).ok()?))).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// "Neither appears in a log": whatever the operator asks the log to tell, and wherever somebody typed a password.
#[test]
fn no_secret_is_on_disk_or_in_the_log() {
    let secrets = ["hunter2-of-alice", "wrong-guess-of-bob", "seven77"];
    for level in ["debug", "trace"] {
        let mut server =
            TestServer::launch(|launch: Launch| launch.with("DEBUG", "true").with("RUST_LOG", level));
        let alice = server.open("alice");
        alice.pass(secrets[0]);
        refused(&alice.command(&json!({ "command": "PASS", "body": [secrets[2]] })), "461");
        alice.post_once("key", &json!({ "command": "PASS", "body": [secrets[0]] })).unwrap().ok();
        let phone = TestClient::log_in(&server.nobody(), "alice", secrets[0]);
        let wrong =
            server.nobody().post("/api/v1/login", &json!({ "nick": "alice", "password": secrets[1] }));
        assert_eq!(wrong.status, 401);
        let broken = format!(r#"{{"command":"PASS","body":["{}"]"#, secrets[0]);
        assert_eq!(alice.http.post_bytes("/api/v1/messages", broken).status, 400);
        let broken = format!(r#"{{"nick":"alice","password":"{}""#, secrets[0]);
        assert_eq!(server.nobody().post_bytes("/api/v1/login", broken).status, 400);
        server.kill9();
        let tokens = [&alice, &phone].map(|client| client.http.token().unwrap().to_string());
        let found = files(server.folder());
        assert!(found.len() >= 2, "the database and the log are looked at");
        for (name, bytes) in &found {
            for secret in secrets.iter().copied().chain(tokens.iter().map(String::as_str)) {
                assert!(!holds(bytes, secret), "{name} holds {secret} at level {level}");
            }
        }
        let log = found.iter().find(|(name, _)| name.ends_with("neoircd.log")).unwrap();
        assert!(holds(&log.1, "/api/v1/login"), "the log tells of requests");
    }
}

/// A few passwords are hashed at once, for everybody: an address has no more of that with many sessions.
#[test]
fn new_passwords_are_limited_by_address() {
    let server = TestServer::spawn_with(&[
        ("LOGIN_RATE_LIMIT", "0.001"),
        ("LOGIN_RATE_BURST", "3"),
        ("COMMAND_RATE_LIMIT", "0"),
    ]);
    let people = ["alice", "bob", "carol", "dave"].map(|nick| server.open(nick));
    let statuses =
        people.map(|person| person.post(&json!({ "command": "PASS", "body": ["correct horse"] })).0);
    assert_eq!(statuses, [200, 200, 200, 429]);
}
