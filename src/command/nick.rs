//! NICK: go by another name. Source: <https://modern.ircdocs.horse/#nick-message>

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Outcome};
use crate::protocol::name::Nickname;
use crate::world::{Event, Refusal, World};

/// `NICK <nick>`
#[derive(Debug)]
pub struct Nick {
    nick: String,
}

impl Nick {
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let nick = arguments.next().ok_or(Refusal::NoNicknameGiven)?;
        Ok(Self { nick })
    }

    /// # Refusals
    /// `ErroneousNickname`, `NicknameInUse`.
    pub(super) fn decide(self, world: &World, caller: &Caller) -> Result<Decision, Refusal> {
        let nick = Nickname::parse(&self.nick).map_err(|_| Refusal::ErroneousNickname(self.nick.clone()))?;
        let decision = Decision::nothing().with_outcome(Outcome::Nick(self.nick.clone()));
        if let Ok(holder) = world.user_by_nick(&self.nick) {
            if holder.id != caller.user {
                return Err(Refusal::NicknameInUse(self.nick));
            }
            if holder.nick.is_spelled_like(&nick) {
                return Ok(decision);
            }
        }
        Ok(Decision { events: vec![Event::NickChanged { user: caller.user, nick }], ..decision })
    }
}
