//! A bot that says in one channel what is said in another, both ways.
//!
//! `cargo run --example bridge -- NICK CHANNEL CHANNEL` talks to `$NEOIRC`, else `http://127.0.0.1:8080`. For channels
//! of two servers there are two clients, each with a stream: `tokio::select!` waits for both.

use std::error::Error;

use neoirc::client::{Body, Client, Message, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::var("NEOIRC").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [nick, here, there] = words.as_slice() else { return Err("bridge NICK CHANNEL CHANNEL".into()) };

    let client = Client::connect(Options::new(server, nick)).await?;
    for channel in [here, there] {
        client.join(channel).await?.granted()?;
    }
    let mut messages = client.messages();
    while let Some(message) = messages.next().await {
        let message = message?;
        // Its own words, too, come back to it: passed on they would go round for ever. So would those of another
        // bridge, but bots speak in NOTICEs, and only a PRIVMSG crosses.
        if message.command != "PRIVMSG" || message.is_from(&client.nick()) {
            continue;
        }
        let other = if message.to.eq_ignore_ascii_case(here) {
            there
        } else if message.to.eq_ignore_ascii_case(there) {
            here
        } else {
            continue;
        };
        let lines: Vec<String> =
            message.lines().iter().map(|line| format!("<{}> {line}", message.from)).collect();
        let said = Message::new("NOTICE").to(other).body(Body::from(lines));
        // Under the id of what it passes on, so that it crosses once.
        let key = message.id.map(|id| id.to_string()).unwrap_or_default();
        if let Err(refusal) = client.send_once(&key, &said).await?.granted() {
            eprintln!("bridge: {other}: {refusal}");
        }
    }
    Ok(())
}
