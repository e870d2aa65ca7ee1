//! More than the server wants to hold at once: it refuses politely or moves to disk, and loses nothing.

use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::operations::run;
use crate::support::{TestServer, texts};

/// "503 + `Retry-After` when the server is saturated"; what it acknowledges meanwhile it keeps.
#[test]
fn a_saturated_server_says_so() {
    let server = TestServer::spawn_with(&[("INBOX_MAX", "1")]);
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    let (acknowledged, refusals) = (Mutex::new(Vec::new()), Mutex::new(0));
    thread::scope(|scope| {
        for sender in 0..24 {
            let (alice, acknowledged, refusals) = (&alice, &acknowledged, &refusals);
            scope.spawn(move || {
                for number in 0..25 {
                    let text = format!("{sender}/{number}");
                    let message = json!({ "command": "PRIVMSG", "to": "bob", "body": [text] });
                    let answer = alice.http.post("/api/v1/messages", &message);
                    if answer.status == 200 {
                        acknowledged.lock().unwrap().push(text);
                    } else {
                        answer.refusal(503);
                        assert!(answer.header("retry-after").parse::<u64>().is_ok(), "{:?}", answer.headers);
                        *refusals.lock().unwrap() += 1;
                    }
                }
            });
        }
    });
    assert!(refusals.into_inner().unwrap() > 0, "24 senders and room for one");
    let (mut said, mut heard) = (acknowledged.into_inner().unwrap(), texts(&bob.drain()));
    said.sort();
    heard.sort();
    assert_eq!(heard, said, "what was acknowledged, once, and nothing of what was refused");
}

/// "Memory is bounded whatever the backlog; old entries are read from disk."
#[test]
fn next_to_no_memory_is_enough() {
    let settings =
        [("QUEUE_MEMORY_MAX", "16KiB"), ("QUEUE_TAIL_ENTRIES", "8"), ("QUEUE_SETTLE_AFTER", "100ms")];
    let mut server = TestServer::spawn_with(&settings);
    let (alice, mut bob, carol) = (server.open("alice"), server.open("bob"), server.open("carol"));
    for client in [&alice, &bob, &carol] {
        client.join("#c");
    }
    let mut read = Vec::new();
    let all: Vec<String> = (0..300).map(|number| format!("{number} {}", "x".repeat(300))).collect();
    for (number, text) in all.iter().enumerate() {
        alice.say("#c", text);
        if number % 25 == 0 {
            read.extend(texts(&bob.poll(5)));
        }
        if number == 150 {
            server.kill9();
            server.start();
        }
    }
    read.extend(texts(&bob.drain()));
    assert_eq!(read, all, "who reads along");
    assert_eq!(texts(&carol.read_after(carol.cursor)), all, "who reads afterwards");
}

/// "A cursor number is never used twice", also where memory was short for a while and is not any more.
#[test]
fn memory_that_was_short_for_a_while_has_no_consequences() {
    let settings = [("QUEUE_MEMORY_MAX", "64KiB"), ("QUEUE_SETTLE_AFTER", "1500ms")];
    let mut server = TestServer::spawn_with(&settings);
    // So many that the log itself has no room for the list of them.
    let mut members: Vec<_> = (0..24).map(|number| server.open(&format!("u{number}"))).collect();
    for member in &members {
        member.join("#c");
    }
    for member in &mut members {
        member.drain();
    }
    let (mut said, mut read) = (Vec::new(), vec![Vec::new(); members.len()]);
    for round in 0..40 {
        for number in 0..if round == 15 { 100 } else { 1 } {
            said.push(format!("{round}/{number} {}", "x".repeat(900)));
            members[0].say("#c", said.last().unwrap());
        }
        for (member, read) in members.iter_mut().zip(&mut read) {
            read.extend(texts(&member.drain()));
        }
        thread::sleep(Duration::from_millis(50));
        // Amid what follows: later sweeps begin from older places than the one that was to free memory.
        if round > 16 && round % 4 == 0 {
            server.kill9();
            server.start();
        }
    }
    for (member, read) in members.iter_mut().zip(&mut read) {
        read.extend(texts(&member.drain()));
        assert_eq!(read, &said);
    }
    server.kill9();
    let ending = run(&server, &["check"]);
    assert!(ending.status.success(), "{:?}\n{}", ending.stdout, ending.log);
}

/// "Never in a log": neither tokens nor what people say, however much is logged.
#[test]
fn the_log_keeps_secrets_at_every_level() {
    let server = TestServer::spawn_with(&[("DEBUG", "true"), ("RUST_LOG", "trace")]);
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.say("bob", "between-you-and-me");
    alice
        .http
        .post_bytes("/api/v1/messages", "{\"command\":\"PRIVMSG\",\"body\":\"malformed-secret\"}")
        .refusal(400);
    bob.drain();
    let log = std::fs::read_to_string(server.how().log()).unwrap();
    assert!(log.lines().count() > 10, "the log was asked to be long");
    for secret in
        ["between-you-and-me", "malformed-secret", alice.http.token().unwrap(), bob.http.token().unwrap()]
    {
        let found = log.lines().find(|line| line.contains(secret));
        assert_eq!(found, None, "{secret} is in the log");
    }
}
