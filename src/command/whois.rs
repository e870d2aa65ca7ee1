//! WHOIS: what may be known of a user. Source: <https://modern.ircdocs.horse/#whois-message>

use super::arguments::{Arguments, elements};
use super::decision::{Decision, Reply};
use crate::protocol::limits::TARGMAX;
use crate::world::{Refusal, World};

/// `WHOIS [<server>] <nick>`
#[derive(Debug)]
pub struct Whois {
    nick: String,
}

impl Whois {
    /// Of two arguments the first is a server or a nick on it; there is one server, so it says nothing.
    ///
    /// # Refusals
    /// `NoNicknameGiven`, `TooManyTargets`.
    pub(super) fn parse(mut arguments: Arguments) -> Result<Vec<Self>, Refusal> {
        let first = arguments.optional_target().ok_or(Refusal::NoNicknameGiven)?;
        let nicks = arguments.next().unwrap_or(first);
        let each: Vec<_> = elements(&nicks).map(|nick| Self { nick }).collect();
        if each.is_empty() {
            return Err(Refusal::NoNicknameGiven);
        }
        if each.len() > TARGMAX { Err(Refusal::TooManyTargets(nicks)) } else { Ok(each) }
    }

    /// An unknown nick is refused and the list still ended, since clients wait for its end.
    pub(super) fn decide(self, world: &World) -> Decision {
        match world.user_by_nick(&self.nick) {
            Ok(user) => Decision::answer(Reply::Whois(user.id)).and_answer(Reply::EndOfWhois(self.nick)),
            Err(refusal) => {
                Decision { refusals: vec![refusal], ..Decision::answer(Reply::EndOfWhois(self.nick)) }
            }
        }
    }
}
