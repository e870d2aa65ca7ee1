//! The library for the authors of bots and clients: a session, its commands, its messages, and signatures.
//!
//! ```no_run
//! use neoirc::client::{Client, Options};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::connect(Options::new("http://127.0.0.1:8080", "greeter")).await?;
//! client.join("#tea").await?.granted()?;
//! let mut messages = client.messages();
//! while let Some(message) = messages.next().await {
//!     let message = message?;
//!     if message.command == "JOIN" && !message.is_from(&client.nick()) {
//!         client.notice(&message.to, format!("Hello, {}!", message.from)).await?.granted()?;
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//!
//! **Two kinds of no.** What never came to IRC is an [`Error`]: no network, a session that has ended, a server that is
//! busy. What IRC refuses is a [`Receipt::Refused`] with its numeric; [`Receipt::granted`] makes an error of it for
//! those who want to leave by `?`.
//!
//! **What is done for you.** A command that gets no answer, or a server that is busy, is tried again, with growing
//! pauses, and still done once ([`Client::send`]). [`Messages`] polls, goes on after every break where it was, and
//! gives each message once. Proof of work is done where the server asks for it.
//!
//! **Going on after a crash.** A session lives on the server. Keep [`Messages::place`], give it to [`Options::resume`],
//! and nothing is missed, however long it took. Between a crash and the last place that was kept there may be messages
//! that one has handled already; answer under their ids, with [`Client::send_once`], and nothing is said twice.
//!
//! **Lasting.** A session ends with its last client. [`Client::register`] and [`Client::make_account`] keep its nick for
//! it, with a password; [`Client::set_marker`] keeps how far one has read, for all of one's devices.
//!
//! **Signatures.** [`SigningKey::sign`] and [`verify`] show that a message comes from whoever has a key and was not
//! changed by the server; [`Pins`] remembers the first key seen for each nick, and warns when it changes.
//!
//! It needs a tokio runtime with time and network, knows nothing of the server in the rest of this crate, and is there
//! with the feature `client`, which is on by default.

mod message;

mod options;

mod error;

mod receipt;

mod session;

mod opening;

mod commands;

mod account;

mod search;

mod stream;

mod backoff;

mod clock;

mod plain;

mod transport;

mod key;

pub mod signing;

mod pins;

mod files;

pub mod stamp;

pub use commands::{ChannelState, State};
pub use error::Error;
pub use key::{ALGORITHM, KeyError, KeyFileError, PublicKey, SigningKey};
pub use message::{Body, Message};
pub use options::{Options, Place, Token, TokenError};
pub use pins::{ChangedKey, Pin, Pins, PinsError};
pub use receipt::{Receipt, Refusal};
pub use search::Search;
pub use session::Client;
pub use signing::{SignError, VerifyError, verify};
pub use stream::Messages;
