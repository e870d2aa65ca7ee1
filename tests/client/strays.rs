//! What no client expects: messages that it cannot read, and answers that are none of the server's.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use neoirc::client::{Body, Client, Error, Options};

use crate::faults::{Fate, Faults, json_answer};
use crate::people::{hear_until, next, open_in_channel, say};
use crate::support::TestServer;

const GET: &str = "GET /api/v1/messages";

/// A page between two good messages: what is a sign for a parser of JSON, what is none of this interface, and what is
/// too deep.
fn page() -> String {
    let message = |seq: u64, rest: &str| {
        format!(
            r##"{{"command":"PRIVMSG","from":"a","to":"#c",{rest},"id":"01a1fc11-7b0b-7214-80e2-0000000000{seq}",
            "seq":{seq},"ts":"2026-11-25T10:00:00.000000000Z"}}"##
        )
    };
    let sign = r#"{"a":{"$serde_json::private::RawValue":"}"}}"#;
    let deep = format!(r#""meta":{{"a":{}{}}}"#, "[".repeat(500), "]".repeat(500));
    let messages = [
        message(40, r#""body":["first"]"#),
        message(41, &format!(r#""body":{sign},"meta":{sign}"#)),
        message(42, r#""body":7"#),
        message(43, r#""body":["last"]"#),
        message(44, &deep),
    ];
    format!("[{}]", messages.join(","))
}

#[tokio::test]
async fn a_message_that_cannot_be_read_keeps_nobody_from_the_others() {
    let cookie = format!("Set-Cookie: neoirc_auth={}; Path=/\r\n", "a".repeat(64));
    let server = Faults::alone(move |seen| match seen.what.as_str() {
        "POST /api/v1/session" => json_answer("201 Created", &cookie, r#"{"id":1,"nick":"b"}"#),
        GET if seen.query.contains("after=44") => json_answer("401 Unauthorized", "", "{}"),
        GET if seen.query.contains("after=0") => {
            json_answer("200 OK", "", &format!(r#"{{"messages":{},"last_id":44}}"#, page()))
        }
        "GET /api/v1/history" | "GET /api/v1/search" => json_answer("200 OK", "", &page()),
        _ => json_answer("400 Bad Request", "", r#"{"error":"what?"}"#),
    });
    let client = Client::connect(Options::new(server.url(), "b")).await.unwrap();
    let mut messages = client.messages();
    let mut read = Vec::new();
    while read.len() < 3 {
        read.push(next(&mut messages).await.unwrap().unwrap());
    }
    assert_eq!((messages.cursor(), messages.unreadable()), (44, 2), "the cursor goes on behind them");
    assert!(matches!(next(&mut messages).await, Some(Err(Error::Unauthorized))));
    let found = [client.history("#c", None, 5).await.unwrap(), client.search("first").await.unwrap()];
    for read in found.into_iter().chain([read]) {
        assert_eq!(read.iter().map(|message| message.seq).collect::<Vec<_>>(), [40, 41, 43]);
        let Some(Body::Object(body)) = &read[1].body else { panic!("{read:?}") };
        assert_eq!(body["a"]["$serde_json::private::RawValue"], "}");
    }
}

/// A proxy whose configuration is changed, a page for logging in to some network: what they say is over in a moment.
#[tokio::test]
async fn a_stream_outlives_answers_that_are_not_the_servers() {
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let strays = [
        ("404 Not Found", "<html>"),
        ("408 Request Timeout", ""),
        ("425 Too Early", ""),
        ("403 Forbidden", r#"{"message":"no"}"#),
        ("421 Misdirected Request", "<html>"),
        ("302 Found", ""),
        ("200 OK", "<html>"),
        ("200 OK", "{}"),
    ];
    let next_answer = Arc::new(Mutex::new(None));
    let answer = Arc::clone(&next_answer);
    let faults = Faults::before(&server.url(), move |seen| {
        let stray = if seen.what == GET { answer.lock().unwrap().take() } else { None };
        stray.map_or(Fate::Forwarded, Fate::Answered)
    });
    let bob = Client::connect(Options::new(faults.url(), "bob")).await.unwrap();
    bob.join("#c").await.unwrap().granted().unwrap();
    let mut messages = bob.messages();
    say(&alice, "#c", "begin").await;
    hear_until(&mut messages, "begin").await;
    for (status, body) in strays {
        *next_answer.lock().unwrap() = Some(json_answer(status, "Location: http://127.0.0.1:1/\r\n", body));
        say(&alice, "#c", status).await;
        assert_eq!(hear_until(&mut messages, status).await, [status]);
        assert!(next_answer.lock().unwrap().is_none(), "it was met");
    }
    *next_answer.lock().unwrap() = Some(json_answer("404 Not Found", "", r#"{"error":"gone"}"#));
    let end = next(&mut messages).await;
    assert!(
        matches!(end, Some(Err(Error::Http { status: 404, .. }))),
        "what the server says counts: {end:?}"
    );
}

/// A proxy that does not wait as long as the server does is asked again soon, however often it cuts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_is_cut_while_it_waits_is_no_failure() {
    const CUTS: usize = 4;
    let server = TestServer::spawn();
    let alice = open_in_channel(&server, "alice").await;
    let (cuts, cut_at) = (AtomicUsize::new(0), Arc::new(Mutex::new(None::<Instant>)));
    let pauses = Arc::new(Mutex::new(Vec::new()));
    let heard_of = Arc::clone(&pauses);
    let faults = Faults::before(&server.url(), move |seen| {
        if seen.what != GET {
            return Fate::Forwarded;
        }
        if let Some(at) = cut_at.lock().unwrap().take() {
            heard_of.lock().unwrap().push(at.elapsed());
        }
        if seen.query.contains("timeout=30") && cuts.fetch_add(1, Ordering::SeqCst) < CUTS {
            thread::sleep(Duration::from_millis(1100));
            *cut_at.lock().unwrap() = Some(Instant::now());
            return Fate::Answered(json_answer("504 Gateway Timeout", "", ""));
        }
        Fate::Forwarded
    });
    let bob = Client::connect(Options::new(faults.url(), "bob")).await.unwrap();
    bob.join("#c").await.unwrap().granted().unwrap();
    let mut messages = bob.messages();
    messages.pass_over().await.unwrap();
    let listening = tokio::spawn(async move { hear_until(&mut messages, "end").await });
    let is_over = async {
        while pauses.lock().unwrap().len() < CUTS {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, is_over).await.unwrap();
    say(&alice, "#c", "end").await;
    assert_eq!(listening.await.unwrap(), ["end"]);
    // The fourth of growing ones has at least a second.
    assert!(pauses.lock().unwrap()[CUTS - 1] < Duration::from_millis(900), "{pauses:?}");
}
