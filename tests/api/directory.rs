//! Who and what is there: `GET /api/v1/channels` and `GET /api/v1/channels/{name}/members`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer};

/// The channels somebody sees, by name.
#[track_caller]
fn channels(client: &TestClient) -> BTreeMap<String, Value> {
    let list = client.http.get("/api/v1/channels").ok();
    let items = list.as_array().unwrap_or_else(|| panic!("an array: {list}"));
    items.iter().map(|item| (item["name"].as_str().unwrap().to_string(), item.clone())).collect()
}

/// The members somebody sees, by nick.
#[track_caller]
fn members(client: &TestClient, name: &str) -> BTreeMap<String, Value> {
    let list = client.http.get(&format!("/api/v1/channels/{name}/members")).ok();
    let items = list.as_array().unwrap_or_else(|| panic!("an array: {list}"));
    items.iter().map(|item| (item["nick"].as_str().unwrap().to_string(), item.clone())).collect()
}

fn keys(map: &BTreeMap<String, Value>) -> Vec<&str> {
    map.keys().map(String::as_str).collect()
}

#[test]
fn channels_are_listed() {
    let server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    assert!(channels(&bob).is_empty());
    alice.join("#rust");
    alice.join("#c");
    bob.join("#rust");
    alice.command(&json!({ "command": "TOPIC", "to": "#rust", "body": ["memory safety"] }));
    let seen = channels(&bob);
    assert_eq!(keys(&seen), ["#c", "#rust"]);
    assert_eq!((&seen["#rust"]["topic"], &seen["#rust"]["members"]), (&json!("memory safety"), &json!(2)));
    assert_eq!((&seen["#c"]["topic"], &seen["#c"]["members"]), (&json!(""), &json!(1)));
    assert_eq!(seen["#rust"].as_object().unwrap().len(), 4, "id, name, topic, members: {}", seen["#rust"]);
    assert_ne!(seen["#rust"]["id"], seen["#c"]["id"]);
    let state = alice.state();
    let of_state = state["channels"].as_array().unwrap();
    for channel in of_state {
        assert_eq!(channel["id"], seen[channel["name"].as_str().unwrap()]["id"], "one id everywhere");
    }
    bob.command(&json!({ "command": "PART", "to": "#rust" }));
    alice.command(&json!({ "command": "PART", "to": "#c" }));
    assert_eq!(keys(&channels(&bob)), ["#rust"]);
    assert_eq!(channels(&bob)["#rust"]["members"], 1);
}

#[test]
fn members_are_listed_with_their_rank() {
    let server = TestServer::spawn();
    let (alice, bob, carol) = (server.open("alice"), server.open("bob"), server.open("carol"));
    for client in [&alice, &bob, &carol] {
        client.join("#rust");
    }
    alice.mode("#rust", &["+v", "bob"]);
    let seen = members(&carol, "rust");
    assert_eq!(keys(&seen), ["alice", "bob", "carol"]);
    let ranks = |nick: &str| (seen[nick]["op"].clone(), seen[nick]["voice"].clone());
    assert_eq!(ranks("alice"), (json!(true), json!(false)));
    assert_eq!(ranks("bob"), (json!(false), json!(true)));
    assert_eq!(ranks("carol"), (json!(false), json!(false)));
    assert_eq!((&seen["bob"]["username"], &seen["bob"]["hostname"]), (&json!("bob"), &json!("127.0.0.1")));
    assert_eq!(seen["bob"]["id"], bob.id);
    assert_eq!(seen["bob"].as_object().unwrap().len(), 6, "{}", seen["bob"]);
}

/// "name without or with `#` (percent-encoded)".
#[test]
fn the_name_may_carry_its_hash() {
    let server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    alice.join("#rust");
    bob.join("##rust");
    alice.join("#a/b");
    alice.join("#grüße");
    alice.join("#100%");
    assert_eq!(keys(&members(&alice, "rust")), ["alice"]);
    assert_eq!(keys(&members(&alice, "%23rust")), ["alice"]);
    assert_eq!(keys(&members(&alice, "%23RUST")), ["alice"], "in any case");
    assert_eq!(keys(&members(&alice, "%23%23rust")), ["bob"]);
    assert_eq!(keys(&members(&alice, "%23a%2Fb")), ["alice"]);
    assert_eq!(keys(&members(&alice, "gr%C3%BC%C3%9Fe")), ["alice"]);
    assert_eq!(keys(&members(&alice, "100%25")), ["alice"]);
}

/// "404 where hidden", and where there is nothing.
// clause: modes.s
#[test]
fn secret_channels_are_for_their_members() {
    let server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    alice.join("#den");
    alice.join("#rust");
    alice.mode("#den", &["+s"]);
    assert_eq!(keys(&channels(&alice)), ["#den", "#rust"]);
    assert_eq!(keys(&channels(&bob)), ["#rust"]);
    assert_eq!(keys(&members(&alice, "den")), ["alice"]);
    let hidden = bob.http.get("/api/v1/channels/den/members");
    let missing = bob.http.get("/api/v1/channels/nowhere/members");
    assert_eq!(hidden.refusal(404), missing.refusal(404), "hidden and missing look the same");
    bob.join("#den");
    assert_eq!(keys(&members(&bob, "den")), ["alice", "bob"]);
}

/// "+i users hidden from outsiders", in the list of members as in NAMES.
// clause: usermodes.i
#[test]
fn invisible_members_show_to_members_alone() {
    let server = TestServer::spawn();
    let (alice, bob, carol) = (server.open("alice"), server.open("bob"), server.open("carol"));
    alice.join("#rust");
    bob.join("#rust");
    alice.mode("alice", &["+i"]);
    assert_eq!(keys(&members(&bob, "rust")), ["alice", "bob"]);
    assert_eq!(keys(&members(&carol, "rust")), ["bob"]);
    carol.join("#elsewhere");
    alice.join("#elsewhere");
    assert_eq!(keys(&members(&carol, "rust")), ["alice", "bob"], "they share a channel now");
}

#[test]
fn a_name_that_cannot_be_is_404() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let long = "x".repeat(200);
    for name in ["%23", "a%20b", "a%2Cb", "%00", "%FF", "a%07b", long.as_str()] {
        let answer = alice.http.get(&format!("/api/v1/channels/{name}/members"));
        assert!([400, 404].contains(&answer.status), "{name}: {}", answer.status);
        answer.refusal(answer.status);
    }
}
