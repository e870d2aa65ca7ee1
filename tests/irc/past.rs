//! CHATHISTORY: what was said before, from any place.

use serde_json::Value;

use crate::support::{IrcClient, TestServer, command_of_line};

const ALL: &str = "batch server-time message-tags draft/chathistory";

/// The value of a tag of a line.
fn tag<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (tags, _) = line.strip_prefix('@')?.split_once(' ')?;
    let mut pairs = tags.split(';').map(|tag| tag.split_once('=').unwrap_or((tag, "")));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// A line without its tags.
fn bare(line: &str) -> &str {
    line.strip_prefix('@').and_then(|line| line.split_once(' ')).map_or(line, |(_, bare)| bare)
}

/// The lines of a batch that is the whole answer, without its frame.
#[track_caller]
fn batch(client: &mut IrcClient, ask: &str, kind: &str) -> Vec<String> {
    let mut lines = client.ask(ask);
    assert!(lines.len() >= 2, "{lines:#?}");
    let (begin, end) = (lines.remove(0), lines.pop().unwrap());
    let name = bare(&begin).split(' ').nth(2).unwrap().trim_start_matches('+').to_owned();
    assert_eq!(bare(&begin), format!(":irc.test BATCH +{name} {kind}"));
    assert_eq!(end, format!(":irc.test BATCH -{name}"));
    assert!(lines.iter().all(|line| tag(line, "batch") == Some(&name)), "{lines:#?}");
    lines
}

/// The texts of what was said in `#tea`, as they are asked for.
#[track_caller]
fn texts(client: &mut IrcClient, ask: &str) -> String {
    let lines = batch(client, &format!("CHATHISTORY {ask}"), "chathistory #tea");
    let text = |line: &String| line.rsplit_once(" :").unwrap().1.to_owned();
    lines.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// The codes of failures.
#[track_caller]
fn failure(client: &mut IrcClient, ask: &str) -> String {
    let lines = client.ask(ask);
    assert_eq!(lines.len(), 1, "{lines:#?}");
    let (front, _) = bare(&lines[0]).split_once(" :").unwrap();
    front.strip_prefix(":irc.test FAIL ").or(front.strip_prefix("FAIL ")).unwrap_or(front).to_owned()
}

// clause: cap.history, isupport.history
#[test]
fn every_selector_finds_its_part() {
    let server = TestServer::spawn_irc(&[("CHATHISTORY_MAX", "7")]);
    let address = server.irc_address();
    let mut alice = IrcClient::connect(&address);
    alice.send(&format!("CAP REQ :{ALL}\r\nCAP END\r\nNICK alice\r\nUSER alice 0 * :Alice"));
    let welcome = alice.until(&["376"]).join("\n");
    assert!(welcome.contains(" CHATHISTORY=7 ") && welcome.contains(" MSGREFTYPES=msgid,timestamp "));
    alice.ask("JOIN #tea");
    let web = server.open("web");
    web.join("#tea");
    for n in 1..=9 {
        web.say("#tea", &n.to_string());
        // Times are told apart by milliseconds.
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    let live = alice.drain();
    let said: Vec<&String> = live.iter().filter(|line| command_of_line(line) == "PRIVMSG").collect();
    let id = |n: usize| format!("msgid={}", tag(said[n - 1], "msgid").unwrap());
    let time = |n: usize| format!("timestamp={}", tag(said[n - 1], "time").unwrap());
    assert_eq!(texts(&mut alice, "LATEST #tea * 3"), "7 8 9");
    let end = "timestamp=9999-12-31T23:59:59.999Z";
    assert_eq!(texts(&mut alice, &format!("BEFORE #tea {end} 2")), "8 9", "the end of all time");
    assert_eq!(texts(&mut alice, "latest #tea * 500").replace(' ', ""), "3456789", "as many as there may be");
    for mark in [&id, &time] as [&dyn Fn(usize) -> String; 2] {
        let mut ask = |text: String| texts(&mut alice, &text);
        assert_eq!(ask(format!("LATEST #tea {} 5", mark(7))), "8 9");
        assert_eq!(ask(format!("BEFORE #tea {} 3", mark(5))), "2 3 4");
        assert_eq!(ask(format!("AFTER #tea {} 3", mark(5))), "6 7 8");
        assert_eq!(ask(format!("AROUND #tea {} 5", mark(5))), "3 4 5 6 7");
        assert_eq!(ask(format!("BETWEEN #tea {} {} 3", mark(2), mark(8))), "3 4 5");
        assert_eq!(ask(format!("BETWEEN #tea {} {} 3", mark(8), mark(2))), "5 6 7", "from the other end");
        assert_eq!(ask(format!("BETWEEN #tea {} {} 3", mark(2), mark(3))), "");
        assert_eq!(ask(format!("AFTER #tea {} 3", mark(9))), "", "an empty batch and no silence");
    }
    // Each as it was first sent.
    let again = batch(&mut alice, &format!("CHATHISTORY BEFORE #tea {} 1", id(2)), "chathistory #tea");
    assert_eq!(bare(&again[0]), bare(said[0]));
    assert_eq!(
        (tag(&again[0], "msgid"), tag(&again[0], "time")),
        (tag(said[0], "msgid"), tag(said[0], "time"))
    );
    let page = web.http.get("/api/v1/history?target=%23tea&limit=1").ok();
    assert_eq!(Some(format!("msgid={}", page[0]["id"].as_str().unwrap())), Some(id(9)), "and over HTTP");
}

#[test]
fn what_is_asked_wrongly_fails_by_its_name() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = IrcClient::open_with(&address, "alice", &format!("{ALL} labeled-response"));
    let mut bob = IrcClient::open(&address, "bob");
    bob.ask("JOIN #own");
    bob.ask("JOIN #secret\r\nMODE #secret +s");
    for (ask, code) in [
        ("CHATHISTORY", "CHATHISTORY NEED_MORE_PARAMS"),
        ("CHATHISTORY latest #own", "CHATHISTORY NEED_MORE_PARAMS LATEST"),
        (
            "CHATHISTORY BETWEEN #own timestamp=2026-01-01T00:00:00.000Z",
            "CHATHISTORY NEED_MORE_PARAMS BETWEEN",
        ),
        ("CHATHISTORY FROM #own * 5", "CHATHISTORY INVALID_PARAMS FROM FROM"),
        ("CHATHISTORY LATEST #own * x", "CHATHISTORY INVALID_PARAMS LATEST x"),
        ("CHATHISTORY BEFORE #own msgid=: 5", "CHATHISTORY INVALID_PARAMS BEFORE msgid=:"),
        ("CHATHISTORY LATEST #own * 5", "CHATHISTORY INVALID_TARGET LATEST #own"),
        ("CHATHISTORY LATEST #secret * 5", "CHATHISTORY INVALID_TARGET LATEST #secret"),
        ("CHATHISTORY LATEST #none * 5", "CHATHISTORY INVALID_TARGET LATEST #none"),
        ("CHATHISTORY LATEST nobody * 5", "CHATHISTORY INVALID_TARGET LATEST nobody"),
        (
            "CHATHISTORY TARGETS msgid=00000000-0000-7000-8000-000000000007 timestamp=2026-01-01T00:00:00.000Z 5",
            { "CHATHISTORY INVALID_PARAMS TARGETS msgid=00000000-0000-7000-8000-000000000007" },
        ),
    ] {
        assert_eq!(failure(&mut alice, ask), code, "{ask}");
    }
    let lines = alice.ask("@label=x CHATHISTORY LATEST #none * 5");
    assert!(lines.len() == 1 && tag(&lines[0], "label") == Some("x"), "{lines:?}");
    // A batch is one answer, and needs none around it.
    let lines = alice.ask("@label=y CHATHISTORY LATEST bob * 5");
    assert!(lines.len() == 2 && lines[0].starts_with("@label=y :irc.test BATCH +"), "{lines:?}");
    // Whoever knows no batches gets what there is without any.
    alice.ask("PRIVMSG bob :hi");
    bob.drain();
    let lines = bob.ask("CHATHISTORY LATEST alice * 5");
    assert_eq!(lines, [":alice!alice@127.0.0.1 PRIVMSG bob :hi"]);
}

/// Talks with people are found by them, whatever they are called meanwhile, and by nobody else.
#[test]
fn people_and_places_are_listed_by_when_they_were_last_talked_to() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = IrcClient::open_with(&address, "alice", ALL);
    let mut bob = IrcClient::open_with(&address, "bob", ALL);
    let mut carol = IrcClient::open_with(&address, "carol", ALL);
    alice.ask("JOIN #tea");
    let gap = || std::thread::sleep(std::time::Duration::from_millis(5));
    alice.ask("PRIVMSG bob :one");
    gap();
    carol.ask("PRIVMSG alice :two");
    gap();
    alice.ask("PRIVMSG #tea :three");
    gap();
    bob.ask("NICK robert");
    bob.ask("PRIVMSG alice :four");
    alice.drain();
    let all = "timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z";
    let names = |lines: Vec<String>| {
        let words = |line: &String| bare(line).split(' ').map(str::to_owned).collect::<Vec<_>>();
        lines
            .iter()
            .map(words)
            .map(|words| {
                assert_eq!((words[1].as_str(), words[2].as_str()), ("CHATHISTORY", "TARGETS"));
                assert!(words[4].trim_start_matches(':').ends_with('Z'), "{words:?}");
                words[3].clone()
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    let targets = "draft/chathistory-targets";
    assert_eq!(
        names(batch(&mut alice, &format!("CHATHISTORY TARGETS {all} 9"), targets)),
        "carol #tea robert"
    );
    let backwards = "timestamp=2100-01-01T00:00:00.000Z timestamp=2000-01-01T00:00:00.000Z";
    let lines = batch(&mut alice, &format!("CHATHISTORY TARGETS {backwards} 2"), targets);
    assert_eq!(names(lines), "#tea robert", "the newest");
    assert_eq!(names(batch(&mut carol, &format!("CHATHISTORY TARGETS {all} 9"), targets)), "alice");
    let long_ago = "timestamp=2000-01-01T00:00:00.000Z timestamp=2000-01-02T00:00:00.000Z";
    assert_eq!(names(batch(&mut alice, &format!("CHATHISTORY TARGETS {long_ago} 9"), targets)), "");
    // Both sides of it, as they were said.
    let lines = batch(&mut alice, "CHATHISTORY LATEST robert * 9", "chathistory robert");
    let bare: Vec<&str> = lines.iter().map(|line| bare(line)).collect();
    assert_eq!(
        bare,
        [":alice!alice@127.0.0.1 PRIVMSG bob :one", ":robert!bob@127.0.0.1 PRIVMSG alice :four"]
    );
    assert_eq!(failure(&mut alice, "CHATHISTORY LATEST bob * 9"), "CHATHISTORY INVALID_TARGET LATEST bob");
}

/// Who came and went is for those who ask for it.
#[test]
fn what_happened_is_played_back_to_those_who_asked() {
    let mut server = TestServer::spawn_irc(&[]);
    let mut web = server.open("web");
    web.join("#tea");
    {
        let mut bob = IrcClient::open(&server.irc_address(), "bob");
        bob.ask("JOIN #tea");
        bob.ask("PRIVMSG #tea :hi");
        web.mode("#tea", &["+v", "bob"]);
        web.command(&serde_json::json!({ "command": "TOPIC", "to": "#tea", "body": ["tea"] }));
        web.say("#tea", "well");
        bob.ask("PART #tea :bye");
        web.drain();
    }
    // From disk alone.
    server.restart();
    let mut alice =
        IrcClient::open_with(&server.irc_address(), "alice", &format!("{ALL} draft/event-playback"));
    alice.ask("JOIN #tea");
    let lines = batch(&mut alice, "CHATHISTORY LATEST #tea * 50", "chathistory #tea");
    let bare: Vec<&str> = lines.iter().map(|line| bare(line)).collect();
    assert_eq!(
        bare,
        [
            ":web!web@127.0.0.1 JOIN #tea",
            ":bob!bob@127.0.0.1 JOIN #tea",
            ":bob!bob@127.0.0.1 PRIVMSG #tea :hi",
            ":web!web@127.0.0.1 MODE #tea +v bob",
            ":web!web@127.0.0.1 TOPIC #tea :tea",
            ":web!web@127.0.0.1 PRIVMSG #tea :well",
            ":bob!bob@127.0.0.1 PART #tea :bye",
            ":alice!alice@127.0.0.1 JOIN #tea",
        ]
    );
    let mut carol = IrcClient::open_with(&server.irc_address(), "carol", ALL);
    carol.ask("JOIN #tea");
    assert_eq!(texts(&mut carol, "LATEST #tea * 50"), "hi well");
    let page = web.http.get("/api/v1/history?target=%23tea").ok();
    let commands: Vec<&Value> = page.as_array().unwrap().iter().map(|message| &message["command"]).collect();
    assert_eq!(commands, ["PRIVMSG", "PRIVMSG"]);
}

/// Looking back is limited by itself, and not by what is said meanwhile.
#[test]
fn pages_have_a_budget_of_their_own() {
    let server = TestServer::spawn_irc(&[
        ("HISTORY_RATE_LIMIT", "0.01"),
        ("HISTORY_RATE_BURST", "3"),
        ("COMMAND_RATE_LIMIT", "0.01"),
        ("COMMAND_RATE_BURST", "30"),
    ]);
    let mut alice = IrcClient::open_with(&server.irc_address(), "alice", ALL);
    alice.ask("JOIN #tea");
    for _ in 0..3 {
        assert_eq!(texts(&mut alice, "LATEST #tea * 5"), "");
    }
    assert_eq!(failure(&mut alice, "CHATHISTORY LATEST #tea * 5"), "CHATHISTORY RATE_LIMITED");
    assert!(alice.ask("TOPIC #tea").iter().any(|line| line.contains(" 331 ")));
    let web = server.open("web");
    web.join("#tea");
    for _ in 0..3 {
        web.http.get("/api/v1/history?target=%23tea").ok();
    }
    web.http.get("/api/v1/history?target=%23tea").refusal(429);
}

/// A page may be far more than waits for anybody who does not read: it comes as fast as it is read.
#[test]
fn a_long_page_waits_for_a_slow_reader() {
    let server = TestServer::spawn_irc(&[]);
    let web = server.open("web");
    web.join("#tea");
    let text = "x".repeat(3_900);
    for n in 0..500 {
        web.say("#tea", &format!("{text} {n}"));
    }
    let mut alice = IrcClient::open_with(&server.irc_address(), "alice", &format!("{ALL} draft/multiline"));
    alice.ask("JOIN #tea");
    alice.send("CHATHISTORY LATEST #tea * 500");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let lines = alice.drain();
    let said: usize = lines.iter().map(|line| line.matches('x').count()).sum();
    assert_eq!(said, 500 * text.len());
    let inner = lines.iter().filter(|line| line.contains(" BATCH +m")).count();
    assert_eq!(inner, 500, "each is one message");
}
