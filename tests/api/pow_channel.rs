//! Proof of work in a channel: what a message costs under `+H`.

use std::thread;

use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::pow::{BITS, day, second};
use crate::support::{TestClient, TestServer, command_of, hash_of_lines, mint, mint_lazily, refused, texts};

/// A guest without rank in `#c`, which is under `+H` of 12 bits, and Alice, who founded it.
pub(crate) fn channel_under_h(server: &TestServer) -> (TestClient, TestClient) {
    let (alice, mut guest) = (server.open("alice"), server.open("guest"));
    alice.join("#c");
    alice.mode("#c", &["+H", "12"]);
    guest.join("#c");
    guest.drain();
    (guest, alice)
}

#[track_caller]
pub(crate) fn say_with(client: &TestClient, body: &Value, stamp: &Value) -> Value {
    client.command(&json!({ "command": "PRIVMSG", "to": "#c", "body": body, "meta": { "hashcash": stamp } }))
}

fn channel_front(bits: u32, date: &str, channel: &str, text: &str) -> String {
    format!("1:{bits}:{date}:{channel}:{}", hash_of_lines(&[text]))
}

fn good_channel_stamp(text: &str) -> String {
    mint(BITS, &channel_front(BITS, &day(0), "#c", text))
}

/// "Failure: 404 with the reason in the text, nothing delivered."
#[track_caller]
fn is_not_delivered(client: &TestClient, receipt: &Value, why: &str) {
    refused(receipt, "404");
    let text = receipt["error"].as_str().unwrap();
    assert!(text.starts_with("Cannot send to channel (+H)") && text.contains(why), "{text}, not {why}");
    let mut numerics = client.clone();
    let queued = numerics.drain();
    assert!(
        queued.iter().any(|message| command_of(message) == "404" && message["body"][0] == text),
        "{queued:?}"
    );
}

#[test]
fn a_message_under_h_keeps_every_rule() {
    let server = TestServer::spawn();
    let (mut guest, alice) = channel_under_h(&server);
    let today = day(0);
    let bare = alice.command(&json!({ "command": "PRIVMSG", "to": "#c", "body": ["hi"] }));
    is_not_delivered(&alice, &bare, "needs meta.hashcash of 12 bits");
    let mint_for = |bits, date: &str, channel, text| mint(BITS, &channel_front(bits, date, channel, text));
    for (stamp, why) in [
        (mint_for(BITS, &today, "#d", "hi"), "wrong resource"),
        (mint_for(BITS, &today, "#c", "ho"), "wrong body hash"),
        (mint(BITS, &format!("1:{BITS}:{today}:#c:")), "wrong body hash"),
        (mint_for(BITS - 1, &today, "#c", "hi"), "too few bits claimed"),
        (mint_for(100, &today, "#c", "hi"), "too little work"),
        (mint_lazily(BITS, &channel_front(BITS, &today, "#c", "hi")), "too little work"),
        (mint_for(BITS, &day(-72), "#c", "hi"), "date too far from now"),
        (mint_for(BITS, &day(72), "#c", "hi"), "date too far from now"),
        (mint_for(BITS, &second(-48 * 3600 - 60), "#c", "hi"), "date too far from now"),
        (mint_for(BITS, &second(48 * 3600 + 60), "#c", "hi"), "date too far from now"),
        ("nonsense".to_string(), "malformed"),
    ] {
        is_not_delivered(&alice, &say_with(&alice, &json!(["hi"]), &json!(stamp)), why);
    }
    is_not_delivered(&alice, &say_with(&alice, &json!(["hi"]), &json!(7)), "malformed");
    assert_eq!(guest.drain(), Vec::<Value>::new(), "nothing of it was delivered");
    for date in [today, day(-24), day(48), second(-48 * 3600 + 60), second(48 * 3600 - 60)] {
        let receipt = say_with(&alice, &json!(["hi"]), &json!(mint_for(BITS, &date, "#c", "hi")));
        assert_eq!(receipt["status"], "sent", "{date}: {receipt}");
    }
    let shouted = mint_for(BITS, &day(0), "#C", "hi");
    assert_eq!(say_with(&alice, &json!(["hi"]), &json!(shouted))["status"], "sent", "a channel in any case");
    assert_eq!(texts(&guest.drain()).len(), 6);
    // The operator of a channel pays like everybody else, a NOTICE and other channels cost nothing.
    let receipt = alice.command(&json!({ "command": "NOTICE", "to": "#c", "body": ["hi"] }));
    assert_eq!(receipt["status"], "sent");
    guest.say("alice", "hi");
    alice.mode("#c", &["-H"]);
    guest.say("#c", "hi");
}

#[test]
fn a_stamp_under_h_is_spent_once_and_remembered_through_crashes() {
    let mut server = TestServer::spawn();
    let (mut guest, alice) = channel_under_h(&server);
    let stamp = json!(good_channel_stamp("hi"));
    let spent = "invalid hashcash stamp: already spent";
    assert_eq!(say_with(&alice, &json!(["hi"]), &stamp)["status"], "sent");
    is_not_delivered(&alice, &say_with(&alice, &json!(["hi"]), &stamp), spent);
    is_not_delivered(&guest, &say_with(&guest, &json!(["hi"]), &stamp), spent);
    server.kill9();
    server.start();
    is_not_delivered(&guest, &say_with(&guest, &json!(["hi"]), &stamp), spent);
    assert_eq!(texts(&guest.drain()), ["hi"]);
}

/// "bodyhash = … of the JCS (RFC 8785) form of `body`": an object is hashed in its canonical form, however it came.
#[test]
fn a_body_that_is_an_object_has_a_hash_of_its_own() {
    let server = TestServer::spawn();
    let (guest, alice) = channel_under_h(&server);
    let canonical = "{\"a\":\"\u{e9}\",\"b\":[1,2]}";
    let hash = HEXLOWER.encode(&Sha256::digest(canonical));
    let stamp = |hash: &str| mint(BITS, &format!("1:{BITS}:{}:#c:{hash}", day(0)));
    let body: Value = serde_json::from_str(r#"{ "b": [1.0, 2], "a": "\u00e9" }"#).unwrap();
    let of_nothing = HEXLOWER.encode(&Sha256::digest(""));
    for other in [&of_nothing, &HEXLOWER.encode(&Sha256::digest("{}"))] {
        is_not_delivered(&alice, &say_with(&alice, &body, &json!(stamp(other))), "wrong body hash");
    }
    assert_eq!(say_with(&guest, &body, &json!(stamp(&hash)))["status"], "sent");
}

/// A message that is refused for another reason spends nothing.
#[test]
fn a_message_that_is_not_delivered_spends_no_stamp() {
    let server = TestServer::spawn();
    let (guest, alice) = channel_under_h(&server);
    let stamp = json!(good_channel_stamp("hi"));
    alice.mode("#c", &["+m"]);
    let receipt = say_with(&guest, &json!(["hi"]), &stamp);
    assert!(receipt["error"].as_str().unwrap().contains("(+m)"), "{receipt}");
    alice.mode("#c", &["-m"]);
    assert_eq!(say_with(&guest, &json!(["hi"]), &stamp)["status"], "sent");
}

/// "Of two identical stamps at the same time exactly one wins", from whomever they come.
#[test]
fn of_equal_stamps_at_once_one_message_is_delivered() {
    let server = TestServer::spawn();
    let (mut guest, alice) = channel_under_h(&server);
    for round in 0..5 {
        let text = format!("round {round}");
        let stamp = json!(good_channel_stamp(&text));
        let receipts: Vec<Value> = thread::scope(|scope| {
            let asking: Vec<_> = [&alice, &guest, &alice, &guest]
                .map(|client| {
                    let (text, stamp) = (&text, &stamp);
                    scope.spawn(move || say_with(client, &json!([text]), stamp))
                })
                .into_iter()
                .collect();
            asking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let sent = receipts.iter().filter(|receipt| receipt["status"] == "sent").count();
        assert_eq!(sent, 1, "{receipts:?}");
        assert_eq!(texts(&guest.drain()), [text]);
    }
}
