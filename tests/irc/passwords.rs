//! PASS before registration, and the password of the whole server.

use crate::support::{IrcClient, TestClient, TestServer, command_of_line, numerics};

/// Registers with a password, and gives what was said until the welcome was whole or the connection ended.
fn with_password(address: &str, nick: &str, password: &str) -> (IrcClient, Vec<String>) {
    let mut client = IrcClient::connect(address);
    client.send(&format!("PASS :{password}\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}"));
    let mut heard = Vec::new();
    while let Some(line) = client.next() {
        let is_last = ["376", "422"].contains(&command_of_line(&line));
        heard.push(line);
        if is_last {
            break;
        }
    }
    (client, heard)
}

// clause: registration.pass
#[test]
fn a_password_attaches_to_a_living_session() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let mut alice = server.open("alice");
    alice.join("#tea");
    alice.pass("correct horse");
    alice.drain();
    let (_, heard) = with_password(&address, "alice", "wrong horse");
    assert_eq!(command_of_line(&heard[0]), "464", "{heard:?}");
    assert!(heard.len() == 2 && heard[1].starts_with("ERROR :"), "{heard:?}");
    let (mut wire, heard) = with_password(&address, "ALICE", "correct horse");
    assert!(heard[0].contains(" 001 alice :"), "as the session spells it: {heard:?}");
    let state = wire.drain();
    assert_eq!(state[0], ":alice!alice@127.0.0.1 JOIN #tea", "where it is: {state:?}");
    assert_eq!(state.iter().map(|line| command_of_line(line)).collect::<Vec<_>>(), ["JOIN", "353", "366"]);
    // What one device says the other hears, and not the one that said it.
    wire.send("PRIVMSG #tea :from the wire");
    assert!(wire.drain().is_empty());
    assert_eq!(crate::support::texts(&alice.drain()), ["from the wire"]);
    alice.say("#tea", "from the web");
    assert_eq!(wire.drain(), [":alice!alice@127.0.0.1 PRIVMSG #tea :from the web"]);
    // Whoever closes the program stays with the other devices.
    wire.send("QUIT :closing");
    assert!(wire.rest().last().unwrap().starts_with("ERROR :"));
    assert_eq!(alice.channels(), ["#tea"]);
    assert!(numerics(&alice.drain()).iter().all(|command| *command != "QUIT"));
}

#[test]
fn a_password_becomes_that_of_a_new_session() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let (_, heard) = with_password(&address, "alice", "short");
    assert_eq!(command_of_line(&heard[0]), "461", "{heard:?}");
    let (mut wire, heard) = with_password(&address, "alice", "correct horse");
    assert_eq!(command_of_line(&heard[0]), "001");
    let mut web = TestClient::log_in(&server.nobody(), "alice", "correct horse");
    web.drain();
    wire.send("PRIVMSG alice :note to self");
    assert_eq!(wire.drain(), [":alice!alice@127.0.0.1 PRIVMSG alice :note to self"]);
    assert_eq!(crate::support::texts(&web.drain()), ["note to self"]);
}

#[test]
fn the_server_may_have_a_password() {
    let server = TestServer::spawn_irc(&[("IRC_PASSWORD", "open sesame")]);
    let address = server.irc_address();
    let mut stranger = IrcClient::connect(&address);
    stranger.send("NICK alice\r\nUSER alice 0 * :Alice");
    let heard = stranger.rest();
    assert_eq!(command_of_line(&heard[0]), "464", "{heard:?}");
    let (_, heard) = with_password(&address, "alice", "open barley");
    assert_eq!(command_of_line(&heard[0]), "464", "{heard:?}");
    let (mut alice, heard) = with_password(&address, "alice", "open sesame");
    assert_eq!(command_of_line(&heard[0]), "001", "{heard:?}");
    alice.drain();
    let mut second = IrcClient::connect(&address);
    second.send("PASS :open sesame\r\nNICK alice\r\nUSER alice 0 * :Alice");
    assert_eq!(command_of_line(&second.next().unwrap()), "433", "it is nobody's own password");
    second.send("NICK bob");
    assert_eq!(command_of_line(&second.next().unwrap()), "001");
    assert!(!server.log().contains("sesame"));
}

/// Whatever another device does to the session, the connection learns of it and ends.
#[test]
fn other_devices_may_end_a_connection() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    let alice = server.open("alice");
    alice.pass("correct horse");
    let (mut first, _) = with_password(&address, "alice", "correct horse");
    let clients = alice.http.get("/api/v1/clients").ok();
    let others = clients.as_array().unwrap().iter().filter(|client| client["current"] == false);
    let uuids: Vec<&str> = others.map(|client| client["uuid"].as_str().unwrap()).collect();
    assert_eq!(uuids.len(), 1, "{clients}");
    alice.http.request(reqwest::Method::DELETE, &format!("/api/v1/clients/{}", uuids[0])).send().unwrap();
    assert!(first.rest().last().unwrap().contains("[Logged out]"));
    let (mut second, _) = with_password(&address, "alice", "correct horse");
    second.drain();
    alice.quit();
    let heard = second.rest();
    assert!(heard.last().unwrap().contains("[Quit"), "{heard:?}");
}

/// Begins SASL, so that the password is the next line.
fn begin_sasl(address: &str) -> IrcClient {
    let mut client = IrcClient::connect(address);
    client.send("CAP REQ :sasl\r\nNICK somebody\r\nUSER somebody 0 * :somebody\r\nAUTHENTICATE PLAIN");
    client.until(&["AUTHENTICATE"]);
    client
}

/// Whose nick is alice, with her password.
const ALICE: &str = "AUTHENTICATE AGFsaWNlAGNvcnJlY3QgaG9yc2U=";

/// The end of SASL.
fn verdict(client: &mut IrcClient) -> String {
    client.until(&["903", "904"]).pop().unwrap()
}

#[test]
fn the_right_password_waits_for_its_turn() {
    let server = TestServer::spawn_irc(&[("LOGIN_RATE_LIMIT", "2"), ("LOGIN_RATE_BURST", "1")]);
    let address = server.irc_address();
    server.open("alice").pass("correct horse");
    for _ in 0..3 {
        let mut client = begin_sasl(&address);
        client.send(ALICE);
        assert!(verdict(&mut client).contains(" 903 "));
    }
    let (_, heard) = with_password(&address, "alice", "correct horse");
    assert_eq!(command_of_line(&heard[0]), "001", "{heard:?}");
    // Where that would be long, it is not told that it was wrong.
    let server = TestServer::spawn_irc(&[("LOGIN_RATE_LIMIT", "0.01"), ("LOGIN_RATE_BURST", "2")]);
    server.open("alice").pass("correct horse");
    let mut client = begin_sasl(&server.irc_address());
    client.send("AUTHENTICATE AGFsaWNlAHdyb25nIGhvcnNl");
    assert!(verdict(&mut client).ends_with(" 904 * :SASL authentication failed"));
    client.send(&format!("AUTHENTICATE PLAIN\r\n{ALICE}"));
    assert!(verdict(&mut client).ends_with(" 904 * :Please wait a while and try again."));
}

/// More at once than may wait to be looked at.
#[test]
fn the_right_password_is_right_when_many_are_tried() {
    let server = TestServer::spawn_irc(&[]);
    let address = server.irc_address();
    server.open("alice").pass("correct horse");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut clients: Vec<IrcClient> = (0..40 + cores).map(|_| begin_sasl(&address)).collect();
    for client in &mut clients {
        client.send(ALICE);
    }
    for client in &mut clients {
        let verdict = verdict(client);
        assert!(verdict.contains(" 903 "), "{verdict}");
    }
}

#[test]
fn one_device_too_many_is_told_how_many_there_may_be() {
    let server = TestServer::spawn_irc(&[("CLIENTS_PER_SESSION", "2")]);
    let address = server.irc_address();
    let web = server.open("alice");
    web.pass("correct horse");
    let (_second, heard) = with_password(&address, "alice", "correct horse");
    assert_eq!(command_of_line(&heard[0]), "001", "{heard:?}");
    let told = "ERROR :Closing link: 127.0.0.1 [Too many devices: a session has at most 2]";
    let (_, heard) = with_password(&address, "alice", "correct horse");
    assert_eq!(heard, [told]);
    let mut third = begin_sasl(&address);
    third.send(&format!("{ALICE}\r\nCAP END"));
    let heard = third.rest();
    assert_eq!(heard.iter().map(|line| command_of_line(line)).collect::<Vec<_>>(), ["900", "903", "ERROR"]);
    assert_eq!(heard[2], told);
}
