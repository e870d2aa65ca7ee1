//! Accounts, read markers and searching by way of the library.

use neoirc::client::{Client, Error, Message, Options, Receipt, Search};

use crate::people::{open, open_in_channel, read_until, say};
use crate::support::{PATIENCE, TestServer};

const PASSWORD: &str = "correct horse";

#[tokio::test]
async fn an_account_outlasts_its_session() {
    let server = TestServer::spawn();
    let options = |nick| Options::new(server.url(), nick);
    let alice = Client::register(options("alice"), PASSWORD).await.unwrap();
    assert!(alice.is_new() && alice.nick() == "alice");
    assert_eq!(alice.state().await.unwrap().account.as_deref(), Some("alice"));
    alice.quit(None).await.unwrap();
    let taken = Client::connect(options("alice")).await.unwrap_err();
    assert!(matches!(taken, Error::Http { status: 409, .. }), "the nick is kept: {taken:?}");
    let wrong = Client::log_in(options("alice"), "wrong horse").await.unwrap_err();
    assert!(matches!(wrong, Error::Http { status: 401, .. }), "{wrong:?}");
    let alice = Client::log_in(options("alice"), PASSWORD).await.unwrap();
    assert_eq!(alice.state().await.unwrap().account.as_deref(), Some("alice"));
}

#[tokio::test]
async fn a_session_becomes_an_account_and_stops_being_one() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open(&server, "bob").await);
    assert_eq!(alice.state().await.unwrap().account, None);
    let short = alice.make_account("short").await.unwrap().granted().unwrap_err();
    assert_eq!(short.numeric, "FAIL");
    let made = alice.make_account(PASSWORD).await.unwrap();
    assert_eq!(made, Receipt::Account { account: "alice".to_owned() });
    read_until(&mut alice.messages(), |message| message.command == "900").await;
    assert_eq!(alice.make_account(PASSWORD).await.unwrap().granted().unwrap_err().numeric, "FAIL");
    // Somebody else's is neither found nor dropped.
    assert_eq!(bob.unregister("alice").await.unwrap().granted().unwrap_err().numeric, "FAIL");
    alice.unregister("alice").await.unwrap().granted().unwrap();
    let state = alice.state().await.unwrap();
    assert_eq!((state.account, state.channels.len()), (None, 1), "the session goes on");
}

#[tokio::test]
async fn an_account_is_worked_for_like_any_session() {
    let server = TestServer::spawn_with(&[("NEOIRC_HASHCASH_BITS", "8")]);
    let alice = Client::register(Options::new(server.url(), "alice"), PASSWORD).await.unwrap();
    assert_eq!(alice.state().await.unwrap().account.as_deref(), Some("alice"));
    let options = Options::new(server.url(), "bob").work_bits_max(7);
    assert!(matches!(Client::register(options, PASSWORD).await, Err(Error::Work(_))));
}

#[tokio::test]
async fn what_cannot_be_an_account_is_refused() {
    let server = TestServer::spawn();
    let _alice = open(&server, "alice").await;
    for (nick, password, expected) in
        [("alice", PASSWORD, 409), ("bob", "short", 400), ("1st", PASSWORD, 400)]
    {
        let refused = Client::register(Options::new(server.url(), nick), password).await.unwrap_err();
        assert!(matches!(refused, Error::Http { status, .. } if status == expected), "{nick}: {refused:?}");
    }
}

/// What one device has read, the other hears of, and every spelling of the target finds.
#[tokio::test]
async fn a_read_marker_is_the_same_for_all_devices() {
    let server = TestServer::spawn();
    let options = |nick| Options::new(server.url(), nick);
    let laptop = Client::register(options("alice"), PASSWORD).await.unwrap();
    let phone = Client::log_in(options("alice"), PASSWORD).await.unwrap();
    let mut heard_by_phone = phone.messages();
    assert_eq!(laptop.marker("#tea").await.unwrap(), None);
    let early = "2026-01-02T03:04:05.678Z";
    assert_eq!(laptop.set_marker("#tea", early).await.unwrap(), early);
    let heard = read_until(&mut heard_by_phone, |message| message.command == "MARKREAD").await;
    assert_eq!((heard.to.as_str(), heard.params), ("#tea", vec![format!("timestamp={early}")]));
    assert_eq!(laptop.set_marker("#tea", "2026-01-01T00:00:00Z").await.unwrap(), early, "forward alone");
    assert_eq!(phone.marker("#TEA").await.unwrap().as_deref(), Some(early));
    // A marker has the time of a message in whole milliseconds.
    say(&laptop, "alice", "note to self").await;
    let said = read_until(&mut heard_by_phone, |message| message.command == "PRIVMSG").await;
    let marked = phone.set_marker("alice", &said.ts).await.unwrap();
    let time = |text: &str| text.parse::<jiff::Timestamp>().unwrap();
    assert_eq!(time(&marked).as_millisecond(), time(&said.ts).as_millisecond(), "{marked} {}", said.ts);
    for (target, at) in [("two words", early), ("#", early), ("#tea", "yesterday"), ("#a/b", "")] {
        let refused = laptop.set_marker(target, at).await.unwrap_err();
        assert!(matches!(refused, Error::Http { status: 400, .. }), "{target}: {refused:?}");
    }
    assert_eq!(laptop.set_marker("#a/b?c", early).await.unwrap(), early, "any name of a channel");
}

/// The words are found, by whom and where they were said, page by page.
#[tokio::test]
async fn what_was_said_is_found() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    for (client, text) in [(&alice, "Tea at four"), (&bob, "More tea"), (&alice, "Coffee"), (&bob, "No tea")]
    {
        say(client, "#c", text).await;
    }
    say(&alice, "bob", "tea for two").await;
    let begun = std::time::Instant::now();
    // The index follows within a second.
    while alice.search("tea").await.unwrap().len() < 4 {
        assert!(begun.elapsed() < PATIENCE, "all is found");
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    }
    let texts = |found: &[Message]| found.iter().map(Message::text).collect::<Vec<_>>();
    let newest = alice.search(Search::new("tea").target("#c").limit(2)).await.unwrap();
    assert_eq!(texts(&newest), ["No tea", "More tea"]);
    let before = alice.search(Search::new("tea").target("#c").before(newest[1].seq)).await.unwrap();
    assert_eq!(texts(&before), ["Tea at four"]);
    let of_bob = alice.search(Search::new("tea").said_by("bob")).await.unwrap();
    assert_eq!(texts(&of_bob), ["No tea", "More tea"]);
    let nowhere = alice.search(Search::new("tea").target("#d")).await.unwrap_err();
    assert!(matches!(nowhere, Error::Http { status: 404, .. }), "{nowhere:?}");
}
