//! What others say and what `tail` makes of it, when it is meant for a program and when something changes meanwhile.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::program::{Ran, User, on_one_port};
use crate::support::{TestClient, TestServer, texts, until};

/// The text may be a stranger's: `tail --exec 'neoirc send "$NEOIRC_TO" "$NEOIRC_TEXT"'`.
#[test]
fn nothing_behind_a_target_is_an_option() {
    let (server, user) = (TestServer::spawn(), User::new());
    let mut bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    let said = [
        "--help",
        "--notice",
        "--profile=mod",
        "--server=http://127.0.0.1:1",
        "-h",
        "--",
        "--nobody-knows-this",
    ];
    for text in said {
        assert_eq!(user.does(&server, &["send", "#tea", text]), "", "{text}");
    }
    user.does(&server, &["send", "#tea", "--profile", "mod", "--notice"]);
    user.does(&server, &["send", "--notice", "--profile", "default", "#tea", "--join", "-"]);
    let heard = bob.drain();
    assert_eq!(texts(&heard), [&said[..], &["--profile mod --notice"]].concat());
    assert!(heard.iter().any(|message| message["command"] == "NOTICE" && message["body"][0] == "--join -"));
    let mistaken = user.run(&server, &["send", "--notise", "#tea", "hi"]);
    assert_eq!(mistaken.code, Some(2), "an option that there is not, before the target: {mistaken:?}");
}

#[test]
fn what_is_new_is_heard_through_a_break() {
    let (mut server, user) = (on_one_port(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    bob.say("#tea", "old");
    let tail = user.command(&server.url(), &["tail", "#tea", "--new", "-n", "1"]).spawn().unwrap();
    until("it is kept where the new begins", || holds(&user.state(), "tail"));
    server.restart();
    // At once, before `tail` asks again.
    bob.say("#tea", "in the break");
    let ran = Ran::of(tail.wait_with_output().unwrap());
    assert!(ran.code == Some(0) && ran.out.ends_with("<bob> in the break\n"), "{ran:?}");
}

/// Whether there is a file of this name somewhere below.
fn holds(folder: &Path, name: &str) -> bool {
    fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name() == name || (entry.path().is_dir() && holds(&entry.path(), name)))
    })
}

#[test]
fn a_talk_goes_on_through_a_change_of_nick() {
    let (server, user) = (TestServer::spawn(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    assert_eq!(user.run_with(&server, &["passwd"], "correct horse\n").code, Some(0));
    let phone = TestClient::log_in(&server.nobody(), "alice", "correct horse");
    phone.say("#tea", "my own, under the old nick");
    bob.say("#tea", "of somebody else");
    bob.say("alice", "to the old nick");
    bob.say("#tea", "to all, and in no talk");
    phone.command(&json!({ "command": "NICK", "body": ["alicia"] }));
    phone.say("bob", "mine");
    bob.say("alicia", "to the new nick");
    let exec = user.does(&server, &["tail", "#tea", "-n", "1", "--exec", r#"echo "$NEOIRC_TEXT""#]);
    assert_eq!(exec, "of somebody else\n", "one's own words are left out");
    let talk = user.does(&server, &["tail", "bob", "-n", "3"]);
    let said: Vec<&str> = talk.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(said, ["<bob> to the old nick", "<alicia> mine", "<bob> to the new nick"]);
}
