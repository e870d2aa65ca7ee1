//! Under a supervisor: what it is told, and a stop with a thousand polls waiting.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::{Http, PATIENCE, Process, TestClient, TestServer, until};

/// "Type=notify": told when it serves, while it is alive, and when it stops.
#[test]
fn the_supervisor_is_told() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notify");
    let supervisor = UnixDatagram::bind(&path).unwrap();
    supervisor.set_read_timeout(Some(PATIENCE)).unwrap();
    let heard = || {
        let mut bytes = [0; 256];
        let length = supervisor.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap().trim().to_owned()
    };
    let mut server =
        TestServer::spawn_with(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "200000")]);
    assert_eq!(heard(), "READY=1");
    for _ in 0..3 {
        assert_eq!(heard(), "WATCHDOG=1");
    }
    server.signal("TERM");
    let last = std::iter::repeat_with(heard).find(|state| state != "WATCHDOG=1");
    assert_eq!(last.unwrap(), "STOPPING=1");
    until("the process ends", || !server.is_alive());
    assert!(server.reap().success());
}

/// "listening" promises that signals are taken as the server takes them: a reload reloads, and a stop is a clean one.
#[test]
fn signals_right_after_the_start_are_heard() {
    for _ in 0..8 {
        let mut server = TestServer::spawn();
        server.signal("HUP");
        server.signal("TERM");
        until("the process ends", || !server.is_alive());
        assert!(server.reap().success());
    }
}

/// A log that cannot be written is no reason to stop: here nobody reads it any more.
#[test]
fn a_log_that_nobody_takes_does_no_harm() {
    let folder = TempDir::new().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_neoircd"))
        .args(["--http-listen-addr", "127.0.0.1:0", "--irc-listen-addr", "", "--reverse-dns", "false"])
        .args(["--debug", "true", "--log-format", "text"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stderr.take());
    let mut server = Process::of(child, folder.path().join("log"));
    let address = server.address();
    let http = Http::new(Arc::new(Mutex::new(address)), None);
    for _ in 0..20 {
        assert_eq!(http.get("/livez").status, 200);
        server.signal("HUP");
    }
    assert!(server.is_alive());
    server.signal("TERM");
    assert!(server.ending().status.success());
}

/// Nobody listens at the address that the supervisor gave: the server serves all the same.
#[test]
fn a_supervisor_that_is_gone_does_no_harm() {
    let server = TestServer::spawn_with(&[("NOTIFY_SOCKET", "/nowhere/at/all")]);
    server.open("alice").say("alice", "hi");
}

const CLIENTS: usize = 250;
const POLLS_EACH: usize = 4;

/// A poll on a socket of its own: a thousand threads would say no more.
fn poll(server: &TestServer, client: &TestClient) -> TcpStream {
    let mut socket = TcpStream::connect(server.socket_address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let token = client.http.token().unwrap();
    let request = format!(
        "GET /api/v1/messages?after={}&timeout=30 HTTP/1.1\r\nHost: localhost\r\nCookie: neoirc_auth={token}\r\n\r\n",
        client.cursor
    );
    socket.write_all(request.as_bytes()).unwrap();
    socket
}

/// "answer waiting polls with what they have, close, exit 0 within 10 s", all thousand of them.
#[test]
fn a_stop_answers_a_thousand_waiting_polls() {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let mut server = TestServer::spawn_with(&[
        ("METRICS_USERNAME", "m"),
        ("METRICS_PASSWORD", "m"),
        ("REVERSE_DNS", "false"),
    ]);
    let clients: Vec<TestClient> =
        (0..CLIENTS).map(|number| server.open(&format!("client{number}"))).collect();
    let polls: Vec<TcpStream> =
        (0..POLLS_EACH).flat_map(|_| clients.iter().map(|client| poll(&server, client))).collect();
    let nobody = server.nobody();
    until("all polls wait", || {
        let request = nobody.request(reqwest::Method::GET, "/metrics").basic_auth("m", Some("m"));
        let page = crate::support::Answer::of(request).unwrap().text;
        page.lines().any(|line| line == format!("neoirc_waiting_polls {}", CLIENTS * POLLS_EACH))
    });
    let begun = Instant::now();
    server.signal("TERM");
    for (number, mut socket) in polls.into_iter().enumerate() {
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap_or_else(|error| panic!("poll {number}: {error}"));
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "poll {number}: {answer}");
        assert!(answer.contains(r#"{"messages":[],"last_id":"#), "poll {number}: {answer}");
    }
    until("the process ends", || !server.is_alive());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(server.reap().success());
}
