//! What scripts rely on: exit codes, what is printed, what is kept, and for whose eyes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::program::{User, on_one_port};
use crate::support::{TestServer, texts};

#[test]
fn exit_codes_tell_what_went_wrong() {
    let (server, user) = (TestServer::spawn(), User::new());
    let code = |words: &[&str]| user.run(&server, words).code;
    assert_eq!(code(&["send", "#tea"]), Some(2), "no text");
    assert_eq!(code(&["jump"]), Some(2), "no such command");
    assert_eq!(code(&["--profile", "../x", "state"]), Some(2), "no name of a profile");
    assert_eq!(code(&["tui"]), Some(2), "no terminal");
    assert_eq!(code(&["send", "#tea", "hi"]), Some(5), "not logged in");
    assert_eq!(code(&["tail"]), Some(5), "not logged in");
    assert_eq!(code(&["login", "1st"]), Some(3), "no nick");
    assert_eq!(user.does(&server, &["login", "alice"]), "logged in as alice\n");
    assert_eq!(code(&["login", "bob"]), Some(2), "logged in as somebody else");
    assert_eq!(code(&["send", "#nowhere", "hi"]), Some(3), "refused by IRC");
    assert_eq!(code(&["login", "alice", "--password"]), Some(3), "no such password");
    user.does(&server, &["logout"]);
    assert_eq!(code(&["state"]), Some(5), "logged out");
    let unreachable = user.command("http://127.0.0.1:1", &["login", "alice"]).output().unwrap();
    assert_eq!(unreachable.status.code(), Some(4), "nobody is there");
    let nonsense = user.command("gopher://127.0.0.1", &["login", "alice"]).output().unwrap();
    assert_eq!(nonsense.status.code(), Some(4), "no address of a server");
}

#[test]
fn what_is_kept_is_for_its_owner_alone() {
    let (server, user) = (TestServer::spawn(), User::new());
    user.does(&server, &["login", "alice"]);
    user.does(&server, &["--profile", "bot", "login", "bob"]);
    assert!(user.does(&server, &["state"]).starts_with("alice!"));
    assert!(user.does(&server, &["state", "--profile", "bot"]).starts_with("bob!"));
    let mut files = 0;
    let mut folders = vec![user.state().join("neoirc")];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert_eq!(files, 2);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn words_and_standard_input_are_said() {
    let (server, user) = (TestServer::spawn(), User::new());
    let mut bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["send", "--nick", "alice", "--join", "#tea", "two", "words"]);
    user.does(&server, &["send", "#tea", "--", "--not-a-flag"]);
    user.does(&server, &["send", "--notice", "bob", "psst"]);
    let long = (0..100).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\n");
    assert_eq!(user.run_with(&server, &["send", "#tea", "-"], &long).code, Some(0));
    assert_eq!(user.run_with(&server, &["send", "#tea", "-"], "\n").code, Some(2), "nothing to say");
    let heard = bob.drain();
    assert_eq!(texts(&heard)[..2], ["two words", "--not-a-flag"]);
    assert!(heard.iter().any(|message| message["command"] == "NOTICE" && message["body"][0] == "psst"));
    let said = heard.iter().filter(|message| message["command"] == "PRIVMSG").skip(2);
    let lines: Vec<&str> = said
        .flat_map(|message| message["body"].as_array().unwrap())
        .map(|line| line.as_str().unwrap())
        .collect();
    assert_eq!(lines.join("\n"), long.trim_end());
    let state: Value = serde_json::from_str(&user.does(&server, &["state", "--json"])).unwrap();
    assert_eq!((&state["nick"], &state["channels"][0]["name"]), (&"alice".into(), &"#tea".into()));
}

#[test]
fn tail_goes_on_where_it_was() {
    let (mut server, user) = (on_one_port(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    bob.say("#tea", "one");
    bob.say("alice", "to you");
    bob.say("#tea", "two");
    let first = user.does(&server, &["tail", "#tea", "-n", "1"]);
    assert!(first.ends_with(" <bob> one\n") && first.lines().count() == 1, "{first}");
    server.restart();
    bob.say("#tea", "three");
    let next = user.does(&server, &["tail", "-n", "3", "--json"]);
    let next: Vec<Value> = next.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said: Vec<&str> = next.iter().map(|message| message["body"][0].as_str().unwrap()).collect();
    assert_eq!(said, ["to you", "two", "three"]);
    assert_eq!(next[0]["from"], "bob");
}

/// Whatever a message says, it is data and never part of a command.
#[test]
fn a_command_is_run_for_each_message_and_is_not_made_of_it() {
    let (server, user) = (TestServer::spawn(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    let evil = "$(touch hacked) `touch hacked`; touch hacked\n' \" && touch hacked #";
    bob.http.post(
        "/api/v1/messages",
        &serde_json::json!({ "command": "PRIVMSG", "to": "#tea", "body": evil.split('\n').collect::<Vec<_>>() }),
    );
    user.does(&server, &["send", "#tea", "my own, which is left out"]);
    bob.say("#tea", "second");
    let script = r#"cat >>"json"; printf '%s|%s|%s\n' "$NEOIRC_FROM" "$NEOIRC_TO" "$NEOIRC_TEXT" >>seen; test "$NEOIRC_TEXT" != second"#;
    let mut command = user.command(&server.url(), &["tail", "#tea", "-n", "2", "--exec", script]);
    let ran = command.current_dir(user.home()).output().unwrap();
    assert_eq!(ran.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&ran.stderr).contains("the command failed"), "of the second it is told");
    let seen = fs::read_to_string(user.home().join("seen")).unwrap();
    assert_eq!(seen, format!("bob|#tea|{evil}\nbob|#tea|second\n"));
    let json = fs::read_to_string(user.home().join("json")).unwrap();
    let first: Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
    assert_eq!(first["body"][0], evil.split('\n').next().unwrap());
    assert!(!user.home().join("hacked").exists());
}

#[test]
fn another_device_enters_with_the_password() {
    let (server, laptop, phone) = (TestServer::spawn(), User::new(), User::new());
    laptop.does(&server, &["--nick", "alice", "join", "#tea"]);
    assert_eq!(laptop.run_with(&server, &["passwd"], "correct horse\n").code, Some(0));
    assert_eq!(laptop.run_with(&server, &["passwd"], "short\n").code, Some(3));
    let wrong = phone.run_with(&server, &["login", "alice", "--password"], "wrong horse\n");
    assert_eq!((wrong.code, wrong.out.as_str()), (Some(3), ""));
    assert_eq!(phone.run_with(&server, &["login", "alice", "--password"], "correct horse\n").code, Some(0));
    assert!(phone.does(&server, &["state"]).contains("#tea"));
}

#[test]
fn work_is_done_where_it_is_asked_for() {
    let (server, user) = (TestServer::spawn_with(&[("NEOIRC_HASHCASH_BITS", "8")]), User::new());
    user.does(&server, &["login", "alice"]);
    let stamp = user.does(&server, &["pow", "irc.example.org", "--bits", "9"]);
    let parts: Vec<&str> = stamp.trim().split(':').collect();
    assert_eq!((parts[..2].to_vec(), parts[3], parts[4]), (vec!["1", "9"], "irc.example.org", ""));
    let stamp = user.does(&server, &["pow", "#tea", "--bits", "1", "--body", "[\"hi\"]"]);
    assert!(
        stamp.contains(":#tea:80e2a72672ff27c2e0e49a77268d65b6ddce177702d20d7df0c63a4bcf10540d:"),
        "{stamp}"
    );
}

#[test]
fn completions_and_the_manual_are_made_of_the_same_words() {
    let (server, user) = (TestServer::spawn(), User::new());
    for shell in ["bash", "zsh", "fish"] {
        let text = user.does(&server, &["completions", shell]);
        assert!(text.contains("tail") && text.contains("exec"), "{shell}");
    }
    let page = user.does(&server, &["man"]);
    for word in [".TH neoirc 1", "tail", "\\-\\-exec", "NEOIRC_SERVER", "not logged in"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(user.does(&server, &["--help"]).contains("5  not logged in"));
}
