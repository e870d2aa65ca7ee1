//! Long backlogs come in pages: at most 500 messages or 1 MiB an answer.

use std::thread;

use reqwest::Method;

use crate::support::{Answer, Page, TestClient, TestServer, texts};

/// Sends many texts to bob from several connections at once, since each waits for the disk. Returns the `seq` of
/// every message, ascending.
fn flood(server: &TestServer, count: usize, text: impl Fn(usize) -> String + Sync) -> Vec<u64> {
    let alice = server.open("alice");
    let send = |number: usize| alice.say("bob", &text(number))["seq"].as_u64().unwrap();
    let mut seqs: Vec<u64> = thread::scope(|scope| {
        let send = &send;
        let senders: Vec<_> = (0..8)
            .map(|sender| scope.spawn(move || (sender..count).step_by(8).map(send).collect::<Vec<_>>()))
            .collect();
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect()
    });
    seqs.sort_unstable();
    seqs
}

fn answer_after(client: &TestClient, cursor: u64) -> Answer {
    Answer::of(client.http.request(Method::GET, &format!("/api/v1/messages?after={cursor}&timeout=0")))
        .unwrap()
}

// clause: queues.pages
#[test]
fn a_page_holds_500_messages() {
    let server = TestServer::spawn();
    let bob = server.open("bob");
    flood(&server, 1100, |number| number.to_string());
    let first = Page::check(bob.cursor, &answer_after(&bob, bob.cursor).ok());
    let second = Page::check(first.last_id, &answer_after(&bob, first.last_id).ok());
    let third = Page::check(second.last_id, &answer_after(&bob, second.last_id).ok());
    assert_eq!([&first, &second, &third].map(|page| page.messages.len()), [500, 500, 100]);
    assert_eq!([&first, &second, &third].map(|page| page.more), [true, true, false]);
    let mut numbers: Vec<usize> = [first, second, third]
        .iter()
        .flat_map(|page| texts(&page.messages))
        .map(|text| text.parse().unwrap())
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..1100).collect::<Vec<_>>(), "each exactly once");
}

/// The same when most of the backlog is on disk, with the border between disk and memory inside a page.
#[test]
fn a_backlog_on_disk_is_read_like_one_in_memory() {
    let server = TestServer::spawn_with(&[("QUEUE_TAIL_ENTRIES", "100"), ("QUEUE_SETTLE_AFTER", "200ms")]);
    let mut bob = server.open("bob");
    let seqs = flood(&server, 1100, |number| number.to_string());
    // From wherever one begins, the rest is the same: nothing skipped, nothing twice. Ascending, since each of
    // these polls acknowledges what lies before it.
    for at in [0, 1, 499, 500, 501, 599, 600, 601, 950, 999, 1000, 1001, 1099] {
        bob.cursor = seqs[at];
        let page = bob.page(0);
        let read: Vec<u64> = page.messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
        let rest = &seqs[at + 1..];
        assert_eq!(read, rest[..rest.len().min(500)], "after number {at}");
        assert_eq!(page.more, rest.len() > 500, "after number {at}");
    }
}

/// `more` says that there is more, not that the page is full.
#[test]
fn exactly_500_messages_are_one_whole_page() {
    let server = TestServer::spawn();
    let bob = server.open("bob");
    flood(&server, 500, |number| number.to_string());
    let page = Page::check(bob.cursor, &answer_after(&bob, bob.cursor).ok());
    assert_eq!((page.messages.len(), page.more), (500, false));
}

// clause: queues.pages
#[test]
fn a_page_holds_one_mebibyte() {
    let server = TestServer::spawn();
    let mut bob = server.open("bob");
    flood(&server, 400, |number| format!("{number:03}{}", "x".repeat(3900)));
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let answer = answer_after(&bob, bob.cursor);
        assert!(answer.text.len() <= 1 << 20, "{} bytes in one answer", answer.text.len());
        let page = Page::check(bob.cursor, &answer.ok());
        bob.cursor = page.last_id;
        seen.extend(texts(&page.messages).iter().map(|text| text.chars().take(3).collect::<String>()));
        pages += 1;
        if !page.more {
            break;
        }
        assert!(answer.text.len() > 1 << 19, "a page that was cut short is not nearly empty");
    }
    seen.sort();
    assert_eq!(seen, (0..400).map(|number| format!("{number:03}")).collect::<Vec<_>>());
    assert!((2..=4).contains(&pages), "1.6 MB in {pages} pages");
}

/// A waiting client gets the beginning of a backlog at once, however long the backlog is.
#[test]
fn a_backlog_does_not_wait() {
    let server = TestServer::spawn();
    let bob = server.open("bob");
    flood(&server, 600, |number| number.to_string());
    let begun = std::time::Instant::now();
    let path = format!("/api/v1/messages?after={}&timeout=30", bob.cursor);
    assert_eq!(Page::check(bob.cursor, &bob.http.get(&path).ok()).messages.len(), 500);
    assert!(begun.elapsed().as_secs() < 10);
}
