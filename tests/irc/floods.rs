//! Those who say too much, and those who say nonsense.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::{IrcClient, TestClient, TestServer, command_of_line, refused};

// clause: flood.wire
#[test]
fn a_flood_is_delayed_and_not_dropped() {
    let server = TestServer::spawn_irc(&[("COMMAND_RATE_LIMIT", "20"), ("COMMAND_RATE_BURST", "10")]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    let begun = Instant::now();
    let lines: Vec<String> = (0..40).map(|n| format!("PRIVMSG bob :{n}")).collect();
    alice.send(&lines.join("\r\n"));
    assert!(alice.drain().is_empty(), "nothing is refused");
    assert!(begun.elapsed() >= Duration::from_millis(1_400), "{:?}", begun.elapsed());
    let heard = bob.drain();
    assert_eq!(heard.len(), 40);
    assert!(heard[39].ends_with(":39"));
}

#[test]
fn both_faces_have_one_bucket() {
    let server = TestServer::spawn_irc(&[("COMMAND_RATE_LIMIT", "0.01"), ("COMMAND_RATE_BURST", "3")]);
    let mut alice = IrcClient::connect(&server.irc_address());
    alice.send("PASS :correct horse\r\nNICK alice\r\nUSER alice 0 * :Alice");
    alice.until(&["376"]);
    alice.send("PRIVMSG alice :one\r\nPRIVMSG alice :two\r\nPRIVMSG alice :three\r\nPRIVMSG alice :four");
    let heard = alice.until(&["263"]);
    assert_eq!(heard.len(), 4, "whoever would have to wait for long is told so: {heard:?}");
    assert!(heard[3].starts_with(":irc.test 263 alice PRIVMSG :"));
    let web = TestClient::log_in(&server.nobody(), "alice", "correct horse");
    let (status, _) = web.post(&serde_json::json!({ "command": "PRIVMSG", "to": "alice", "body": ["five"] }));
    assert_eq!(status, 429);
}

#[test]
fn sessions_of_one_address_come_one_after_the_other() {
    let limits = [("SESSION_RATE_LIMIT", "2"), ("SESSION_RATE_BURST", "1")];
    let server = TestServer::spawn_irc(&limits);
    let begun = Instant::now();
    for nick in ["alice", "bob", "carol"] {
        IrcClient::open(&server.irc_address(), nick);
    }
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    let server = TestServer::spawn_irc(&[("SESSION_RATE_LIMIT", "0.01"), ("SESSION_RATE_BURST", "1")]);
    IrcClient::open(&server.irc_address(), "alice");
    let mut bob = IrcClient::connect(&server.irc_address());
    bob.send("NICK bob\r\nUSER bob 0 * :Bob");
    let heard = bob.rest();
    assert!(command_of_line(&heard[0]) == "263" && heard[1].starts_with("ERROR :"), "{heard:?}");
    assert_eq!(server.nobody().post("/api/v1/session", &serde_json::json!({ "nick": "bob" })).status, 429);
}

#[test]
fn passwords_are_tried_no_faster_than_over_http() {
    // One of them is for setting it.
    let server = TestServer::spawn_irc(&[("LOGIN_RATE_LIMIT", "0.01"), ("LOGIN_RATE_BURST", "3")]);
    let alice = server.open("alice");
    alice.pass("correct horse");
    let mut attempts = Vec::new();
    for _ in 0..3 {
        let mut mallory = IrcClient::connect(&server.irc_address());
        mallory.send("PASS :wrong horse\r\nNICK alice\r\nUSER m 0 * :m");
        attempts.push(command_of_line(&mallory.rest()[0]).to_owned());
    }
    assert_eq!(attempts, ["464", "464", "263"]);
}

#[test]
fn the_password_of_the_server_is_tried_no_faster_either() {
    let server = TestServer::spawn_irc(&[
        ("IRC_PASSWORD", "open sesame"),
        ("LOGIN_RATE_LIMIT", "0.01"),
        ("LOGIN_RATE_BURST", "2"),
    ]);
    let attempt = |password: &str| {
        let mut client = IrcClient::connect(&server.irc_address());
        client.send(&format!("{password}\r\nNICK mallory\r\nUSER m 0 * :m\r\nQUIT"));
        command_of_line(&client.rest()[0]).to_owned()
    };
    assert_eq!(attempt("PONG x"), "464", "none is no attempt");
    assert_eq!(attempt("PASS :open barley"), "464");
    assert_eq!(attempt("PASS :open sesame"), "001");
    assert_eq!(attempt("PASS :open sesame"), "263");
}

/// A line that cannot be read costs its sender as much as one that can.
#[test]
fn bad_lines_are_lines() {
    let server = TestServer::spawn_irc(&[("COMMAND_RATE_LIMIT", "0.01"), ("COMMAND_RATE_BURST", "3")]);
    let address = server.irc_address();
    let mut alice = IrcClient::open(&address, "alice");
    alice.send_bytes(&[&b"\xff\r\n"[..], &[b'x'; 600], b"\r\nWHO \xff\r\nWHO \xff\r\n"].concat());
    let heard = alice.until(&["263"]);
    let commands: Vec<&str> = heard.iter().map(|line| command_of_line(line)).collect();
    assert_eq!(commands, ["FAIL", "417", "FAIL", "263"]);
    assert!(heard[3].starts_with(":irc.test 263 alice WHO :"), "{heard:?}");
    for bad in [&b"\xff\r\n"[..], &[&[b'x'; 600][..], b"\r\n"].concat()] {
        let mut nobody = IrcClient::connect(&address);
        nobody.send_bytes(&bad.repeat(300));
        let heard = nobody.rest();
        assert!(heard.len() <= 201, "{}", heard.len());
    }
}

#[test]
fn last_words_are_a_line_too() {
    let server = TestServer::spawn_irc(&[]);
    let mut nobody = IrcClient::connect(&server.irc_address());
    nobody.send(&format!("QUIT :{}", "ü".repeat(250)));
    let heard = nobody.rest();
    assert!(heard.len() == 1 && heard[0].starts_with("ERROR :Closing link: "), "{heard:?}");
}

#[test]
fn whoever_talks_without_registering_is_shown_out() {
    let server = TestServer::spawn_irc(&[]);
    let mut nobody = IrcClient::connect(&server.irc_address());
    nobody.send_bytes("NICK *\r\n".repeat(300).as_bytes());
    let heard = nobody.rest();
    assert!(heard.last().is_none_or(|line| line.starts_with("ERROR :")), "{:?}", heard.last());
    assert!(heard.len() <= 201);
}

/// Whatever strangers and members send, nobody else notices.
#[test]
fn any_bytes_at_all_are_survived() {
    let server = TestServer::spawn_irc(&[("IRC_REGISTRATION_TIMEOUT", "2s")]);
    let address = server.irc_address();
    let mut witness = IrcClient::open(&address, "witness");
    witness.ask("JOIN #tea");
    let word = prop_oneof![
        Just("NICK".to_owned()),
        Just("USER".to_owned()),
        Just("CAP".to_owned()),
        Just("LS".to_owned()),
        Just("REQ".to_owned()),
        Just("END".to_owned()),
        Just("JOIN".to_owned()),
        Just("#tea".to_owned()),
        Just("MODE".to_owned()),
        Just("PRIVMSG".to_owned()),
        Just("TAGMSG".to_owned()),
        Just("NOTICE".to_owned()),
        Just("WHO".to_owned()),
        Just("WHOIS".to_owned()),
        Just("TOPIC".to_owned()),
        Just("KICK".to_owned()),
        Just("@label=1;+a=b\\".to_owned()),
        Just(":".to_owned()),
        Just("302".to_owned()),
        Just("*".to_owned()),
        Just("\u{1}ACTION".to_owned()),
        Just("AUTHENTICATE".to_owned()),
        Just("\r\n".to_owned()),
        "[ -~]{0,40}",
        "\\PC{0,20}",
    ];
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..2_000),
        proptest::collection::vec(word, 0..60).prop_map(|words| words.join(" ").into_bytes()),
    ];
    let mut runner = TestRunner::new(Config { cases: 300, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(bytes, any::<bool>()), |(bytes, registers)| {
        let mut client = IrcClient::connect(&address);
        if registers {
            client.send("CAP REQ :message-tags labeled-response batch echo-message\r\nCAP END\r\nNICK fuzz\r\nUSER f 0 * :f");
        }
        client.send_bytes(&bytes);
        client.send("\r\nPING done\r\nQUIT");
        // Every line that comes is checked for its form.
        client.rest();
        Ok(())
    });
    outcome.unwrap();
    assert_eq!(
        witness.ask("PING :still here").last().map(String::as_str),
        Some(":irc.test PONG irc.test :still here")
    );
    let alice = server.open("alice");
    let receipt =
        alice.command(&serde_json::json!({ "command": "PRIVMSG", "to": "#tea", "body": ["outside"] }));
    refused(&receipt, "404");
}

/// An inbox with room for one: whoever finds it full asks again, and nobody is refused.
#[test]
fn a_busy_server_delays_and_does_not_refuse() {
    let server = TestServer::spawn_irc(&[("INBOX_MAX", "1")]);
    let address = server.irc_address();
    let mut reader = IrcClient::open(&address, "reader");
    std::thread::scope(|scope| {
        for number in 0..12 {
            let address = &address;
            scope.spawn(move || {
                let mut client = IrcClient::open(address, &format!("talker{number}"));
                let lines: Vec<String> = (0..20).map(|n| format!("PRIVMSG reader :{n}")).collect();
                assert!(client.ask(&lines.join("\r\n")).is_empty(), "nothing is refused");
            });
        }
    });
    assert_eq!(reader.drain().len(), 240);
}
