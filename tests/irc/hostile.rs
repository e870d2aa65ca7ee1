//! Ten thousand strangers, each with something that no client would send, while others talk.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use data_encoding::BASE64;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::support::{IrcClient, PATIENCE, TestServer, texts, until};

/// How many of them.
const STRANGERS: u64 = 10_000;
/// How many at once.
const AT_ONCE: usize = 64;
/// How much more memory the server may hold when they have gone than before they came, in KiB: a tenth of what they
/// would take if every one of them left a buffer of its own behind.
const GROWTH_MAX_KIB: u64 = 24 * 1_024;

/// What a stranger does.
enum Deed {
    /// Says this, and reads what comes until the end.
    Says(Vec<u8>),
    /// Says this, and is gone without a word.
    Vanishes(Vec<u8>),
    /// Says this over HTTP, and reads to the end.
    OverHttp(Vec<u8>),
}

fn noise(random: &mut StdRng, most: usize) -> Vec<u8> {
    let length = random.random_range(0..most);
    (0..length).map(|_| random.random()).collect()
}

fn deed(number: u64) -> Deed {
    let random = &mut StdRng::seed_from_u64(number);
    let hello = format!("NICK n{number}\r\nUSER u 0 * :u\r\n").into_bytes();
    match number % 14 {
        0 => Deed::Says(noise(random, 4_096)),
        1 => Deed::Says(b"NICK half".to_vec()),
        2 => Deed::Says(vec![b'x'; 64 * 1_024]),
        3 => {
            let chunk = format!("AUTHENTICATE {}\r\n", "A".repeat(400));
            Deed::Says(format!("CAP REQ :sasl\r\nAUTHENTICATE PLAIN\r\n{}", chunk.repeat(100)).into())
        }
        4 => Deed::Says(format!("CAP REQ :{}\r\n", "x ".repeat(4_096)).into()),
        5 => Deed::Says([&b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"[..], &noise(random, 600)].concat()),
        6 => Deed::Says(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nNICK m\r\nUSER m 0 * :m\r\n".to_vec()),
        7 => Deed::Says([hello, noise(random, 2_000)].concat()),
        8 => Deed::Vanishes([hello, b"JOIN #tea\r\nPRIVMSG #tea :ha".to_vec()].concat()),
        9 => Deed::Vanishes(noise(random, 300)),
        10 => Deed::Says(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff".to_vec()),
        11 => Deed::Says(format!("@{} PING x\r\n", "a=b;".repeat(2_500)).into()),
        12 => {
            let key = BASE64.encode(&number.to_be_bytes().repeat(2));
            let head = format!(
                "GET /irc HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            );
            Deed::OverHttp([head.into_bytes(), noise(random, 2_000)].concat())
        }
        _ => Deed::Says(Vec::new()),
    }
}

/// Does it. That a connection does not end is the one thing that may not happen.
fn carry_out(irc: &str, http: &str, deed: Deed) {
    let (address, bytes, reads) = match deed {
        Deed::Says(bytes) => (irc, bytes, true),
        Deed::Vanishes(bytes) => (irc, bytes, false),
        Deed::OverHttp(bytes) => (http, bytes, true),
    };
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    // It may close over the rest of it.
    drop(socket.write_all(&bytes));
    if reads {
        drop(socket.shutdown(Shutdown::Write));
        let mut buffer = [0; 4_096];
        loop {
            match socket.read(&mut buffer) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("no end after {:?}", String::from_utf8_lossy(bytes.get(..40).unwrap_or(&bytes)))
                }
                // A reset is an end.
                Err(_) => return,
            }
        }
    }
}

fn memory_kib(server: &TestServer) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.process_id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn come(server: &TestServer, numbers: std::ops::Range<u64>) {
    let (irc, http) = (server.irc_address(), server.socket_address());
    let next = AtomicU64::new(numbers.start);
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        break;
                    }
                    carry_out(&irc, &http, deed(number));
                }
            });
        }
    });
}

// clause: doors.strangers
#[test]
fn ten_thousand_strangers_are_nobody_elses_affair() {
    let server = TestServer::spawn_irc(&[("HTTP_CONNECTIONS_PER_IP", "0")]);
    let mut reader = server.open("reader");
    reader.join("#talk");
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    alice.ask("JOIN #talk");
    bob.ask("JOIN #talk");
    alice.drain();
    // The first of them make the server grow to what so many at once take.
    come(&server, 0..1_500);
    let before = memory_kib(&server);
    let are_there = AtomicBool::new(true);
    let said = thread::scope(|scope| {
        let talking = scope.spawn(|| {
            let mut said = 0;
            while are_there.load(Ordering::Relaxed) {
                alice.send(&format!("PRIVMSG #talk :{said}"));
                let heard = bob.next().unwrap();
                assert_eq!(heard, format!(":alice!alice@127.0.0.1 PRIVMSG #talk :{said}"));
                said += 1;
            }
            said
        });
        come(&server, 1_500..STRANGERS);
        are_there.store(false, Ordering::Relaxed);
        talking.join().unwrap()
    });
    assert!(said > 20, "they did talk: {said}");
    let expected: Vec<String> = (0..said).map(|n| n.to_string()).collect();
    assert_eq!(texts(&reader.drain()), expected, "nothing was lost over HTTP, and nothing came twice");
    until("all of them have gone", || {
        let lusers = alice.ask("LUSERS");
        lusers.iter().any(|line| line.contains(" 251 alice :There are 3 users"))
            && !lusers.iter().any(|line| line.contains(" 253 "))
    });
    until("their memory is given back", || memory_kib(&server) < before + GROWTH_MAX_KIB);
    let log = server.log();
    assert!(!log.contains("panicked"), "{log}");
}
