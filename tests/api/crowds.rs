//! Channels with many members: their lists come in pieces, whole and once, while others are served.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

/// More than one piece of any list, and few enough for a test.
const CROWD: usize = 600;

fn crowd(server: &TestServer, channel: &str) -> Vec<TestClient> {
    let open = |n| {
        let client = TestClient::open(&server.nobody(), &format!("member{n}"));
        client.join(channel);
        client
    };
    (0..CROWD).map(open).collect()
}

fn of<'a>(messages: &'a [Value], command: &str) -> Vec<&'a Value> {
    messages.iter().filter(|message| message["command"] == command).collect()
}

#[test]
fn lists_of_a_large_channel_are_whole_and_end_once() {
    let server = TestServer::spawn();
    let members = crowd(&server, "#large");
    let mut alice = server.open("alice");
    alice.join("#large");
    // The receipt comes with the last piece, so that everything is there.
    let joined = alice.drain();
    let names: Vec<String> = of(&joined, "353")
        .iter()
        .flat_map(|line| line["body"][0].as_str().unwrap().split(' '))
        .map(|name| name.trim_start_matches('@').to_owned())
        .collect();
    assert_eq!(names.len(), CROWD + 1);
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), CROWD + 1, "each of them once");
    assert_eq!(of(&joined, "366").len(), 1);
    assert_eq!(joined.last().unwrap()["command"], "366");
    assert!(of(&joined, "353").len() > 10, "and not in one line");

    alice.command(&json!({ "command": "WHO", "to": "#large" }));
    let who = alice.drain();
    assert_eq!(of(&who, "352").len(), CROWD + 1);
    assert_eq!(who.last().unwrap()["command"], "315");

    alice.http.get("/api/v1/state?initChannelState=1").ok();
    let state = alice.drain();
    assert_eq!((&state[0]["command"], &state[0]["from"]), (&json!("JOIN"), &json!("alice")));
    assert_eq!(of(&state, "366").len(), 1);
    drop(members);
}

#[test]
fn a_long_list_of_channels_is_whole() {
    let server = TestServer::spawn_with(&[("CHANNELS_PER_SESSION", "0")]);
    let mut alice = server.open("alice");
    for part in (0..200).collect::<Vec<_>>().chunks(50) {
        let names: Vec<String> = part.iter().map(|n| format!("#c{n}")).collect();
        alice.join(&names.join(","));
    }
    alice.drain();
    alice.command(&json!({ "command": "LIST" }));
    let listed = alice.drain();
    assert_eq!(of(&listed, "322").len(), 200);
    assert_eq!((of(&listed, "321").len(), of(&listed, "323").len()), (1, 1));
}

/// Looking through many for the few that fit is done in pieces, too, and finds them all.
#[test]
fn what_fits_dear_masks_is_found_among_many() {
    let server = TestServer::spawn_with(&[("CHANNELS_PER_SESSION", "0")]);
    let mut alice = server.open("alice");
    let long = "a".repeat(50);
    for part in (0..200).collect::<Vec<_>>().chunks(50) {
        let names: Vec<String> = part.iter().map(|n| format!("#{long}{n}")).collect();
        alice.join(&names.join(","));
    }
    alice.drain();
    // Thirty masks which no name fits but after all of it was looked at, and one that some fit.
    let dear: Vec<String> = (0..30).map(|n| format!("*{}b{n}", "a".repeat(30))).collect();
    alice.command(&json!({ "command": "LIST", "to": format!("{},*a7?", dear.join(",")) }));
    let listed = alice.drain();
    assert_eq!(of(&listed, "322").len(), 10);
    assert_eq!((of(&listed, "321").len(), of(&listed, "323").len()), (1, 1));
    assert_eq!(listed.last().unwrap()["command"], "323");
}

#[test]
fn everybody_whom_a_mask_names_is_found_among_many() {
    let server = TestServer::spawn();
    let members = crowd(&server, "#large");
    let mut alice = server.open("alice");
    alice.drain();
    alice.command(&json!({ "command": "WHO", "to": "*m?mb?r*" }));
    let who = alice.drain();
    assert_eq!(of(&who, "352").len(), CROWD.min(500));
    assert_eq!((of(&who, "315").len(), &who.last().unwrap()["command"]), (1, &json!("315")));
    drop(members);
}

#[test]
fn a_nick_that_many_had_is_told_of_to_the_end() {
    let server = TestServer::spawn();
    let (mut alice, bob) = (server.open("alice"), server.open("bob"));
    let been =
        |nick: &str| assert_eq!(bob.command(&json!({ "command": "NICK", "body": [nick] }))["status"], "ok");
    for _ in 0..100 {
        been("eve");
        been("bob");
    }
    alice.drain();
    for (params, told) in [(json!(["eve"]), 100), (json!(["eve", "70"]), 70), (json!(["eve", "5"]), 5)] {
        alice.command(&json!({ "command": "WHOWAS", "params": params }));
        let whowas = alice.drain();
        assert_eq!((of(&whowas, "314").len(), of(&whowas, "312").len()), (told, told), "{params}");
        assert_eq!((of(&whowas, "369").len(), &whowas.last().unwrap()["command"]), (1, &json!("369")));
    }
}

#[test]
fn whoever_leaves_during_a_long_answer_gets_a_receipt_all_the_same() {
    let server = TestServer::spawn();
    let members = crowd(&server, "#large");
    let alice = server.open("alice");
    let asking = alice.clone();
    let asked = std::thread::spawn(move || asking.post(&json!({ "command": "WHO", "to": "#large" })).0);
    alice.quit();
    let status = asked.join().unwrap();
    assert!([200, 401].contains(&status), "{status}");
    assert_eq!(members[0].state()["nick"], "member0");
}

/// "NICK or QUIT of a user sharing 50 channels heard once by each"
#[test]
fn whoever_shares_fifty_channels_hears_a_nick_and_a_quit_once() {
    let server = TestServer::spawn();
    let channels: Vec<String> = (0..50).map(|n| format!("#c{n}")).collect();
    let mut people: Vec<TestClient> = ["alice", "bob", "carol"].map(|nick| server.open(nick)).into();
    for person in &people {
        person.join(&channels.join(","));
    }
    let alice = people.remove(0);
    for person in &mut people {
        person.drain();
    }
    alice.command(&json!({ "command": "NICK", "body": ["eve"] }));
    alice.quit();
    for person in &mut people {
        let commands: Vec<Value> = person.drain().iter().map(|message| message["command"].clone()).collect();
        assert_eq!(commands, ["NICK", "QUIT"]);
    }
}
