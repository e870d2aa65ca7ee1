//! What is said: facts, answers and refusals in the words of IRC. Every numeric is spoken here and nowhere
//! else. Knows no I/O and no HTTP status.

mod about;
pub mod account;
pub mod announce;
pub mod answer;
pub mod aside;
pub mod door;
mod lists;
pub mod notice;
pub mod past;
pub mod presence;
pub mod receipt;
pub mod refuse;
pub mod view;
mod welcome;
mod who;
mod whois;

use jiff::Timestamp;

use crate::command::{Rules, Style};
use crate::id::{ClientId, UserId};
use crate::protocol::message::{Body, Message};
use crate::protocol::numeric::Numeric;

/// What the server says about itself, the same until its settings are read again.
#[derive(Clone, Debug)]
pub struct ServerInfo {
    /// Its name, the `from` of every numeric.
    pub name: String,
    /// The network's name in the welcome.
    pub network: String,
    /// A line for WHOIS.
    pub description: String,
    /// `neoirc-<version>`
    pub version: String,
    /// When this process started.
    pub started_at: Timestamp,
    /// The message of the day, a string a line; empty means none.
    pub motd: Vec<String>,
    /// How to reach whoever runs it; empty when nobody says.
    pub admin_email: String,
    /// Where its settings were read from, for REHASH.
    pub settings_file: String,
    /// What decisions go by.
    pub rules: Rules,
}

/// What answers need beside the world.
pub struct Context<'a> {
    /// What the server says about itself.
    pub server: &'a ServerInfo,
    /// The time of the decision.
    pub at: Timestamp,
    /// Most users at once since the start.
    pub users_peak: usize,
    /// Connections on which nobody has registered yet.
    pub unregistered: usize,
    /// How the client wants its answers.
    pub style: Style,
    /// Seconds since a user last said something.
    pub idle_s: &'a dyn Fn(UserId) -> u64,
    /// Whether a device has a connection that is by TLS all its way.
    pub is_secure: &'a dyn Fn(ClientId) -> bool,
    /// Seconds since the server started.
    pub uptime_s: u64,
}

impl ServerInfo {
    /// A numeric for the user who goes by `to`, with `words` in the places that its text leaves open.
    fn numeric(&self, numeric: Numeric, to: &str, params: Vec<String>, words: &[&str]) -> Message {
        Message {
            command: numeric.code().into(),
            from: self.name.clone(),
            to: to.to_owned(),
            params,
            body: numeric.text(words).map(Body::line),
            meta: None,
        }
    }
}
