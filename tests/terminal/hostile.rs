//! A server that says whatever it likes: none of it reaches the terminal as it is.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};

use crate::program::{Ran, User};
use crate::tmux::Terminal;

const EVIL: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}gpj\u{200b}\u{2066}";

/// Answers each request by its path, whatever it says, and gives its own address.
fn evil_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let length = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().ok())?
                });
                drop(stream.read_exact(&mut vec![0; length.unwrap_or(0)]));
                let (status, body) = answer(&head);
                let body = body.to_string();
                let cookie = format!("Set-Cookie: neoirc_auth={}", "a".repeat(64));
                drop(write!(
                    stream,
                    "HTTP/1.1 {status} X\r\n{cookie}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                ));
            });
        }
    });
    address
}

fn answer(head: &str) -> (u16, Value) {
    let path = head.split(' ').nth(1).unwrap_or_default();
    if path.ends_with("/session") || path.ends_with("/register") {
        return (201, json!({ "id": 1, "nick": EVIL }));
    }
    if path.contains("/state") {
        let channel = json!({ "id": 1, "name": format!("#{EVIL}"), "topic": EVIL });
        return (
            200,
            json!({ "id": 1, "nick": EVIL, "username": EVIL, "hostname": EVIL, "account": EVIL, "away": EVIL, "channels": [channel] }),
        );
    }
    if path.contains("/markers/") {
        return (200, json!({ "target": EVIL, "timestamp": EVIL }));
    }
    if path.contains("/messages?") || path.contains("/search?") {
        let marks = format!("{EVIL}z{}", "\u{335}".repeat(4000));
        let message = |command: &str, seq: u64| {
            json!({ "command": command, "from": format!("x{EVIL}"), "to": format!("#{EVIL}"), "params": [EVIL, EVIL],
                "body": [marks], "seq": seq, "ts": EVIL, "id": format!("01a1fc11-7b0b-7214-80e2-{seq:012}") })
        };
        let commands =
            ["PRIVMSG", "NOTICE", "JOIN", "PART", "TOPIC", "MODE", "KICK", "NICK", "QUIT", "332", EVIL];
        let messages: Vec<Value> =
            commands.iter().zip(1..).map(|(command, seq)| message(command, seq)).collect();
        if path.contains("/search?") {
            return (200, messages.into());
        }
        return (200, json!({ "messages": messages, "last_id": commands.len() }));
    }
    if path.ends_with("/messages") {
        return (200, json!({ "status": "error", "numeric": EVIL, "error": EVIL }));
    }
    (400, json!({ "error": EVIL }))
}

#[test]
fn nothing_hostile_reaches_the_terminal() {
    let (server, user) = (evil_server(), User::new());
    let run = |words: &[&str]| Ran::of(user.command(&server, words).output().unwrap());
    for (words, code) in [
        (&["login", "alice"][..], 0),
        (&["state"], 0),
        (&["state", "--json"], 0),
        (&["join", "#tea"], 3),
        (&["send", "#tea", "hi"], 3),
        (&["tail", "--all", "-n", "10"], 0),
        (&["tail", "--all", "--json", "-n", "10", "--new"], 0),
        (&["search", "tea"], 0),
        (&["search", "tea", "--json"], 0),
        (&["marker", "#tea"], 0),
        (&["marker", "#tea", "now"], 0),
        (&["register"], 3),
        (&["register", "other", "--profile", "p"], 0),
        (&["unregister"], 3),
        (&["login", "other", "--profile", "p", "--password"], 2),
        (&["login", "other", "--profile", "q", "--password"], 3),
    ] {
        let ran = run(words);
        assert_eq!(ran.code, Some(code), "{words:?}: {ran:?}");
        let shown = format!("{}{}", ran.out, ran.errors);
        assert!(!shown.trim().is_empty(), "{words:?}");
        let bad = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200b}'..='\u{200f}')
        };
        assert!(!shown.contains(bad), "{words:?}: {shown:?}");
        assert!(
            shown.matches('\u{335}').count() <= 2 * shown.matches('z').count(),
            "{words:?}: marks without end"
        );
    }
}

/// A session whose end is refused lives on, so it must not be forgotten.
#[test]
fn a_quit_that_is_refused_is_told_of_and_forgets_nothing() {
    let (server, user) = (evil_server(), User::new());
    let terminal = Terminal::open(&user, &server, 80, 16);
    terminal.types("neoirc tui --nick alice");
    terminal.shows("[1:(status)]");
    terminal.types("/quit good night");
    terminal.is_at_prompt();
    terminal.shows("neoirc: QUIT good night: ");
    terminal.shows("the session goes on");
    assert!(!terminal.screen().contains(['\u{202e}', '\u{200b}', '\u{1b}']), "{:?}", terminal.screen());
    assert_eq!(Ran::of(user.command(&server, &["state"]).output().unwrap()).code, Some(0));
}
