//! A bot that says in one channel what is said in another, both ways.
//!
//! `cargo run --example bridge -- NICK CHANNEL CHANNEL` talks to `$NEOIRC`, else `http://127.0.0.1:8080`. For channels
//! of two servers there are two clients, each with a stream: `tokio::select!` waits for both.

use neoirc::client::{Body, Client, Error, Message, Options};

/// Most characters of a line: in JSON, where one takes up to six bytes, it fits into a message.
const LINE_CHARACTERS_MAX: usize = 400;

/// Most bytes of the lines of a message, as JSON: with the rest of it, fewer than the 4,096 that the server takes.
const LINES_BYTES_MAX: usize = 3_500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
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
        if message.command != "PRIVMSG" || message.is_from(&messages.nick()) {
            continue;
        }
        let other = if message.to.eq_ignore_ascii_case(here) {
            there
        } else if message.to.eq_ignore_ascii_case(there) {
            here
        } else {
            continue;
        };
        for (number, lines) in passed_on(&message).into_iter().enumerate() {
            let said = Message::new("NOTICE").to(other).body(Body::from(lines));
            // Under the id of what it passes on, so that it crosses once.
            let key = format!("{}-{number}", message.id.unwrap_or_default());
            let sent = client.send_once(&key, &said).await;
            match sent.and_then(|receipt| Ok(receipt.granted()?)) {
                Ok(_) => {}
                // One that is refused, be it by IRC or by HTTP, does not keep back those behind it.
                Err(refusal @ (Error::Refused(_) | Error::Http { .. })) => {
                    eprintln!("bridge: {other}: {refusal}");
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}

/// The lines of a message, each under the nick of who said it, in as many messages as they need with that. Empty ones
/// are left out.
fn passed_on(message: &Message) -> Vec<Vec<String>> {
    let mut messages: Vec<Vec<String>> = Vec::new();
    let mut bytes_left = 0;
    for line in message.lines() {
        let characters: Vec<char> = line.chars().collect();
        for part in characters.chunks(LINE_CHARACTERS_MAX) {
            let said = format!("<{}> {}", message.from, part.iter().collect::<String>());
            // With the comma behind it.
            let bytes = serde_json::json!(said).to_string().len() + 1;
            match messages.last_mut() {
                Some(last) if bytes <= bytes_left => {
                    bytes_left -= bytes;
                    last.push(said);
                }
                _ => {
                    bytes_left = LINES_BYTES_MAX.saturating_sub(bytes);
                    messages.push(vec![said]);
                }
            }
        }
    }
    messages
}
