//! `GET /api/v1/clients` and `DELETE /api/v1/clients/{uuid}`: the devices of a session, and revoking one.

use std::thread;

use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, PATIENCE, TestClient, TestServer, command_of, pair, until};

const PATH: &str = "/api/v1/clients";

/// Alice on two devices.
fn two_devices(server: &TestServer) -> (TestClient, TestClient) {
    let laptop = server.open("alice");
    laptop.pass("correct horse");
    let mut phone = TestClient::log_in(&server.nobody(), "alice", "correct horse");
    phone.drain();
    (laptop, phone)
}

#[track_caller]
fn clients(client: &TestClient) -> Vec<Value> {
    client.http.get(PATH).ok().as_array().unwrap().clone()
}

/// The uuid of the very device that asks.
#[track_caller]
fn own_uuid(client: &TestClient) -> String {
    let clients = clients(client);
    let current =
        clients.iter().find(|client| client["current"] == true).expect("one of them is the current one");
    current["uuid"].as_str().unwrap().to_string()
}

fn revoke(client: &TestClient, uuid: &str) -> Answer {
    client.http.send(Method::DELETE, &format!("{PATH}/{uuid}"))
}

#[track_caller]
fn time(value: &Value) -> Timestamp {
    let text = value.as_str().unwrap();
    assert!(text.ends_with('Z') && text.len() == 30, "as the time stamps of messages: {text}");
    text.parse().unwrap()
}

#[test]
fn a_session_sees_its_own_devices() {
    let server = TestServer::spawn();
    server.open("bob");
    let (laptop, phone) = two_devices(&server);
    let seen = clients(&phone);
    assert_eq!(seen.len(), 2, "its own alone: {seen:?}");
    for (device, current) in seen.iter().zip([false, true]) {
        let fields = device.as_object().unwrap();
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["uuid", "created", "last_seen", "address", "current"]);
        assert_eq!((&device["address"], &device["current"]), (&json!("127.0.0.1"), &json!(current)));
        assert!(time(&device["created"]) <= time(&device["last_seen"]), "{device}");
        assert_eq!(device["uuid"].as_str().unwrap().len(), 36);
    }
    assert_ne!(seen[0]["uuid"], seen[1]["uuid"]);
    let text = laptop.http.get(PATH).text;
    for token in [&laptop, &phone].map(|client| client.http.token().unwrap()) {
        assert!(!text.contains(token), "no token is shown");
    }
}

#[test]
fn a_request_is_seen() {
    let mut server = TestServer::spawn();
    let (laptop, phone) = two_devices(&server);
    let last_seen = |of: usize| time(&clients(&phone)[of]["last_seen"]);
    let before = last_seen(0);
    until("the laptop is seen later than before", || {
        laptop.state();
        last_seen(0) > before
    });
    let (before, created) = (last_seen(0), clients(&phone)[0]["created"].clone());
    server.restart();
    assert_eq!(clients(&phone)[0]["created"], created);
    // Clocks that are told apart by a restart agree to about a second.
    let moved = last_seen(0).duration_since(before).as_secs().abs();
    assert!(moved <= 2, "a restart is no request: {moved} s");
}

#[test]
fn a_revoked_device_is_out_at_once() {
    let server = TestServer::spawn();
    let (laptop, phone) = two_devices(&server);
    let answer = revoke(&laptop, &own_uuid(&phone));
    assert_eq!(answer.ok(), json!({ "status": "ok" }));
    assert_eq!(answer.set_cookie(), "", "the one that asked stays");
    assert_eq!(phone.http.get("/api/v1/state").refusal(401), "unauthorized");
    assert_eq!(phone.post(&json!({ "command": "LUSERS" })).0, 401);
    assert_eq!(laptop.state()["nick"], "alice");
    assert_eq!(clients(&laptop).len(), 1);
}

#[test]
fn the_waiting_poll_of_a_revoked_device_ends() {
    let server = TestServer::spawn_with(&[("METRICS_USERNAME", "m"), ("METRICS_PASSWORD", "m")]);
    let (laptop, phone) = two_devices(&server);
    let uuid = own_uuid(&phone);
    let path = format!("/api/v1/messages?after={}&timeout=30", phone.cursor);
    thread::scope(|scope| {
        let polls = [0, 1].map(|_| scope.spawn(|| (phone.http.get(&path), std::time::Instant::now())));
        until("both polls wait", || {
            let metrics =
                Answer::of(server.nobody().request(Method::GET, "/metrics").basic_auth("m", Some("m")));
            metrics.unwrap().text.lines().any(|line| line == "neoirc_waiting_polls 2")
        });
        let revoked = std::time::Instant::now();
        assert_eq!(revoke(&laptop, &uuid).status, 200);
        for poll in polls {
            let (answer, ended) = poll.join().unwrap();
            assert_eq!(answer.refusal(401), "unauthorized");
            assert!(ended.duration_since(revoked) < PATIENCE, "at once, not when its time is up");
        }
    });
}

#[test]
fn revoking_oneself_is_a_logout() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    alice.pass("correct horse");
    let phone = TestClient::log_in(&server.nobody(), "alice", "correct horse");
    for (device, is_last) in [(&phone, false), (&alice, true)] {
        let answer = revoke(device, &own_uuid(device));
        assert_eq!(answer.ok(), json!({ "status": "ok" }));
        assert!(answer.set_cookie().starts_with("neoirc_auth=;"), "{}", answer.set_cookie());
        assert!(answer.set_cookie().contains("Max-Age=0"));
        assert_eq!(device.http.get("/api/v1/state").status, 401);
        let quits: Vec<Value> = bob.drain().into_iter().filter(|heard| command_of(heard) == "QUIT").collect();
        assert_eq!(quits.len(), usize::from(is_last), "{quits:?}");
        assert!(quits.iter().all(|quit| quit["body"] == json!(["Logged out"])));
    }
    server.open("alice");
}

#[test]
fn nobody_revokes_what_is_not_its_own() {
    let server = TestServer::spawn();
    let (laptop, phone) = two_devices(&server);
    let bob = server.open("bob");
    let uuid = own_uuid(&phone);
    assert_eq!(revoke(&bob, &uuid).refusal(404), "no such client");
    for unknown in ["00000000-0000-4000-8000-000000000000", "x", "1", "%00", "..", &"f".repeat(3_000)] {
        assert_eq!(revoke(&laptop, unknown).status, 404, "{unknown}");
    }
    assert_eq!(phone.state()["nick"], "alice", "still in");
    assert_eq!(revoke(&laptop, &uuid).status, 200);
    assert_eq!(revoke(&laptop, &uuid).refusal(404), "no such client", "the second time there is none");
}

/// Two devices that revoke each other at the same time: one is left, or none, but never a session without devices.
#[test]
fn devices_may_revoke_each_other_at_once() {
    let server = TestServer::spawn();
    for _ in 0..5 {
        let (laptop, phone) = two_devices(&server);
        let (laptops, phones) = (own_uuid(&laptop), own_uuid(&phone));
        let statuses = thread::scope(|scope| {
            let one = scope.spawn(|| revoke(&laptop, &phones).status);
            let other = scope.spawn(|| revoke(&phone, &laptops).status);
            [one.join().unwrap(), other.join().unwrap()]
        });
        assert!(statuses.contains(&200) && statuses.contains(&401), "{statuses:?}");
        let left = if statuses[0] == 200 { &laptop } else { &phone };
        assert_eq!(clients(left).len(), 1);
        left.quit();
    }
}

#[test]
fn other_methods_are_not_allowed() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let one = format!("{PATH}/{}", own_uuid(&alice));
    for (method, path, allowed) in [
        (Method::POST, PATH, "GET"),
        (Method::DELETE, PATH, "GET"),
        (Method::GET, one.as_str(), "DELETE"),
        (Method::PUT, one.as_str(), "DELETE"),
    ] {
        let answer = alice.http.send(method, path);
        assert_eq!(answer.refusal(405), "method not allowed");
        assert_eq!(answer.header("allow"), allowed);
    }
    assert_eq!(alice.state()["nick"], "alice");
}
