//! The life of the process: one at a time on a file, only on a schema it knows, and a clean end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Launch, TestServer, until};

/// "A second process on the same database file: refused at start with a clear message."
#[test]
fn a_second_process_on_the_same_file_is_refused() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let elsewhere = TempDir::new().unwrap();
    let ending = server.how().run_in(elsewhere.path()).start().ending();
    assert!(!ending.status.success());
    assert!(ending.stdout.is_empty(), "it must not announce itself: {:?}", ending.stdout);
    assert!(ending.log.contains("neoirc.db"), "the message names the file:\n{}", ending.log);
    alice.say("alice", "the first goes on");
}

/// A lock that outlives its holder would keep the server down after every crash.
#[test]
fn the_lock_ends_with_its_holder() {
    let mut server = TestServer::spawn();
    for _ in 0..3 {
        server.kill9();
        server.start();
    }
    server.open("alice");
}

/// "A newer schema than the program knows: refused", and nothing is changed in the file.
#[test]
fn a_newer_schema_is_refused() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    server.terminate();
    let database = Connection::open(server.database()).unwrap();
    let version = |database: &Connection| -> i64 {
        database.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    let known = version(&database);
    assert!(known > 0, "the schema's version is in user_version");
    database.pragma_update(None, "user_version", 1_000_000).unwrap();
    drop(database);
    let ending = server.how().start().ending();
    assert!(!ending.status.success());
    assert!(ending.stdout.is_empty());
    let log = ending.log.to_lowercase();
    assert!(
        log.contains("schema") || log.contains("version") || log.contains("newer"),
        "a clear message:\n{}",
        ending.log
    );
    let database = Connection::open(server.database()).unwrap();
    assert_eq!(version(&database), 1_000_000, "the file is left as it was");
    database.pragma_update(None, "user_version", known).unwrap();
    drop(database);
    server.start();
    assert_eq!(alice.state()["nick"], "alice", "and nothing in it is lost");
}

/// "Anything wrong: a clear message and exit 1, never a wiped file."
#[test]
fn a_file_that_is_no_database_is_refused_and_kept() {
    let folder = TempDir::new().unwrap();
    let database = folder.path().join("neoirc.db");
    let diary = "Dear diary, this is no database. ".repeat(200);
    fs::write(&database, &diary).unwrap();
    let ending = Launch::serve(folder.path()).start().ending();
    assert_eq!(ending.status.code(), Some(1), "{}", ending.log);
    assert!(ending.log.contains("neoirc.db"), "{}", ending.log);
    assert_eq!(fs::read_to_string(&database).unwrap(), diary);
}

#[test]
fn an_address_in_use_is_refused() {
    let server = TestServer::spawn();
    let folder = TempDir::new().unwrap();
    let ending =
        Launch::serve(folder.path()).with("HTTP_LISTEN_ADDR", &server.socket_address()).start().ending();
    assert_eq!(ending.status.code(), Some(1), "{}", ending.log);
    assert!(ending.log.contains(&server.socket_address()), "the message names the address:\n{}", ending.log);
}

/// "file mode 0600"; messages are readable in it.
#[test]
fn the_database_is_for_its_owner_alone() {
    let server = TestServer::spawn();
    server.open("alice");
    let mut files = 0;
    for name in ["neoirc.db", "neoirc.db-wal", "neoirc.db-shm"] {
        let Ok(metadata) = fs::metadata(server.folder().join(name)) else { continue };
        assert_eq!(metadata.permissions().mode() & 0o077, 0, "{name} is open to others");
        files += 1;
    }
    assert!(files > 0);
}

/// "answer waiting polls with what they have, close, exit 0 within 10 s".
#[test]
fn a_stop_answers_waiting_polls() {
    for signal in ["TERM", "INT"] {
        let mut server = TestServer::spawn();
        let clients = [server.open("alice"), server.open("bob"), server.open("carol")];
        let begun = Instant::now();
        thread::scope(|scope| {
            let polls: Vec<_> = clients
                .iter()
                .map(|client| {
                    let mut client = client.clone();
                    scope.spawn(move || client.try_page(30).map(|page| page.messages))
                })
                .collect();
            until("the polls are under way", || open_connections(&server) >= clients.len());
            // A connection that is open has yet to be read; a few whole requests later it has been.
            for client in &clients {
                client.state();
            }
            server.signal(signal);
            for poll in polls {
                assert_eq!(poll.join().unwrap().expect("a waiting poll is answered"), Vec::<Value>::new());
            }
        });
        until("the process ends", || !server.is_alive());
        assert!(begun.elapsed() < Duration::from_secs(12), "{signal}: {:?}", begun.elapsed());
        assert!(server.reap().success(), "{signal}");
    }
}

/// How many connections to the server are open, as the system sees them. The pool of the test keeps one for each
/// request under way, so this tells that the polls have been sent.
fn open_connections(server: &TestServer) -> usize {
    let address = server.socket_address();
    let port = address.rsplit(':').next().unwrap().parse::<u16>().unwrap();
    let table = fs::read_to_string("/proc/net/tcp").unwrap_or_default();
    let local = format!(":{port:04X}");
    let established = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.len() > 3 && fields[1].ends_with(&local) && fields[3] == "01"
    };
    table.lines().filter(established).count()
}

/// What was acknowledged before a stop is there after it, to the last message.
#[test]
fn a_stop_under_load_loses_nothing() {
    let mut server = TestServer::spawn();
    let mut bob = server.open("bob");
    let senders: Vec<_> = (0..4).map(|number| server.open(&format!("sender{number}"))).collect();
    let acknowledged: Vec<u64> = thread::scope(|scope| {
        let sending: Vec<_> =
            senders.iter().map(|sender| scope.spawn(|| send_until_refused(sender))).collect();
        until("messages flow", || !bob.poll(1).is_empty());
        server.signal("TERM");
        sending.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    until("the process ends", || !server.is_alive());
    assert!(server.reap().success());
    server.start();
    let heard = bob.read_after(0);
    let seqs: Vec<u64> = heard.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    let lost: Vec<&u64> = acknowledged.iter().filter(|seq| !seqs.contains(seq)).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

/// Sends to bob until the server is gone, and returns the `seq` of each message it acknowledged.
fn send_until_refused(sender: &crate::support::TestClient) -> Vec<u64> {
    let message = serde_json::json!({ "command": "PRIVMSG", "to": "bob", "body": ["hi"] });
    let mut acknowledged = Vec::new();
    while let Ok(answer) = sender.http.try_post("/api/v1/messages", &message) {
        if answer.status != 200 {
            assert_eq!(answer.status, 503, "{}", answer.text);
            break;
        }
        acknowledged.push(answer.json()["seq"].as_u64().unwrap());
    }
    acknowledged
}

/// Logs are JSON when nobody reads them on a terminal: one object a line.
#[test]
fn the_log_is_json() {
    let mut server = TestServer::spawn();
    server.open("alice").join("#rust");
    server.terminate();
    let log = fs::read_to_string(server.how().log()).unwrap();
    assert!(!log.trim().is_empty(), "a start and a stop are worth a line");
    for line in log.lines() {
        let entry: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(entry.is_object(), "{line}");
    }
}
