//! One request after another on a connection: what is kept apart, what is kept open, and what is answered although
//! its sender has gone quiet. RFC 9112.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use reqwest::Method;

use crate::support::{Answer, PATIENCE, TestServer, read_answer, until};

fn connect(server: &TestServer) -> TcpStream {
    let socket = TcpStream::connect(server.socket_address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// Sends, says that nothing more comes, and reads all that is answered.
fn answers(server: &TestServer, bytes: &[u8]) -> String {
    let mut socket = connect(server);
    socket.write_all(bytes).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    text
}

/// The statuses of the answers in `text`, in order.
fn statuses(text: &str) -> Vec<&str> {
    let starts = text.split("HTTP/1.").skip(1).filter_map(|answer| answer.get(2..5));
    starts.filter(|status| status.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

fn post(cookie: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nCookie: neoirc_auth={cookie}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn poll(cookie: &str, after: u64, timeout: u64) -> String {
    format!(
        "GET /api/v1/messages?after={after}&timeout={timeout} HTTP/1.1\r\nHost: x\r\nCookie: neoirc_auth={cookie}\r\n\r\n"
    )
}

/// Commands and polls in one packet are done in their order, and no body is taken for a request.
#[test]
fn what_comes_in_one_packet_is_done_in_order() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = alice.http.token().unwrap();
    let say =
        |text: &str| post(cookie, &format!(r#"{{"command":"PRIVMSG","to":"alice","body":["{text}"]}}"#));
    let smuggled = say("GET /livez HTTP/1.1");
    let bytes =
        [say("one"), smuggled, poll(cookie, alice.cursor, 0), say("three"), poll(cookie, 0, 0)].concat();
    let text = answers(&server, bytes.as_bytes());
    assert_eq!(statuses(&text), ["200"; 5], "{text}");
    let (one, three) = (text.find(r#"["one"]"#).unwrap(), text.find(r#"["three"]"#).unwrap());
    assert!(one < three && text.contains(r#"["GET /livez HTTP/1.1"]"#), "{text}");
}

/// Some requests are read where they lie and others by the codec; on one connection the answers of either are the same.
#[test]
fn however_a_request_is_read_its_answer_is_the_same() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = alice.http.token().unwrap();
    let codec = |request: String| request.replacen("Host: x\r\n", "Host: x\r\nX-Unheard-Of: a\r\n", 1);
    let requests = [
        poll("0", 0, 0),
        poll(cookie, alice.cursor, 0),
        poll(cookie, 0, 0).replace("after=0", "after=x"),
        post("0", "{}"),
        post(cookie, "{}"),
        post(cookie, r#"{"command":"PING","body":["a"]}"#),
    ];
    let mut bytes = String::new();
    for request in &requests {
        // What the codec has read before means nothing for what it has not: here, that there should be no body.
        bytes += "HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n";
        bytes += request;
        bytes += &codec(request.clone());
    }
    let text = answers(&server, bytes.as_bytes());
    let expected = ["401", "200", "400", "401", "400", "200"];
    let all: Vec<&str> = expected.iter().flat_map(|status| ["405", *status, *status]).collect();
    assert_eq!(statuses(&text), all, "{text}");
    assert!(!text.to_lowercase().contains("connection: close"), "{text}");
    let bodies: Vec<&str> =
        text.split("HTTP/1.1 ").skip(1).map(|it| it.split_once("\r\n\r\n").unwrap().1).collect();
    for three in bodies.chunks(3) {
        assert!(three[0].is_empty() && !three[1].is_empty() && three[1] == three[2], "{three:?}");
    }
}

/// Others on the same host have cookies, too, with whatever bytes they like.
#[test]
fn cookies_of_others_are_none_of_our_business() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = alice.http.token().unwrap();
    let mut bytes = Vec::new();
    for others in [&b"theme=\xc3\xa9"[..], b"theme=\xe9", b"=", b"theme"] {
        let request = poll(cookie, alice.cursor, 0);
        let (front, behind) = request.split_once("neoirc_auth=").unwrap();
        bytes.extend([front.as_bytes(), others, b"; neoirc_auth=", behind.as_bytes()].concat());
    }
    assert_eq!(statuses(&answers(&server, &bytes)), ["200"; 4]);
}

/// "%6D" is another way to write "m", wherever it stands in a path.
#[test]
fn however_a_path_is_spelled_it_is_the_same_path() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = alice.http.token().unwrap();
    let respell = |request: String| request.replacen("/api/v1/messages", "/%61pi/v1/%6dess%61ge%73", 1);
    let bytes = [
        respell(post(cookie, r#"{"command":"PING","body":["a"]}"#)),
        respell(poll(cookie, alice.cursor, 0)),
        "POST /api/v1/%73ession HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"nick\":\"bob\"}"
            .to_owned(),
        // A separator that is written by its number does not separate.
        poll(cookie, alice.cursor, 0).replacen("v1/", "v1%2F", 1),
    ];
    assert_eq!(statuses(&answers(&server, bytes.concat().as_bytes())), ["200", "200", "201", "404"]);
}

/// Whatever comes of it, a session that ends over such a request loses its cookie, and the connection goes on.
#[test]
fn a_command_that_is_read_where_it_lies_may_end_the_session() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = alice.http.token().unwrap();
    let bytes = post(cookie, r#"{"command":"QUIT"}"#) + &poll(cookie, 0, 0);
    let text = answers(&server, bytes.as_bytes());
    assert_eq!(statuses(&text), ["200", "401"], "{text}");
    let cleared = text.to_lowercase();
    assert!(cleared.contains("set-cookie: neoirc_auth=;") && cleared.contains("max-age=0"), "{text}");
}

/// Who asked last on a connection is remembered, and everybody is answered for the own cookie all the same: a proxy may
/// bring the requests of all its clients on one.
#[test]
fn a_connection_belongs_to_nobody() {
    let server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    let [a, b] = [&alice, &bob].map(|one| one.http.token().unwrap());
    let nobody = "0".repeat(64);
    let bytes: String = [a, b, a, &nobody, a, a].iter().map(|cookie| poll(cookie, 0, 0)).collect();
    let text = answers(&server, bytes.as_bytes());
    assert_eq!(statuses(&text), ["200", "200", "200", "401", "200", "200"], "{text}");
    let heard: Vec<_> =
        text.split("HTTP/1.1 ").skip(1).map(|answer| answer.contains(r#""to":"alice""#)).collect();
    assert_eq!(heard, [true, false, true, false, true, true], "{text}");
    assert!(text.contains(r#""to":"bob""#), "{text}");
}

/// A connection that is known for a device knows it no more once that was logged out by way of another.
#[test]
fn whoever_is_logged_out_elsewhere_is_known_no_more() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let mut socket = connect(&server);
    let mut ask = || {
        socket.write_all(poll(alice.http.token().unwrap(), 0, 0).as_bytes()).unwrap();
        read_answer(&mut socket).status
    };
    assert_eq!([ask(), ask()], [Some(200); 2]);
    alice.http.send(Method::POST, "/api/v1/logout").ok();
    assert_eq!([ask(), ask()], [Some(401); 2]);
}

/// A body that comes byte by byte, in chunks, or across packets is the same body.
#[test]
fn a_body_may_come_in_pieces() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = alice.http.token().unwrap();
    let mut socket = connect(&server);
    for byte in post(cookie, r#"{"command":"PRIVMSG","to":"alice","body":["slowly"]}"#).as_bytes() {
        socket.write_all(&[*byte]).unwrap();
    }
    let chunked =
        "POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nCookie: neoirc_auth=";
    let chunks = [
        "\r\n\r\n10\r\n{\"command\":\"PRIV",
        "\r\n24\r\nMSG\",\"to\":\"alice\",\"body\":[\"chunks\"]}\r\n",
        "0\r\n\r\n",
    ];
    for piece in [&[chunked, cookie][..], &chunks].concat() {
        socket.write_all(piece.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    socket.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    assert_eq!(statuses(&text), ["200", "200"], "{text}");
    let mut alice = alice;
    let heard = alice.drain();
    assert_eq!(heard.len(), 2, "{heard:?}");
}

/// "Expect: 100-continue": the body is asked for when it is wanted, and only then.
#[test]
fn a_body_is_asked_for_only_when_it_is_wanted() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = alice.http.token().unwrap();
    let head = |length: usize| {
        format!(
            "POST /api/v1/messages HTTP/1.1\r\nHost: x\r\nCookie: neoirc_auth={cookie}\r\nExpect: 100-continue\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut socket = connect(&server);
    socket.write_all(head(18).as_bytes()).unwrap();
    let mut asked = [0; 25];
    socket.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(br#"{"command":"PING"}"#).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    assert_eq!(statuses(&text), ["200"], "{text}");
    assert_eq!(statuses(&answers(&server, head(50_000_000).as_bytes())), ["413"]);
}

/// HTTP/1.0 closes unless it is asked to stay; HTTP/1.1 stays unless it is asked to close. Polls and pages alike.
#[test]
fn a_connection_stays_as_long_as_it_is_wanted() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    let cookie = format!("Cookie: neoirc_auth={}", alice.http.token().unwrap());
    for path in ["/api/v1/messages?timeout=0", "/api/v1/state", "/livez"] {
        for (version, header, stays) in [
            ("1.1", "X: y", true),
            ("1.1", "Connection: close", false),
            ("1.0", "X: y", false),
            ("1.0", "Connection: keep-alive", true),
        ] {
            let once = format!("GET {path} HTTP/{version}\r\nHost: x\r\n{cookie}\r\n{header}\r\n\r\n");
            let text = answers(&server, once.repeat(2).as_bytes());
            let expected = if stays { 2 } else { 1 };
            assert_eq!(statuses(&text), vec!["200"; expected], "{path} {version} {header}: {text}");
        }
    }
}

/// A body where none is read: a small one is passed over, one that has not come closes the connection.
#[test]
fn an_unwanted_body_is_never_taken_for_a_request() {
    let server = TestServer::spawn();
    let smuggled = "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
    let with = |length: usize| {
        format!("GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{smuggled}")
    };
    let next = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n";
    let text = answers(&server, format!("{}{next}", with(smuggled.len())).as_bytes());
    assert_eq!(statuses(&text), ["200", "200"], "{text}");
    let text = answers(&server, format!("{}{next}", with(1_000)).as_bytes());
    assert_eq!(statuses(&text), ["200"], "{text}");
}

/// What is refused before any handler has the one shape of errors too, and the headers of every answer.
#[test]
fn a_garbled_head_is_refused_in_json() {
    let server = TestServer::spawn();
    let long = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}", "y".repeat(200_000));
    for (bytes, status) in [
        ("GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"),
        ("GET  /livez\r\n\r\n", "400"),
        ("POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"),
        (&long, "431"),
    ] {
        let mut socket = connect(&server);
        // The server may have closed by then.
        drop(socket.write_all(bytes.as_bytes()));
        let mut text = Vec::new();
        drop(socket.read_to_end(&mut text));
        let text = String::from_utf8_lossy(&text);
        assert_eq!(statuses(&text), [status], "{text}");
        assert!(text.contains("\r\n\r\n{\"error\":\""), "{text}");
        assert!(
            text.contains("x-content-type-options: nosniff") && text.contains("connection: close"),
            "{text}"
        );
    }
}

/// So is one that comes later, after which nothing is read as a request any more: where one would begin nobody knows.
#[test]
fn a_garbled_head_is_the_last_of_its_connection() {
    let server = TestServer::spawn();
    let smuggled = "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n";
    let headers = "X: y\r\n".repeat(120);
    for garbled in [
        "GET  /livez\r\n\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".to_owned(),
        "GET /livez HTTP/1.1\r\n\r\n".to_owned(),
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n".to_owned(),
        "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
            .to_owned(),
        format!("GET /livez HTTP/1.1\r\nHost: x\r\n{headers}\r\n"),
    ] {
        for (first, status) in [("GET /livez", "200"), ("GET /nope", "404"), ("HEAD /docs", "200")] {
            let bytes = format!("{first} HTTP/1.1\r\nHost: x\r\n\r\n{garbled}{smuggled}");
            let text = answers(&server, bytes.as_bytes());
            let found = statuses(&text);
            assert_eq!(found.len(), 2, "{garbled:?} after {first}: {text}");
            assert!(
                found[0] == status && ["400", "431"].contains(&found[1]),
                "{garbled:?} after {first}: {text}"
            );
            assert!(text.contains("\"error\":"), "{text}");
        }
    }
}

/// A wish for another protocol is not granted, and what comes with it is not read.
#[test]
fn another_protocol_is_not_spoken() {
    let server = TestServer::spawn();
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for (first, status) in [
        ("GET /livez", "200"),
        ("GET /api/v1/messages", "401"),
        ("POST /api/v1/session", "400"),
        ("CONNECT x:1", "400"),
    ] {
        let bytes =
            format!("{first} HTTP/1.1\r\nHost: x\r\n{upgrade}Content-Length: 2\r\n\r\n{{}}GET /livez");
        let text = answers(&server, bytes.as_bytes());
        let found = statuses(&text);
        assert!(found == [status] || (first.starts_with("CONNECT") && found.len() == 1), "{first}: {text}");
        assert!(!text.to_lowercase().contains("connection: upgrade"), "{text}");
    }
}

/// Somebody who says that nothing more comes still wants the answer.
#[test]
fn a_poll_is_answered_although_its_sender_sends_no_more() {
    let server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    let mut socket = connect(&server);
    socket.write_all(poll(alice.http.token().unwrap(), alice.cursor, 20).as_bytes()).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    std::thread::sleep(Duration::from_millis(100));
    bob.say("alice", "still there?");
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    assert!(text.contains("still there?"), "{text}");
}

/// What comes while a poll waits is done afterwards, and does not end the wait.
#[test]
fn what_comes_during_a_poll_is_done_after_it() {
    let server = TestServer::spawn();
    let (alice, bob) = (server.open("alice"), server.open("bob"));
    let mut socket = connect(&server);
    socket.write_all(poll(alice.http.token().unwrap(), alice.cursor, 20).as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    for _ in 0..3 {
        socket.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    }
    std::thread::sleep(Duration::from_millis(50));
    bob.say("alice", "now");
    socket.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    socket.read_to_string(&mut text).unwrap();
    assert_eq!(statuses(&text), ["200"; 4], "{text}");
    assert!(text.find("now").unwrap() < text.find(r#"{"status":"ok"}"#).unwrap(), "{text}");
}

/// A poll whose connection broke leaves the line of those that wait at once.
#[test]
fn a_broken_connection_ends_its_poll() {
    let server = TestServer::spawn_with(&[("METRICS_USERNAME", "m"), ("METRICS_PASSWORD", "p")]);
    let alice = server.open("alice");
    let waiting = || {
        let metrics = server.nobody().request(Method::GET, "/metrics").basic_auth("m", Some("p"));
        let metrics = Answer::of(metrics).unwrap().text;
        metrics
            .lines()
            .find_map(|line| line.strip_prefix("neoirc_waiting_polls ")?.parse::<u32>().ok())
            .unwrap()
    };
    let mut socket = connect(&server);
    socket.write_all(poll(alice.http.token().unwrap(), alice.cursor, 30).as_bytes()).unwrap();
    until("the poll waits", || waiting() == 1);
    // A close with a zero linger is a reset.
    socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
    drop(socket);
    until("it waits no more", || waiting() == 0);
}
