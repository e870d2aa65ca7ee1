//! What is kept of a session, and several programs that want it.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::program::{Ran, User};
use crate::support::TestServer;

#[test]
fn several_programs_open_one_session() {
    let (server, user) = (TestServer::spawn_with(&[("NEOIRC_HASHCASH_BITS", "8")]), User::new());
    for words in [&["--nick", "alice", "join", "#tea"][..], &["login", "alice"]] {
        let started: Vec<_> = (0..5).map(|_| user.command(&server.url(), words).spawn().unwrap()).collect();
        for child in started {
            let ran = Ran::of(child.wait_with_output().unwrap());
            assert_eq!(ran.code, Some(0), "{ran:?}");
        }
        assert!(user.does(&server, &["state"]).starts_with("alice!"));
        user.does(&server, &["logout"]);
    }
}

#[test]
fn a_nick_that_is_meant_is_not_passed_over() {
    let (server, user) = (TestServer::spawn(), User::new());
    user.does(&server, &["--nick", "alice", "join", "#tea"]);
    for words in [["--nick", "bob", "state"], ["state", "--nick", "bob"]] {
        let ran = user.run(&server, &words);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.errors.contains("logged in as alice") && ran.errors.contains("--profile"), "{ran:?}");
    }
    assert!(user.does(&server, &["--nick", "Alice", "state"]).starts_with("alice!"));
    // A variable is for all programs, and says only what a new session is to be called.
    let ran = user.command(&server.url(), &["state"]).env("NEOIRC_NICK", "bob").output().unwrap();
    assert_eq!(ran.status.code(), Some(0));
}

/// It has a cookie in it.
#[test]
fn what_was_killed_leaves_no_file_behind() {
    let (server, user) = (TestServer::spawn(), User::new());
    user.does(&server, &["login", "alice"]);
    let folder = only_folder(only_folder(user.state().join("neoirc")));
    let (old, fresh) = (folder.join(".tmpA1b2C3"), folder.join(".tmpD4e5F6"));
    fs::write(&fresh, "").unwrap();
    let file = File::create(&old).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a file is as old as the system says")]
    let hour_ago = SystemTime::now() - Duration::from_hours(1);
    file.set_modified(hour_ago).unwrap();
    assert!(user.does(&server, &["state"]).starts_with("alice!"));
    assert!(!old.exists() && fresh.exists(), "somebody may be writing the other");
}

fn only_folder(folder: PathBuf) -> PathBuf {
    fs::read_dir(folder).unwrap().next().unwrap().unwrap().path()
}
