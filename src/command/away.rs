//! AWAY: say that one is away, or back. Source: <https://modern.ircdocs.horse/#away-message>

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Reply};
use crate::protocol::limits::{AWAYLEN, cut};
use crate::world::Event;

/// `AWAY [<text>]`
#[derive(Debug)]
pub struct Away {
    text: Option<String>,
}

impl Away {
    pub(super) fn parse(arguments: Arguments) -> Self {
        let text = arguments.text().filter(|text| !text.is_empty());
        Self { text: text.map(|text| cut(&text, AWAYLEN).to_owned()) }
    }

    pub(super) fn decide(self, caller: &Caller<'_>) -> Decision {
        let reply = if self.text.is_some() { Reply::NowAway } else { Reply::Unaway };
        Decision::event(Event::AwayChanged { user: caller.user, text: self.text }).and_answer(reply)
    }
}
