//! The real server is killed at random moments, again and again, while people talk.
//!
//! Afterwards every acknowledged message has reached every member exactly once under its cursor and in order, no
//! message is there that nobody sent, and memberships and cookies are as they were acknowledged.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

#[path = "support/mod.rs"]
mod support;

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use rand::RngExt;
use serde_json::{Value, json};

use support::{TestClient, TestServer, texts, until};

const SENDERS: usize = 4;
const READERS: usize = 4;
const ROUNDS: usize = 10;

/// The least and the most the server lives in a round. Short lives kill it in the middle of its first batches,
/// longer ones while it writes queues late or trims them.
const LIFE_MS: std::ops::Range<u64> = 150..1800;

/// How long somebody waits who found the server gone, so that the waiting costs no processor time.
const RETRY: Duration = Duration::from_millis(5);

/// What the people outside know for certain, whatever the server forgets.
#[derive(Default)]
struct Truth {
    /// The text of everything anybody ever tried to say.
    attempted: Mutex<HashSet<String>>,
    /// The text and the receipt's id of everything that was acknowledged.
    acknowledged: Mutex<HashMap<String, String>>,
    is_over: AtomicBool,
}

// clause: queues.order queues.restart
#[test]
fn nothing_acknowledged_is_lost_in_a_crash() {
    survive(&[]);
}

/// The same with next to no memory for queues, so that the kills also hit their way to disk and back.
#[test]
fn nothing_is_lost_between_memory_and_disk() {
    survive(&[("QUEUE_TAIL_ENTRIES", "40"), ("QUEUE_SETTLE_AFTER", "200ms"), ("MAX_HISTORY", "50")]);
}

fn survive(settings: &[(&str, &str)]) {
    let mut server = TestServer::spawn_with(settings);
    let senders = people(&server, "sender", SENDERS);
    let mut readers = people(&server, "reader", READERS);
    let wanderer = server.open("wanderer");
    let truth = Truth::default();
    // The last one sleeps through it all and reads only afterwards.
    let sleeper = readers.pop().expect("there are readers");
    let mut heard: Vec<(TestClient, Vec<Value>)> = thread::scope(|scope| {
        for sender in &senders {
            scope.spawn(|| send_for_ever(sender, &truth));
        }
        scope.spawn(|| wander_for_ever(&wanderer, &truth));
        let truth = &truth;
        let reading: Vec<_> =
            readers.into_iter().map(|reader| scope.spawn(move || read_for_ever(reader, truth))).collect();
        // Whatever fails here, the others must be told to stop, or the scope would wait for them for ever.
        let end = EndOnDrop(truth);
        for _ in 0..ROUNDS {
            thread::sleep(Duration::from_millis(rand::rng().random_range(LIFE_MS)));
            server.kill9();
            server.start();
            everybody_is_there(senders.iter().chain([&sleeper]));
        }
        let acknowledged = || truth.acknowledged.lock().unwrap().len();
        let before = acknowledged();
        until("people go on talking after the last crash", || acknowledged() >= before + 20 * SENDERS);
        drop(end);
        reading.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    heard.push((sleeper, Vec::new()));
    for (mut reader, mut messages) in heard {
        // The senders stopped one by one after the readers; what came since is read as well.
        messages.extend(reader.drain());
        check(&reader.nick, &messages, &truth);
    }
}

/// Sets the end of the test, also when it fails.
struct EndOnDrop<'a>(&'a Truth);

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.0.is_over.store(true, SeqCst);
    }
}

fn people(server: &TestServer, name: &str, count: usize) -> Vec<TestClient> {
    let people: Vec<TestClient> = (0..count).map(|number| server.open(&format!("{name}{number}"))).collect();
    for client in &people {
        client.join("#crash");
    }
    people
}

/// Cookies open the same sessions as before the crash, and they are where they were.
fn everybody_is_there<'a>(people: impl Iterator<Item = &'a TestClient>) {
    for client in people {
        let state = client.state();
        assert_eq!((&state["id"], &state["nick"]), (&client.id, &json!(client.nick)));
        assert_eq!(client.channels(), ["#crash"]);
    }
}

/// Says one thing after another. What is not answered is tried again under the same key until it is.
fn send_for_ever(sender: &TestClient, truth: &Truth) {
    for number in 0.. {
        let text = format!("{}/{number}", sender.nick);
        let message = json!({ "command": "PRIVMSG", "to": "#crash", "body": [text] });
        truth.attempted.lock().unwrap().insert(text.clone());
        let id = loop {
            if truth.is_over.load(SeqCst) {
                return;
            }
            let Ok(answer) = sender.post_once(&text, &message) else {
                thread::sleep(RETRY);
                continue;
            };
            if answer.status == 200 {
                break answer.json()["id"].as_str().expect("a receipt names the message").to_string();
            }
            assert_eq!(answer.status, 503, "{}", answer.text);
        };
        truth.acknowledged.lock().unwrap().insert(text, id);
    }
}

/// Joins and leaves, and after each acknowledged step is where it says.
fn wander_for_ever(wanderer: &TestClient, truth: &Truth) {
    let mut is_inside = false;
    while !truth.is_over.load(SeqCst) {
        let command = if is_inside { "PART" } else { "JOIN" };
        let Ok(answer) =
            wanderer.http.try_post("/api/v1/messages", &json!({ "command": command, "to": "#wander" }))
        else {
            thread::sleep(RETRY);
            // Whether the step was taken is unknown; the state tells once the server is back.
            if let Ok(state) =
                support::Answer::of(wanderer.http.request(reqwest::Method::GET, "/api/v1/state"))
            {
                is_inside = state.ok()["channels"] != json!([]);
            }
            continue;
        };
        let receipt = answer.ok();
        // A step whose first answer was lost in a crash is refused the second time; it was taken all the same.
        let was_lost = receipt["numeric"] == "442" || receipt["numeric"] == "403";
        assert!(receipt["status"] != "error" || was_lost, "{receipt}");
        is_inside = command == "JOIN";
        if let Ok(state) = support::Answer::of(wanderer.http.request(reqwest::Method::GET, "/api/v1/state")) {
            assert_eq!(state.ok()["channels"] != json!([]), is_inside, "after {command}: {}", state.text);
        }
    }
}

/// Polls under one cursor through all crashes, and gives back the reader with its cursor.
fn read_for_ever(mut reader: TestClient, truth: &Truth) -> (TestClient, Vec<Value>) {
    let mut heard = Vec::new();
    while !truth.is_over.load(SeqCst) {
        if let Ok(page) = reader.try_page(1) {
            assert_eq!(page.dropped, None, "nothing is to be dropped here");
            heard.extend(page.messages);
        } else {
            thread::sleep(RETRY);
        }
    }
    (reader, heard)
}

fn check(reader: &str, heard: &[Value], truth: &Truth) {
    let seqs: Vec<u64> = heard.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert!(seqs.is_sorted_by(|one, next| one < next), "{reader}: out of order or doubled");
    let said = texts(heard);
    let distinct: HashSet<&String> = said.iter().collect();
    assert_eq!(distinct.len(), said.len(), "{reader} heard something twice");
    let attempted = truth.attempted.lock().unwrap();
    let invented: Vec<&String> = said.iter().filter(|text| !attempted.contains(*text)).collect();
    assert!(invented.is_empty(), "{reader} heard what nobody said: {invented:?}");
    let ids: HashMap<&str, &str> = heard
        .iter()
        .filter(|message| message["command"] == "PRIVMSG")
        .map(|message| (message["body"][0].as_str().unwrap(), message["id"].as_str().unwrap()))
        .collect();
    for (text, id) in truth.acknowledged.lock().unwrap().iter() {
        assert_eq!(ids.get(text.as_str()), Some(&id.as_str()), "{reader} did not hear {text}");
    }
    for sender in 0..SENDERS {
        let prefix = format!("sender{sender}/");
        let numbers = said.iter().filter_map(|text| text.strip_prefix(&prefix)?.parse::<usize>().ok());
        assert!(numbers.is_sorted(), "{reader}: sender{sender} is out of order");
    }
}
