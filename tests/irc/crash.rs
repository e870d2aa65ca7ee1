//! A server that is killed while people on both faces talk: who was told that something is so finds it so.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::{IrcClient, TestClient, TestServer, command_of, texts};

/// How long they talk before the power goes.
const TALK: Duration = Duration::from_millis(700);

/// Says one thing after the other, and gives what was acknowledged until the server was killed.
fn talk_over_http(client: &TestClient, is_over: &AtomicBool) -> Vec<String> {
    let mut sure = Vec::new();
    for n in 0.. {
        let text = format!("{} {n}", client.nick);
        let message = json!({ "command": "PRIVMSG", "to": "#tea", "body": [text] });
        match client.post_once(&text, &message) {
            Ok(answer) if answer.status == 200 => sure.push(text),
            _ if is_over.load(Ordering::Relaxed) => break,
            other => panic!("{other:?}"),
        }
    }
    sure
}

/// The same over IRC, where an echo comes once what was said is durable.
fn talk_over_irc(client: &mut IrcClient, nick: &str) -> Vec<String> {
    let mut sure = Vec::new();
    for n in 0.. {
        let text = format!("{nick} {n}");
        client.send(&format!("PRIVMSG #tea :{text}"));
        if !std::iter::from_fn(|| client.next()).any(|line| line.ends_with(&text)) {
            break;
        }
        sure.push(text);
    }
    sure
}

/// Everybody talks at once, the server is killed, and this is what was acknowledged.
fn talk_until_killed(server: &mut TestServer, web: &[TestClient], wire: Vec<IrcClient>) -> BTreeSet<String> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let is_over = &is_over;
        let mut talkers: Vec<_> =
            web.iter().map(|client| scope.spawn(move || talk_over_http(client, is_over))).collect();
        for (number, mut client) in wire.into_iter().enumerate() {
            talkers.push(scope.spawn(move || talk_over_irc(&mut client, &format!("wire{number}"))));
        }
        thread::sleep(TALK);
        is_over.store(true, Ordering::Relaxed);
        server.kill9();
        talkers.into_iter().flat_map(|talker| talker.join().unwrap()).collect()
    })
}

#[test]
fn what_was_acknowledged_survives_on_both_faces() {
    let mut server = TestServer::spawn_irc(&[]);
    let mut reader = server.open("reader");
    reader.join("#tea");
    let web: Vec<_> = (0..2).map(|n| server.open(&format!("web{n}"))).collect();
    for client in &web {
        client.join("#tea");
    }
    let wire: Vec<IrcClient> = (0..2)
        .map(|n| {
            let mut client = IrcClient::open_with(&server.irc_address(), &format!("wire{n}"), "echo-message");
            client.ask("JOIN #tea");
            client
        })
        .collect();
    let acknowledged = talk_until_killed(&mut server, &web, wire);
    assert!(acknowledged.len() > 20, "they did talk: {}", acknowledged.len());
    server.start();
    let messages = reader.drain();
    let heard = texts(&messages);
    let told: BTreeSet<String> = heard.iter().cloned().collect();
    assert_eq!(told.len(), heard.len(), "nothing twice");
    let lost: Vec<_> = acknowledged.difference(&told).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    for who in ["web0 ", "web1 ", "wire0 ", "wire1 "] {
        let numbers: Vec<usize> =
            heard.iter().filter_map(|text| text.strip_prefix(who)?.parse().ok()).collect();
        assert!(numbers.is_sorted() && numbers.len() > 3, "{who}: in order: {numbers:?}");
    }
    let quits = messages.iter().filter(|message| command_of(message) == "QUIT");
    let mut gone: Vec<&str> = quits.map(|quit| quit["from"].as_str().unwrap()).collect();
    gone.sort_unstable();
    assert_eq!(gone, ["wire0", "wire1"], "those whose connections were lost, and nobody else");
    for client in &web {
        assert_eq!(client.channels(), ["#tea"]);
    }
}

/// Reads all the time, over kills and restarts, until it is told that there is nothing more to come; under one cursor.
fn read_all_along(client: &mut TestClient, is_over: &AtomicBool) -> Vec<serde_json::Value> {
    let mut heard = Vec::new();
    loop {
        let was_over = is_over.load(Ordering::Relaxed);
        match client.try_page(1) {
            Ok(page) => {
                assert_eq!(page.dropped, None);
                let is_all = page.messages.is_empty() && !page.more;
                heard.extend(page.messages);
                if was_over && is_all {
                    return heard;
                }
            }
            // It is being started again.
            Err(_) => thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Several kills in the midst of traffic from both faces: who reads over HTTP meanwhile loses nothing and sees nothing
/// twice, before and after each of them.
#[test]
fn who_reads_over_http_notices_no_kill() {
    let mut server = TestServer::spawn_irc(&[]);
    let mut reader = server.open("reader");
    reader.join("#tea");
    let web = server.open("web");
    web.join("#tea");
    let all_is_over = AtomicBool::new(false);
    let (acknowledged, messages) = thread::scope(|scope| {
        let reading = scope.spawn(|| read_all_along(&mut reader, &all_is_over));
        let mut acknowledged = BTreeSet::new();
        for round in 0..4 {
            let mut talkers: Vec<TestClient> = vec![web.clone()];
            // So that what is said in each round has a name of its own.
            talkers[0].nick = format!("web{round}");
            let wire: Vec<IrcClient> = (0..2)
                .map(|n| {
                    let nick = format!("wire{n}");
                    let mut client = IrcClient::open_with(&server.irc_address(), &nick, "echo-message");
                    client.ask("JOIN #tea");
                    client
                })
                .collect();
            let said = talk_until_killed(&mut server, &talkers, wire);
            // A wire client begins to count anew each time.
            acknowledged.extend(said.into_iter().map(|text| format!("{round}: {text}")));
            server.start();
        }
        all_is_over.store(true, Ordering::Relaxed);
        (acknowledged, reading.join().unwrap())
    });
    let ids: BTreeSet<&str> = messages.iter().map(|message| message["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), messages.len(), "nothing twice");
    let sequence: Vec<u64> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert!(sequence.is_sorted(), "in order");
    // A round ends where those whose connections were lost are said to have gone.
    let mut round = 0;
    let mut told = BTreeSet::new();
    let mut gone = 0;
    for message in &messages {
        if command_of(message) == "QUIT" {
            gone += 1;
            round = gone / 2;
        }
        told.extend(texts(std::slice::from_ref(message)).into_iter().map(|text| format!("{round}: {text}")));
    }
    assert_eq!(gone, 8, "both of them, each time");
    assert!(acknowledged.len() > 40, "they did talk: {}", acknowledged.len());
    let lost: Vec<_> = acknowledged.difference(&told).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
}
