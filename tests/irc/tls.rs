//! The same lines over TLS, with a certificate that may be replaced.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{IrcClient, Launch, PATIENCE, TestServer, until};

/// Writes a fresh certificate for `localhost` with its key, and gives it.
fn make_certificate(folder: &Path) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.der().clone()
}

/// A server with TLS, and the folder of its files.
fn with_tls(folder: &TempDir) -> TestServer {
    with_tls_and(folder, &[])
}

/// The same with these settings.
fn with_tls_and(folder: &TempDir, settings: &[(&str, &str)]) -> TestServer {
    let file = |name: &str| folder.path().join(name).display().to_string();
    let tls = [
        ("IRC_TLS_LISTEN_ADDR", "127.0.0.1:0"),
        ("TLS_CERT", &file("cert.pem")),
        ("TLS_KEY", &file("key.pem")),
    ];
    TestServer::spawn_irc(&[&tls, settings].concat())
}

fn address(server: &TestServer) -> String {
    let log = server.log();
    let line = log.lines().find(|line| line.contains("serving IRC over TLS")).unwrap();
    serde_json::from_str::<Value>(line).unwrap()["address"].as_str().unwrap().to_owned()
}

/// Connects as somebody who trusts this certificate and no other.
fn connect(
    server: &TestServer,
    trusted: &CertificateDer<'static>,
) -> BufReader<StreamOwned<ClientConnection, TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(address(server)).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    BufReader::new(StreamOwned::new(tls, socket))
}

fn registers(
    server: &TestServer,
    trusted: &CertificateDer<'static>,
    nick: &str,
) -> Option<BufReader<StreamOwned<ClientConnection, TcpStream>>> {
    let mut client = connect(server, trusted);
    let hello = format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}\r\n");
    client.get_mut().write_all(hello.as_bytes()).ok()?;
    let mut line = String::new();
    client.read_line(&mut line).ok()?;
    assert!(line.contains(&format!(" 001 {nick} :")), "{line}");
    Some(client)
}

#[test]
fn lines_go_both_ways_and_end_properly() {
    let folder = TempDir::new().unwrap();
    let certificate = make_certificate(folder.path());
    let server = with_tls(&folder);
    let mut alice = registers(&server, &certificate, "alice").unwrap();
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    // More than one record of TLS, and more than a socket takes at once.
    for n in 0..200 {
        bob.send(&format!("PRIVMSG alice :{n} {}", "x".repeat(400)));
    }
    alice.get_mut().write_all(b"PRIVMSG bob :hello\r\nQUIT :bye\r\n").unwrap();
    assert!(bob.drain().iter().any(|line| line == ":alice!alice@127.0.0.1 PRIVMSG bob :hello"));
    let rest: Vec<String> = alice.lines().map(Result::unwrap).collect();
    assert!(rest.last().unwrap().starts_with("ERROR :"), "with a proper end of TLS: {:?}", rest.last());
}

#[test]
fn a_new_certificate_is_taken_up_on_a_hangup_and_a_bad_one_is_not() {
    let folder = TempDir::new().unwrap();
    let old = make_certificate(folder.path());
    let server = with_tls(&folder);
    let _stays = registers(&server, &old, "early").unwrap();
    fs::write(folder.path().join("cert.pem"), "nonsense").unwrap();
    server.signal("HUP");
    until("it is told that the files are bad", || {
        server.log().contains("certificate for TLS stays as it is")
    });
    assert!(registers(&server, &old, "still").is_some());
    let new = make_certificate(folder.path());
    server.signal("HUP");
    until("the new one is used", || registers(&server, &new, "late").is_some());
    assert!(registers(&server, &old, "never").is_none());
}

#[test]
fn without_its_files_it_does_not_start() {
    let folder = TempDir::new().unwrap();
    make_certificate(folder.path());
    let launch = Launch::serve(folder.path())
        .with("IRC_TLS_LISTEN_ADDR", "127.0.0.1:0")
        .with("TLS_CERT", &folder.path().join("cert.pem").display().to_string())
        .with("TLS_KEY", "/nowhere/key.pem");
    let ending = launch.start().ending();
    assert!(!ending.status.success() && ending.log.contains("/nowhere/key.pem"), "{}", ending.log);
}

#[test]
fn a_file_without_a_certificate_is_named() {
    let folder = TempDir::new().unwrap();
    make_certificate(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let launch = Launch::serve(folder.path())
        .with("IRC_TLS_LISTEN_ADDR", "127.0.0.1:0")
        .with("TLS_CERT", &file("key.pem"))
        .with("TLS_KEY", &file("key.pem"));
    let ending = launch.start().ending();
    let told = format!("{}: there is no certificate in it", file("key.pem"));
    assert!(!ending.status.success() && ending.log.contains(&told), "{}", ending.log);
}

#[test]
fn whoever_speaks_no_tls_there_is_dropped() {
    let folder = TempDir::new().unwrap();
    make_certificate(folder.path());
    let server = with_tls(&folder);
    let mut client = IrcClient::connect(&address(&server));
    client.send("NICK alice\r\nUSER alice 0 * :Alice");
    let mut socket = TcpStream::connect(address(&server)).unwrap();
    socket.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut heard = Vec::new();
    drop(std::io::Read::read_to_end(&mut socket, &mut heard));
    assert!(!heard.starts_with(b"HTTP"), "an alert of TLS at most: {heard:?}");
}

/// Lines up to one that has this in it.
fn until_line(client: &mut BufReader<StreamOwned<ClientConnection, TcpStream>>, needle: &str) -> Vec<String> {
    let mut lines = Vec::new();
    while !lines.last().is_some_and(|line: &String| line.contains(needle)) {
        let mut line = String::new();
        assert!(client.read_line(&mut line).unwrap() > 0, "{lines:?}");
        lines.push(line);
    }
    lines
}

// clause: doors.sts
#[test]
fn clients_are_told_where_tls_is_and_for_how_long_they_have_to_come_by_it() {
    let folder = TempDir::new().unwrap();
    let certificate = make_certificate(folder.path());
    let server = with_tls_and(&folder, &[("STS_DURATION", "720h")]);
    let address = address(&server);
    let (_, port) = address.rsplit_once(':').unwrap();
    let mut plain = IrcClient::connect(&server.irc_address());
    let told = plain.ask("CAP LS 302").join(" ");
    assert!(told.contains(&format!(" sts=port={port}")), "{told}");
    let asked = plain.ask("CAP REQ :sts");
    assert!(asked[0].ends_with("CAP * NAK :sts"), "{asked:?}");
    assert!(!plain.ask("CAP LIST").join(" ").contains("sts"));
    let mut old = IrcClient::connect(&server.irc_address());
    assert!(!old.ask("CAP LS").join(" ").contains("sts="), "without values it would say nothing");
    let mut secure = connect(&server, &certificate);
    secure.get_mut().write_all(b"CAP LS 302\r\nPING :done\r\n").unwrap();
    assert!(until_line(&mut secure, "PONG").concat().contains(" sts=duration=2592000"));
    let off = with_tls(&folder);
    assert!(!IrcClient::connect(&off.irc_address()).ask("CAP LS 302").join(" ").contains("sts"));
}

// clause: doors.secure, queries.whoissecure
#[test]
fn whois_says_who_came_by_tls() {
    let folder = TempDir::new().unwrap();
    let certificate = make_certificate(folder.path());
    let gateway = [("WEBIRC_PASSWORD", "hunter2"), ("WEBIRC_GATEWAYS", "127.0.0.1")];
    let server = with_tls_and(&folder, &gateway);
    let _alice = registers(&server, &certificate, "alice").unwrap();
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    assert!(
        bob.ask("WHOIS alice")
            .iter()
            .any(|line| line == ":irc.test 671 bob alice :is using a secure connection")
    );
    assert!(!bob.ask("WHOIS bob").iter().any(|line| line.contains(" 671 ")));
    // By TLS to a gateway that comes by TLS; and not to it.
    for (nick, option, secure) in [("carol", " :secure", true), ("dave", "", false)] {
        let mut client = connect(&server, &certificate);
        let hello = format!("WEBIRC hunter2 g h 192.0.2.7{option}\r\nNICK {nick}\r\nUSER u 0 * :u\r\n");
        client.get_mut().write_all(hello.as_bytes()).unwrap();
        until_line(&mut client, " 376 ");
        let whois = bob.ask(&format!("WHOIS {nick}"));
        assert_eq!(whois.iter().any(|line| line.contains(" 671 ")), secure, "{whois:?}");
    }
    // Who has a second device that others could listen to is as secure as that.
    let web = server.open("erin");
    web.pass("correct horse");
    let mut erin = connect(&server, &certificate);
    erin.get_mut().write_all(b"PASS :correct horse\r\nNICK erin\r\nUSER u 0 * :u\r\n").unwrap();
    until_line(&mut erin, " 376 ");
    assert!(!bob.ask("WHOIS erin").iter().any(|line| line.contains(" 671 ")));
}
