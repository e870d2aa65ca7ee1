//! `GET /api/v1/search`: what was said, by its words, for those who may read it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{TestClient, TestServer, pair, texts, until, until_some};

/// Everything in a query that means something there.
fn escaped(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

const FREE: [(&str, &str); 1] = [("SEARCH_RATE_LIMIT", "0")];

#[track_caller]
fn found(client: &TestClient, q: &str, more: &str) -> Vec<Value> {
    let answer = client.http.get(&format!("/api/v1/search?q={}{more}", escaped(q))).ok();
    answer.as_array().unwrap_or_else(|| panic!("an array: {answer}")).clone()
}

#[track_caller]
fn texts_found(client: &TestClient, q: &str, more: &str) -> Vec<String> {
    texts(&found(client, q, more))
}

/// Waits until the index has what was said last.
#[track_caller]
fn settle(client: &TestClient) {
    let mark = format!("mark{}", client.say(&client.nick, "x")["seq"]);
    client.say(&client.nick, &mark);
    until("the index follows", || found(client, &mark, "").len() == 1);
}

/// Words in any case and without their accents, phrases and beginnings; all of them; the newest first.
#[test]
fn words_are_found() {
    let server = TestServer::spawn_with(&FREE);
    let (alice, bob) = pair(&server);
    for text in ["Green tea, please", "tea is green", "a cup of Coffee", "Thé à la menthe", "teapot"] {
        alice.say("#c", text);
    }
    bob.command(&json!({ "command": "NOTICE", "to": "#c", "body": ["one more", "green teacup"] }));
    bob.command(&json!({ "command": "TOPIC", "to": "#c", "body": ["green topic"] }));
    settle(&alice);
    for (q, expected) in [
        ("green tea", vec!["tea is green", "Green tea, please"]),
        ("GREEN", vec!["tea is green", "Green tea, please"]),
        ("\"green tea\"", vec!["Green tea, please"]),
        ("the", vec!["Thé à la menthe"]),
        ("tea*", vec!["teapot", "tea is green", "Green tea, please"]),
        ("coffee cup", vec!["a cup of Coffee"]),
        ("coffee tea", vec![]),
        ("c1", vec![]),
    ] {
        assert_eq!(texts_found(&bob, q, ""), expected, "{q}");
    }
    let notice = found(&bob, "teacup", "");
    assert_eq!((notice.len(), &notice[0]["command"]), (1, &json!("NOTICE")));
    let all = bob.http.get("/api/v1/history?target=%23c").ok();
    assert!(found(&bob, "green", "").iter().all(|hit| all.as_array().unwrap().contains(hit)));
}

#[test]
fn a_search_is_narrowed_and_paged() {
    let server = TestServer::spawn_with(&FREE);
    let (alice, bob) = pair(&server);
    alice.join("#other");
    let receipts: Vec<_> = (0..30).map(|number| alice.say("#c", &format!("tea {number}"))).collect();
    alice.say("#other", "tea elsewhere");
    bob.say("#c", "tea by bob");
    bob.say("alice", "tea in private");
    settle(&alice);
    assert_eq!(texts_found(&alice, "tea", "&target=%23other"), ["tea elsewhere"]);
    assert_eq!(texts_found(&alice, "tea", "&target=bob"), ["tea in private"]);
    assert_eq!(texts_found(&alice, "tea", "&from=BOB"), ["tea in private", "tea by bob"]);
    assert_eq!(texts_found(&alice, "tea", "&from=bob&target=%23C"), ["tea by bob"]);
    assert_eq!(texts_found(&alice, "tea", "&from=nobody"), Vec::<String>::new());
    assert_eq!(texts_found(&alice, "tea", "&limit=2"), ["tea in private", "tea by bob"]);
    assert_eq!(texts_found(&alice, "tea", "&limit=0"), Vec::<String>::new());
    let (seq, id) = (&receipts[3]["seq"], receipts[3]["id"].as_str().unwrap());
    for before in [seq.to_string(), id.to_owned()] {
        let page = texts_found(&alice, "tea", &format!("&limit=2&before={before}"));
        assert_eq!(page, ["tea 2", "tea 1"]);
    }
    assert_eq!(found(&alice, "tea", "&limit=100000").len(), 33);
}

/// What somebody may not read in the history is not found, whatever is asked.
#[test]
fn only_what_one_may_read_is_found() {
    let server = TestServer::spawn_with(&FREE);
    let (alice, bob) = pair(&server);
    let carol = server.open("carol");
    carol.say("alice", "secret between us");
    alice.say("#c", "secret of the channel");
    settle(&alice);
    assert_eq!(texts_found(&alice, "secret", ""), ["secret of the channel", "secret between us"]);
    assert_eq!(texts_found(&bob, "secret", ""), ["secret of the channel"]);
    assert_eq!(texts_found(&carol, "secret", ""), ["secret between us"]);
    let refused = |client: &TestClient, target: &str, status| {
        client.http.get(&format!("/api/v1/search?q=secret&target={target}")).refusal(status);
    };
    refused(&carol, "%23c", 403);
    refused(&carol, "%23nowhere", 404);
    refused(&carol, "ghost", 404);
    assert_eq!(texts_found(&bob, "secret", "&target=alice"), Vec::<String>::new());
    bob.command(&json!({ "command": "PART", "to": "#c" }));
    assert_eq!(texts_found(&bob, "secret", ""), Vec::<String>::new());
    // A channel that is made again inherits nothing.
    alice.command(&json!({ "command": "PART", "to": "#c" }));
    carol.join("#c");
    assert_eq!(texts_found(&carol, "secret", ""), ["secret between us"]);
    assert_eq!(texts_found(&carol, "secret", "&target=%23c"), Vec::<String>::new());
    // Nor does whoever finds a nick.
    carol.quit();
    let heir = server.open("carol");
    assert_eq!(texts_found(&heir, "secret", ""), Vec::<String>::new());
    assert_eq!(texts_found(&heir, "secret", "&target=alice"), Vec::<String>::new());
    assert_eq!(texts_found(&alice, "secret", ""), Vec::<String>::new());
    server.nobody().get("/api/v1/search?q=secret").refusal(401);
}

/// What the history no longer shows is not found, also before it is cleared away.
#[test]
fn the_history_is_the_limit() {
    let server = TestServer::spawn_with(&[FREE[0], ("MAX_HISTORY", "5")]);
    let (alice, _) = pair(&server);
    (0..40).for_each(|number| drop(alice.say("#c", &format!("tea {number}"))));
    settle(&alice);
    assert_eq!(texts_found(&alice, "tea", ""), ["tea 39", "tea 38", "tea 37", "tea 36", "tea 35"]);
}

/// Whatever bytes are asked for, there is an answer, and it is no failure.
#[test]
fn anything_may_be_asked() {
    let server = TestServer::spawn_with(&FREE);
    let (alice, _) = pair(&server);
    alice.say("#c", "it's a \"test\" of NEAR(x) - and (OR) c1 keys");
    settle(&alice);
    assert_eq!(found(&alice, "test", "").len(), 1);
    for q in [
        "\"",
        "\"\"\"",
        "'",
        "*",
        "a*b",
        "a**",
        "\"a\"*",
        "(",
        ")",
        "()",
        "AND",
        "OR",
        "NOT",
        "a AND",
        "a OR b",
        "NOT a",
        "NEAR(a b)",
        "NEAR(",
        "^a",
        "a^",
        "-a",
        "+a",
        "text:a",
        "keys:c1",
        "{text}:a",
        "{",
        "}",
        ":",
        "a:b:c",
        "\\",
        "%",
        "_",
        "a;b",
        "--",
        "/*",
        "\0",
        "a\0b\"",
        "\u{1}ACTION",
        "é",
        "日本語",
        "🦀",
        "\u{202e}x",
        "e\u{301}\u{301}x",
        "\u{feff}",
    ] {
        let answer = alice.http.get(&format!("/api/v1/search?q={}", escaped(q)));
        assert!([200, 400].contains(&answer.status), "{q:?}: {} {}", answer.status, answer.text);
    }
    for bytes in ["%ff", "%c3%28", "%00", "%22%00%22", "%ed%a0%80x"] {
        let answer = alice.http.get(&format!("/api/v1/search?q=x{bytes}"));
        assert!([200, 400].contains(&answer.status), "{bytes}: {}", answer.text);
    }
    assert_eq!(found(&alice, "it's", "").len(), 1);
    assert_eq!(found(&alice, "near(x)", "").len(), 1);
    for (query, error) in [
        ("", "q required"),
        ("q=", "q required"),
        ("q=a&q=b", "repeated query parameter"),
        ("q=a&before=x", "invalid query parameter"),
        ("q=a&limit=-1", "invalid query parameter"),
    ] {
        assert_eq!(alice.http.get(&format!("/api/v1/search?{query}")).refusal(400), error, "{query}");
    }
    assert_eq!(
        alice.http.get(&format!("/api/v1/search?q={}", "x".repeat(257))).refusal(400),
        "q is too long"
    );
    assert!(found(&alice, "!", "").is_empty());
    assert!(found(&alice, &"y ".repeat(128), "").is_empty());
}

#[test]
fn searches_are_limited_and_can_be_switched_off() {
    let server = TestServer::spawn_with(&[("SEARCH_RATE_LIMIT", "0.01"), ("SEARCH_RATE_BURST", "2")]);
    let alice = server.open("alice");
    (0..2).for_each(|_| drop(found(&alice, "x", "")));
    let answer = alice.http.get("/api/v1/search?q=x");
    answer.refusal(429);
    assert!(!answer.header("retry-after").is_empty());
    let off = TestServer::spawn_with(&[("SEARCH", "false")]);
    let alice = off.open("alice");
    assert_eq!(alice.http.get("/api/v1/search?q=x").refusal(404), "search is switched off");
    assert!(!off.folder().join("neoirc.db.search").exists());
}

/// A search that takes longer than it may is told so.
#[test]
fn a_search_has_an_end() {
    let server = TestServer::spawn_with(&[FREE[0], ("SEARCH_TIMEOUT", "1ms")]);
    let (alice, _) = pair(&server);
    let long = "t t t t t t t t ".repeat(200);
    // Whether it is too slow is the machine's affair; what then is told is not.
    let told = until_some("one takes too long, or all is there", || {
        (0..20).for_each(|_| drop(alice.say("#c", &long)));
        let answer = alice.http.get("/api/v1/search?q=%22t+t+t+t+t+t+t+t%22&limit=500");
        match answer.status {
            400 => Some(answer.refusal(400)),
            200 => None,
            other => panic!("{other}: {}", answer.text),
        }
    });
    assert_eq!(told, "search takes too long, look for rarer words");
}

/// Who may read what is asked when a search has its turn, not when it begins to wait, and what is said later it never finds.
#[test]
fn a_search_that_waits_shows_nothing_of_a_channel_that_one_was_kicked_from() {
    let server = TestServer::spawn_with(&[FREE[0], ("SEARCH_TIMEOUT", "2s")]);
    let (alice, bob) = pair(&server);
    let carol = server.open("carol");
    carol.join("#slow");
    let long = "t t t t t t t t ".repeat(200);
    (0..200).for_each(|_| drop(carol.say("#slow", &long)));
    let slow = || {
        let carol = carol.clone();
        std::thread::spawn(move || carol.http.get("/api/v1/search?q=%22t+t+t+t+t+t+t+t%22&limit=500").status)
    };
    let searches = [slow(), slow()];
    let asking = bob.clone();
    let waiting = std::thread::spawn(move || asking.http.get("/api/v1/search?q=secret"));
    alice.command(&json!({ "command": "KICK", "to": "#c", "params": ["bob"] }));
    alice.say("#c", "secret");
    let found = waiting.join().unwrap();
    assert!(!found.text.contains("secret"), "{}: {}", found.status, found.text);
    for search in searches {
        let status = search.join().unwrap();
        assert!([200, 400].contains(&status), "{status}");
    }
}

/// `kill -9` at any moment: the index takes what it lacks from the log, each once, also one that was thrown away or is
/// none at all.
#[test]
fn the_index_catches_up() {
    let mut server = TestServer::spawn_with(&FREE);
    let (alice, _) = pair(&server);
    let index = server.folder().join("neoirc.db.search");
    let mut expected = Vec::new();
    for round in 0..4 {
        for number in 0..50 {
            let text = format!("tea {round}.{number}");
            alice.say("#c", &text);
            expected.insert(0, text);
        }
        server.kill9();
        if round >= 1 {
            for suffix in ["-wal", "-shm"] {
                drop(std::fs::remove_file(format!("{}{suffix}", index.display())));
            }
        }
        match round {
            1 => std::fs::remove_file(&index).unwrap(),
            2 => std::fs::write(
                &index,
                b"this is no index at all, but long enough to look like one".repeat(99),
            )
            .unwrap(),
            _ => {}
        }
        server.start();
        settle(&alice);
        assert_eq!(texts_found(&alice, "tea", "&limit=500"), expected, "round {round}");
    }
    assert!(server.log().contains("the index for searching is made anew"));
}

/// An index that has more than its database was made for another one.
#[test]
fn the_index_of_another_database_is_made_anew() {
    let mut server = TestServer::spawn_with(&FREE);
    let alice = server.open("alice");
    for number in 0..40 {
        alice.say("alice", &format!("apple {number}"));
    }
    settle(&alice);
    server.kill9();
    for suffix in ["", "-wal", "-shm"] {
        drop(std::fs::remove_file(format!("{}{suffix}", server.database().display())));
    }
    server.start();
    let bob = server.open("bob");
    bob.say("bob", "banana");
    settle(&bob);
    assert_eq!(texts_found(&bob, "banana", ""), ["banana"]);
    assert_eq!(texts_found(&bob, "apple", ""), [""; 0]);
}

/// An index that cannot be opened now is no damaged one: it stays, and is opened when it can be.
#[test]
fn an_index_that_cannot_be_opened_is_kept_until_it_can_be() {
    let mut server = TestServer::spawn_with(&FREE);
    let (alice, _) = pair(&server);
    alice.say("#c", "tea");
    settle(&alice);
    server.terminate();
    let index = server.folder().join("neoirc.db.search");
    let before = std::fs::read(&index).unwrap();
    // Nobody can open what it needs beside it, as when the disk is full.
    let in_the_way = server.folder().join("neoirc.db.search-wal");
    drop(std::fs::remove_file(&in_the_way));
    std::fs::create_dir(&in_the_way).unwrap();
    server.start();
    alice.http.get("/api/v1/search?q=tea").refusal(503);
    assert_eq!(std::fs::read(&index).unwrap(), before);
    std::fs::remove_dir(&in_the_way).unwrap();
    until("it can be searched", || alice.http.get("/api/v1/search?q=tea").status == 200);
    assert_eq!(texts_found(&alice, "tea", ""), ["tea"]);
    alice.say("#c", "more tea");
    settle(&alice);
    assert_eq!(texts_found(&alice, "tea", ""), ["more tea", "tea"]);
    assert!(!server.log().contains("is made anew"), "{}", server.log());
}

/// The index lets go of what the histories let go of, and the words go with it.
#[test]
fn the_index_follows_retention() {
    let mut server = TestServer::spawn_with(&[FREE[0], ("MAX_HISTORY", "3")]);
    let (alice, bob) = pair(&server);
    (0..200).for_each(|number| drop(alice.say("#c", &format!("ephemeral{number}"))));
    bob.say("bob", "lasting");
    settle(&alice);
    std::thread::sleep(Duration::from_millis(100));
    let rows = |server: &TestServer| {
        let index = server.folder().join("neoirc.db.search");
        let connection = rusqlite::Connection::open(index).unwrap();
        connection.query_row("SELECT count(*) FROM said", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    // Three of the channel, and what the two said to themselves.
    until("the index is swept", || rows(&server) <= 3 + 64 + 3);
    assert!(server.terminate().success());
}
