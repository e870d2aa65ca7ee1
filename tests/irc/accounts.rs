//! Accounts over IRC: staying without a connection, and markers that both faces share.

use serde_json::json;

use crate::support::{IrcClient, TestClient, TestServer, command_of_line};

const PASSWORD: &str = "correct horse";

/// Comes in with a password: that of an account, or of a living session.
fn enter(server: &TestServer, nick: &str, capabilities: &str) -> IrcClient {
    let mut client = IrcClient::connect(&server.irc_address());
    client.send(&format!("CAP REQ :{capabilities}\r\nCAP END"));
    client.send(&format!("PASS :{PASSWORD}\r\nNICK {nick}\r\nUSER {nick} 0 * :{nick}"));
    client.until(&["376", "422"]);
    client
}

/// Mixed: what was said to somebody without a connection is there after a crash, on either face.
#[test]
fn a_wire_client_stays_present_without_a_connection() {
    let mut server = TestServer::spawn_irc(&[]);
    let mut bob = server.open("bob");
    bob.join("#tea");
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    alice.ask(&format!("REGISTER * * :{PASSWORD}"));
    alice.ask("MODE alice +S");
    alice.ask("JOIN #tea");
    bob.drain();
    alice.send("QUIT :bye");
    alice.rest();
    bob.say("#tea", "while you were out");
    assert!(bob.drain().iter().all(|line| line["command"] == "PRIVMSG"), "nobody quit");
    assert_eq!(bob.command(&json!({ "command": "WHOIS", "to": "alice" }))["status"], "ok");
    assert!(bob.drain().iter().any(|line| line["command"] == "301"), "she is away");
    server.kill9();
    server.start();
    let mut alice = enter(&server, "alice", "draft/chathistory batch");
    let heard = alice.drain();
    assert!(heard.iter().any(|line| line.contains("JOIN #tea")), "{heard:#?}");
    let past = alice.ask("CHATHISTORY LATEST #tea * 10");
    assert!(past.iter().any(|line| line.ends_with("PRIVMSG #tea :while you were out")), "{past:#?}");
    alice.ask("PRIVMSG #tea :thanks");
    bob.poll_until(|message| message["body"] == json!(["thanks"]));
}

/// "MARKREAD before 366", "to all of the user's clients", "shared with HTTP".
#[test]
fn markers_are_the_same_on_both_faces() {
    let server = TestServer::spawn_irc(&[]);
    let mut web = server.open("alice");
    web.pass(PASSWORD);
    let mut wire = enter(&server, "alice", "draft/read-marker");
    let mut plain = enter(&server, "alice", "setname");
    wire.drain();
    plain.drain();
    web.drain();
    let commands: Vec<String> =
        wire.ask("JOIN #tea").iter().map(|line| command_of_line(line).to_owned()).collect();
    assert_eq!(commands, ["JOIN", "MARKREAD", "353", "366"]);
    plain.until(&["366"]);
    web.drain();
    let set = wire.ask("MARKREAD #tea timestamp=2026-01-02T03:04:05.678Z");
    assert_eq!(set, [":irc.test MARKREAD #tea timestamp=2026-01-02T03:04:05.678Z"]);
    assert_eq!(web.drain()[0]["command"], "MARKREAD");
    assert!(plain.drain().is_empty(), "it has not asked for that");
    let read = web.http.get("/api/v1/markers/%23tea").ok();
    assert_eq!(read["timestamp"], "2026-01-02T03:04:05.678Z");
    let body = json!({ "timestamp": "2026-01-03T00:00:00Z" }).to_string();
    let put = web.http.request(reqwest::Method::PUT, "/api/v1/markers/%23tea").body(body);
    crate::support::Answer::of(put).unwrap().ok();
    assert_eq!(wire.drain(), [":irc.test MARKREAD #tea timestamp=2026-01-03T00:00:00.000Z"]);
    assert_eq!(
        wire.ask("MARKREAD #tea timestamp=2026-01-02T00:00:00.000Z"),
        [":irc.test MARKREAD #tea timestamp=2026-01-03T00:00:00.000Z"]
    );
    assert_eq!(wire.ask("MARKREAD bob"), [":irc.test MARKREAD bob *"]);
    assert_eq!(plain.ask("MARKREAD bob"), [":irc.test MARKREAD bob *"], "it asks");
    assert!(wire.drain().is_empty());
}

#[test]
fn an_account_that_was_made_on_one_face_is_entered_on_the_other() {
    let server = TestServer::spawn_irc(&[]);
    let made = json!({ "nick": "alice", "password": PASSWORD });
    assert_eq!(server.nobody().post("/api/v1/register", &made).status, 201);
    TestClient::log_in(&server.nobody(), "alice", PASSWORD).quit();
    let mut stranger = IrcClient::connect(&server.irc_address());
    stranger.send("NICK alice\r\nUSER al 0 * :Al");
    assert!(stranger.until(&["433"]).last().is_some());
    let mut alice = enter(&server, "alice", "setname");
    assert_eq!(alice.ask("PING x").len(), 1);
    let whois = alice.ask("WHOIS alice");
    assert!(whois.iter().any(|line| command_of_line(line) == "330"), "{whois:#?}");
}

/// A nick may have a backslash, which would be taken for an escape in a tag: `al\\ice` is not alice.
#[test]
fn nobody_is_taken_for_another_account() {
    let server = TestServer::spawn_irc(&[]);
    let mut bob = IrcClient::open_with(&server.irc_address(), "bob", "account-tag message-tags");
    let mut mallory = IrcClient::open(&server.irc_address(), "al\\ice");
    mallory.ask(&format!("REGISTER * * :{PASSWORD}"));
    mallory.ask("PRIVMSG bob :trust me");
    let heard = bob.drain();
    assert!(heard.iter().any(|line| line.contains(r"account=al\\ice")), "{heard:#?}");
}

/// Over IRC a time has milliseconds, in the log nanoseconds: whoever marks the newest message over IRC has read it.
#[test]
fn what_was_marked_over_irc_is_read_over_http() {
    let server = TestServer::spawn_irc(&[]);
    let mut web = server.open("alice");
    web.pass(PASSWORD);
    let mut wire = enter(&server, "alice", "draft/read-marker server-time");
    wire.ask("JOIN #tea");
    let bob = server.open("bob");
    bob.join("#tea");
    bob.say("#tea", "hello");
    let heard = wire.drain();
    let said = heard.iter().find(|line| line.ends_with(":hello")).unwrap();
    let time = said.strip_prefix("@time=").unwrap().split([' ', ';']).next().unwrap();
    wire.ask(&format!("MARKREAD #tea timestamp={time}"));
    let marked = web.http.get("/api/v1/markers/%23tea").ok()["timestamp"].as_str().unwrap().to_owned();
    let message = web.drain().into_iter().find(|message| message["body"] == json!(["hello"])).unwrap();
    let ts = message["ts"].as_str().unwrap();
    assert!(ts.starts_with(marked.trim_end_matches('Z')), "{marked} for {ts}");
}

/// Whoever is refused for something else than its password makes no account, and uses up nobody's.
#[test]
fn what_is_refused_is_no_account() {
    let server = TestServer::spawn_irc(&[("ACCOUNT_RATE_LIMIT", "0.001"), ("ACCOUNT_RATE_BURST", "2")]);
    let mut alice = IrcClient::open(&server.irc_address(), "alice");
    let mut ask = |account: &str| alice.ask(&format!("REGISTER {account} * :{PASSWORD}")).remove(0);
    for _ in 0..4 {
        assert!(ask("bob").contains(" FAIL REGISTER ACCOUNT_NAME_MUST_BE_NICK bob :"));
    }
    assert!(ask("ALICE").contains(" REGISTER SUCCESS alice "));
    for account in ["*", "alice", "bob", "*"] {
        assert!(ask(account).contains(" FAIL REGISTER ALREADY_AUTHENTICATED "), "{account}");
    }
    alice.ask("NICK alicia");
    let told = alice.ask(&format!("REGISTER * * :{PASSWORD}"));
    assert!(told[0].contains(" FAIL REGISTER ALREADY_AUTHENTICATED "), "{told:?}");
    let mut bob = IrcClient::open(&server.irc_address(), "bob");
    assert!(bob.ask(&format!("REGISTER * * :{PASSWORD}"))[0].contains(" REGISTER SUCCESS bob "));
    let mut carol = IrcClient::open(&server.irc_address(), "carol");
    assert_eq!(command_of_line(&carol.ask(&format!("REGISTER * * :{PASSWORD}"))[0]), "263", "two were made");
}
