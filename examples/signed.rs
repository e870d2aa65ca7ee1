//! Signs what it says, and tells of what it hears whether the signature is good. Warns when somebody's key changes.
//!
//! ```sh
//! cargo run --example signed -- [NICK [CHANNEL [TEXT]]]
//! ```
//!
//! The server is `$NEOIRC`, else `http://127.0.0.1:8080`. The secret key is kept in `$SIGNED_KEY`, else `signed.key`,
//! the keys of others in `$SIGNED_PINS`, else `signed.pins.json`.

use std::{env, error::Error};

use neoirc::client::{Client, Message, Options, Pin, Pins, PublicKey, Receipt, SigningKey, VerifyError};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let word = |index: usize, default: &str| env::args().nth(index).unwrap_or_else(|| default.to_owned());
    let variable = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let key = SigningKey::load_or_generate(variable("SIGNED_KEY", "signed.key"))?;
    let mut pins = Pins::open(variable("SIGNED_PINS", "signed.pins.json"))?;

    let options = Options::new(variable("NEOIRC", "http://127.0.0.1:8080"), word(1, "signer"));
    let client = Client::connect(options).await?;
    let Receipt::Joined { channel } = client.join(&word(2, "#neoirc")).await?.granted()? else {
        return Err("one channel, please".into());
    };
    if let Err(refusal) = client.announce_key(Some(&channel), key.public()).await?.granted() {
        eprintln!("signed: the server does not announce keys: {refusal}");
    }
    // The channel as the server spells it: the signature covers it.
    let text = word(3, "Whoever has my key knows that this is from me.");
    client.send_signed(Message::new("PRIVMSG").to(channel).body(text), &key).await?.granted()?;

    let mut messages = client.messages();
    while let Some(message) = messages.next().await {
        let message = message?;
        let from = harmless(&message.from);
        if let Some(announced) = PublicKey::announced_in(&message) {
            match announced.map(|seen| pins.check(&message.from, &seen)) {
                Ok(pin) => match pin? {
                    Pin::New => println!("The key of {from} is now known."),
                    Pin::Same => {}
                    // `pins.accept` would take the new key. That is for people to decide, who can ask.
                    Pin::Changed(change) => println!("{}", harmless(&change.to_string())),
                },
                Err(error) => eprintln!("signed: {from} announces no key: {error}"),
            }
        } else if message.command == "PRIVMSG" {
            let verdict = match pins.verify(&message) {
                Ok(()) => "verified",
                Err(VerifyError::Unsigned) => "unsigned",
                Err(VerifyError::NoKey) => "signed, key not known",
                Err(_) => "BAD SIGNATURE",
            };
            // Before each line: one without it could say that it is verified.
            for line in message.lines() {
                println!("[{verdict}] {from}: {}", harmless(line));
            }
        }
    }
    Ok(())
}

/// What somebody else wrote, without what would steer the terminal or begin another line, and without marks that turn
/// the direction of what is written.
fn harmless(text: &str) -> String {
    let is_harmful =
        |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.replace(is_harmful, "\u{fffd}")
}
