//! Any bytes on a connection, by somebody who has registered or has not: the server survives, ends the connection when
//! the other end does, and says nothing that is no line.

#![no_main]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use neoirc::auth::password::Passwords;
use neoirc::command::Rules;
use neoirc::config::{Settings, Values};
use neoirc::engine::Engine;
use neoirc::irc::{Irc, IrcContext, Sockets};
use neoirc::limits::Limits;
use neoirc::reply::ServerInfo;
use neoirc::store::memory::MemoryStore;

/// How long the end of a connection is waited for: longer than it may take a server that is asked too much.
const PATIENCE: Duration = Duration::from_secs(30);
/// What somebody says who comes in properly.
const HELLO: &[u8] = b"CAP REQ :message-tags labeled-response batch echo-message server-time\r\nCAP END\r\n\
    NICK fuzz\r\nUSER f 0 * :f\r\nJOIN #tea\r\n";

/// A server, for as long as the process lives.
static SERVER: LazyLock<(Irc, u16)> = LazyLock::new(|| {
    let settings = settings();
    let engine = Engine::start(Box::new(MemoryStore::default()), info(&settings), settings.engine.clone())
        .expect("an engine starts");
    let socket = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).expect("a port is free");
    let port = socket.local_addr().expect("it has an address").port();
    let limits = Arc::new(Limits::new(settings.http.rates));
    let context = IrcContext { engine, passwords: Passwords::default(), limits };
    let sockets = Sockets { plain: Some(socket), tls: None };
    (Irc::serve(context, settings.irc, sockets).expect("it is served"), port)
});
/// Connections so far, each to another address of this machine: one has too few ports for all of them.
static CONNECTIONS: AtomicU32 = AtomicU32::new(0);

fn settings() -> Settings {
    let set = |name: &str| match name {
        "SERVER_NAME" => Some("irc.test"),
        "REVERSE_DNS" => Some("false"),
        "CONNECTIONS_PER_IP" | "SESSION_RATE_LIMIT" | "LOGIN_RATE_LIMIT" | "COMMAND_RATE_LIMIT" => Some("0"),
        _ => None,
    };
    let values = Values::gather(|_| None, |name| set(name).map(str::to_owned), None, None);
    values.and_then(|values| values.settings()).expect("they can be used")
}

fn info(settings: &Settings) -> ServerInfo {
    ServerInfo {
        name: settings.server_name.clone(),
        network: settings.network_name.clone(),
        description: settings.server_description.clone(),
        version: "fuzz".to_owned(),
        started_at: jiff::Timestamp::now(),
        motd: settings.motd.clone(),
        admin_email: String::new(),
        settings_file: String::new(),
        rules: Rules {
            server_name: settings.server_name.clone(),
            channels_max: settings.channels_per_session,
            clients_max: settings.clients_per_session,
            password_chars_min: settings.min_password_length,
            session_hashcash_bits: 0,
            session_hashcash_bits_max: 0,
            oper: None,
        },
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let number = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    let [_, b, c, d] = number.to_be_bytes();
    let mut socket = TcpStream::connect((Ipv4Addr::new(127, b, c, d.max(1)), SERVER.1)).expect("it listens");
    socket.set_read_timeout(Some(PATIENCE)).expect("a limit can be set");
    socket.set_write_timeout(Some(PATIENCE)).expect("a limit can be set");
    // It may close before everything is said.
    if first % 2 == 0 {
        drop(socket.write_all(HELLO));
    }
    drop(socket.write_all(bytes));
    drop(socket.shutdown(Shutdown::Write));
    let mut heard = Vec::new();
    match socket.read_to_end(&mut heard) {
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => panic!("it does not end"),
        _ => {}
    }
    let text = String::from_utf8(heard).expect("all that is said is UTF-8");
    for line in text.split_inclusive("\r\n").filter(|line| line.ends_with("\r\n")) {
        let line = line.trim_end_matches("\r\n");
        assert!(!line.is_empty() && !line.contains(['\r', '\n', '\0']), "{line:?}");
        let bare = if line.starts_with('@') { line.split_once(' ').map_or("", |(_, bare)| bare) } else { line };
        assert!(!bare.is_empty() && bare.len() <= 510, "{line:?}");
    }
});
