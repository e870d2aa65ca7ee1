//! Going on where one was: after one's own end, after a restart of the server, after a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use neoirc::client::{Client, Error, Message, Options, Place};
use tempfile::TempDir;
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};

use crate::people::{hear_until, is_quiet, next, open_in_channel, read_until, say};
use crate::support::{PATIENCE, TestServer};

/// A server that comes back on the port that it had, as servers do outside of tests.
fn on_one_port() -> TestServer {
    let mut server = TestServer::spawn();
    let address = server.socket_address();
    server.change(|launch| launch.with("HTTP_LISTEN_ADDR", &address));
    server
}

#[tokio::test]
async fn a_program_goes_on_where_it_was() {
    let mut server = TestServer::spawn();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("place.json");
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let place_of_alice = alice.messages().place();
    for number in 0..6 {
        say(&alice, "#c", &number.to_string()).await;
    }
    let mut messages = bob.messages();
    assert_eq!(hear_until(&mut messages, "2").await, ["0", "1", "2"]);
    messages.place().save(&file).unwrap();
    // In the middle of a page: three more were in memory, and went with it.
    drop((messages, bob, alice));
    server.restart();
    let resume = |nick, place: Option<Place>| Client::connect(Options::new(server.url(), nick).resume(place));
    let alice = resume("alice", Some(place_of_alice)).await.unwrap();
    say(&alice, "#c", "6").await;
    let bob = resume("other", Place::load(&file).unwrap()).await.unwrap();
    assert_eq!((bob.is_new(), bob.nick().as_str()), (false, "bob"));
    let mut messages = bob.messages();
    assert_eq!(hear_until(&mut messages, "6").await, ["3", "4", "5", "6"]);
    assert!(is_quiet(&mut messages).await);
}

#[tokio::test]
async fn where_the_session_has_ended_a_new_one_begins() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let mut messages = alice.messages();
    read_until(&mut messages, |message| message.command == "366").await;
    let place = messages.place();
    assert!(place.cursor > 0);
    alice.quit(None).await.unwrap();
    let alice = Client::connect(Options::new(server.url(), "alice").resume(place)).await.unwrap();
    assert!(alice.is_new());
    let first = next(&mut alice.messages()).await.unwrap().unwrap();
    assert_eq!(first.command, "001", "the cursor begins anew as well");
}

/// One client speaks and another listens while the server is killed and restarted under both. Neither does anything
/// about it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversation_outlives_the_server() {
    let mut server = on_one_port();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let mut messages = bob.messages();
    let (is_over, said) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    let (over, count) = (Arc::clone(&is_over), Arc::clone(&said));
    let speaking = tokio::spawn(async move {
        while !over.load(SeqCst) {
            say(&alice, "#c", &count.load(SeqCst).to_string()).await;
            count.fetch_add(1, SeqCst);
            // The test is about the breaks, not about speed.
            sleep(Duration::from_millis(2)).await;
        }
        say(&alice, "#c", "end").await;
    });
    let listening = tokio::spawn(async move {
        let heard = hear_until(&mut messages, "end").await;
        (heard, is_quiet(&mut messages).await)
    });
    for round in 0..4 {
        sleep(Duration::from_millis(300)).await;
        block_in_place(|| {
            if round % 2 == 0 {
                server.kill9();
                server.start();
            } else {
                server.restart();
            }
        });
    }
    let before = said.load(SeqCst);
    let goes_on = async {
        while said.load(SeqCst) < before + 5 {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, goes_on).await.expect("they go on talking after the last break");
    is_over.store(true, SeqCst);
    speaking.await.unwrap();
    let (mut heard, is_quiet) = listening.await.unwrap();
    heard.pop();
    assert_eq!(heard, (0..said.load(SeqCst)).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(is_quiet, "nothing comes twice");
}

/// A program that dies between an answer and keeping its place answers again, under the same key: once.
#[tokio::test]
async fn an_answer_under_the_id_of_its_question_is_given_once() {
    let mut server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let mut heard_by_alice = alice.messages();
    let mut messages = bob.messages();
    let kept = messages.place();
    say(&alice, "#c", "question").await;
    let answer = async |bob: &Client, question: &Message| {
        let answer = Message::new("NOTICE").to("#c").body("answer");
        bob.send_once(&question.id.unwrap().to_string(), &answer).await.unwrap()
    };
    let question = read_until(&mut messages, |message| message.command == "PRIVMSG").await;
    let first = answer(&bob, &question).await;
    read_until(&mut heard_by_alice, |message| message.command == "NOTICE").await;
    let place_of_alice = heard_by_alice.place();
    server.restart();
    let bob = Client::connect(Options::new(server.url(), "bob").resume(kept)).await.unwrap();
    let again = read_until(&mut bob.messages(), |message| message.command == "PRIVMSG").await;
    assert_eq!(again.id, question.id, "read a second time");
    assert_eq!(answer(&bob, &again).await, first);
    let alice = Client::connect(Options::new(server.url(), "alice").resume(place_of_alice)).await.unwrap();
    assert!(is_quiet(&mut alice.messages()).await, "but answered once");
}

/// The nick that one has now was somebody else's when it was said.
#[tokio::test]
async fn changes_of_nick_are_told_apart_by_whose_they_were() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let mut messages = alice.messages();
    read_until(&mut messages, |message| message.command == "JOIN" && message.is_from("bob")).await;
    let place = messages.place();
    assert_eq!(place.nick.as_deref(), Some("alice"));
    bob.set_nick("carl").await.unwrap().granted().unwrap();
    say(&alice, "#c", "mine").await;
    alice.set_nick("bob").await.unwrap().granted().unwrap();
    say(&bob, "#c", "theirs").await;
    let again = Client::resume(Options::new(server.url(), "").resume(place)).await.unwrap();
    assert_eq!(again.nick(), "bob");
    let mut messages = again.messages();
    let expected = [("bob", "carl", "alice"), ("alice", "mine", "alice"), ("alice", "bob", "bob")];
    for (from, text, nick) in expected.into_iter().chain([("carl", "theirs", "bob")]) {
        let message = next(&mut messages).await.unwrap().unwrap();
        assert_eq!((message.from.as_str(), message.text().as_str()), (from, text));
        assert_eq!((messages.nick().as_str(), again.nick().as_str()), (nick, "bob"), "{text}");
    }
    assert_eq!(messages.place().nick.as_deref(), Some("bob"));
    // A place that was kept by an older version knows no nick.
    let place = Place { cursor: alice.messages().cursor(), nick: None, ..messages.place() };
    let older = Client::resume(Options::new(server.url(), "").resume(place)).await.unwrap();
    let mut messages = older.messages();
    read_until(&mut messages, |message| message.text() == "mine").await;
    assert_eq!(messages.nick(), "alice");
}

/// Who must not appear under a session that nobody asked for resumes, or is told that there is nothing to resume.
#[tokio::test]
async fn resuming_opens_no_other_session() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let place = alice.messages().place();
    let resume = |place: Option<Place>| Client::resume(Options::new(server.url(), "other").resume(place));
    let again = resume(Some(place.clone())).await.unwrap();
    assert_eq!((again.nick().as_str(), again.is_new()), ("alice", false));
    let state = again.state_with_channels().await.unwrap();
    assert_eq!((state.nick.as_str(), state.channels[0].name.as_str()), ("alice", "#c"));
    let mut messages = again.messages();
    let mut joins = 0;
    while joins < 2 {
        let message = read_until(&mut messages, |message| message.command == "JOIN").await;
        assert_eq!(message.to, "#c");
        joins += 1;
    }
    again.action("#c", "waves").await.unwrap().granted().unwrap();
    let said = read_until(&mut messages, |message| message.command == "PRIVMSG").await;
    assert_eq!(said.text(), "\u{1}ACTION waves\u{1}");
    alice.quit(None).await.unwrap();
    for gone in [Some(place), None] {
        assert!(matches!(resume(gone).await, Err(Error::Unauthorized)));
    }
}

/// While nobody says anything, a client knows within moments that the server is gone, and that it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_break_is_seen_and_so_is_its_end() {
    let mut server = on_one_port();
    let alice = open_in_channel(&server, "alice").await;
    let listener = alice.clone();
    let listening = tokio::spawn(async move {
        let mut messages = listener.messages();
        while let Some(message) = messages.next().await {
            message.unwrap();
        }
    });
    let becomes = async |is_connected: bool| {
        let wait = async {
            while alice.is_connected() != is_connected {
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| panic!("is_connected does not become {is_connected}"));
    };
    becomes(true).await;
    block_in_place(|| server.kill9());
    becomes(false).await;
    block_in_place(|| server.start());
    becomes(true).await;
    listening.abort();
}
