//! Backup, restore and check from the command line, beside a server that runs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread::{self, sleep};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;

use crate::support::{Ending, Launch, TestServer, texts};

/// Runs `neoircd` with these words on the server's database.
pub(crate) fn run(server: &TestServer, words: &[&str]) -> Ending {
    let elsewhere = TempDir::new().unwrap();
    let launch = words.iter().fold(Launch::bare(elsewhere.path(), &[]), |launch, word| launch.word(word));
    launch.with("DBURL", &format!("file:{}", server.database().display())).start().ending()
}

#[track_caller]
fn succeeds(server: &TestServer, words: &[&str]) -> String {
    let ending = run(server, words);
    assert!(ending.status.success(), "{words:?}: {}", ending.log);
    ending.stdout.join("\n")
}

#[track_caller]
fn refused(server: &TestServer, words: &[&str], why: &str) {
    let ending = run(server, words);
    assert_eq!(ending.status.code(), Some(1), "{words:?}: {:?}", ending.stdout);
    assert!(ending.log.contains(why), "{words:?}: {why} is missing in\n{}", ending.log);
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A backup is made while people talk, and holds a moment of it; the server goes on.
#[test]
fn a_backup_is_made_while_the_server_runs() {
    let server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    alice.join("#tea");
    bob.join("#tea");
    let file = server.folder().join("backup.db");
    thread::scope(|scope| {
        let talking =
            scope.spawn(|| (0..200).for_each(|number| drop(alice.say("#tea", &number.to_string()))));
        let printed = succeeds(&server, &["backup", text(&file)]);
        assert!(printed.contains("2 sessions with 2 clients, 1 channels"), "{printed}");
        assert!(printed.contains(", the newest of 20"), "{printed}");
        talking.join().unwrap();
    });
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let before = fs::read(&file).unwrap();
    refused(&server, &["backup", text(&file)], "is there already");
    assert_eq!(fs::read(&file).unwrap(), before, "it stays as it was");
    let verified = succeeds(&server, &["restore", text(&file), "--verify"]);
    assert!(verified.contains("is good"), "{verified}");
    let left: Vec<_> =
        fs::read_dir(server.folder()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains("partial")), "{left:?}");
    refused(&server, &["restore", text(&file)], "in use by another process");
    alice.say("#tea", "and all is well");
}

/// What a restore brings back is the world of the backup, for cookies that were good then. A cursor that was seen
/// after it is never given again: nobody misses what comes now.
#[test]
fn a_restore_brings_back_the_world_and_repeats_no_cursor() {
    let mut server = TestServer::spawn();
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#tea");
    bob.join("#tea");
    alice.command(&json!({ "command": "TOPIC", "to": "#tea", "body": ["green"] }));
    alice.say("#tea", "before");
    let backup = server.folder().join("backup.db");
    succeeds(&server, &["backup", text(&backup)]);

    for number in 0..20 {
        alice.say("#tea", &number.to_string());
    }
    let late = server.open("late");
    alice.command(&json!({ "command": "PART", "to": "#tea" }));
    bob.drain();
    let seen = bob.cursor;
    server.kill9();
    let lost = fs::read_dir(server.folder()).unwrap().count();
    let printed = succeeds(&server, &["restore", text(&backup)]);
    assert!(printed.contains("is kept as"), "{printed}");
    assert!(fs::read_dir(server.folder()).unwrap().count() < lost + 2, "one file more, its log in it");
    server.start();

    late.http.get("/api/v1/state").refusal(401);
    assert_eq!(alice.channels(), ["#tea"]);
    let history = alice.http.get("/api/v1/history?target=%23tea").ok();
    assert_eq!(texts(history.as_array().unwrap()), ["before"]);
    // More than were lost, all of them before bob asks again: with the old numbers he would miss the first.
    for number in 0..40 {
        let receipt = alice.say("#tea", &format!("after {number}"));
        assert!(receipt["seq"].as_u64().unwrap() > seen, "{receipt}: bob has seen {seen}");
    }
    assert_eq!(texts(&bob.drain()).len(), 40);
    // A session gets no number that somebody had meanwhile.
    let new = server.open("new");
    assert!(new.id.as_u64() > late.id.as_u64(), "{} after {}", new.id, late.id);

    // What was there is whole, with all that was said after the backup, and can be put back.
    let folder = fs::read_dir(server.folder()).unwrap().flatten();
    let kept = folder.map(|entry| entry.path()).find(|path| text(path).contains(".before-restore-")).unwrap();
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    succeeds(&server, &["restore", text(&kept), "--verify"]);
    server.terminate();
    succeeds(&server, &["restore", text(&kept)]);
    server.start();
    assert_eq!(late.state()["nick"], "late");
    assert_eq!(alice.channels(), [""; 0]);
    let receipt = alice.say("bob", "back again");
    assert!(receipt["seq"].as_u64().unwrap() > bob.cursor, "{receipt}: bob has seen {}", bob.cursor);
}

/// Where nothing of the database that is replaced can be read, a second restore of the same backup does not give again
/// what was given after the first.
#[test]
fn the_same_backup_can_be_restored_again_and_no_cursor_comes_back() {
    let mut server = TestServer::spawn();
    let (alice, mut bob) = (server.open("alice"), server.open("bob"));
    let backup = server.folder().join("backup.db");
    succeeds(&server, &["backup", text(&backup)]);
    for round in 0..3 {
        server.kill9();
        if round > 0 {
            for suffix in ["-wal", "-shm"] {
                drop(fs::remove_file(format!("{}{suffix}", server.database().display())));
            }
            fs::write(server.database(), [0; 4096]).unwrap();
        }
        if round > 1 {
            // What was kept of earlier ones may be gone as well.
            let files = fs::read_dir(server.folder()).unwrap().flatten().map(|entry| entry.path());
            for file in files.filter(|file| text(file).contains(".before-restore-")) {
                fs::remove_file(file).unwrap();
            }
        }
        succeeds(&server, &["restore", text(&backup)]);
        server.start();
        // Each time more than the time before, all of it before bob asks again.
        let said: Vec<String> = (0..10 * (round + 1)).map(|number| format!("{round}/{number}")).collect();
        for text in &said {
            alice.say("bob", text);
        }
        assert_eq!(texts(&bob.drain()), said);
    }
}

/// What a copy that was killed has left is gone with the next start, and what nobody has to do with stays.
#[test]
fn unfinished_copies_go_at_the_next_start() {
    let mut server = TestServer::spawn();
    server.terminate();
    let folder = server.folder().to_owned();
    let make = |name: &str| fs::write(folder.join(name), "half of it").unwrap();
    let there = |name: &str| folder.join(name).exists();
    let ours = [".neoirc-neoirc.db-Ab12cd.partial", ".neoirc-neoirc.db-Ab12cd.partial-journal"];
    let others = [".neoirc-Ab12cd.partial", ".neoirc-x.db-Ab12cd.partial", "mine.partial"];
    ours.iter().chain(&others).for_each(|name| make(name));
    server.start();
    assert!(!ours.into_iter().any(there), "nobody else makes these while a server has the lock");
    assert!(others.into_iter().all(there), "a backup may be at it, or another server");
}

/// The same words name the same file for all commands.
#[test]
fn a_path_after_two_slashes_is_the_same_for_all() {
    let server = TestServer::spawn();
    server.open("alice");
    let dburl = format!("file:/{}", server.database().display());
    let elsewhere = TempDir::new().unwrap();
    let copy = elsewhere.path().join("copy.db");
    for words in [&["check"][..], &["backup", text(&copy)]] {
        let ending = Launch::bare(elsewhere.path(), words).with("DBURL", &dburl).start().ending();
        assert!(ending.status.success(), "{words:?}: {}", ending.log);
    }
    assert!(succeeds(&server, &["restore", "--verify", text(&copy)]).contains("1 sessions"));
}

#[test]
fn what_is_no_good_backup_is_not_restored() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#tea");
    let file = server.folder().join("backup.db");
    succeeds(&server, &["backup", text(&file)]);
    server.terminate();
    let before = fs::read(server.database()).unwrap();
    let broken = server.folder().join("broken.db");
    fs::copy(&file, &broken).unwrap();
    Connection::open(&broken).unwrap().execute("DELETE FROM memberships", []).unwrap();
    let diary = server.folder().join("diary");
    fs::write(&diary, "Dear diary").unwrap();
    let empty = server.folder().join("empty.db");
    fs::write(&empty, "").unwrap();
    for (file, why) in [
        (&broken, "has no member"),
        (&diary, "not a database"),
        (&empty, "nothing in it"),
        (&server.folder().join("missing"), "No such file"),
    ] {
        refused(&server, &["restore", text(file)], why);
        let verify = run(&server, &["restore", "--verify", text(file)]);
        assert_eq!(verify.status.code(), Some(1), "{verify:?}");
        assert_eq!(fs::read(server.database()).unwrap(), before, "{why}: nothing is changed");
    }
    server.start();
    assert_eq!(alice.channels(), ["#tea"]);
}

/// A restore that is killed at any moment leaves the old world or the new one, whole, and the old one is not lost.
#[test]
fn a_restore_can_be_killed_at_any_moment() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    let file = server.folder().join("backup.db");
    succeeds(&server, &["backup", text(&file)]);
    for number in 0..50 {
        alice.say("alice", &format!("{number} {}", "x".repeat(500)));
    }
    server.open("bob");
    server.kill9();
    let restore = || {
        let launch = Launch::bare(server.folder(), &["restore", text(&file)]);
        launch.with("DBURL", &format!("file:{}", server.database().display())).start()
    };
    let mut worlds = [0, 0];
    for step in 0..40 {
        let process = restore();
        // There is no condition to wait for: every moment is to be hit.
        sleep(Duration::from_millis(step * 2));
        process.kill9();
        let printed = succeeds(&server, &["check"]);
        worlds[usize::from(printed.contains("1 sessions"))] += 1;
    }
    assert!(worlds[0] > 0, "some are killed too early to do anything: {worlds:?}");
    // On a machine that is busy none may have come far enough.
    succeeds(&server, &["restore", text(&file)]);
    assert!(succeeds(&server, &["check"]).contains("1 sessions"));
    let folder = fs::read_dir(server.folder()).unwrap().flatten().map(|entry| entry.path());
    let kept = folder.filter(|path| text(path).contains(".before-restore-") && !text(path).ends_with("-wal"));
    let is_first = |path: &std::path::PathBuf| {
        succeeds(&server, &["restore", "--verify", text(path)]).contains("2 sessions")
    };
    assert!(kept.into_iter().any(|path| is_first(&path)), "the world before the first restore is kept");
    server.start();
    assert_eq!(alice.state()["nick"], "alice");
}

/// A restore where nothing is yet: the move to another machine.
#[test]
fn a_restore_needs_nothing_to_replace() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    let file = server.folder().join("backup.db");
    succeeds(&server, &["backup", text(&file)]);
    server.terminate();
    for suffix in ["", "-wal", "-shm"] {
        drop(fs::remove_file(format!("{}{suffix}", server.database().display())));
    }
    let printed = succeeds(&server, &["restore", text(&file)]);
    assert!(!printed.contains("kept"), "{printed}");
    assert_eq!(fs::metadata(server.database()).unwrap().permissions().mode() & 0o777, 0o600);
    server.start();
    assert_eq!(alice.state()["nick"], "alice");
}

#[test]
fn a_check_tells_what_is_wrong() {
    let mut server = TestServer::spawn();
    server.open("alice").join("#tea");
    let printed = succeeds(&server, &["check"]);
    assert!(printed.contains("is good") && printed.contains("1 sessions"), "{printed}");
    server.kill9();
    succeeds(&server, &["check"]);
    let database = Connection::open(server.database()).unwrap();
    database.execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM clients; DELETE FROM channels").unwrap();
    drop(database);
    let ending = run(&server, &["check"]);
    assert_eq!(ending.status.code(), Some(1));
    let printed = ending.stdout.join("\n");
    for expected in ["has no client", "a row of memberships names a row of channels"] {
        assert!(printed.contains(expected), "{expected} is missing in\n{printed}");
    }
    fs::remove_file(server.database()).unwrap();
    refused(&server, &["check"], "No such file");
    assert!(!server.database().exists(), "a check makes nothing");
}

#[test]
fn a_database_in_memory_has_nothing_to_copy() {
    let folder = TempDir::new().unwrap();
    let launch = Launch::bare(folder.path(), &["backup", "copy.db"]).with("DBURL", ":memory:");
    let ending = launch.start().ending();
    assert_eq!(ending.status.code(), Some(1));
    assert!(ending.log.contains("in memory"), "{}", ending.log);
}
