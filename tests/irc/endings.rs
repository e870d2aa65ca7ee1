//! The ways in which a connection ends, and what others hear of it.

use std::time::Duration;

use serde_json::json;

use crate::support::{IrcClient, TestServer, command_of, until};

/// The reasons of the QUITs that somebody reads over HTTP.
fn quits(messages: &[serde_json::Value]) -> Vec<String> {
    let quits = messages.iter().filter(|message| command_of(message) == "QUIT");
    quits
        .map(|quit| format!("{}: {}", quit["from"].as_str().unwrap(), quit["body"][0].as_str().unwrap()))
        .collect()
}

// clause: messages.error, registration.masks
#[test]
fn a_broken_connection_is_a_quit_with_its_cause() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = server.open("alice");
    alice.join("#tea");
    let mut carol = IrcClient::open(&server.irc_address(), "carol");
    carol.ask("JOIN #tea");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    bob.ask("JOIN #tea");
    carol.drain();
    alice.drain();
    drop(bob);
    let mut heard = Vec::new();
    until("others hear of it", || {
        heard.extend(alice.drain());
        !quits(&heard).is_empty()
    });
    assert_eq!(quits(&heard), ["bob: Connection closed"]);
    assert_eq!(carol.drain(), [":bob!bob@127.0.0.1 QUIT :Connection closed"]);
    IrcClient::open(&server.irc_address(), "bob");
}

// clause: registration.timeout
#[test]
fn silence_has_its_limits() {
    let server = TestServer::spawn_irc(&[
        ("IRC_REGISTRATION_TIMEOUT", "600ms"),
        ("IRC_PING_AFTER", "300ms"),
        ("IRC_SILENCE_MAX", "1s"),
    ]);
    let mut nobody = IrcClient::connect(&server.irc_address());
    nobody.send("NICK nobody");
    let heard = nobody.rest();
    assert!(
        heard.len() == 1 && heard[0].starts_with("ERROR :") && heard[0].contains("timed out"),
        "{heard:?}"
    );
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    alice.ask("JOIN #tea");
    bob.ask("JOIN #tea");
    // Alice answers; Bob does not.
    let mut pings = 0;
    let quit = loop {
        let line = alice.next().unwrap();
        if line == "PING :irc.test" {
            pings += 1;
            alice.send("PONG :irc.test");
        } else if line.contains(" QUIT ") {
            break line;
        }
    };
    assert!(pings > 0);
    assert_eq!(quit, ":bob!bob@127.0.0.1 QUIT :Ping timeout: 1 seconds");
    let heard = bob.rest();
    assert!(heard.last().unwrap().contains("[Ping timeout: 1 seconds]"), "{heard:?}");
}

/// Nothing may wait, so that whatever the system does not take is too much.
#[test]
fn whoever_does_not_read_is_cut_off_and_nobody_else_waits() {
    let server = TestServer::spawn_irc(&[("IRC_SENDQ_MAX", "1"), ("MAX_MESSAGE_SIZE", "16KiB")]);
    let mut alice = server.open("alice");
    alice.join("#tea");
    let mut deaf = IrcClient::open(&server.irc_address(), "deaf");
    deaf.ask("JOIN #tea");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    bob.ask("JOIN #tea");
    deaf.drain();
    let lines: Vec<String> = (0..32).map(|_| "x".repeat(400)).collect();
    let mut heard = Vec::new();
    until("the deaf one is cut off", || {
        for _ in 0..2 {
            let receipt = alice.command(&json!({ "command": "PRIVMSG", "to": "#tea", "body": lines }));
            assert_eq!(receipt["status"], "sent");
        }
        // Whoever reads stays.
        assert!(bob.drain().len() >= 64);
        heard.extend(alice.drain());
        !quits(&heard).is_empty()
    });
    assert_eq!(quits(&heard), ["deaf: SendQ exceeded"]);
}

/// More than the system and the server hold for a connection, at the pace of whoever reads it.
#[test]
fn whoever_reads_late_loses_nothing() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let mut bob = IrcClient::open_with(&server.irc_address(), "bob", "message-tags");
    let tags = "v".repeat(4_000);
    let count = 4_000;
    for n in 0..count {
        alice.send(&format!("@+t={tags} PRIVMSG bob :{n}"));
    }
    assert!(alice.drain().is_empty());
    let heard = bob.drain();
    assert_eq!(heard.len(), count);
    assert!(heard.iter().enumerate().all(|(n, line)| line.ends_with(&format!(" PRIVMSG bob :{n}"))));
}

/// A long answer is not held against whoever reads it, however little may wait.
#[test]
fn whoever_reads_a_long_list_late_loses_nothing() {
    let server = TestServer::spawn_irc(&[("IRC_SENDQ_MAX", "64KiB"), ("CHANNELS_PER_SESSION", "0")]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let (channels, lists) = (200, 150);
    let topic = "t".repeat(300);
    for n in 0..channels {
        alice.send(&format!("JOIN #c{n}\r\nTOPIC #c{n} :{topic}"));
    }
    alice.drain();
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    bob.send(&vec!["LIST"; lists].join("\r\n"));
    // More than the system holds is on its way by now.
    std::thread::sleep(Duration::from_secs(1));
    let heard = bob.drain();
    assert_eq!(heard.iter().filter(|line| line.ends_with(&topic)).count(), channels * lists);
}

#[test]
fn whoever_is_killed_is_told_why() {
    let server =
        TestServer::spawn_irc(&[("NEOIRC_OPER_NAME", "root"), ("NEOIRC_OPER_PASSWORD", "sekrit-one")]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    assert!(alice.ask("OPER root sekrit-one").iter().any(|line| line.contains(" 381 alice ")));
    alice.ask("KILL bob :spam");
    let heard = bob.rest();
    assert!(heard.last().unwrap().contains("[Killed (alice (spam))]"), "{heard:?}");
    alice.send("KILL alice :myself");
    assert!(alice.rest().last().unwrap().contains("[Killed (alice (myself))]"));
    IrcClient::open(&server.irc_address(), "alice");
}

/// Whoever does not read is thrown out as soon as anybody, and its place is free again.
#[test]
fn whoever_is_killed_and_does_not_read_is_gone_too() {
    let server = TestServer::spawn_irc(&[
        ("NEOIRC_OPER_NAME", "root"),
        ("NEOIRC_OPER_PASSWORD", "sekrit-one"),
        ("CONNECTIONS_PER_IP", "2"),
        ("IRC_SENDQ_MAX", "0"),
    ]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let deaf = IrcClient::open_with(&server.irc_address(), "deaf", "message-tags");
    alice.ask("OPER root sekrit-one");
    let tags = "v".repeat(4_000);
    for _ in 0..4_000 {
        alice.send(&format!("@+t={tags} PRIVMSG deaf :x"));
    }
    alice.drain();
    let mut refused = IrcClient::connect(&server.irc_address());
    assert!(refused.rest()[0].starts_with("ERROR :"), "there are two");
    alice.ask("KILL deaf :deaf");
    let killed = std::time::Instant::now();
    until("there is room again", || {
        let mut next = IrcClient::connect(&server.irc_address());
        next.send("PING x");
        next.next().is_some_and(|line| line.contains(" PONG "))
    });
    // Far more than last words may take, far less than what a bad network is given.
    assert!(killed.elapsed() < std::time::Duration::from_secs(20), "{:?}", killed.elapsed());
    drop(deaf);
}

/// Nobody is asked, and silence has its end all the same.
#[test]
fn silence_ends_without_a_question_too() {
    let server = TestServer::spawn_irc(&[("IRC_PING_AFTER", "0"), ("IRC_SILENCE_MAX", "1s")]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let heard = alice.rest();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].contains("[Ping timeout: 1 seconds]"), "{heard:?}");
}

#[test]
fn no_connection_outlives_its_server() {
    let mut server = TestServer::spawn_irc(&[]);
    let mut alice = server.open("alice");
    alice.join("#tea");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    bob.ask("JOIN #tea");
    alice.drain();
    server.kill9();
    server.start();
    assert_eq!(quits(&alice.drain()), ["bob: Connection lost"]);
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    bob.ask("JOIN #tea");
    server.restart();
    let last = bob.rest();
    assert!(last.last().unwrap().contains("[Server shutting down]"), "{last:?}");
    assert_eq!(quits(&alice.drain()), ["bob: Server shutting down"]);
    assert_eq!(alice.channels(), ["#tea"], "who came over HTTP is as before");
}

#[test]
fn an_address_has_so_many_connections() {
    let server = TestServer::spawn_irc(&[("CONNECTIONS_PER_IP", "2")]);
    let first = IrcClient::open(&server.irc_address(), "alice");
    let _second = IrcClient::connect(&server.irc_address());
    let mut third = IrcClient::connect(&server.irc_address());
    assert!(third.rest()[0].starts_with("ERROR :"));
    drop(first);
    until("there is room again", || {
        let mut next = IrcClient::connect(&server.irc_address());
        next.be_patient_for(Duration::from_secs(5));
        next.drain_or_end().1
    });
}

#[test]
fn there_are_so_many_connections_in_all() {
    let server = TestServer::spawn_irc(&[("IRC_CONNECTIONS_MAX", "1")]);
    let mut only = IrcClient::open(&server.irc_address(), "alice");
    let mut one_too_many = IrcClient::connect(&server.irc_address());
    assert!(one_too_many.rest()[0].starts_with("ERROR :"));
    assert!(only.drain().is_empty());
}

#[test]
fn limits_that_are_switched_off_are_none() {
    // Taken as times, these would all be over at once.
    let server = TestServer::spawn_irc(&[
        ("IRC_REGISTRATION_TIMEOUT", "0"),
        ("IRC_PING_AFTER", "0"),
        ("IRC_SILENCE_MAX", "0"),
        ("IRC_SENDQ_MAX", "0"),
        ("CONNECTIONS_PER_IP", "0"),
    ]);
    let mut alice = IrcClient::connect(&server.irc_address());
    alice.send("NICK alice\r\nUSER alice 0 * :Alice");
    alice.until(&["376"]);
    assert!(alice.drain().is_empty(), "nobody asked");
}
