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
