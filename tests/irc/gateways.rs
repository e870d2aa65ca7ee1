//! Those whose connections come through others: proxies with a PROXY header, and gateways with WEBIRC.

use crate::support::{IrcClient, TestServer, command_of_line, until};

const TRUSTING: [(&str, &str); 2] = [("TRUSTED_PROXIES", "127.0.0.1"), ("IRC_PROXY_PROTOCOL", "true")];

/// Connects with this in front.
fn behind(server: &TestServer, header: &[u8]) -> IrcClient {
    let mut client = IrcClient::connect(&server.irc_address());
    client.send_bytes(header);
    client
}

fn registers(client: &mut IrcClient, nick: &str) -> Vec<String> {
    client.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}"));
    client.until(&["376"]);
    client.ask(&format!("WHOIS {nick}"))
}

/// A header of version 2 for an address of IPv4, with this behind it.
fn version_2(address: [u8; 4], more: &[u8]) -> Vec<u8> {
    let length = u16::try_from(12 + more.len()).unwrap().to_be_bytes();
    let ports = [10, 0, 0, 1, 0x9c, 0x40, 0x1a, 0x0b];
    [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11"[..], &length, &address, &ports, more].concat()
}

// clause: doors.proxy
#[test]
fn a_proxy_says_whose_connection_it_is() {
    let server = TestServer::spawn_irc(&TRUSTING);
    let mut alice = behind(&server, b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 6667\r\n");
    let whois = registers(&mut alice, "alice");
    assert!(whois[0].contains(" 311 alice alice alice 192.0.2.7 * :"), "{whois:?}");
    assert!(!whois.iter().any(|line| command_of_line(line) == "671"), "{whois:?}");
    let mut bob = behind(&server, &version_2([192, 0, 2, 8], &[]));
    assert!(registers(&mut bob, "bob")[0].contains(" 192.0.2.8 * :"));
    // By TLS to the proxy, which says so.
    let mut carol = behind(&server, &version_2([192, 0, 2, 9], &[0x20, 0, 5, 1, 0, 0, 0, 0]));
    assert!(registers(&mut carol, "carol").iter().any(|line| command_of_line(line) == "671"));
    assert!(alice.ask("WHOIS carol").iter().any(|line| line.contains(" 671 alice carol :")));
    let mut dave = behind(&server, b"PROXY TCP6 ::2 ::1 40000 6667\r\n");
    assert!(
        registers(&mut dave, "dave")[0].contains(" 311 dave dave dave 0::2 * :"),
        "no parameter begins with a colon"
    );
    let mut checks = behind(&server, b"PROXY UNKNOWN\r\n");
    assert!(registers(&mut checks, "checks")[0].contains(" 127.0.0.1 * :"));
}

/// A proxy may speak TLS where the server does not: those who came by it are told for how long they have to.
// clause: doors.sts
#[test]
fn whoever_came_to_the_proxy_by_tls_is_to_come_so_again() {
    let server = TestServer::spawn_irc(&[&TRUSTING[..], &[("STS_DURATION", "720h")]].concat());
    let mut secure = behind(&server, &version_2([192, 0, 2, 9], &[0x20, 0, 5, 1, 0, 0, 0, 0]));
    let told = secure.ask("CAP LS 302").join(" ");
    assert!(told.contains(" sts=duration=2592000"), "{told}");
    let told = behind(&server, &version_2([192, 0, 2, 9], &[])).ask("CAP LS 302").join(" ");
    assert!(!told.contains("sts"), "there is no port to name: {told}");
    assert!(server.log().contains("STS_DURATION is set without IRC_TLS_LISTEN_ADDR"));
}

// clause: doors.proxy
#[test]
fn a_bad_header_ends_the_connection_and_nothing_else() {
    let server = TestServer::spawn_irc(&TRUSTING);
    let mut witness = behind(&server, b"PROXY UNKNOWN\r\n");
    registers(&mut witness, "witness");
    let long = [b"PROXY TCP4 ".to_vec(), vec![b'1'; 5_000]].concat();
    let other_version = b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c000000000000";
    for bad in [
        &b"NICK mallory\r\nUSER m 0 * :m\r\n"[..],
        b"PROXY TCP4 192.0.2.7\r\n\r\n\r\n",
        b"PROXY TCP4 nobody 10.0.0.1 40000 6667\r\n",
        &long,
        &version_2([192, 0, 2, 7], &[0; 9_000]),
        other_version,
        b"GET / HTTP/1.1\r\n\r\n",
    ] {
        let heard = behind(&server, bad).rest();
        assert_eq!(heard.len(), usize::from(!heard.is_empty()), "{heard:?}");
        assert!(heard.iter().all(|line| line == "ERROR :Closing link: bad PROXY header"), "{heard:?}");
    }
    let told = behind(&server, b"NICK mallory\r\n\r\n\r\n").rest();
    assert_eq!(told, ["ERROR :Closing link: bad PROXY header"]);
    assert_eq!(witness.ask("ISON mallory"), [":irc.test 303 witness :"]);
    assert!(!server.log().contains("panic"));
}

// clause: doors.proxy
#[test]
fn others_are_not_believed() {
    let server = TestServer::spawn_irc(&[("TRUSTED_PROXIES", "192.0.2.1"), ("IRC_PROXY_PROTOCOL", "true")]);
    let mut mallory = behind(&server, b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 6667\r\n");
    assert!(registers(&mut mallory, "mallory")[0].contains(" 127.0.0.1 * :"), "an unknown command, no more");
    let server = TestServer::spawn_irc(&[("TRUSTED_PROXIES", "127.0.0.1")]);
    let mut mallory = behind(&server, b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 6667\r\n");
    assert!(registers(&mut mallory, "mallory")[0].contains(" 127.0.0.1 * :"), "it is off");
}

#[test]
fn limits_go_by_the_address_behind_the_proxy() {
    let limits = [("CONNECTIONS_PER_IP", "2"), ("SESSION_RATE_LIMIT", "0.01"), ("SESSION_RATE_BURST", "1")];
    let server = TestServer::spawn_irc(&[&TRUSTING[..], &limits].concat());
    let from = |n: u8| behind(&server, format!("PROXY TCP4 192.0.2.{n} 10.0.0.1 40000 6667\r\n").as_bytes());
    let mut alice = from(7);
    registers(&mut alice, "alice");
    let mut bob = from(7);
    bob.send("NICK bob\r\nUSER bob 0 * :bob");
    assert_eq!(command_of_line(&bob.next().unwrap()), "263", "one session of an address");
    drop(bob);
    let mut second = from(7);
    until("bob has gone", || {
        second.send("PING :here");
        let is_in = second.next().is_some_and(|line| command_of_line(&line) == "PONG");
        if !is_in {
            second = from(7);
        }
        is_in
    });
    assert_eq!(from(7).rest(), ["ERROR :Closing link: too many connections"]);
    for n in 8..14 {
        registers(&mut from(n), &format!("other{n}"));
    }
}

const GATEWAY: [(&str, &str); 2] = [("WEBIRC_PASSWORD", "hunter2"), ("WEBIRC_GATEWAYS", "127.0.0.1, ::1")];

// clause: doors.webirc
#[test]
fn a_gateway_says_whose_connection_it_is() {
    let server = TestServer::spawn_irc(&[&GATEWAY[..], &[("CONNECTIONS_PER_IP", "1")]].concat());
    let from = |address: &str, more: &str| {
        behind(&server, format!("WEBIRC hunter2 gate host.example {address}{more}\r\n").as_bytes())
    };
    let mut alice = from("192.0.2.7", "");
    let whois = registers(&mut alice, "alice");
    assert!(whois[0].contains(" 311 alice alice alice 192.0.2.7 * :"), "a name is not believed: {whois:?}");
    let mut bob = from("0::7", " :secure local-port=6697");
    let whois = registers(&mut bob, "bob");
    assert!(whois[0].contains(" 311 bob bob bob 0::7 * :"), "{whois:?}");
    assert!(
        !whois.iter().any(|line| command_of_line(line) == "671"),
        "the gateway itself did not come by TLS"
    );
    assert_eq!(from("192.0.2.7", "").rest(), ["ERROR :Closing link: 127.0.0.1 [Too many connections]"]);
    assert_eq!(command_of_line(&alice.ask("WEBIRC hunter2 gate host.example 192.0.2.9")[0]), "462");
}

// clause: doors.webirc
#[test]
fn nobody_else_is_one() {
    let server = TestServer::spawn_irc(&GATEWAY);
    for (lines, why) in [
        ("WEBIRC hunter3 gate host.example 192.0.2.7", "Invalid WebIRC password"),
        ("WEBIRC hunter2 gate host.example nobody", "WEBIRC without an address"),
        ("WEBIRC hunter2 gate host.example", "WEBIRC lacks parameters"),
        ("WEBIRC", "WEBIRC lacks parameters"),
        ("PING x\r\nWEBIRC hunter2 gate host.example 192.0.2.7", "WEBIRC comes first"),
    ] {
        let heard = behind(&server, format!("{lines}\r\nNICK m\r\nUSER m 0 * :m\r\n").as_bytes()).rest();
        assert_eq!(heard.last().unwrap(), &format!("ERROR :Closing link: 127.0.0.1 [{why}]"), "{lines}");
    }
    for settings in [&[][..], &[("WEBIRC_PASSWORD", "hunter2"), ("WEBIRC_GATEWAYS", "192.0.2.1")]] {
        let server = TestServer::spawn_irc(settings);
        let heard = behind(&server, b"WEBIRC hunter2 gate host.example 192.0.2.7\r\n").rest();
        assert_eq!(heard, ["ERROR :Closing link: 127.0.0.1 [Not a WebIRC gateway]"]);
    }
}
