//! A database that the first server left is opened by this one: nobody notices.

use std::fs;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::operations::run;
use crate::settings::start;
use crate::support::{Http, Launch, TestClient, TestServer, command_of, numerics, texts};

/// The frozen first schema with data in it.
const SCHEMA_1: &str = include_str!("../store/fixtures/schema_1.sql");

/// The tokens of those who are in it, and how far each had read.
const ALICE: (&str, &str, u64) =
    ("alice", "cfdf0046d91648c743bfa94aa6209305df17f6168380552dbb369370a1bf9faf", 97);
const BOB: (&str, &str, u64) =
    ("bob", "72614937845333d3c913b45995669847e798ec1028f87bc353db655ea41b8916", 91);
const CAROLINE: (&str, &str, u64) =
    ("Caroline", "62674ed1a68457edb221b0c96d1914dc91eae643287a80275ab1490eeff4a673", 0);

/// A server on a copy of it.
fn upgraded() -> TestServer {
    TestServer::launch(|launch| {
        let folder = launch.log().parent().unwrap().to_owned();
        let database = Connection::open(folder.join("neoirc.db")).unwrap();
        database.execute_batch(SCHEMA_1).unwrap();
        launch
    })
}

fn client(server: &TestServer, (nick, token, cursor): (&str, &str, u64)) -> TestClient {
    let http: Http = server.nobody().with_token(Some(token.to_owned()));
    let id = http.get("/api/v1/state").ok()["id"].clone();
    TestClient { http, nick: nick.to_owned(), id, cursor }
}

fn columns(database: &Connection) -> Vec<(String, String, Option<String>)> {
    let sql = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn old_tokens_and_cursors_go_on_where_they_were() {
    let mut server = upgraded();
    let (mut alice, mut bob) = (client(&server, ALICE), client(&server, BOB));
    let mut caroline = client(&server, CAROLINE);
    let said = ["tea 6, after the sweep", "under a key"];
    assert_eq!(texts(&alice.drain()), said);
    let bobs = bob.drain();
    assert_eq!(texts(&bobs), [&["tea 3", "tea 4", "tea 5", "just us", "yes, just us"][..], &said].concat());
    let welcome = caroline.drain();
    assert_eq!(numerics(&welcome)[0], "001");
    assert_eq!(welcome.iter().filter(|message| command_of(message) == "NICK").count(), 1);
    // What comes now comes behind it.
    let receipt = alice.say("#tea", "and now");
    assert!(receipt["seq"].as_u64().unwrap() > 99, "{receipt}");
    assert_eq!(texts(&bob.drain()), ["and now"]);
    server.restart();
    assert_eq!(texts(&bob.read_after(98)), ["under a key", "and now"]);
}

#[test]
fn the_world_is_as_it_was() {
    let server = upgraded();
    let (mut alice, bob, caroline) =
        (client(&server, ALICE), client(&server, BOB), client(&server, CAROLINE));
    assert_eq!(
        (alice.channels(), bob.channels()),
        (vec!["#Tea".to_owned()], vec!["#Tea".to_owned(), "#milk".to_owned()])
    );
    let state = bob.state();
    assert_eq!((&state["id"], &state["away"]), (&json!(3), &json!("at lunch")));
    assert_eq!(caroline.state()["nick"], "Caroline");
    alice.drain();
    alice.command(&json!({ "command": "MODE", "to": "#tea" }));
    alice.command(&json!({ "command": "TOPIC", "to": "#tea" }));
    let answers: Vec<Value> = alice.drain();
    let modes = &answers[0]["params"];
    let mut letters: Vec<char> = modes[1].as_str().unwrap().chars().collect();
    letters.sort_unstable();
    assert_eq!(letters.iter().collect::<String>(), "+iklnt");
    assert_eq!((&modes[2], &modes[3]), (&json!("sesame"), &json!("20")));
    let topic = answers.iter().find(|answer| command_of(answer) == "332").unwrap();
    assert_eq!(topic["body"], json!(["Green, black, white"]));
    let members = alice.http.get("/api/v1/channels/tea/members").ok();
    let member =
        |nick: &str| members.as_array().unwrap().iter().find(|member| member["nick"] == nick).unwrap();
    assert_eq!((&member("alice")["op"], &member("bob")["voice"]), (&json!(true), &json!(true)));
    let history = |target: &str| alice.http.get(&format!("/api/v1/history?target={target}")).ok();
    assert_eq!(history("%23tea").as_array().unwrap().len(), 7);
    assert_eq!(texts(history("bob").as_array().unwrap()), ["just us", "yes, just us"]);
    // An invitation still opens the door, a key still answers with the first receipt.
    let join = json!({ "command": "JOIN", "to": "#tea", "params": ["sesame"] });
    assert_eq!(caroline.command(&join)["status"], "joined");
    let again =
        alice.post_once("k1", &json!({ "command": "PRIVMSG", "to": "#tea", "body": ["under a key"] }));
    assert_eq!(again.unwrap().json()["seq"], 99);
    // Who had left stays away, and numbers go on.
    assert!(server.open("dora").id.as_u64().unwrap() >= 11);
}

#[test]
fn the_schema_is_that_of_a_new_database() {
    let mut server = upgraded();
    server.terminate();
    let upgraded = Connection::open(server.database()).unwrap();
    let elsewhere = TempDir::new().unwrap();
    drop(start(&Launch::serve(elsewhere.path())));
    let new = Connection::open(elsewhere.path().join("neoirc.db")).unwrap();
    assert_eq!(columns(&upgraded), columns(&new));
    let version = |database: &Connection| -> i64 {
        database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&upgraded), version(&new));
    // The copy that was made before: the database as it was.
    let copy = server.folder().join("neoirc.db.schema1");
    assert_eq!(copy.exists(), version(&new) > 1, "a copy is made when there is something to change");
    if copy.exists() {
        let old = Connection::open(&copy).unwrap();
        assert_eq!(version(&old), 1);
        let users: i64 = old.query_row("SELECT count(*) FROM users", [], |row| row.get(0)).unwrap();
        assert_eq!(users, 3);
    }
}

/// A backup from before an upgrade is good, and comes back by way of the same upgrade.
#[test]
fn an_old_backup_can_be_restored() {
    let mut server = upgraded();
    let old = server.folder().join("old.db");
    Connection::open(&old).unwrap().execute_batch(SCHEMA_1).unwrap();
    client(&server, ALICE).say("#tea", "lost");
    server.terminate();
    for words in [&["restore", "--verify"][..], &["restore"]] {
        let launch = Launch::bare(server.folder(), words).word(old.to_str().unwrap());
        let ending = launch.with("DBURL", &format!("file:{}", server.database().display())).start().ending();
        assert!(ending.status.success(), "{words:?}: {}", ending.log);
        let printed = ending.stdout.join(" ");
        assert!(words.len() == 1 || printed.contains("schema 1"), "{printed}");
    }
    server.start();
    assert_eq!(texts(&client(&server, ALICE).drain()), ["tea 6, after the sweep", "under a key"]);
}

/// The frozen file is what the first server wrote, and breaks none of the laws.
#[test]
fn the_frozen_database_is_whole() {
    let server = upgraded();
    let ending = run(&server, &["check"]);
    assert!(ending.status.success(), "{:?} {}", ending.stdout, ending.log);
    assert!(fs::metadata(server.database()).unwrap().len() > 0);
}
