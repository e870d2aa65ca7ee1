//! The kinds of no, and that they are told apart.

use std::time::Duration;

use neoirc::client::{Client, Error, Message, Options, Receipt};

use crate::faults::{Faults, json_answer};
use crate::people::{open, open_in_channel};
use crate::support::TestServer;

#[tokio::test]
async fn what_irc_refuses_is_a_receipt() {
    let server = TestServer::spawn();
    let (_alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let receipt = bob.set_topic("#c", "mine").await.unwrap();
    let Receipt::Refused(refusal) = &receipt else { panic!("{receipt:?}") };
    assert_eq!((refusal.numeric.as_str(), refusal.text.as_str()), ("482", "You're not channel operator"));
    let error = Error::from(receipt.granted().unwrap_err());
    assert_eq!(error.to_string(), "You're not channel operator (482)");
    assert!(!error.is_passing());
    let unknown = bob.send(&Message::new("FROBNICATE")).await.unwrap();
    assert_eq!(unknown.granted().unwrap_err().numeric, "421");
}

#[tokio::test]
async fn several_targets_have_a_receipt_each() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let receipt = alice.privmsg("#c,#nowhere", "hi").await.unwrap();
    let Receipt::Several(all) = &receipt else { panic!("{receipt:?}") };
    assert!(matches!(all[..], [Receipt::Sent { .. }, Receipt::Refused(_)]), "{all:?}");
    assert_eq!(receipt.granted().unwrap_err().numeric, "403");
}

#[tokio::test]
async fn what_http_refuses_is_an_error_with_its_status() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let refused = async |nick: &str| match Client::connect(Options::new(server.url(), nick)).await {
        Err(Error::Http { status, text }) => (status, text),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused("Alice").await, (409, "nick already taken".to_owned()));
    assert_eq!(refused("4lice").await, (400, "invalid nick format".to_owned()));
    let odd = Client::connect(Options::new(server.url(), "bob").username("no spaces, please")).await;
    assert!(matches!(odd, Err(Error::Http { status: 400, .. })), "{odd:?}");
    let long = alice.privmsg("#c", "x".repeat(5000)).await;
    assert!(matches!(long, Err(Error::Http { status: 413, .. })), "{long:?}");
    let broken = alice.send_once(&"k".repeat(65), &Message::new("LIST")).await;
    assert!(matches!(broken, Err(Error::Http { status: 400, .. })), "{broken:?}");
    let username = Client::connect(Options::new(server.url(), "carol").username("singer")).await.unwrap();
    assert_eq!(username.state().await.unwrap().username, "singer");
}

#[tokio::test]
async fn where_no_server_is_none_is_found() {
    let server = TestServer::spawn();
    let url = server.url();
    drop(server);
    let connect = |url: &str| Client::connect(Options::new(url, "alice").patience(Duration::ZERO));
    assert!(matches!(connect(&url).await, Err(Error::Transport(_))));
    assert!(matches!(connect("irc.example.org").await, Err(Error::Setup(_))));
    assert!(matches!(connect("irc://example.org").await, Err(Error::Setup(_))));
}

#[tokio::test]
async fn something_else_than_a_server_is_told_from_one() {
    for (answer, is_protocol) in [
        (json_answer("200 OK", "", "<html>Welcome!</html>"), true),
        (json_answer("201 Created", "", r#"{"id":1,"nick":"alice"}"#), true),
        (json_answer("201 Created", "Set-Cookie: neoirc_auth=x\r\n", r#"{"id":1,"nick":"alice"}"#), true),
        (json_answer("404 Not Found", "", "<html>Lost?</html>"), false),
        (json_answer("301 Moved Permanently", "Location: https://example.org/\r\n", ""), false),
    ] {
        let server = Faults::alone(move |_| answer.clone());
        let error = Client::connect(Options::new(server.url(), "alice")).await.unwrap_err();
        let is_as_expected = if is_protocol {
            matches!(error, Error::Protocol(_))
        } else {
            matches!(error, Error::Http { .. })
        };
        assert!(is_as_expected, "{error:?}");
        assert_eq!(server.seen("").len(), 1, "and not tried again: {error:?}");
    }
}

/// What a bot prints about itself goes into logs.
#[tokio::test]
async fn no_debug_shows_a_token() {
    let server = TestServer::spawn();
    let alice = open(&server, "alice").await;
    let messages = alice.messages();
    let options = Options::new(server.url(), "alice").resume(messages.place());
    let shown = format!("{alice:?} {messages:?} {options:?} {:?}", alice.token());
    assert!(!shown.contains(alice.token().reveal()), "{shown}");
}

/// A login is asked for as the contract of the interface has it.
#[tokio::test]
async fn a_login_is_a_client_of_a_living_session() {
    let cookie = format!("Set-Cookie: neoirc_auth={}\r\n", "a".repeat(64));
    let server = Faults::alone(move |seen| match seen.body.as_str() {
        r#"{"nick":"alice","password":"sesame!!"}"# => {
            json_answer("200 OK", &cookie, r#"{"id":1,"nick":"Alice"}"#)
        }
        _ => json_answer("401 Unauthorized", "", r#"{"error":"invalid credentials"}"#),
    });
    let log_in = |password| Client::log_in(Options::new(server.url(), "alice"), password);
    let alice = log_in("sesame!!").await.unwrap();
    assert_eq!((alice.nick().as_str(), alice.is_new(), alice.messages().cursor()), ("Alice", false, 0));
    let refused = log_in("guess").await.unwrap_err();
    assert_eq!(refused.to_string(), "refused with HTTP 401: invalid credentials");
    assert_eq!(server.seen("POST /api/v1/login").len(), 2);
}
