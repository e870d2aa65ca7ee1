//! WHOIS: what may be known of a user. Source: <https://modern.ircdocs.horse/#whois-message>

use super::arguments::{Arguments, elements};
use super::decision::{Decision, Reply};
use crate::protocol::limits::TARGMAX;
use crate::world::{Refusal, World};

/// `WHOIS [<server>] <nick>{,<nick>}`, one of them.
#[derive(Debug)]
pub struct Whois {
    nick: String,
    /// Whether it is one too many.
    is_beyond: bool,
}

impl Whois {
    /// Of two arguments the first is a server or a nick on it; there is one server, so it says nothing.
    ///
    /// # Refusals
    /// `NoNicknameGiven`
    pub(super) fn parse(mut arguments: Arguments) -> Result<Vec<Self>, Refusal> {
        let first = arguments.optional_target().ok_or(Refusal::NoNicknameGiven)?;
        let nicks = arguments.next().unwrap_or(first);
        // The first that is too many stands for all that come after it.
        let each = elements(&nicks).take(TARGMAX + 1).enumerate();
        let each: Vec<_> = each.map(|(index, nick)| Self { nick, is_beyond: index == TARGMAX }).collect();
        if each.is_empty() { Err(Refusal::NoNicknameGiven) } else { Ok(each) }
    }

    /// An unknown nick is refused and the list still ended, since clients wait for its end; and so is one too many.
    pub(super) fn decide(self, world: &World) -> Decision {
        let too_many = self.is_beyond.then(|| Err(Refusal::TooManyTargets(self.nick.clone())));
        match too_many.unwrap_or_else(|| world.user_by_nick(&self.nick)) {
            Ok(user) => Decision::answer(Reply::Whois(user.id)).and_answer(Reply::EndOfWhois(self.nick)),
            Err(refusal) => {
                Decision { refusals: vec![refusal], ..Decision::answer(Reply::EndOfWhois(self.nick)) }
            }
        }
    }
}
