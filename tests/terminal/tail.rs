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

/// The nick that one has now was somebody else's before.
#[test]
fn own_words_are_left_out_after_changes_of_nick() {
    let (server, user) = (TestServer::spawn(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    assert_eq!(user.run_with(&server, &["passwd"], "correct horse\n").code, Some(0));
    let phone = TestClient::log_in(&server.nobody(), "alice", "correct horse");
    let echo = ["tail", "#tea", "-n", "1", "--exec", r#"echo "$NEOIRC_TEXT""#];
    bob.command(&json!({ "command": "NICK", "body": ["carl"] }));
    phone.say("#tea", "my own");
    phone.command(&json!({ "command": "NICK", "body": ["bob"] }));
    bob.say("#tea", "one");
    assert_eq!(user.does(&server, &echo), "one\n");
    phone.say("#tea", "my own, too");
    phone.command(&json!({ "command": "NICK", "body": ["dora"] }));
    bob.command(&json!({ "command": "NICK", "body": ["bob"] }));
    bob.say("#tea", "two");
    // What is kept says what the nick was there, and not what it is now.
    assert_eq!(user.does(&server, &echo), "two\n");
}

/// Whatever is asked for: nobody knows what was among it.
#[test]
fn what_the_server_cut_off_is_told() {
    let (server, user) = (TestServer::spawn_with(&[("QUEUE_MAX_ENTRIES", "20")]), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    for number in 0..200 {
        bob.say("#tea", &number.to_string());
    }
    // The queue is cut a little later, and each time one more message is read.
    until("it is told", || {
        let ran = user.run(&server, &["tail", "#tea", "-n", "1"]);
        assert_eq!((ran.code, ran.out.lines().count()), (Some(0), 1), "{ran:?}");
        ran.errors.contains("messages were cut off")
    });
}

#[test]
fn a_command_gets_no_more_than_a_variable_holds_and_may_fail_unheard() {
    let (server, user) = (TestServer::spawn_with(&[("MAX_MESSAGE_SIZE", "1048576")]), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    bob.say("#tea", &"x".repeat(200_000));
    let sizes =
        user.does(&server, &["tail", "-n", "1", "--exec", "echo ${#NEOIRC_TEXT}; jq '.body[0] | length'"]);
    assert_eq!(sizes, "98304\n200000\n", "the whole of it is on standard input");
    bob.say("#tea", "one");
    bob.say("#tea", "two");
    let mut tail = user.command(&server.url(), &["tail", "-n", "2", "--exec", "false"]).spawn().unwrap();
    drop(tail.stderr.take());
    assert_eq!(tail.wait().unwrap().code(), Some(0));
}
