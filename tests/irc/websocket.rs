//! The same lines over WebSocket, with another's library at the other end.

use std::io::{Read, Write};
use std::net::TcpStream;

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::http::{HeaderValue, Response, StatusCode};
use tungstenite::protocol::WebSocket;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};
use tungstenite::{Bytes, Error, Message};

use crate::support::{IrcClient, PATIENCE, TestServer, command_of_line, exchange, texts, until};

/// Somebody with a browser.
struct Web(WebSocket<TcpStream>);

type Answer = Response<Option<Vec<u8>>>;

impl Web {
    /// Asks for WebSocket with these headers.
    fn ask(server: &TestServer, headers: &[(&'static str, &str)]) -> Result<(Self, Answer), Box<Answer>> {
        let mut request = format!("ws://{}/irc", server.socket_address()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().append(*name, HeaderValue::from_str(value).unwrap());
        }
        let socket = TcpStream::connect(server.socket_address()).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        match tungstenite::client(request, socket) {
            Ok((socket, answer)) => Ok((Self(socket), answer)),
            Err(HandshakeError::Failure(Error::Http(refusal))) => Err(refusal),
            Err(other) => panic!("{other}"),
        }
    }

    /// Connects and registers; the welcome is read.
    fn open(server: &TestServer, subprotocol: &str, nick: &str) -> Self {
        let (mut client, answer) = Self::ask(server, &[("Sec-WebSocket-Protocol", subprotocol)]).unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], subprotocol);
        client.send(&format!("NICK {nick}"));
        client.send(&format!("USER {nick} 0 * :{nick}"));
        client.until("376");
        client
    }

    fn send(&mut self, line: &str) {
        self.0.send(Message::text(line)).unwrap();
    }

    fn next(&mut self) -> Message {
        loop {
            match self.0.read().unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    fn next_line(&mut self) -> String {
        let message = self.next();
        assert!(message.is_text() || message.is_binary(), "{message:?}");
        let line = message.into_text().unwrap().to_string();
        assert!(!line.is_empty() && !line.contains(['\r', '\n']), "{line:?}");
        line
    }

    fn until(&mut self, command: &str) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            lines.push(self.next_line());
            if command_of_line(lines.last().unwrap()) == command {
                return lines;
            }
        }
    }

    /// What it is told at the end, and with which code.
    fn end(&mut self) -> (Vec<String>, Option<CloseCode>) {
        let mut lines = Vec::new();
        loop {
            match self.0.read() {
                Ok(Message::Close(frame)) => return (lines, frame.map(|frame| frame.code)),
                Ok(message) => lines.push(message.into_text().unwrap().to_string()),
                Err(error) => panic!("an end without a word, after {lines:?}: {error}"),
            }
        }
    }
}

/// A request with these headers and no others beside a host.
fn request(headers: &[&str]) -> Vec<u8> {
    let host =
        if headers.iter().any(|header| header.starts_with("Host:")) { "" } else { "Host: localhost\r\n" };
    format!("GET /irc HTTP/1.1\r\n{host}{}\r\n\r\n", headers.join("\r\n")).into_bytes()
}

// clause: doors.websocket
#[test]
fn lines_are_messages_of_either_kind() {
    let server = TestServer::spawn_irc(&[]);
    let mut text = Web::open(&server, "text.ircv3.net", "text");
    let mut binary = Web::open(&server, "binary.ircv3.net", "binary");
    let mut wire = IrcClient::open(&server.irc_address(), "wire");
    let mut http = server.open("alice");
    wire.ask("JOIN #tea");
    http.join("#tea");
    text.send("JOIN #tea");
    text.until("366");
    binary.0.send(Message::binary("JOIN #tea")).unwrap();
    binary.until("366");
    http.say("#tea", "grün 🦀");
    let said = ":alice!alice@127.0.0.1 PRIVMSG #tea :grün 🦀";
    assert_eq!(text.until("PRIVMSG").last().unwrap(), said);
    loop {
        match binary.next() {
            Message::Binary(bytes) if bytes == said => break,
            Message::Binary(_) => {}
            other => panic!("{other:?}"),
        }
    }
    // Also those who end a line all the same, or send the other kind.
    text.send("PRIVMSG #tea :with an end\r\n");
    text.0.send(Message::binary("PRIVMSG #tea :as bytes")).unwrap();
    binary.0.send(Message::binary(&b"PRIVMSG #tea :caf\xe9"[..])).unwrap();
    assert!(binary.until("FAIL").last().unwrap().contains(" FAIL PRIVMSG INVALID_UTF8 :"));
    text.send("PING :done");
    text.until("PONG");
    let heard = texts(&http.drain());
    assert!(heard.ends_with(&["with an end".to_owned(), "as bytes".to_owned()]), "{heard:?}");
    text.send("QUIT :bye");
    let (lines, code) = text.end();
    assert!(lines.last().unwrap().starts_with("ERROR :"), "{lines:?}");
    assert_eq!(code, Some(CloseCode::Normal));
    assert!(wire.drain().iter().any(|line| line == ":text!text@127.0.0.1 QUIT :Quit: bye"));
    binary.0.close(None).unwrap();
    wire.until(&["QUIT"]);
}

// clause: doors.websocket_limits
#[test]
fn a_long_line_comes_whole_and_in_pieces() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = Web::open(&server, "text.ircv3.net", "alice");
    let tags = format!("@+t={}", "v".repeat(4_090));
    alice.send(&format!("{tags} PRIVMSG alice :{}", "x".repeat(490)));
    assert!(alice.next_line().contains(&"x".repeat(200)));
    alice.until("PRIVMSG");
    let piece = |opcode, text: &'static str, is_last| {
        let mut frame = Frame::message(text, OpCode::Data(opcode), is_last);
        frame.header_mut().mask = Some([1, 2, 3, 4]);
        Message::Frame(frame)
    };
    alice.0.send(piece(Data::Text, "PRIVMSG alice", false)).unwrap();
    alice.0.send(Message::Ping(Bytes::from("between"))).unwrap();
    alice.0.send(piece(Data::Continue, " :in ", false)).unwrap();
    alice.0.send(piece(Data::Continue, "pieces", true)).unwrap();
    assert_eq!(alice.0.read().unwrap(), Message::Pong(Bytes::from("between")));
    assert!(alice.next_line().ends_with(" PRIVMSG alice :in pieces"));
    alice.send(&format!("PRIVMSG alice :{}", "y".repeat(600)));
    assert_eq!(command_of_line(&alice.next_line()), "417", "the limit of a line is that of a line");
}

// clause: doors.websocket_limits
#[test]
fn what_may_not_be_sent_ends_it_with_a_code() {
    let server = TestServer::spawn_irc(&[]);
    let mut witness = IrcClient::open(&server.irc_address(), "witness");
    let unmasked = |text: &'static str| {
        let mut bytes = Vec::new();
        let frame = Frame::message(text, OpCode::Data(Data::Text), true);
        frame.format(&mut bytes).unwrap();
        bytes
    };
    let header = |opcode, length: u64| {
        let mut bytes = Vec::new();
        let header =
            FrameHeader { opcode: OpCode::Data(opcode), mask: Some([0; 4]), ..FrameHeader::default() };
        header.format(length, &mut bytes).unwrap();
        bytes
    };
    for (bytes, code) in [
        ([header(Data::Text, 2), b"\xc3\x28".to_vec()].concat(), CloseCode::Invalid),
        ([header(Data::Text, 20_000), vec![b'x'; 20_000]].concat(), CloseCode::Size),
        (header(Data::Binary, 1 << 40), CloseCode::Size),
        ([header(Data::Text, 24), b"PRIVMSG witness :a\r\nQUIT".to_vec()].concat(), CloseCode::Policy),
        (unmasked("PRIVMSG witness :a"), CloseCode::Protocol),
        (header(Data::Reserved(3), 0), CloseCode::Protocol),
        (header(Data::Continue, 0), CloseCode::Protocol),
    ] {
        let mut mallory = Web::open(&server, "text.ircv3.net", "mallory");
        mallory.0.get_mut().write_all(&bytes).unwrap();
        let (lines, told) = mallory.end();
        assert_eq!((lines.len(), told), (0, Some(code)), "{lines:?} {:?}", bytes.get(..20));
        drop(mallory);
        assert!(witness.ask("PING :x").len() < 2);
        let gone = || witness.ask("ISON mallory")[0].ends_with(" 303 witness :");
        until("the nick is free again", gone);
    }
}

// clause: doors.origins
#[test]
fn pages_of_others_come_in_when_they_are_listed() {
    let listed = "https://chat.example.org";
    let server = TestServer::spawn_irc(&[("CORS_ORIGINS", listed)]);
    let own = format!("http://{}", server.socket_address());
    for origin in [listed, &own] {
        let (_, answer) = Web::ask(&server, &[("Origin", origin)]).unwrap();
        assert_eq!(answer.status(), StatusCode::SWITCHING_PROTOCOLS);
        assert!(answer.headers().get("sec-websocket-protocol").is_none(), "none was asked for");
    }
    for headers in [
        &[("Origin", "https://evil.example")][..],
        &[("Origin", "null")],
        &[("Sec-Fetch-Site", "cross-site")],
    ] {
        let refusal = Web::ask(&server, headers).err().unwrap();
        assert_eq!(refusal.status(), 403, "{headers:?}");
    }
}

#[test]
fn a_request_that_is_none_for_websocket_is_answered_like_any_other() {
    let server = TestServer::spawn_irc(&[]);
    let refusal = server.nobody().get("/irc");
    assert_eq!((refusal.status, refusal.header("upgrade")), (426, "websocket"));
    assert_eq!(server.nobody().post("/irc", &serde_json::json!({})).status, 405);
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let ask = |headers: &[&str]| {
        let headers = [&["Connection: Upgrade"], headers].concat();
        exchange(&server.socket_address(), &request(&headers)).status
    };
    for (headers, status) in [
        (&["Upgrade: websocket", "Sec-WebSocket-Version: 13"][..], 400),
        (&["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: short"], 400),
        (&["Upgrade: websocket", "Sec-WebSocket-Version: 8", key], 426),
        (&["Upgrade: h2c", "Sec-WebSocket-Version: 13", key], 426),
        (&["Upgrade: websocket", "Sec-WebSocket-Version: 13", key, "Host: a b"], 400),
    ] {
        assert_eq!(ask(headers), Some(status), "{headers:?}");
    }
    let off = TestServer::spawn_irc(&[("IRC_WEBSOCKET", "false")]);
    assert_eq!(off.nobody().get("/irc").status, 404);
}

#[test]
fn it_needs_no_other_port_and_says_goodbye_when_the_server_stops() {
    let mut server = TestServer::spawn_with(&[("SERVER_NAME", "irc.test")]);
    assert!(!server.log().contains("serving IRC"));
    let mut alice = Web::open(&server, "text.ircv3.net", "alice");
    let (_silent, _) = Web::ask(&server, &[]).unwrap();
    server.signal("TERM");
    let (lines, code) = alice.end();
    assert!(lines.last().unwrap().contains("Server shutting down"), "{lines:?}");
    assert_eq!(code, Some(CloseCode::Away));
    assert!(server.reap().success());
}

#[test]
fn the_limits_go_by_the_address_that_a_proxy_names() {
    let server = TestServer::spawn_irc(&[("TRUSTED_PROXIES", "127.0.0.1"), ("CONNECTIONS_PER_IP", "2")]);
    let ask = |address: &str| {
        let asked = Web::ask(&server, &[("X-Forwarded-For", address), ("X-Forwarded-Proto", "https")]);
        asked.map(|(client, _)| client)
    };
    let mut alice = ask("192.0.2.7").unwrap();
    alice.send("NICK alice");
    alice.send("USER alice 0 * :Alice");
    alice.until("376");
    alice.send("WHOIS alice");
    let whois = alice.until("318");
    assert!(whois[0].contains(" 311 alice alice alice 192.0.2.7 * :"), "{whois:?}");
    assert!(whois.iter().any(|line| line.contains(" 671 alice alice :")), "{whois:?}");
    let _second = ask("192.0.2.7").unwrap();
    assert_eq!(ask("192.0.2.7").err().unwrap().status(), 429);
    assert!(ask("192.0.2.8").is_ok());
    drop(alice);
    until("there is room again", || ask("192.0.2.7").is_ok());
}

/// What comes right behind the request, before its answer, is the first message.
#[test]
fn nobody_need_wait_for_the_answer() {
    let server = TestServer::spawn_irc(&[]);
    let mut socket = TcpStream::connect(server.socket_address()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let headers = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ];
    let mut bytes = request(&headers);
    let mut frame = Frame::message("PING early", OpCode::Data(Data::Text), true);
    frame.header_mut().mask = Some([9, 8, 7, 6]);
    frame.format(&mut bytes).unwrap();
    socket.write_all(&bytes).unwrap();
    let mut heard = String::new();
    while !heard.contains("early") {
        let mut more = [0; 1_024];
        let length = socket.read(&mut more).unwrap();
        assert!(length > 0, "{heard}");
        heard.push_str(&String::from_utf8_lossy(&more[..length]));
    }
    // The example of RFC 6455.
    assert!(heard.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{heard}");
}
