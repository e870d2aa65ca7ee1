//! What comes over the socket, in whatever pieces, and what goes out.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::support::{IrcClient, TestServer, command_of_line};

#[test]
fn one_byte_at_a_time_is_a_line_too() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    for byte in "PRIVMSG alice :grün 🦀\r\n".bytes() {
        alice.send_bytes(&[byte]);
        // So that most of them arrive alone.
        sleep(Duration::from_millis(1));
    }
    assert_eq!(alice.drain(), [":alice!alice@127.0.0.1 PRIVMSG alice :grün 🦀"]);
    alice.send_bytes(b"\r\n\n\r\nPRIVMSG alice one\nPRIVMSG alice two\r\nPRIVMSG alice :three\n");
    assert_eq!(alice.drain().len(), 3);
}

// clause: lines.utf8
#[test]
fn what_is_no_text_is_refused_and_told_to_nobody() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open_with(&server.irc_address(), "alice", "labeled-response batch");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    alice.send_bytes(b"PRIVMSG bob :caf\xe9\r\n");
    alice.send_bytes(b"@label=x PRIVMSG bob :a\0b\r\n");
    alice.send_bytes(b"\xef\xbb\xbfPRIVMSG bob :a mark in front\r\n");
    let heard = alice.drain();
    assert!(heard[0].starts_with(":irc.test FAIL PRIVMSG INVALID_UTF8 :"), "{heard:?}");
    assert!(heard[1].starts_with("@label=x :irc.test FAIL PRIVMSG INVALID_UTF8 :"), "{heard:?}");
    assert!(heard[2].starts_with(":irc.test 421 alice "), "{heard:?}");
    assert!(bob.drain().is_empty());
    let mut first = IrcClient::connect(&server.irc_address());
    first.send_bytes(b"\xef\xbb\xbfNICK first\r\nUSER first 0 * :A mark in front of everything\r\n");
    assert!(first.until(&["376"])[0].contains(" 001 first :"));
    let mut carol = IrcClient::connect(&server.irc_address());
    carol.send_bytes(b"NICK carol\r\nUSER carol 0 * :Caf\xe9\r\n");
    assert!(carol.drain()[0].contains("FAIL USER INVALID_UTF8"));
}

// clause: lines.tags
#[test]
fn too_many_tags_are_refused_with_the_whole_line() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open_with(&server.irc_address(), "alice", "message-tags");
    let mut bob = IrcClient::open_with(&server.irc_address(), "bob", "message-tags");
    let tags = |bytes: usize| format!("+t={}", "v".repeat(bytes - 3));
    let heard = alice.ask(&format!("@{} PRIVMSG bob :too much", tags(4_095)));
    assert_eq!(heard.len(), 1);
    assert_eq!(command_of_line(&heard[0]), "417");
    assert!(bob.drain().is_empty());
    assert!(alice.ask(&format!("@{} PRIVMSG bob :{}", tags(4_094), "x".repeat(490))).is_empty());
    let heard = bob.drain();
    assert!(heard.iter().any(|line| line.contains(&tags(4_094))), "{heard:?}");
    assert!(heard.iter().all(|line| line.len() < 8_191 + 510));
}

/// What JSON writes as six characters makes no more of a line than it may be.
#[test]
fn tags_are_not_blown_up() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open_with(&server.irc_address(), "alice", "message-tags echo-message");
    let plain = format!("@+a={} PRIVMSG alice :hi", "x".repeat(4_091));
    assert_eq!(alice.ask(&plain).len(), 2, "all that there may be");
    let blown_up = format!("@+a={} PRIVMSG alice :hi", "\u{1}".repeat(4_000));
    let heard = alice.ask(&blown_up);
    assert!(heard.len() == 1 && heard[0].contains(" 417 alice "), "{heard:?}");
}

/// Parameters in front of others are words, whatever was typed.
#[test]
fn a_refusal_repeats_what_fits_into_it() {
    let server = TestServer::spawn_irc(&[]);
    let mut web = server.open("web");
    for (to, shown) in [("#a b", "#a"), (":x", "x"), (" ", "*")] {
        let receipt = web.command(&serde_json::json!({ "command": "TOPIC", "to": to }));
        assert_eq!(receipt["numeric"], "403");
        let heard = web.poll_until(|message| message["command"] == "403");
        assert_eq!(heard.last().unwrap()["params"], serde_json::json!([shown]));
    }
    let mut wire = IrcClient::open(&server.irc_address(), "wire");
    assert_eq!(wire.ask("TOPIC :#a b"), [":irc.test 403 wire #a :No such channel"]);
}

// clause: lines.endless
#[test]
fn a_line_without_an_end_ends_the_connection() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    alice.send_bytes(&vec![b'x'; 20_000]);
    let last = alice.rest();
    assert!(last.iter().all(|line| line.starts_with("ERROR :")), "{last:?}");
    assert!(bob.drain().is_empty(), "nobody else is concerned");
}

// clause: lines.http
#[test]
fn other_protocols_are_dropped() {
    let server = TestServer::spawn_irc(&[]);
    for opening in [
        "POST / HTTP/1.1\r\nHost: x\r\n\r\nNICK mallory\r\nUSER m 0 * :m\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\u{16}\u{3}\u{1}",
    ] {
        let mut client = IrcClient::connect(&server.irc_address());
        client.send_bytes(opening.as_bytes());
        assert!(client.rest().is_empty(), "not even a word: {opening:?}");
    }
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    assert!(alice.ask("ISON mallory")[0].ends_with("303 alice :"));
}

// clause: lines.out512
#[test]
fn long_bodies_are_parted_into_lines() {
    let server = TestServer::spawn_irc(&[]);
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    let alice = server.open("alice");
    let words = "lorem ipsum ".repeat(80);
    let body = json!([words.trim_end(), "", "ü".repeat(600), "short"]);
    alice.command(&json!({ "command": "PRIVMSG", "to": "bob", "body": body }));
    let heard = bob.drain();
    let texts: Vec<&str> = heard.iter().map(|line| line.split_once(" PRIVMSG bob :").unwrap().1).collect();
    assert_eq!((texts.len(), texts[6]), (7, "short"), "{texts:?}");
    assert_eq!(texts[..3].join(" "), words.trim_end());
    assert_eq!(texts[3..6].concat(), "ü".repeat(600));
}

#[test]
fn a_full_line_reaches_others_in_two() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    let text = "y".repeat(510 - "PRIVMSG bob :".len());
    assert!(alice.ask(&format!("PRIVMSG bob :{text}")).is_empty());
    let heard = bob.drain();
    assert_eq!(heard.len(), 2);
    assert_eq!(heard.iter().map(|line| line.matches('y').count()).sum::<usize>(), text.len());
}

#[test]
fn requests_of_every_length_are_answered() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    for heard in [
        alice.ask(&format!("CAP REQ :{}", "no-such-thing ".repeat(34))),
        alice.ask(&format!("CAP REQ :{}", "server-time ".repeat(40))),
        alice.ask(&format!("CAP REQ :{}", "x".repeat(8_000))),
        alice.ask(&format!("JOIN {}", "#c,".repeat(160))),
        alice.ask(&format!("MODE alice {}", "+iw".repeat(160))),
    ] {
        assert!(!heard.is_empty());
    }
}

/// Both faces show the same.
#[test]
fn what_is_said_crosses_both_ways() {
    let server = TestServer::spawn_irc(&[]);
    let (mut alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#tea");
    bob.join("#tea");
    let mut carol = IrcClient::open(&server.irc_address(), "carol");
    let joined = carol.ask("JOIN #tea");
    assert_eq!(joined[0], ":carol!carol@127.0.0.1 JOIN #tea");
    assert!(
        joined[1].contains(" 353 carol = #tea :") && joined[2].contains(" 366 carol #tea :"),
        "{joined:?}"
    );
    carol.send("PRIVMSG #tea :hello from a socket");
    alice.say("#tea", "hello over HTTP");
    assert_eq!(carol.drain(), [":alice!alice@127.0.0.1 PRIVMSG #tea :hello over HTTP"]);
    for reader in [&mut alice, &mut bob] {
        let texts = crate::support::texts(&reader.drain());
        assert!(texts.contains(&"hello from a socket".to_owned()), "{texts:?}");
    }
}
