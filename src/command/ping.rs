//! PING and PONG: the token comes back in the response, not through the queue.
//! Source: <https://modern.ircdocs.horse/#ping-message>

use super::arguments::Arguments;
use super::decision::{Decision, Outcome};

/// `PING [<token>]`
#[derive(Debug)]
pub struct Ping {
    token: Vec<String>,
}

impl Ping {
    pub(super) fn parse(arguments: Arguments) -> Self {
        Self { token: arguments.rest() }
    }

    pub(super) fn decide(self) -> Decision {
        Decision::nothing().with_outcome(Outcome::Pong(self.token))
    }
}
