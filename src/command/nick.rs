//! NICK: go by another name. Source: <https://modern.ircdocs.horse/#nick-message>

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Outcome};
use crate::protocol::name::Nickname;
use crate::world::{Event, Past, Refusal, World};

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
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
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
        if caller.rules.is_of_server(&nick) {
            return Err(Refusal::NicknameInUse(self.nick));
        }
        world.may_go_by(&nick, Some(caller.user))?;
        let left = world.user(caller.user).filter(|user| user.nick != nick);
        let left = left.map(|user| Event::NickLeft(Past::of(user, caller.at)));
        let changed = Event::NickChanged { user: caller.user, nick };
        Ok(Decision { events: left.into_iter().chain([changed]).collect(), ..decision })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn a_nick_that_somebody_has_in_another_case_is_in_use() {
        let scene = Scene::with(&["alice", "bob"]);
        let refusal = scene.refusal("bob", r#"{"command":"NICK","body":["ALICE"]}"#);
        assert_eq!(refusal, Refusal::NicknameInUse("ALICE".to_owned()));
    }

    #[test]
    fn another_case_of_ones_own_nick_is_a_change_and_the_same_is_none() {
        let mut scene = Scene::with(&["alice"]);
        let same = scene.does("alice", r#"{"command":"NICK","body":["alice"]}"#);
        assert!(same.events.is_empty());
        scene.does("alice", r#"{"command":"NICK","body":["Alice"]}"#);
        assert_eq!(scene.world.user_by_nick("alice").unwrap().nick.as_str(), "Alice");
    }
}
