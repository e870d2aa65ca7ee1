//! A bot that writes down what a channel says, a line of JSON each, and leaves nothing out while it does not run.
//!
//! `cargo run --example logger -- [NICK [CHANNEL [FILE]]]` talks to `$NEOIRC`, else `http://127.0.0.1:8080`. Token and
//! cursor are kept in `FILE.place`.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::Write;

use neoirc::client::{Client, Message, Options, Place};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let word =
        |index: usize, default: &str| std::env::args().nth(index).unwrap_or_else(|| default.to_owned());
    let server = std::env::var("NEOIRC").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let (nick, channel, file) = (word(1, "logger"), word(2, "#neoirc"), word(3, "channel.log"));
    let place = format!("{file}.place");

    let client = Client::connect(Options::new(server, nick).resume(Place::load(&place)?)).await?;
    client.join(&channel).await?.granted()?;
    let mut log = OpenOptions::new().create(true).append(true).open(&file)?;
    let mut messages = client.messages();
    let mut dropped = 0;
    // Until the session ends; lost connections and restarts of the server are nothing to care about.
    while let Some(message) = messages.next().await {
        let message = message?;
        if messages.dropped() > dropped {
            // What is missing is told where it is missing: a log that only looks whole would be worse.
            let gap = format!("{} messages were cut off before this", messages.dropped() - dropped);
            writeln!(log, "{}", serde_json::to_string(&Message::new("NOTICE").to(&channel).body(gap))?)?;
            dropped = messages.dropped();
        }
        if message.to.eq_ignore_ascii_case(&channel)
            && message.command.starts_with(|c: char| c.is_ascii_alphabetic())
        {
            writeln!(log, "{}", serde_json::to_string(&message)?)?;
            log.sync_data()?;
        }
        // Behind the line: after a crash in between it is written a second time, and its id tells.
        messages.place().save(&place)?;
    }
    Ok(())
}
