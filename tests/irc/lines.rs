//! Messages of several lines, and lines that several things have to fit into.

use serde_json::json;

use crate::support::{IrcClient, TestServer, command_of_line};

const MULTILINE: &str = "batch message-tags draft/multiline";

/// What is said of a message that another way of sending would say differently: no names of batches and no ids.
fn told(lines: &[String]) -> Vec<String> {
    let shown = |line: &String| {
        let (tags, bare) = line.strip_prefix('@').and_then(|line| line.split_once(' ')).unwrap_or(("", line));
        let has = |name: &str| tags.split(';').any(|tag| tag.split('=').next() == Some(name));
        let marks =
            ["msgid", "batch", "draft/multiline-concat", "label"].into_iter().filter(|name| has(name));
        let marks = marks.flat_map(|name| [name, " "]).collect::<String>();
        let words = bare.split(' ').map(|word| match word.as_bytes() {
            [sign @ (b'+' | b'-'), b'm' | b'0'..=b'9', ..] => char::from(*sign).to_string(),
            _ => word.to_owned(),
        });
        marks + &words.collect::<Vec<_>>().join(" ")
    };
    lines.iter().map(shown).collect()
}

// clause: cap.multiline
#[test]
fn several_lines_are_one_message_on_both_faces() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = IrcClient::open_with(&address, "alice", MULTILINE);
    let mut bob = IrcClient::open_with(&address, "bob", MULTILINE);
    let mut plain = IrcClient::open(&address, "plain");
    let mut web = server.open("web");
    for client in [&mut alice, &mut bob, &mut plain] {
        client.ask("JOIN #tea");
    }
    web.join("#tea");
    for client in [&mut alice, &mut bob, &mut plain] {
        client.drain();
    }
    web.drain();
    let sent = "@+typing=done BATCH +x draft/multiline #tea\r\n@batch=x PRIVMSG #tea :one\r\n@batch=x PRIVMSG #tea :\r\n\
                @batch=x PRIVMSG #tea :two \r\n@batch=x;draft/multiline-concat PRIVMSG #tea :three\r\nBATCH -x";
    assert!(alice.ask(sent).is_empty(), "no echo is asked for");
    let messages = web.drain();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["body"], json!(["one", "", "two three"]));
    assert_eq!(messages[0]["meta"], json!({ "typing": "done" }));
    let source = ":alice!alice@127.0.0.1";
    let as_batch = [
        format!("msgid {source} BATCH + draft/multiline #tea"),
        format!("batch {source} PRIVMSG #tea :one"),
        format!("batch {source} PRIVMSG #tea :"),
        format!("batch {source} PRIVMSG #tea :two three"),
        format!("{source} BATCH -"),
    ];
    let heard = bob.drain();
    assert_eq!(told(&heard), as_batch);
    assert!(heard[0].contains("+typing=done"), "{heard:?}");
    let lines = ["one", "two three"].map(|text| format!("{source} PRIVMSG #tea :{text}"));
    assert_eq!(plain.drain(), lines, "a line each, and none that is empty");
    // The same the other way round.
    web.command(&json!({ "command": "NOTICE", "to": "#tea", "body": ["a", "b"] }));
    let heard = told(&bob.drain());
    assert_eq!(heard[1], "batch :web!web@127.0.0.1 NOTICE #tea :a");
    assert_eq!(heard.len(), 4);
    // A history has it as one message.
    let past = told(&bob.ask("CHATHISTORY LATEST #tea * 5"));
    assert_eq!(past[1], format!("msgid batch {source} BATCH + draft/multiline #tea"));
    assert_eq!(past[2..6], as_batch[1..]);
    assert_eq!(past.len(), 11);
}

#[test]
fn a_label_is_that_of_the_whole() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice =
        IrcClient::open_with(&address, "alice", &format!("{MULTILINE} labeled-response echo-message"));
    alice.ask("JOIN #tea");
    let say = "@label=7 BATCH +x draft/multiline #tea\r\n@batch=x PRIVMSG #tea :a\r\n@batch=x PRIVMSG #tea :b\r\n\
               BATCH -x";
    let heard = told(&alice.ask(say));
    assert_eq!(
        heard,
        [
            "msgid label :alice!alice@127.0.0.1 BATCH + draft/multiline #tea",
            "batch :alice!alice@127.0.0.1 PRIVMSG #tea :a",
            "batch :alice!alice@127.0.0.1 PRIVMSG #tea :b",
            ":alice!alice@127.0.0.1 BATCH -",
        ]
    );
    let mut quiet = IrcClient::open_with(&address, "quiet", &format!("{MULTILINE} labeled-response"));
    quiet.ask("JOIN #tea");
    assert_eq!(quiet.ask(say), ["@label=7 :irc.test ACK"]);
    let wrong = "@label=8 BATCH +x draft/multiline #tea\r\n@batch=x PRIVMSG #other :a\r\n@batch=x PRIVMSG #tea :b\r\n\
                 BATCH -x";
    let heard = quiet.ask(wrong);
    assert_eq!(heard.len(), 1, "once: {heard:?}");
    assert!(heard[0].starts_with("@label=8 :irc.test FAIL BATCH MULTILINE_INVALID_TARGET #tea #other :"));
}

#[test]
fn batches_have_their_limits() {
    let server = TestServer::spawn_irc(&[("MULTILINE_MAX_BYTES", "600"), ("MULTILINE_MAX_LINES", "3")]);
    let address = server.irc_address();
    let mut alice = IrcClient::connect(&address);
    let known = alice.ask("CAP LS 302").join(" ");
    assert!(known.contains("draft/multiline=max-bytes=600,max-lines=3"), "{known}");
    alice.send(&format!("CAP REQ :{MULTILINE}\r\nNICK alice\r\nUSER a 0 * :A\r\nCAP END"));
    alice.until(&["376"]);
    alice.ask("JOIN #tea");
    let mut web = server.open("web");
    web.join("#tea");
    alice.drain();
    web.drain();
    let (line, long) =
        ("@batch=1 PRIVMSG #tea :x\r\n", format!("@batch=1 PRIVMSG #tea :{}\r\n", "x".repeat(400)));
    let begin = "BATCH +1 draft/multiline #tea\r\n";
    for (lines, code) in [
        (format!("{begin}{}BATCH -1", line.repeat(9)), "MULTILINE_MAX_LINES 3"),
        (format!("{begin}{}BATCH -1", long.repeat(2)), "MULTILINE_MAX_BYTES 600"),
        (format!("{begin}@batch=1 PRIVMSG #tea :\r\nBATCH -1"), "MULTILINE_INVALID"),
        (format!("{begin}@batch=1 JOIN #tea\r\nBATCH -1"), "MULTILINE_INVALID"),
        ("BATCH +1 netsplit #tea".to_owned(), "MULTILINE_INVALID"),
        ("BATCH -1".to_owned(), "MULTILINE_INVALID"),
        ("@batch=1 PRIVMSG #tea :x".to_owned(), "MULTILINE_INVALID"),
        ("BATCH".to_owned(), "MULTILINE_INVALID"),
    ] {
        let heard = alice.ask(&lines);
        assert_eq!(heard.len(), 1, "{lines}: {heard:?}");
        assert!(heard[0].starts_with(&format!(":irc.test FAIL BATCH {code} :")), "{heard:?}");
    }
    assert!(web.drain().is_empty(), "nothing of it is told");
    alice.ask(&format!("{begin}{}BATCH -1", line.repeat(3)));
    assert_eq!(web.drain().len(), 1);
    // Whoever has not asked for it has no such command.
    let mut plain = IrcClient::open(&address, "plain");
    assert!(plain.ask("BATCH +1 draft/multiline #tea")[0].contains(" 421 plain BATCH "));
}

/// A body of many lines to many costs more than a word to one.
#[test]
fn lines_and_targets_have_their_price() {
    let server = TestServer::spawn_irc(&[("COMMAND_RATE_LIMIT", "0.01"), ("COMMAND_RATE_BURST", "20")]);
    let web = server.open("web");
    let peers: Vec<_> = (0..4).map(|n| server.open(&format!("peer{n}"))).collect();
    let to = peers.iter().map(|peer| peer.nick.clone()).collect::<Vec<_>>().join(",");
    let lines = vec!["x"; 32];
    let (status, _) = web.post(&json!({ "command": "PRIVMSG", "to": to, "body": lines }));
    assert_eq!(status, 200, "sixteen of twenty");
    let (status, _) = web.post(&json!({ "command": "PRIVMSG", "to": to, "body": lines }));
    assert_eq!(status, 429);
    let (status, _) = peers[0].post(&json!({ "command": "PRIVMSG", "to": to, "body": vec!["x"; 64] }));
    assert_eq!(status, 200, "nobody is asked for more than there is");
    // Nor is the wire the way round it.
    let mut wire = IrcClient::open_with(&server.irc_address(), "wire", MULTILINE);
    let batch =
        format!("BATCH +1 draft/multiline web\r\n{}BATCH -1", "@batch=1 PRIVMSG web :x\r\n".repeat(64));
    for _ in 0..3 {
        wire.send(&batch);
    }
    let heard = wire.until(&["263"]);
    assert!(heard.last().unwrap().contains(" 263 wire PRIVMSG "), "{heard:?}");
    // What is passed over is counted, line by line.
    let mut other = IrcClient::open_with(&server.irc_address(), "other", MULTILINE);
    let begin = "BATCH +1 draft/multiline web\r\n@batch=1 PRIVMSG elsewhere :x\r\n";
    other.send(&format!("{begin}{}AWAY", "@batch=1 PRIVMSG web :x\r\n".repeat(30)));
    let heard = other.until(&["263"]);
    assert!(heard.last().unwrap().contains(" 263 other AWAY "), "{heard:?}");
}

/// Changes of modes with long masks, and nicks by the dozen, are told in as many lines as they need.
#[test]
fn nothing_is_cut_off() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = IrcClient::open(&address, "alice");
    alice.ask("JOIN #tea");
    let mut web = server.open("web");
    web.join("#tea");
    alice.ask("MODE #tea +o web");
    web.drain();
    let masks: Vec<String> = (0..12).map(|n| format!("n{n}!*@{}", "h".repeat(60))).collect();
    let mut words = vec!["+bbbbbbbbbbbb"];
    words.extend(masks.iter().map(String::as_str));
    web.mode("#tea", &words);
    let heard = alice.drain();
    assert!(heard.len() > 1, "{heard:?}");
    let mut told = Vec::new();
    for line in &heard {
        let mut words = line.split(' ');
        assert_eq!(
            (words.next(), words.next(), words.next()),
            (Some(":web!web@127.0.0.1"), Some("MODE"), Some("#tea"))
        );
        let letters = words.next().unwrap();
        let masks: Vec<String> = words.map(str::to_owned).collect();
        assert_eq!(letters, format!("+{}", "b".repeat(masks.len())));
        told.extend(masks);
    }
    assert_eq!(told, masks, "each of them, whole");
    assert_eq!(web.drain().len(), 1, "over HTTP it is one message");
    let nicks: Vec<String> =
        (0..15_u8).map(|n| format!("{}{}", "n".repeat(31), char::from(b'a' + n))).collect();
    let people: Vec<IrcClient> = nicks.iter().map(|nick| IrcClient::open(&address, nick)).collect();
    let heard = alice.ask(&format!("ISON {}", nicks.join(" ")));
    let found: Vec<&str> =
        heard.iter().flat_map(|line| line.rsplit_once(" :").unwrap().1.split(' ')).collect();
    assert_eq!(found, nicks);
    drop(people);
}

/// A line that cannot be read leaves no hole in a message: there is none.
#[test]
fn a_batch_fails_with_each_of_its_lines() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = IrcClient::open_with(&address, "alice", &format!("{MULTILINE} labeled-response"));
    let mut web = server.open("web");
    alice.ask("JOIN #tea");
    web.join("#tea");
    alice.drain();
    web.drain();
    let too_long = format!("@batch=x PRIVMSG #tea :{}", "x".repeat(600)).into_bytes();
    let no_text = b"@batch=x PRIVMSG #tea :caf\xe9".to_vec();
    let long_tags = format!("@batch=x;+a={} PRIVMSG #tea :b", "x".repeat(5_000)).into_bytes();
    let tags_no_text = b"@+a=\xff;batch=x PRIVMSG #tea :b".to_vec();
    // Once it has failed, what cannot be seen to be part of it is refused like any other line.
    let lines = [(too_long, None), (no_text, None), (long_tags, Some("417")), (tags_no_text, Some("FAIL"))];
    for (bad, again) in lines {
        let begin = b"@label=7 BATCH +x draft/multiline #tea\r\n@batch=x PRIVMSG #tea :a\r\n";
        let end = b"\r\n@batch=x PRIVMSG #tea :c\r\nBATCH -x\r\n";
        alice.send_bytes(&[&begin[..], &bad, &b"\r\n"[..], &bad, end].concat());
        let heard = alice.drain();
        assert!(heard[0].starts_with("@label=7 :irc.test FAIL BATCH MULTILINE_INVALID :"), "{heard:?}");
        let others: Vec<&str> = heard.iter().skip(1).map(|line| command_of_line(line)).collect();
        assert_eq!(others, again.into_iter().collect::<Vec<_>>(), "{heard:?}");
        assert!(web.drain().is_empty(), "nothing of it is told");
    }
    // A line beside it is no part of it.
    alice
        .send_bytes(b"BATCH +y draft/multiline #tea\r\n@batch=y PRIVMSG #tea :a\r\nWHO \xff\r\nBATCH -y\r\n");
    assert!(alice.drain()[0].contains(" FAIL WHO INVALID_UTF8 "));
    assert_eq!(crate::support::texts(&web.drain()), ["a"]);
}

/// 005 is whole, and ASCII, however the network is called.
#[test]
fn a_network_may_have_any_name() {
    let name = "Tée = Häus & Söhne ".repeat(20);
    let server = TestServer::spawn_irc(&[("NETWORK_NAME", &name)]);
    let mut alice = IrcClient::connect(&server.irc_address());
    let nick = "n".repeat(32);
    alice.send(&format!("NICK {nick}\r\nUSER alice 0 * :Alice"));
    let welcome = alice.until(&["376"]);
    let lines: Vec<&String> = welcome.iter().filter(|line| line.contains(" 005 ")).collect();
    assert!(
        lines.iter().all(|line| line.is_ascii() && line.ends_with(" :are supported by this server")),
        "{lines:#?}"
    );
    let tokens = lines.iter().flat_map(|line| line.split(' ')).collect::<Vec<_>>();
    let network = tokens.iter().find(|token| token.starts_with("NETWORK=")).unwrap();
    assert!(network.starts_with(r"NETWORK=T\xC3\xA9e\x20\x3D\x20H\xC3\xA4us\x20&\x20"), "{network}");
    assert!(tokens.contains(&"WHOX"));
}
