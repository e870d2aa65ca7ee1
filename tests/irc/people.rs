//! People on both faces at once.

use crate::support::{IrcClient, TestServer};

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
