//! What is said: facts, answers and refusals in the words of IRC. Every numeric is spoken here and nowhere
//! else. Knows no I/O and no HTTP status.

pub mod announce;
pub mod answer;
mod lists;
pub mod notice;
pub mod receipt;
pub mod refuse;
pub mod view;
mod welcome;

use jiff::Timestamp;

use crate::id::UserId;
use crate::protocol::message::{Body, Message};
use crate::protocol::numeric::Numeric;

/// What the server says about itself, the same from start to stop.
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
    /// Channels that one session may be in; 0 is no limit.
    pub channels_max: usize,
}

/// What answers need beside the world.
pub struct Context<'a> {
    /// What the server says about itself.
    pub server: &'a ServerInfo,
    /// The time of the decision.
    pub at: Timestamp,
    /// Most users at once since the start.
    pub users_peak: usize,
    /// Seconds since a user last said something.
    pub idle_s: &'a dyn Fn(UserId) -> u64,
}

impl ServerInfo {
    /// A numeric for the user who goes by `to`.
    fn numeric(&self, numeric: Numeric, to: &str, params: Vec<String>, text: Option<&str>) -> Message {
        Message {
            command: numeric.code().into(),
            from: self.name.clone(),
            to: to.to_owned(),
            params,
            body: text.map(Body::line),
            meta: None,
        }
    }
}
