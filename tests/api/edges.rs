//! Commands at the edges of their limits: long lists, long texts, odd targets.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer, command_of, numerics, pair};

/// A message as the line it would be on the wire, for its length.
fn as_line(message: &Value) -> String {
    let words = |field: &str| message[field].as_array().cloned().unwrap_or_default().into_iter();
    let to = message["to"].as_str().unwrap_or_default().to_string();
    let mut line =
        vec![format!(":{}", message["from"].as_str().unwrap()), command_of(message).to_string(), to];
    line.extend(words("params").map(|word| word.as_str().unwrap().to_string()));
    line.extend(words("body").map(|text| format!(":{}", text.as_str().unwrap())));
    line.join(" ")
}

/// "Split 353 at 512 bytes": every name is there, in lines that a wire can carry.
// clause: channels.names353
#[test]
fn long_lists_of_names_are_split() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#c");
    let nicks: Vec<String> = (0..40).map(|number| format!("{}{number:02}", "n".repeat(30))).collect();
    let people: Vec<TestClient> = nicks.iter().map(|nick| server.open(nick)).collect();
    for client in &people {
        client.join("#c");
    }
    alice.drain();
    alice.command(&json!({ "command": "NAMES", "to": "#c" }));
    let answer = alice.drain();
    let lines: Vec<&Value> = answer.iter().filter(|message| command_of(message) == "353").collect();
    assert!(lines.len() > 2, "40 names of 32 characters do not fit two lines");
    let mut seen = BTreeSet::new();
    for line in lines {
        assert!(as_line(line).len() <= 510, "{} bytes: {line}", as_line(line).len());
        for name in line["body"][0].as_str().unwrap().split_whitespace() {
            assert!(seen.insert(name.trim_start_matches('@').to_string()), "{name} is named twice");
        }
    }
    let expected: BTreeSet<String> = nicks.into_iter().chain(["alice".to_string()]).collect();
    assert_eq!(seen, expected);
    assert_eq!(numerics(&answer).last(), Some(&"366"));
}

/// "lists: topic 390, reason 390"; cut at a character, or refused, but never broken.
#[test]
fn long_texts_are_cut_at_a_character() {
    let server = TestServer::spawn();
    let (mut alice, bob) = pair(&server);
    let long = format!("x{}", "ü🦀".repeat(300));
    for (command, message) in [
        ("TOPIC", json!({ "command": "TOPIC", "to": "#c", "body": [long] })),
        ("KICK", json!({ "command": "KICK", "to": "#c", "params": ["bob"], "body": [long] })),
    ] {
        assert_eq!(alice.command(&message)["status"], "ok", "{command}");
        let heard = alice.drain();
        let text = heard[0]["body"][0].as_str().unwrap();
        assert_eq!(command_of(&heard[0]), command);
        assert!(text.len() <= 390 && text.len() > 380, "{command}: {} bytes", text.len());
        assert!(long.starts_with(text), "{command}: {text}");
    }
    bob.command(&json!({ "command": "AWAY", "body": [long] }));
    let away = bob.state()["away"].as_str().unwrap().to_string();
    assert!(away.len() <= 390 && long.starts_with(&away), "{away}");
}

/// A long list of targets is answered target by target, and never takes the server with it.
#[test]
fn very_long_lists_of_targets_are_answered() {
    let server = TestServer::spawn_with(&[("CHANNELS_PER_SESSION", "50")]);
    let alice = server.open("alice");
    let names: Vec<String> = (0..600).map(|number| format!("#{number}")).collect();
    let receipt = alice.command(&json!({ "command": "JOIN", "to": names.join(",") }));
    assert_eq!(receipt["numeric"], "407", "more than TARGMAX announces: {receipt}");
    assert_eq!(alice.channels().len(), 0, "and none of them is joined");
    let receipt = alice.command(&json!({ "command": "JOIN", "to": names[..50].join(",") }));
    assert_eq!(receipt["status"], "joined", "{receipt}");
    assert_eq!(alice.channels().len(), 50);
    let (status, _) = alice.post(&json!({ "command": "PART", "to": names.join(",") }));
    assert_eq!(status, 200);
    for command in ["NAMES", "WHO", "WHOIS", "LIST", "KICK", "INVITE", "MODE", "TOPIC", "NOTICE"] {
        let message = json!({ "command": command, "to": names.join(","), "body": ["x"] });
        assert_eq!(alice.post(&message).0, 200, "{command}");
    }
    assert_eq!(alice.state()["nick"], "alice");
}

/// Commas with nothing between them, targets with blanks, fields where they do not belong: an answer, no 5xx.
#[test]
fn odd_targets_are_answered() {
    let server = TestServer::spawn();
    let (alice, mut bob) = pair(&server);
    let commands = [
        "PRIVMSG", "NOTICE", "JOIN", "PART", "TOPIC", "MODE", "KICK", "INVITE", "NAMES", "LIST", "WHO",
        "WHOIS", "NICK", "AWAY", "PING", "PONG", "LUSERS", "MOTD", "ADMIN", "DIE", "HELP", "INFO", "ISON",
        "KILL", "LINKS", "MONITOR", "OPER", "PUBKEY", "REHASH", "SETNAME", "STATS", "TAGMSG", "TIME",
        "USERHOST", "VERSION", "WALLOPS", "WHOWAS",
    ];
    let odd = [
        "",
        ",",
        ",,,",
        " ",
        "#",
        "*",
        "#c,",
        ",#nowhere",
        "a b",
        ":x",
        "#c #c",
        "@#c",
        "0",
        "ghost!*@*",
        "\u{7f}",
    ];
    for command in commands {
        for target in odd {
            for message in [
                json!({ "command": command, "to": target }),
                json!({ "command": command, "params": [target] }),
                json!({ "command": command, "params": [target, target, ""] }),
                json!({ "command": command, "to": target, "params": [], "body": [] }),
                json!({ "command": command, "to": target, "body": { "an": "object" } }),
            ] {
                let (status, receipt) = alice.post(&message);
                assert_eq!(status, 200, "{message}: {receipt}");
            }
        }
    }
    alice.join("#c");
    bob.drain();
    alice.say("#c", "still here");
    assert_eq!(bob.drain().last().unwrap()["body"], json!(["still here"]));
}

/// "KICK, KILL, MODE, INVITE on oneself are tested", as is everything else that may meet oneself.
// clause: commands.oneself
#[test]
fn acting_on_oneself_is_safe() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#c");
    for message in [
        json!({ "command": "INVITE", "to": "alice", "params": ["#c"] }),
        json!({ "command": "MODE", "to": "#c", "params": ["-o+o", "alice", "alice"] }),
        json!({ "command": "WHOIS", "to": "alice" }),
        json!({ "command": "PRIVMSG", "to": "alice,alice", "body": ["hi"] }),
        json!({ "command": "NICK", "body": ["alice"] }),
        json!({ "command": "KICK", "to": "#c", "params": ["alice", "alice"], "body": ["twice"] }),
    ] {
        assert_eq!(alice.post(&message).0, 200, "{message}");
    }
    assert_eq!(alice.state()["nick"], "alice");
    alice.drain();
    alice.join("#c");
    assert_eq!(numerics(&alice.drain()), ["JOIN", "353", "366"]);
}
