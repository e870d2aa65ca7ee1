//! What a connection gets because it asked for it.

use serde_json::json;

use crate::support::{IrcClient, TestServer, command_of, command_of_line};

/// The value of a tag of a line.
fn tag<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (tags, _) = line.strip_prefix('@')?.split_once(' ')?;
    let mut pairs = tags.split(';').map(|tag| tag.split_once('=').unwrap_or((tag, "")));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

// clause: registration.cap, cap.ls
#[test]
fn negotiation_holds_registration() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::connect(&server.irc_address());
    let first = alice.ask("CAP LS 302\r\nNICK alice\r\nUSER alice 0 * :Alice");
    assert!(first.len() == 2 && first[0].starts_with(":irc.test CAP * LS * :"), "{first:?}");
    assert!(first[1].starts_with(":irc.test CAP * LS :"), "{first:?}");
    for name in ["server-time", "message-tags", "cap-notify", "echo-message", "labeled-response", "batch"] {
        assert!(first.join(" ").contains(name), "{name}");
    }
    let granted = alice.ask("CAP REQ :multi-prefix");
    assert_eq!(granted, [":irc.test CAP * ACK :multi-prefix"]);
    assert_eq!(alice.ask("CAP LIST"), [":irc.test CAP * LIST :cap-notify multi-prefix"]);
    assert_eq!(
        alice.ask("CAP REQ -multi-prefix batch"),
        [":irc.test CAP * ACK :-multi-prefix batch"],
        "without a colon"
    );
    alice.ask("CAP REQ :multi-prefix -batch");
    assert_eq!(alice.ask("CAP REQ -cap-notify"), [":irc.test CAP * NAK :-cap-notify"]);
    alice.send("CAP END");
    assert!(alice.until(&["376"])[0].contains(" 001 alice :"));
    // Without a word about capabilities nobody waits.
    IrcClient::open(&server.irc_address(), "bob");
}

// clause: cap.tags, messages.echo
#[test]
fn tags_are_for_those_who_asked() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = IrcClient::open_with(&address, "alice", "message-tags server-time echo-message");
    let mut timed = IrcClient::open_with(&address, "timed", "server-time");
    let mut plain = IrcClient::open(&address, "plain");
    let mut over_http = server.open("web");
    for client in [&mut alice, &mut timed, &mut plain] {
        client.ask("JOIN #tea");
    }
    over_http.join("#tea");
    for client in [&mut alice, &mut timed, &mut plain] {
        client.drain();
    }
    over_http.drain();
    alice.send("@+typing=active;+x/y=a\\:b;time=1999-01-01T00:00:00.000Z;msgid=mine TAGMSG #tea");
    alice.send("@+draft/reply=z;account=root PRIVMSG #tea :hi");
    let echo = alice.drain();
    let messages = over_http.drain();
    assert_eq!((command_of(&messages[0]), command_of(&messages[1])), ("TAGMSG", "PRIVMSG"));
    assert_eq!(messages[0]["meta"], json!({ "typing": "active", "x/y": "a;b" }));
    assert_eq!(messages[1]["meta"], json!({ "reply": "z" }));
    for (line, message) in echo.iter().zip(&messages) {
        assert_eq!(tag(line, "msgid"), message["id"].as_str(), "the same for everybody");
        let ts = message["ts"].as_str().unwrap();
        assert_eq!(tag(line, "time").unwrap().trim_end_matches('Z'), ts.get(..23).unwrap());
        assert!(tag(line, "account").is_none());
    }
    assert_eq!((tag(&echo[0], "+typing"), tag(&echo[0], "+x/y")), (Some("active"), Some(r"a\:b")));
    assert_eq!(tag(&echo[1], "+draft/reply"), Some("z"));
    let heard = timed.drain();
    assert!(heard.len() == 1 && tag(&heard[0], "time").is_some(), "no TAGMSG: {heard:?}");
    assert!(tag(&heard[0], "msgid").is_none() && tag(&heard[0], "+draft/reply").is_none(), "{heard:?}");
    assert_eq!(plain.drain(), [":alice!alice@127.0.0.1 PRIVMSG #tea :hi"]);
    plain.send("PRIVMSG #tea :no echo for me");
    assert!(plain.drain().is_empty());
}

// clause: cap.labels
#[test]
fn a_label_comes_back_once() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = IrcClient::open_with(&address, "alice", "labeled-response batch echo-message");
    assert_eq!(alice.ask("@label=1 PONG x"), ["@label=1 :irc.test ACK"]);
    assert_eq!(alice.ask("@label=2 PING x"), ["@label=2 :irc.test PONG irc.test :x"]);
    assert_eq!(alice.ask("@label=3 FOO"), ["@label=3 :irc.test 421 alice FOO :Unknown command"]);
    let too_long = alice.ask(&format!("@label=9 PRIVMSG #tea :{}", "x".repeat(510)));
    assert_eq!(too_long, ["@label=9 :irc.test 417 alice :Input line was too long"]);
    let joined = alice.ask("@label=4 JOIN #tea");
    assert_eq!(joined[0], "@label=4 :irc.test BATCH +1 labeled-response");
    assert_eq!(joined[1], "@batch=1 :alice!alice@127.0.0.1 JOIN #tea");
    assert_eq!(joined.last().unwrap(), ":irc.test BATCH -1");
    assert!(joined[2..joined.len() - 1].iter().all(|line| line.starts_with("@batch=1 ")), "{joined:?}");
    let said = alice.ask("@label=5 PRIVMSG #tea :hi");
    assert_eq!(said, ["@label=5 :alice!alice@127.0.0.1 PRIVMSG #tea :hi"]);
    // To oneself: the label is on the echo alone.
    let both = alice.ask("@label=6 PRIVMSG alice :me");
    let mut labels: Vec<Option<&str>> = both.iter().map(|line| tag(line, "label")).collect();
    labels.sort_unstable();
    assert_eq!(labels, [None, Some("6")], "{both:?}");
    assert_eq!(alice.ask("@label=7 NICK Alicia"), ["@label=7 :alice!alice@127.0.0.1 NICK :Alicia"]);
    assert_eq!(alice.ask("@label=8 CAP LIST").len(), 1);
    let mut bob = IrcClient::open(&address, "bob");
    assert_eq!(bob.ask("@label=9 FOO"), [":irc.test 421 bob FOO :Unknown command"], "not asked for");
    alice.send("@label=a\\:b QUIT :bye");
    let last = alice.rest();
    assert!(last.last().unwrap().starts_with("ERROR :"), "{last:?}");
}

#[test]
fn labels_are_short_and_for_those_who_know_batches() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open_with(&server.irc_address(), "alice", "labeled-response batch");
    let label = "l".repeat(64);
    assert_eq!(alice.ask(&format!("@label={label} PONG x")), [format!("@label={label} :irc.test ACK")]);
    assert!(alice.ask(&format!("@label={label}l PONG x")).is_empty());
    let mut bob = IrcClient::open_with(&server.irc_address(), "bob", "labeled-response");
    let joined = bob.ask("@label=1 JOIN #tea");
    assert!(joined.len() > 1 && joined.iter().all(|line| line.starts_with(':')), "{joined:?}");
}

/// Who is away, whose host has a name, who was invited: told to those who asked, as far as they may know.
#[test]
fn what_others_do_is_told_to_those_who_asked() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut curious =
        IrcClient::open_with(&address, "curious", "away-notify invite-notify setname extended-monitor");
    let mut distant = IrcClient::open_with(&address, "distant", "away-notify setname extended-monitor");
    let mut plain = IrcClient::open(&address, "plain");
    let mut bot = IrcClient::open_with(&address, "robot", "away-notify setname");
    let web = server.open("web");
    curious.ask("JOIN #tea");
    for client in [&mut plain, &mut bot] {
        client.ask("JOIN #tea");
    }
    distant.ask("MONITOR + robot");
    curious.drain();
    plain.drain();
    bot.send("AWAY :asleep\r\nSETNAME :Robot R\r\nAWAY");
    assert_eq!(bot.drain().len(), 3, "306, its own SETNAME, 305");
    let told = [
        ":robot!robot@127.0.0.1 AWAY :asleep",
        ":robot!robot@127.0.0.1 SETNAME :Robot R",
        ":robot!robot@127.0.0.1 AWAY",
    ];
    assert_eq!(curious.drain(), told);
    assert_eq!(distant.drain(), told, "shares no channel, and watches");
    assert!(plain.drain().is_empty(), "did not ask");
    curious.ask("INVITE web #tea");
    assert!(curious.drain().is_empty(), "341 was enough");
    bot.ask("CAP REQ :invite-notify");
    assert_eq!(curious.ask("INVITE distant #tea").len(), 1);
    assert_eq!(bot.drain(), [":curious!curious@127.0.0.1 INVITE distant #tea"]);
    assert_eq!(distant.drain(), [":curious!curious@127.0.0.1 INVITE distant #tea"]);
    assert!(plain.drain().is_empty());
    // Whoever comes in while it is away.
    web.command(&json!({ "command": "AWAY", "body": ["at sea"] }));
    web.join("#tea");
    assert_eq!(curious.drain(), [":web!web@127.0.0.1 JOIN #tea", ":web!web@127.0.0.1 AWAY :at sea"]);
    assert_eq!(plain.drain(), [":web!web@127.0.0.1 JOIN #tea"]);
}

#[test]
fn what_a_bot_says_is_marked() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = IrcClient::open_with(&server.irc_address(), "alice", "message-tags");
    let mut bot = IrcClient::open(&server.irc_address(), "robot");
    bot.ask("PRIVMSG alice :before");
    bot.ask("MODE robot +B");
    bot.ask("PRIVMSG alice :beep");
    let heard = alice.drain();
    assert_eq!((tag(&heard[0], "bot"), tag(&heard[1], "bot")), (None, Some("")), "{heard:?}");
}

// clause: channels.multiprefix
#[test]
fn names_are_shown_as_one_likes() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = IrcClient::open_with(&address, "alice", "multi-prefix userhost-in-names");
    alice.ask("JOIN #tea");
    alice.ask("MODE #tea +v alice");
    let names = alice.ask("NAMES #tea");
    assert!(names[0].ends_with(":@+alice!alice@127.0.0.1"), "{names:?}");
    assert!(alice.ask("WHO #tea")[0].contains(" alice H@+ :"));
    let mut bob = IrcClient::open_with(&address, "bob", "draft/no-implicit-names");
    assert_eq!(bob.ask("JOIN #tea"), [":bob!bob@127.0.0.1 JOIN #tea"]);
    let names = bob.ask("NAMES #tea");
    assert!(names[0].contains("@alice") && !names[0].contains('+') && !names[0].contains('!'), "{names:?}");
    assert_eq!(command_of_line(&names[1]), "366");
}

/// The name of this machine is found after somebody has come in.
#[test]
fn a_host_that_has_a_name_now_is_told_of() {
    let server = TestServer::spawn_irc(&[("REVERSE_DNS", "true")]);
    let mut alice = IrcClient::open_with(&server.irc_address(), "alice", "chghost");
    let heard = alice.until(&["CHGHOST"]);
    let name = heard.last().unwrap().strip_prefix(":alice!alice@127.0.0.1 CHGHOST alice ").unwrap();
    assert_eq!(alice.ask("USERHOST alice"), [format!(":irc.test 302 alice :alice=+alice@{name}")]);
}
