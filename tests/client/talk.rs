//! People who talk by way of the library.

use std::time::Duration;

use neoirc::client::{Body, Client, Error, Message, Options, Receipt};
use tokio::time::timeout;

use crate::people::{hear_until, is_quiet, next, open, open_in_channel, read_until, say};
use crate::support::TestServer;

#[tokio::test]
async fn what_is_said_is_heard_once_by_everybody() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let (mut heard_by_alice, mut heard_by_bob) = (alice.messages(), bob.messages());
    let id = say(&alice, "#c", "Hello, Bob!").await;
    for messages in [&mut heard_by_alice, &mut heard_by_bob] {
        let message = read_until(messages, |message| message.command == "PRIVMSG").await;
        assert_eq!((message.id, message.text().as_str()), (Some(id), "Hello, Bob!"));
        assert!(message.is_from("ALICE") && message.is_to_channel() && message.seq == messages.cursor());
        assert!(is_quiet(messages).await, "and nothing twice");
    }
    let body = Body::from("two\nlines");
    assert!(matches!(bob.notice("alice", body.clone()).await.unwrap(), Receipt::Sent { .. }));
    let notice = next(&mut heard_by_alice).await.unwrap().unwrap();
    assert_eq!((notice.command.as_str(), notice.to.as_str(), notice.body), ("NOTICE", "alice", Some(body)));
}

#[tokio::test]
async fn every_command_does_what_it_says() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let mut messages = bob.messages();
    let granted = |receipt: Result<Receipt, Error>| receipt.unwrap().granted().unwrap();
    granted(alice.set_topic("#c", "Tea").await);
    granted(alice.mode("#c", &["+v-t", "bob"]).await);
    granted(alice.away(Some("Gone for milk")).await);
    granted(alice.kick("#c", "bob", Some("Out of milk")).await);
    granted(alice.invite("bob", "#c").await);
    granted(bob.join("#C").await);
    granted(alice.part("#c", Some("enough")).await);
    let mut told = Vec::new();
    while told.last().is_none_or(|message: &Message| message.command != "PART") {
        let message = read_until(&mut messages, |message| message.is_from("alice")).await;
        told.push(message);
    }
    let told: Vec<_> = told
        .iter()
        .map(|told| format!("{} {} {}", told.command, told.params.join(" "), told.text()))
        .collect();
    assert_eq!(
        told,
        ["TOPIC  Tea", "MODE +v-t bob ", "KICK bob Out of milk", "INVITE #c ", "PART  enough"],
        "in the order in which it was done"
    );
    for (asked, numeric) in [
        (bob.topic("#c").await, "333"),
        (bob.mode("#c", &[]).await, "329"),
        (bob.names("#c").await, "366"),
        (bob.list().await, "323"),
        (bob.who("#c").await, "315"),
        (bob.whois("alice").await, "318"),
    ] {
        granted(asked);
        read_until(&mut messages, |message| message.command == numeric).await;
    }
    let state = alice.state().await.unwrap();
    assert_eq!((state.nick.as_str(), state.away.as_deref()), ("alice", Some("Gone for milk")));
    assert!(state.channels.is_empty());
    granted(alice.away(None).await);
    assert_eq!(alice.state().await.unwrap().away, None);
    assert_eq!(bob.state().await.unwrap().channels[0].topic, "Tea");
}

#[tokio::test]
async fn a_key_opens_a_channel() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open(&server, "bob").await);
    alice.mode("#c", &["+k", "sesame"]).await.unwrap().granted().unwrap();
    assert_eq!(bob.join("#c").await.unwrap().granted().unwrap_err().numeric, "475");
    bob.join_with_key("#c", "sesame").await.unwrap().granted().unwrap();
}

#[tokio::test]
async fn history_is_read_page_by_page() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    for number in 0..5 {
        say(&alice, "#c", &number.to_string()).await;
    }
    let newest = alice.history("#c", None, 2).await.unwrap();
    let before = alice.history("#c", Some(newest[0].seq), 2).await.unwrap();
    let texts = |page: &[Message]| page.iter().map(Message::text).collect::<Vec<_>>();
    assert_eq!(
        (texts(&before), texts(&newest)),
        (vec!["1".into(), "2".into()], vec!["3".into(), "4".into()])
    );
    assert!(matches!(alice.history("#d", None, 2).await, Err(Error::Http { status: 404, .. })));
}

/// Another device of the session may change the nick; whoever listens knows.
#[tokio::test]
async fn the_nick_is_the_one_that_others_see() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let mut messages = alice.messages();
    let place = messages.place();
    let options = Options::new(server.url(), "ignored").resume(place);
    let other = Client::connect(options).await.unwrap();
    assert_eq!((other.is_new(), other.nick()), (false, "alice".to_owned()));
    assert_eq!(alice.set_nick("Alicia").await.unwrap(), Receipt::Nick { nick: "Alicia".to_owned() });
    assert_eq!(alice.nick(), "Alicia");
    other.set_nick("lis").await.unwrap().granted().unwrap();
    assert_eq!(alice.nick(), "Alicia", "not heard yet");
    read_until(&mut messages, |message| message.command == "NICK" && message.text() == "lis").await;
    assert_eq!(alice.nick(), "lis");
}

#[tokio::test]
async fn a_stream_ends_with_its_session() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let mut messages = alice.messages();
    let other = Client::connect(Options::new(server.url(), "alice").resume(messages.place())).await.unwrap();
    let mut heard_by_other = other.messages();
    assert_eq!(alice.quit(Some("Good night")).await.unwrap(), Receipt::Quit);
    // One who said QUIT expects the end; the other does not.
    assert!(next(&mut messages).await.is_none(), "what was unread went with the session");
    assert!(next(&mut messages).await.is_none());
    assert!(matches!(next(&mut heard_by_other).await, Some(Err(Error::Unauthorized))));
    assert!(next(&mut heard_by_other).await.is_none());
    assert!(matches!(other.privmsg("#c", "hi").await, Err(Error::Unauthorized)));
    open(&server, "alice").await;
}

/// A poll that waits hears of the end at the same time as the one who said QUIT.
#[tokio::test]
async fn a_waiting_stream_ends_without_an_error() {
    let server = TestServer::spawn();
    for round in 0..20 {
        let alice = open(&server, &format!("alice{round}")).await;
        let mut messages = alice.messages();
        read_until(&mut messages, |message| ["376", "422"].contains(&message.command.as_str())).await;
        let (end, receipt) = tokio::join!(next(&mut messages), async {
            // Until the poll waits at the server.
            tokio::time::sleep(Duration::from_millis(5)).await;
            alice.quit(None).await
        });
        assert!(end.is_none(), "{end:?}");
        assert_eq!(receipt.unwrap(), Receipt::Quit);
    }
}

/// One client of a session goes, which ends the session if it was the last.
#[tokio::test]
async fn logging_out_ends_the_stream() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let (mut messages, mut heard_by_bob) = (alice.messages(), bob.messages());
    alice.log_out().await.unwrap();
    assert!(next(&mut messages).await.is_none());
    let last = read_until(&mut heard_by_bob, |message| message.command == "QUIT").await;
    assert!(last.is_from("alice"));
    assert!(matches!(alice.log_out().await, Err(Error::Unauthorized)));
}

#[tokio::test]
async fn each_stream_has_everything() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let (mut one, mut other) = (bob.messages(), bob.messages());
    for number in 0..3 {
        say(&alice, "#c", &number.to_string()).await;
    }
    assert_eq!(hear_until(&mut one, "2").await, ["0", "1", "2"]);
    assert_eq!(hear_until(&mut other, "2").await, ["0", "1", "2"]);
}

/// Waiting for a message is given up again and again, as `select!` does, and none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_up_waiting_loses_nothing() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let mut messages = bob.messages();
    let speaking = tokio::spawn(async move {
        for number in 0..100 {
            say(&alice, "#c", &number.to_string()).await;
        }
    });
    let mut heard = Vec::new();
    while heard.last().is_none_or(|text| text != "99") {
        match timeout(Duration::from_micros(500), messages.next()).await {
            Ok(Some(message)) => {
                let message = message.unwrap();
                if message.command == "PRIVMSG" {
                    heard.push(message.text());
                }
            }
            Ok(None) => panic!("the stream goes on"),
            Err(_) => {}
        }
    }
    speaking.await.unwrap();
    assert_eq!(heard, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
}

/// More than one answer holds: the rest is fetched without waiting.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backlog_of_several_pages_is_read_in_order() {
    let server = TestServer::spawn();
    let (alice, bob) = (open_in_channel(&server, "alice").await, open_in_channel(&server, "bob").await);
    let mut speaking = Vec::new();
    for sender in 0..8 {
        let alice = alice.clone();
        speaking.push(tokio::spawn(async move {
            for number in 0..150 {
                say(&alice, "#c", &format!("{sender}/{number:03}")).await;
            }
        }));
    }
    for task in speaking {
        task.await.unwrap();
    }
    say(&alice, "#c", "end").await;
    let mut messages = bob.messages();
    let heard = hear_until(&mut messages, "end").await;
    assert_eq!(heard.len(), 8 * 150 + 1);
    for sender in 0..8 {
        let numbers: Vec<_> =
            heard.iter().filter_map(|text| text.strip_prefix(&format!("{sender}/"))).collect();
        assert!(numbers.len() == 150 && numbers.is_sorted(), "{sender}: {numbers:?}");
    }
}

#[tokio::test]
async fn what_the_server_cut_off_is_told() {
    let server = TestServer::spawn_with(&[("QUEUE_MAX_ENTRIES", "20")]);
    let (alice, bob) = (open(&server, "alice").await, open(&server, "bob").await);
    for number in 0..100 {
        say(&alice, "bob", &number.to_string()).await;
    }
    // The queue is cut a little later. Beginning again from the start acknowledges nothing.
    loop {
        let mut messages = bob.messages();
        let first = next(&mut messages).await.unwrap().unwrap();
        let heard = hear_until(&mut messages, "99").await;
        if heard.len() <= 20 {
            assert_eq!((first.command.as_str(), first.from.as_str()), ("NOTICE", "neoirc"));
            assert!(messages.dropped() >= 80, "{}", messages.dropped());
            let newest: Vec<_> = (100 - heard.len()..100).map(|number| number.to_string()).collect();
            assert_eq!(heard, newest, "the newest are kept");
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
