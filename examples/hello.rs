//! Opens a session, joins a channel, says hello, hears it, and leaves.
//!
//! ```sh
//! cargo run --example hello -- [NICK [CHANNEL]]
//! ```
//!
//! The server is `$NEOIRC`, else `http://127.0.0.1:8080`.

use std::error::Error;

use neoirc::client::{Client, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::var("NEOIRC").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let mut arguments = std::env::args().skip(1);
    let nick = arguments.next().unwrap_or_else(|| format!("hello{}", std::process::id()));
    let channel = arguments.next().unwrap_or_else(|| "#neoirc".to_owned());

    let client = Client::connect(Options::new(server, nick)).await?;
    // What IRC refuses is an answer like any other; `granted` makes an error of it.
    client.join(&channel).await?.granted()?;
    client.privmsg(&channel, "Hello from Rust!").await?.granted()?;

    // From the beginning: the welcome, one's own JOIN, what was said.
    let mut messages = client.messages();
    while let Some(message) = messages.next().await {
        let message = message?;
        let heard = format!("{} {} {} {}", message.command, message.from, message.to, message.text());
        // What others say must not steer the terminal.
        println!("{}", heard.replace(char::is_control, "\u{fffd}"));
        if message.command == "PRIVMSG" && message.is_from(&client.nick()) {
            break;
        }
    }
    client.quit(Some("bye")).await?;
    Ok(())
}
