//! "A full disk or an I/O error: 503 with `Retry-After`, nothing acknowledged is lost, the server recovers by itself
//! when space is back."

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Launch, TestClient, TestServer, texts, until};

/// A disk that can be filled and emptied.
trait Disk {
    /// Takes away all room.
    fn fill(&self, server: &TestServer);
    /// Gives it back.
    fn empty(&self, server: &TestServer);
}

/// A file system of a few megabytes in memory, unmounted when this value goes. It must be declared before the
/// server that lives on it.
struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    const SIZE: &'static str = "size=6m";

    /// Mounts the disk, or returns nothing where tests may not mount.
    fn mount() -> Option<Self> {
        let disk = Self { folder: TempDir::new().unwrap() };
        let arguments = ["-t", "tmpfs", "-o", Self::SIZE, "tmpfs"];
        let mut command = Command::new("mount");
        command.args(arguments).arg(disk.folder.path()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success()).then_some(disk)
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.folder.path()).stderr(Stdio::null()).status());
    }
}

impl Disk for SmallDisk {
    fn fill(&self, _: &TestServer) {
        let mut file = File::create(self.filler()).unwrap();
        // Whole pages first, single bytes last, until nothing at all fits any more.
        for size in [65_536, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn empty(&self, _: &TestServer) {
        fs::remove_file(self.filler()).unwrap();
    }
}

/// A limit on the size of each file the server writes: what a disk quota does, and possible for everybody.
struct FileSizeLimit;

impl FileSizeLimit {
    /// More room than these tests need, in blocks of 1,024 bytes.
    const BLOCKS: u64 = 65_536;

    fn set(server: &TestServer, limit: &str) {
        let mut command = Command::new("prlimit");
        command.arg("--pid").arg(server.process_id().to_string()).arg(format!("--fsize={limit}:"));
        assert!(command.status().expect("there is `prlimit`").success());
    }
}

impl Disk for FileSizeLimit {
    fn fill(&self, server: &TestServer) {
        // The write-ahead log may not grow, and the database not at all.
        Self::set(server, "65536");
    }

    fn empty(&self, server: &TestServer) {
        Self::set(server, "unlimited");
    }
}

/// Alice tells bob something long; the answer is whether it was acknowledged.
fn tell(alice: &TestClient, number: usize) -> Option<String> {
    let text = format!("{number} {}", "x".repeat(3000));
    let answer =
        alice.http.post("/api/v1/messages", &json!({ "command": "PRIVMSG", "to": "bob", "body": [text] }));
    if answer.status == 200 {
        assert_eq!(answer.json()["status"], "sent", "{}", answer.text);
        return Some(text);
    }
    answer.refusal(503);
    let wait: u64 = answer.header("retry-after").parse().expect("Retry-After is a number of seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    None
}

/// While nothing can be written, every change is refused and nothing of it is seen, and everything can be read.
fn refuses_changes_and_goes_on_reading(server: &TestServer, alice: &TestClient, before: &Value) {
    for message in [
        json!({ "command": "PRIVMSG", "to": "bob", "body": ["x".repeat(3000)] }),
        json!({ "command": "NICK", "body": ["alicia"] }),
        json!({ "command": "JOIN", "to": "#new" }),
        json!({ "command": "TOPIC", "to": "#rust", "body": ["x".repeat(300)] }),
        json!({ "command": "MODE", "to": "#rust", "params": ["+k", "sesame"] }),
        json!({ "command": "PART", "to": "#rust" }),
        json!({ "command": "QUIT" }),
    ] {
        let answer = alice.http.post("/api/v1/messages", &message);
        answer.refusal(503);
        assert_eq!(&alice.state(), before, "after {message}");
    }
    assert_eq!(server.nobody().post("/api/v1/session", &json!({ "nick": "carol" })).status, 503);
    assert_eq!(server.nobody().get("/livez").status, 200);
    until("it knows that it is not ready", || server.nobody().get("/readyz").status == 503);
}

fn fills_up_and_recovers(server: &mut TestServer, disk: &impl Disk) {
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    alice.join("#rust");
    let before = alice.state();
    let mut acknowledged: Vec<String> =
        (0..20).map(|number| tell(&alice, number).expect("there is room")).collect();
    disk.fill(server);
    let mut number = 20;
    until("the disk refuses", || {
        number += 1;
        let told = tell(&alice, number);
        acknowledged.extend(told.clone());
        told.is_none()
    });
    refuses_changes_and_goes_on_reading(server, &alice, &before);
    assert_eq!(
        texts(&bob.read_after(bob.cursor)),
        acknowledged,
        "nothing lost, and nothing refused is heard of"
    );
    let newest = bob.read_after(bob.cursor).last().unwrap()["seq"].as_u64().unwrap();
    // A poll that waits through it all is woken by what comes afterwards.
    let mut waiting = bob.clone();
    waiting.cursor = newest;
    let woken = thread::scope(|scope| {
        let poll = scope.spawn(|| waiting.poll(30));
        disk.empty(server);
        until("the server recovers by itself", || {
            number += 1;
            let told = tell(&alice, number);
            acknowledged.extend(told.clone());
            told.is_some()
        });
        poll.join().unwrap()
    });
    assert_eq!(texts(&woken), acknowledged.split_at(acknowledged.len() - 1).1);
    until("it is ready again", || server.nobody().get("/readyz").status == 200);
    assert_eq!(alice.state(), before);
    let heard = bob.read_after(bob.cursor);
    assert_eq!(texts(&heard), acknowledged);
    server.open("carol").say("bob", "and new people come in");
    acknowledged.push("and new people come in".to_string());
    server.kill9();
    server.start();
    let again: Vec<Value> = bob.read_after(bob.cursor);
    assert_eq!(texts(&again), acknowledged, "and on disk it is the same");
    assert_eq!(again.split_at(heard.len()).0, heard);
    assert_eq!(alice.state(), before);
}

#[test]
fn a_full_disk_is_survived() {
    // Where tests may not mount, the limit on file sizes below is all there is to try.
    let Some(disk) = SmallDisk::mount() else { return a_limit_on_file_sizes_is_survived() };
    let database = format!("file:{}", disk.folder.path().join("neoirc.db").display());
    let mut server = TestServer::launch(|launch: Launch| launch.with("DBURL", &database));
    fills_up_and_recovers(&mut server, &disk);
}

#[test]
fn a_limit_on_file_sizes_is_survived() {
    // The launch with a limit ignores the signal that would end the process at the limit.
    let mut server = TestServer::launch(|launch| launch.file_size_limit_blocks(FileSizeLimit::BLOCKS));
    fills_up_and_recovers(&mut server, &FileSizeLimit);
}

/// No room when the server starts is a clear message, or a server that waits for room; never a wiped or broken file.
#[test]
fn no_room_at_the_start_breaks_nothing() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#rust");
    server.kill9();
    // Less than the database has already.
    let mut process = server.how().file_size_limit_blocks(16).start();
    until("the start is decided", || !process.is_alive() || !process.log().is_empty());
    process.kill9();
    server.start();
    assert_eq!(alice.channels(), ["#rust"]);
    alice.say("#rust", "and all is well");
}
