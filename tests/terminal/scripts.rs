//! What scripts rely on: exit codes, what is printed, what is kept, and for whose eyes.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::program::{User, on_one_port};
use crate::support::{TestServer, texts, until};

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
    user.does(&server, &["send", "#tea", "--not-a-flag"]);
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
fn logging_in_again_needs_no_further_device() {
    let server = TestServer::spawn_with(&[("CLIENTS_PER_SESSION", "2")]);
    let (user, phone) = (User::new(), User::new());
    assert_eq!(user.run_with(&server, &["register", "alice"], "correct horse\n").code, Some(0));
    let login = ["login", "alice", "--password"];
    for _ in 0..3 {
        let again = user.run_with(&server, &login, "correct horse\n");
        assert_eq!((again.code, again.out.as_str()), (Some(0), "logged in as alice\n"), "{again:?}");
    }
    assert_eq!(user.run_with(&server, &login, "wrong horse\n").code, Some(3), "it is looked at all the same");
    assert_eq!(phone.run_with(&server, &login, "correct horse\n").code, Some(0), "there is room for another");
    // And what is kept is not lost for somebody else's sake.
    let bob = server.open("bob");
    bob.pass("another horse");
    let other = user.run_with(&server, &["login", "bob", "--password"], "another horse\n");
    assert_eq!(other.code, Some(2), "{other:?}");
    assert!(other.errors.contains("this profile is logged in as alice"), "{other:?}");
    assert!(user.does(&server, &["state"]).starts_with("alice!"));
}

/// It would have the nick, and nobody could come back to it.
#[test]
fn no_session_is_opened_that_cannot_be_kept() {
    let (server, user) = (TestServer::spawn(), User::new());
    fs::create_dir(user.state()).unwrap();
    // Here nothing is found and nothing can be written, even by root.
    let nowhere = user.state().join("neoirc");
    std::os::unix::fs::symlink("/nowhere/at/all", &nowhere).unwrap();
    let login = ["login", "alice"];
    let in_vain = |words: &[&str]| {
        let ran = user.run_with(&server, words, "correct horse\n");
        assert_eq!(ran.code, Some(1), "{words:?}: {ran:?}");
    };
    in_vain(&login);
    in_vain(&["--nick", "alice", "join", "#tea"]);
    in_vain(&["register", "alice"]);
    fs::remove_file(&nowhere).unwrap();
    assert_eq!(user.does(&server, &login), "logged in as alice\n", "the nick is free");
}

#[test]
fn an_account_is_made_with_and_without_a_session() {
    let (server, laptop, phone) = (TestServer::spawn(), User::new(), User::new());
    let register = |user: &User, words: &[&str], password: &str| user.run_with(&server, words, password);
    assert_eq!(register(&laptop, &["register"], "correct horse\n").code, Some(5), "nobody to register");
    assert_eq!(register(&laptop, &["register", "alice"], "short\n").code, Some(3));
    let made = register(&laptop, &["register", "alice"], "correct horse\n");
    assert_eq!((made.code, made.out.as_str()), (Some(0), "registered as alice\n"), "{made:?}");
    assert!(laptop.does(&server, &["state"]).contains("\naccount: alice\n"));
    assert_eq!(register(&laptop, &["register"], "another horse\n").code, Some(3), "there is one already");
    assert_eq!(register(&laptop, &["register", "bob"], "correct horse\n").code, Some(2), "of another nick");
    // The session ends, and the account is there still.
    laptop.does(&server, &["logout"]);
    assert_eq!(phone.run(&server, &["login", "alice"]).code, Some(3), "the nick is kept");
    let login = ["login", "alice", "--password"];
    assert_eq!(phone.run_with(&server, &login, "correct horse\n").code, Some(0));
    let state: Value = serde_json::from_str(&phone.does(&server, &["state", "--json"])).unwrap();
    assert_eq!((&state["nick"], &state["account"]), (&"alice".into(), &"alice".into()));
    // With a session, that session becomes one.
    laptop.does(&server, &["login", "bob"]);
    laptop.does(&server, &["join", "#tea"]);
    let made = register(&laptop, &["register"], "correct horse\n");
    assert_eq!((made.code, made.out.as_str()), (Some(0), "registered as bob\n"), "{made:?}");
    let state = laptop.does(&server, &["state"]);
    assert!(state.contains("account: bob") && state.contains("#tea"), "{state}");
    laptop.does(&server, &["unregister"]);
    assert!(!laptop.does(&server, &["state"]).contains("account"));
    assert_eq!(laptop.run(&server, &["unregister"]).code, Some(3), "there is none");
}

#[test]
fn how_far_is_read_is_the_same_for_all_devices() {
    let (server, laptop, phone) = (TestServer::spawn(), User::new(), User::new());
    let register = ["register", "alice"];
    assert_eq!(laptop.run_with(&server, &register, "correct horse\n").code, Some(0));
    let login = ["login", "alice", "--password"];
    assert_eq!(phone.run_with(&server, &login, "correct horse\n").code, Some(0));
    assert_eq!(laptop.does(&server, &["marker", "#tea"]), "", "nothing is known");
    let early = "2026-01-02T03:04:05.678Z";
    assert_eq!(laptop.does(&server, &["marker", "#tea", early]), format!("{early}\n"));
    assert_eq!(phone.does(&server, &["marker", "#tea", "2026-01-01T00:00:00Z"]), format!("{early}\n"));
    let now = phone.does(&server, &["marker", "#tea", "now"]);
    assert!(now.trim() > early && !now.starts_with("9000"), "{now}");
    assert_eq!(laptop.does(&server, &["marker", "#tea"]), now);
    assert_eq!(laptop.run(&server, &["marker", "#tea", "yesterday"]).code, Some(3));
}

#[test]
fn what_was_said_is_found_by_its_words() {
    let (server, user) = (TestServer::spawn(), User::new());
    let bob = server.open("bob");
    bob.join("#tea");
    bob.join("#milk");
    user.does(&server, &["--nick", "alice", "join", "#tea", "#milk"]);
    bob.say("#tea", "one biscuit");
    bob.say("#milk", "two biscuits");
    user.does(&server, &["send", "#tea", "three biscuits"]);
    let search = |words: &[&str]| user.does(&server, &[&["search"], words].concat());
    // The index follows within a second.
    until("all of it is found", || search(&["biscuit*"]).lines().count() == 3);
    let found = search(&["biscuit*"]);
    let shown: Vec<&str> = found.lines().map(|line| line.splitn(3, ' ').nth(2).unwrap()).collect();
    assert_eq!(shown, ["#tea <bob> one biscuit", "#milk <bob> two biscuits", "#tea <alice> three biscuits"]);
    assert!(found.starts_with("20"), "with the day: {found}");
    assert!(search(&["--target", "#tea", "biscuit*", "--limit", "1"]).ends_with("<alice> three biscuits\n"));
    assert!(
        search(&["--target", "#tea", "--from", "bob", "one", "biscuit"]).ends_with("<bob> one biscuit\n")
    );
    let json: Value = serde_json::from_str(&search(&["--json", "two"])).unwrap();
    assert_eq!((&json["to"], &json["body"][0]), (&"#milk".into(), &"two biscuits".into()));
    assert_eq!(search(&["coffee"]), "", "nothing is no failure");
    let code = |words: &[&str]| user.run(&server, words).code;
    assert_eq!(code(&["search", "tea", "--target", "#nowhere"]), Some(3));
    assert_eq!(code(&["search"]), Some(2));
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
    for word in [
        ".TH neoirc 1",
        "tail",
        "NEOIRC UNREGISTER",
        "NEOIRC MARKER",
        "\\-\\-target",
        "\\-\\-exec",
        "NEOIRC_SERVER",
        "not logged in",
    ] {
        assert!(page.contains(word), "{word}");
    }
    assert!(user.does(&server, &["--help"]).contains("5  not logged in"));
}
