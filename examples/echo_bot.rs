//! A bot that says back what is said to it, once, whatever breaks in between: the network, the server, the bot.
//!
//! `cargo run --example echo_bot -- [NICK [CHANNEL [ANSWERS]]]` talks to `$NEOIRC`, else `http://127.0.0.1:8080`.
//! Token and cursor are kept in `$ECHO_BOT_STATE`, else `echo_bot.json`. It quits after so many answers, if told.

use std::{env, fs};

use neoirc::client::{Client, Error, Message, Options, Place};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let word = |index: usize, default: &str| env::args().nth(index).unwrap_or_else(|| default.to_owned());
    let variable = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let (server, file) =
        (variable("NEOIRC", "http://127.0.0.1:8080"), variable("ECHO_BOT_STATE", "echo_bot.json"));
    let (nick, channel, wanted) = (word(1, "echo"), word(2, "#neoirc"), word(3, "0").parse::<u64>()?);

    // The session of the last time, if the server still has it; else a new one.
    let client = Client::connect(Options::new(server, nick).resume(Place::load(&file)?)).await?;
    // Joining where one is already does nothing.
    client.join(&channel).await?.granted()?;
    let mut messages = client.messages();
    let mut given = 0;
    while wanted == 0 || given < wanted {
        let Some(message) = messages.next().await else { break };
        let message = message?;
        if let Some((to, text)) = meant_for(&messages.nick(), &message) {
            // A NOTICE, which nothing answers by itself: two bots never talk to each other for ever. Under the id of
            // what it answers: if it is read again after a crash, it is still answered once.
            let key = message.id.unwrap_or_default().to_string();
            let sent = client.send_once(&key, &Message::new("NOTICE").to(to).body(text)).await;
            match sent.and_then(|receipt| Ok(receipt.granted()?)) {
                // As Rust writes a text in its source: nothing in it steers the terminal.
                Ok(_) => println!("{to} {text:?}"),
                // By IRC, such as for somebody who has left meanwhile, or by HTTP, as for an answer that is too long.
                // Neither ends the bot: it would read the same message again, and end again.
                Err(refusal @ (Error::Refused(_) | Error::Http { .. })) => {
                    eprintln!("echo_bot: {to}: {refusal}");
                }
                Err(error) => return Err(error.into()),
            }
            given += 1;
        }
        // Last: whatever goes wrong before this, the message is read again.
        messages.place().save(&file)?;
    }
    client.quit(None).await?;
    Ok(fs::remove_file(&file)?)
}

/// Where to answer, and what: a line to the bot alone, or one in a channel that begins with its nick.
fn meant_for<'a>(nick: &str, message: &'a Message) -> Option<(&'a str, &'a str)> {
    let text = message.lines().first().filter(|_| message.command == "PRIVMSG" && !message.is_from(nick))?;
    let addressed = text.strip_prefix(nick).and_then(|rest| rest.strip_prefix(": "));
    if message.is_to_channel() {
        Some((&message.to, addressed?))
    } else {
        Some((&message.from, addressed.unwrap_or(text)))
    }
}
