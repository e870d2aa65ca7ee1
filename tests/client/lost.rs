//! Answers and requests that are lost on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use neoirc::client::{Client, Error, Options, Receipt};

use crate::faults::{Fate, Faults, Seen, json_answer};
use crate::people::{hear_until, is_quiet, open_in_channel, read_until, say};
use crate::support::TestServer;

/// The path to the server of one client, on which each request to `what` meets these fates in turn, and is forwarded
/// from then on.
fn on_the_way(server: &TestServer, what: &'static str, fates: &'static [Fate]) -> Faults {
    let count = AtomicUsize::new(0);
    Faults::before(&server.url(), move |seen: &Seen| {
        if seen.what != what {
            return Fate::Forwarded;
        }
        fates.get(count.fetch_add(1, Ordering::SeqCst)).cloned().unwrap_or(Fate::Forwarded)
    })
}

const POST: &str = "POST /api/v1/messages";
const GET: &str = "GET /api/v1/messages";

/// "A lost answer retried once only": whatever was lost, it is said once.
#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_said_once() {
    let server = TestServer::spawn();
    let bob = open_in_channel(&server, "bob").await;
    let mut heard = bob.messages();
    // The first request is the JOIN.
    let faults = on_the_way(&server, POST, &[Fate::Forwarded, Fate::AnswerLost, Fate::Lost]);
    let alice = Client::connect(Options::new(faults.url(), "alice")).await.unwrap();
    alice.join("#c").await.unwrap().granted().unwrap();
    let id = say(&alice, "#c", "once").await;
    let message = read_until(&mut heard, |message| message.command == "PRIVMSG").await;
    assert_eq!((message.id, message.text().as_str()), (Some(id), "once"));
    assert!(is_quiet(&mut heard).await, "said twice");
    let posts = faults.seen(POST);
    assert_eq!(posts.len(), 4, "the JOIN, and three attempts");
    let keys: Vec<_> = posts.iter().map(|seen| seen.header("idempotency-key").unwrap()).collect();
    assert!(keys[1] == keys[2] && keys[2] == keys[3], "{keys:?}");
    assert_ne!(keys[0], keys[1], "another command, another key");
}

/// A place is found once: "the newest" after a break would be another.
#[tokio::test]
async fn what_is_said_in_a_break_behind_what_was_passed_over_is_heard() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let faults = on_the_way(&server, GET, &[Fate::Lost, Fate::Forwarded, Fate::Lost, Fate::Lost]);
    let bob = Client::connect(Options::new(faults.url(), "bob")).await.unwrap();
    bob.join("#c").await.unwrap().granted().unwrap();
    say(&alice, "#c", "old").await;
    let mut messages = bob.messages();
    messages.pass_over().await.unwrap();
    say(&alice, "#c", "new").await;
    assert_eq!(hear_until(&mut messages, "new").await, ["new"]);
}

#[tokio::test]
async fn a_lost_page_is_read_again() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let faults = on_the_way(&server, GET, &[Fate::AnswerLost, Fate::Forwarded, Fate::AnswerLost, Fate::Lost]);
    let bob = Client::connect(Options::new(faults.url(), "bob")).await.unwrap();
    bob.join("#c").await.unwrap().granted().unwrap();
    let mut messages = bob.messages();
    say(&alice, "#c", "one").await;
    assert_eq!(hear_until(&mut messages, "one").await, ["one"]);
    say(&alice, "#c", "two").await;
    assert_eq!(hear_until(&mut messages, "two").await, ["two"]);
    assert!(is_quiet(&mut messages).await);
    assert!(faults.seen(GET).len() >= 5);
}

/// The server gives a page twice, as one with a restored backup might: the second is known by its ids.
#[tokio::test]
async fn a_page_that_comes_twice_is_given_out_once() {
    let page = r#"{"messages":[{"command":"PRIVMSG","from":"a","to":"b","body":["one"],
        "id":"01a1fc11-7b0b-7214-80e2-000000000028","seq":40,"ts":"2026-11-25T10:00:00.000000000Z"}],"last_id":40}"#;
    let count = AtomicUsize::new(0);
    let token = "a".repeat(64);
    let cookie = format!("Set-Cookie: neoirc_auth={token}; Path=/\r\n");
    let server = Faults::alone(move |seen| match seen.what.as_str() {
        "POST /api/v1/session" => json_answer("201 Created", &cookie, r#"{"id":1,"nick":"b"}"#),
        _ if count.fetch_add(1, Ordering::SeqCst) < 3 => json_answer("200 OK", "", page),
        _ => json_answer("401 Unauthorized", "", r#"{"error":"unauthorized"}"#),
    });
    let client = Client::connect(Options::new(server.url(), "b")).await.unwrap();
    let mut messages = client.messages();
    assert_eq!(messages.next().await.unwrap().unwrap().text(), "one");
    assert!(matches!(messages.next().await, Some(Err(Error::Unauthorized))));
    assert_eq!(server.seen(GET).len(), 4);
    assert!(
        server.seen(GET).iter().all(|seen| seen.header("cookie") == Some(&format!("neoirc_auth={token}")))
    );
}

#[tokio::test]
async fn a_lost_answer_to_quit_is_an_end_all_the_same() {
    let server = TestServer::spawn();
    let faults = on_the_way(&server, POST, &[Fate::AnswerLost]);
    let alice = Client::connect(Options::new(faults.url(), "alice")).await.unwrap();
    assert_eq!(alice.quit(None).await.unwrap(), Receipt::Quit);
    assert_eq!(faults.seen(POST).len(), 2);
    assert!(alice.messages().next().await.is_none());
}

/// Something on the way has not passed it on, and says so.
#[tokio::test]
async fn what_came_too_slowly_or_too_early_is_sent_again() {
    let server = TestServer::spawn();
    let count = AtomicUsize::new(0);
    let faults = Faults::before(&server.url(), move |seen| match count.fetch_add(1, Ordering::SeqCst) {
        1 if seen.what == POST => Fate::Answered(json_answer("408 Request Timeout", "", "<html>")),
        2 if seen.what == POST => Fate::Answered(json_answer("425 Too Early", "", "")),
        _ => Fate::Forwarded,
    });
    let alice = Client::connect(Options::new(faults.url(), "alice")).await.unwrap();
    alice.join("#c").await.unwrap().granted().unwrap();
    assert_eq!(faults.seen(POST).len(), 3);
}

/// Opening a session twice would find the nick taken, by oneself; so nobody tries.
#[tokio::test]
async fn a_lost_answer_to_opening_is_not_asked_for_again() {
    let server = TestServer::spawn();
    let faults = on_the_way(&server, "POST /api/v1/session", &[Fate::AnswerLost]);
    let error = Client::connect(Options::new(faults.url(), "alice")).await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error:?}");
    assert_eq!(faults.seen("").len(), 1);
    // The same of a proxy that has waited long enough.
    let faults = Faults::alone(|_| json_answer("504 Gateway Timeout", "", ""));
    let error = Client::connect(Options::new(faults.url(), "alice")).await.unwrap_err();
    assert!(matches!(error, Error::Busy { status: 504, .. }), "{error:?}");
    assert_eq!(faults.seen("").len(), 1);
}

#[tokio::test]
async fn patience_has_an_end() {
    let server = TestServer::spawn();
    let faults =
        Faults::before(&server.url(), |seen| if seen.what == POST { Fate::Lost } else { Fate::Forwarded });
    let options = Options::new(faults.url(), "alice").patience(Duration::from_secs(2));
    let alice = Client::connect(options).await.unwrap();
    let begun = Instant::now();
    assert!(matches!(alice.join("#c").await, Err(Error::Transport(_))));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(faults.seen(POST).len() > 1, "but it is tried again before");
    let options = Options::new(faults.url(), "bob").patience(Duration::ZERO);
    let bob = Client::connect(options).await.unwrap();
    let before = faults.seen(POST).len();
    assert!(matches!(bob.join("#c").await, Err(Error::Transport(_))));
    assert_eq!(faults.seen(POST).len(), before + 1, "without patience once");
}

/// A busy server says when to come again.
#[tokio::test]
async fn a_busy_server_is_given_the_time_that_it_asks_for() {
    let server = TestServer::spawn();
    let count = AtomicUsize::new(0);
    let faults = Faults::before(&server.url(), move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => {
            Fate::Answered(json_answer("429 Too Many Requests", "Retry-After: 1\r\n", r#"{"error":"slow"}"#))
        }
        // A proxy whose server restarts answers so.
        2 => Fate::Answered(
            "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned(),
        ),
        3 => Fate::Answered(json_answer(
            "503 Service Unavailable",
            "Retry-After: 1\r\n",
            r#"{"error":"busy"}"#,
        )),
        _ => Fate::Forwarded,
    });
    let begun = Instant::now();
    let alice = Client::connect(Options::new(faults.url(), "alice")).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    let begun = Instant::now();
    alice.join("#c").await.unwrap().granted().unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "{:?}", begun.elapsed());
    assert_eq!(faults.seen(POST).len(), 3);
}
