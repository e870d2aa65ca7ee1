//! People on both faces at once.

use std::net::TcpListener;

use tempfile::TempDir;

use crate::support::{IrcClient, Launch, TestServer};

// clause: registration.name
#[test]
fn the_operator_is_told_of_a_name_without_a_dot() {
    let warned = |server: &TestServer| server.log().contains("SERVER_NAME has none");
    assert!(warned(&TestServer::spawn_irc(&[("SERVER_NAME", "neoirc")])));
    assert!(!warned(&TestServer::spawn_irc(&[])));
}

/// A crowd in one channel: everybody hears everything, in one order.
#[test]
fn everybody_hears_everything_in_one_order() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut wire: Vec<IrcClient> = (0..8).map(|n| IrcClient::open(&address, &format!("wire{n}"))).collect();
    let mut web: Vec<_> = (0..4).map(|n| server.open(&format!("web{n}"))).collect();
    for client in &mut wire {
        client.ask("JOIN #tea");
    }
    for client in &web {
        client.join("#tea");
    }
    for client in &mut wire {
        client.drain();
    }
    for client in &mut web {
        client.drain();
    }
    for round in 0..25 {
        wire.iter_mut()
            .enumerate()
            .for_each(|(n, client)| client.send(&format!("PRIVMSG #tea :{n} {round}")));
        for client in &web {
            client.say("#tea", &format!("{} {round}", client.nick));
        }
    }
    // What was sent is decided once it is answered for.
    let mut heard: Vec<Vec<String>> = wire.iter_mut().map(IrcClient::drain).collect();
    for (client, heard) in wire.iter_mut().zip(&mut heard) {
        heard.extend(client.drain());
    }
    let order = crate::support::texts(&web[0].drain());
    assert_eq!(order.len(), 25 * 12);
    for (n, heard) in heard.iter().enumerate() {
        let texts: Vec<&str> = heard
            .iter()
            .filter_map(|line| line.split_once(" PRIVMSG #tea :"))
            .map(|(_, text)| text)
            .collect();
        let own = |text: &&String| text.starts_with(&format!("{n} "));
        let expected: Vec<&String> = order.iter().filter(|text| !own(text)).collect();
        assert_eq!(texts, expected, "all but its own");
    }
    for client in web.iter_mut().skip(1) {
        assert_eq!(crate::support::texts(&client.drain()), order);
    }
}

/// Queues so short that what a connection has not taken at once goes to disk.
#[test]
fn what_has_left_memory_is_read_from_disk() {
    let server = TestServer::spawn_irc(&[
        ("QUEUE_TAIL_ENTRIES", "1"),
        ("QUEUE_MEMORY_MAX", "1"),
        ("QUEUE_SETTLE_AFTER", "1ms"),
        ("QUEUE_KEEP_READ", "0"),
    ]);
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    bob.ask("JOIN #tea");
    let senders: Vec<_> = (0..6).map(|n| server.open(&format!("web{n}"))).collect();
    for sender in &senders {
        sender.join("#tea");
    }
    bob.drain();
    std::thread::scope(|scope| {
        for sender in &senders {
            scope.spawn(move || {
                for round in 0..30 {
                    sender.say("#tea", &format!("{} {round}", sender.nick));
                }
            });
        }
    });
    let mut reader = senders[0].clone();
    let order = crate::support::texts(&reader.drain());
    assert_eq!(order.len(), 180);
    let heard = bob.drain();
    let texts: Vec<&str> =
        heard.iter().filter_map(|line| line.split_once(" PRIVMSG #tea :")).map(|(_, text)| text).collect();
    assert_eq!(texts, order, "all of it, once, in order");
}

/// A server does not start without what it was told to listen on; a trial takes another port.
#[test]
fn a_taken_address_is_told_of_and_a_trial_does_without() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = TempDir::new().unwrap();
    let ending = Launch::serve(folder.path()).with("IRC_LISTEN_ADDR", &address).start().ending();
    assert!(!ending.status.success() && ending.log.contains(&address), "{}", ending.log);
    assert!(ending.log.contains("IRC_LISTEN_ADDR"), "and how to do without: {}", ending.log);
    let server = TestServer::launch(|launch| launch.word("--dev").with("IRC_LISTEN_ADDR", &address));
    assert_ne!(server.irc_address(), address);
    IrcClient::open(&server.irc_address(), "alice");
}
