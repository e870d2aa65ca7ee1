//! The first messages of every new client, and the shape of every message.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::support::{TestServer, numerics};

/// "001 002 003 004 005 251 252 254 255 (and 265 266), then MOTD", in this order.
// clause: registration.burst
#[test]
fn the_welcome_comes_in_its_order() {
    let server = TestServer::spawn_with(&[("MOTD", "one\ntwo")]);
    let mut alice = server.open_unread("alice");
    let messages = alice.drain();
    let mut order = numerics(&messages);
    order.dedup();
    order.retain(|numeric| *numeric != "253");
    let expected =
        ["001", "002", "003", "004", "005", "251", "252", "254", "255", "265", "266", "375", "372", "376"];
    assert_eq!(order, expected);
    for message in &messages {
        assert_eq!((&message["from"], &message["to"]), (&json!("neoirc"), &json!("alice")), "{message}");
    }
    let lines = messages.iter().filter(|message| message["command"] == "372");
    assert_eq!(lines.count(), 2, "one 372 a line");
    assert!(
        messages[0]["body"][0].as_str().unwrap().contains("alice"),
        "001 tells the nick: {}",
        messages[0]
    );
}

#[test]
fn a_server_without_a_message_of_the_day_says_so() {
    let server = TestServer::spawn_with(&[("MOTD", "")]);
    let messages = server.open_unread("alice").drain();
    assert_eq!(numerics(&messages).last(), Some(&"422"));
}

/// "004 has the five or six separate parameters, user and channel mode letters not empty."
// clause: registration.myinfo
#[test]
fn rpl_myinfo_names_server_and_modes() {
    let server = TestServer::spawn_with(&[("SERVER_NAME", "irc.example.org")]);
    let messages = server.open_unread("alice").drain();
    let myinfo = messages.iter().find(|message| message["command"] == "004").unwrap();
    let words: Vec<&str> = ["params", "body"]
        .iter()
        .filter_map(|field| myinfo[field].as_array())
        .flatten()
        .map(|word| word.as_str().unwrap())
        .collect();
    assert!(words.len() == 4 || words.len() == 5, "{myinfo}");
    assert_eq!((words[0], &myinfo["from"]), ("irc.example.org", &json!("irc.example.org")));
    assert!(words[2].contains('i') && words[2].bytes().all(|byte| byte.is_ascii_alphabetic()), "{myinfo}");
    assert!("ovmntiskl".chars().all(|mode| words[3].contains(mode)), "{myinfo}");
}

/// "005 carries at least …"; "Upper-case keys, at most 13 per line, ends with the human text, ASCII only".
// clause: isupport.tokens isupport.form
#[test]
fn rpl_isupport_carries_its_tokens() {
    let server = TestServer::spawn_with(&[("NETWORK_NAME", "ExampleNet")]);
    let messages = server.open_unread("alice").drain();
    let mut tokens = BTreeMap::new();
    for line in messages.iter().filter(|message| message["command"] == "005") {
        let words = line["params"].as_array().unwrap();
        assert!((1..=13).contains(&words.len()), "{line}");
        assert!(
            line["body"][0].as_str().is_some_and(|text| text.contains(' ')),
            "human text at the end: {line}"
        );
        for word in words.iter().map(|word| word.as_str().unwrap()) {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            assert!(word.is_ascii() && !key.bytes().any(|byte| byte.is_ascii_lowercase()), "{word}");
            assert!(tokens.insert(key.to_string(), value.to_string()).is_none(), "{key} is said twice");
        }
    }
    let required = "AWAYLEN CASEMAPPING CHANLIMIT CHANMODES CHANNELLEN CHANTYPES HOSTLEN KICKLEN MODES NETWORK \
                    NICKLEN PREFIX TARGMAX TOPICLEN USERLEN UTF8ONLY";
    let missing: BTreeSet<&str> =
        required.split_whitespace().filter(|key| !tokens.contains_key(*key)).collect();
    assert!(missing.is_empty(), "missing {missing:?} in {tokens:?}");
    let exact = [
        ("CASEMAPPING", "ascii"),
        ("CHANNELLEN", "64"),
        ("CHANTYPES", "#"),
        ("NETWORK", "ExampleNet"),
        ("NICKLEN", "32"),
        ("PREFIX", "(ov)@+"),
    ];
    for (key, value) in exact {
        assert_eq!(tokens[key], value, "{key}");
    }
    let classes: Vec<&str> = tokens["CHANMODES"].split(',').collect();
    let has = |class: usize, modes: &str| modes.chars().all(|mode| classes[class].contains(mode));
    assert!(classes.len() == 4 && has(1, "k") && has(2, "l") && has(3, "imnst"), "{classes:?}");
    // Modes that keep lists are announced together with what belongs to them, or not at all.
    for (mode, key) in [("b", "MAXLIST"), ("e", "EXCEPTS"), ("I", "INVEX")] {
        assert_eq!(has(0, mode), tokens.contains_key(key), "{key} in {tokens:?}");
    }
}

/// The example of the contract: 353 with its parameters and its text apart.
#[test]
fn a_numeric_has_its_fields_where_the_contract_has_them() {
    let server = TestServer::spawn();
    let (mut alice, bob) = (server.open("alice"), server.open("bob"));
    alice.join("#c");
    let messages = alice.drain();
    let names = messages.iter().find(|message| message["command"] == "353").unwrap();
    assert_eq!(names["from"], "neoirc");
    assert_eq!(names["to"], "alice");
    assert_eq!(names["params"], json!(["=", "#c"]));
    assert_eq!(names["body"], json!(["@alice"]));
    bob.join("#c");
    bob.say("#c", "hi");
    let messages = alice.drain();
    let said = messages.last().unwrap();
    assert_eq!(
        (&said["command"], &said["from"], &said["to"]),
        (&json!("PRIVMSG"), &json!("bob"), &json!("#c"))
    );
    assert_eq!(said["body"], json!(["hi"]));
}

/// "the same message has the same `seq` for everybody", and the same id and time.
#[test]
fn everybody_gets_the_same_message() {
    let server = TestServer::spawn();
    let (mut alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#c");
    bob.join("#c");
    alice.drain();
    bob.drain();
    let receipt = alice.say("#c", "hi");
    let (own, others) = (alice.drain(), bob.drain());
    assert_eq!(own, others);
    assert_eq!((&own[0]["id"], &own[0]["seq"]), (&receipt["id"], &receipt["seq"]));
}
