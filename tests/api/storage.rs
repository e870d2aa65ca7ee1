//! The file that state lives in: where it may be, who may open it, and what becomes of a damaged one.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::operations::run;
use crate::settings::start;
use crate::support::{Ending, Launch, TestServer, pair};

/// Checks that a launch is refused with a message that names the file, and returns how it ended.
#[track_caller]
fn refused(launch: &Launch, name: &str) -> Ending {
    let ending = launch.start().ending();
    assert_eq!(ending.status.code(), Some(1), "{}", ending.log);
    assert!(ending.stdout.is_empty(), "it must not announce itself: {:?}", ending.stdout);
    assert!(ending.log.contains(name), "the message names {name}:\n{}", ending.log);
    ending
}

/// The file is locked, not its name.
#[test]
fn another_name_for_the_file_is_no_way_in() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let elsewhere = TempDir::new().unwrap();
    let other_name = elsewhere.path().join("other.db");
    symlink(server.database(), &other_name).unwrap();
    let launch = Launch::serve(elsewhere.path()).with("DBURL", &format!("file:{}", other_name.display()));
    let ending = launch.start().ending();
    assert!(!ending.status.success(), "two servers on one file");
    alice.say("alice", "the first goes on");
}

/// "`:memory:` for trials".
#[test]
fn memory_needs_no_file() {
    let folder = TempDir::new().unwrap();
    let (_process, http, _) = start(&Launch::serve(folder.path()).with("DBURL", ":memory:"));
    let alice = crate::support::TestClient::open(&http, "alice");
    alice.join("#c");
    alice.say("#c", "hi");
    let history = alice.http.get("/api/v1/history?target=%23c").ok();
    assert_eq!(history.as_array().unwrap().len(), 1);
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(files, ["neoircd.log"], "the log of the test is the only file");
}

/// "its folder is made"; where that cannot be, the message says so.
#[test]
fn folders_are_made() {
    let folder = TempDir::new().unwrap();
    let deep = folder.path().join("one/two/three/neoirc.db");
    let launch = Launch::serve(folder.path()).with("DBURL", &format!("file:{}", deep.display()));
    drop(start(&launch));
    assert!(deep.exists());
    fs::write(folder.path().join("blocked"), "a file where a folder should be").unwrap();
    let blocked = folder.path().join("blocked/neoirc.db");
    refused(&launch.clone().with("DBURL", &format!("file:{}", blocked.display())), "blocked");
    fs::create_dir(folder.path().join("folder.db")).unwrap();
    let is_folder = folder.path().join("folder.db");
    refused(&launch.with("DBURL", &format!("file:{}", is_folder.display())), "folder.db");
}

/// A damaged file is found at the start, named, and left to whoever knows how to save what is left of it.
#[test]
fn a_damaged_file_is_refused_and_kept() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    for number in 0..200 {
        alice.say("alice", &format!("{number} {}", "x".repeat(500)));
    }
    server.terminate();
    let mut bytes = fs::read(server.database()).unwrap();
    let length = bytes.len();
    assert!(length > 20 * 4096, "there is something to damage");
    // The first page stays whole, so that the file still looks like a database.
    bytes[4096 * 2..length].fill(0xa5);
    fs::write(server.database(), &bytes).unwrap();
    let ending = server.how().start().ending();
    assert_eq!(ending.status.code(), Some(1), "{}", ending.log);
    assert!(ending.stdout.is_empty());
    for said in ["neoirc.db", "malformed", "nothing was changed", "neoircd restore"] {
        assert!(ending.log.contains(said), "{said} is missing in\n{}", ending.log);
    }
    assert_eq!(fs::read(server.database()).unwrap(), bytes, "the file was touched");
}

/// Who may not write learns it from a start that ends, with the name of the file, and not from the first message.
#[test]
fn a_file_that_may_not_be_written_is_named() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    server.kill9();
    let mode = |file: &str, mode| fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", server.database().display());
        mode(&file, 0o400);
        // Root may write everything, unless it gives that up.
        let plain = ["--bounding-set=-all", "--inh-caps=-all"];
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let mut command = Command::new("timeout");
        command.arg("30").arg("setpriv").args(plain.iter().filter(|_| is_root));
        command.args([env!("CARGO_BIN_EXE_neoircd"), "serve"]).current_dir(server.folder()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap());
        for (name, value) in [("HTTP_LISTEN_ADDR", "127.0.0.1:0"), ("IRC_LISTEN_ADDR", "")] {
            command.env(name, value);
        }
        command.env("DBURL", format!("file:{}", server.database().display()));
        let output = command.output().unwrap();
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains(&format!("write {file}: Permission denied")), "{log}");
        assert!(output.stdout.is_empty(), "it must not announce itself");
        mode(&file, 0o600);
    }
    server.start();
    alice.say("alice", "and all is well");
}

/// What only the reading of messages stumbles over is told as well, and `check` tells the same.
#[test]
fn a_damaged_message_is_told_as_damage() {
    let mut server = TestServer::spawn();
    let (alice, _bob) = pair(&server);
    alice.say("#c", "hello");
    server.kill9();
    let database = rusqlite::Connection::open(server.database()).unwrap();
    let newest =
        "UPDATE log SET clients = x'ff' WHERE seq = (SELECT max(seq) FROM log WHERE clients NOT NULL)";
    assert_eq!(database.execute(newest, []).unwrap(), 1);
    drop(database);
    let ending = server.how().start().ending();
    assert_eq!(ending.status.code(), Some(1), "{}", ending.log);
    for said in ["an audience in the log", "neoirc.db", "nothing was changed", "neoircd restore"] {
        assert!(ending.log.contains(said), "{said} is missing in\n{}", ending.log);
    }
    let ending = run(&server, &["check"]);
    assert!(
        !ending.status.success() && ending.stdout.concat().contains("an audience in the log"),
        "{ending:?}"
    );
}

/// A kill in the middle of the first start leaves nothing that hinders the next one.
#[test]
fn a_first_start_can_be_killed_at_any_moment() {
    for step in 0..100 {
        let folder = TempDir::new().unwrap();
        let launch = Launch::serve(folder.path());
        let process = launch.start();
        // There is no condition to wait for: every moment of the start is to be hit.
        sleep(Duration::from_micros(step * 400));
        process.kill9();
        let mut process = launch.start();
        process.address();
    }
}
