//! What operators of the server alone may do: KILL, WALLOPS, REHASH, DIE.
//! Source: <https://modern.ircdocs.horse/#operator-messages>

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Order, Outcome, Reply};
use super::quit::end_of_session;
use crate::protocol::limits::{KICKLEN, cut};
use crate::world::{Event, Refusal, World};

/// `KILL <nick> [<reason>]`
#[derive(Debug)]
pub struct Kill {
    nick: String,
    reason: Option<String>,
}

impl Kill {
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let nick = arguments.target("KILL")?;
        Ok(Self { nick, reason: arguments.text().filter(|reason| !reason.is_empty()) })
    }

    /// Whose session is to end.
    pub(super) fn nick(&self) -> &str {
        &self.nick
    }

    /// An operator may kill itself, which ends its session like anybody's.
    ///
    /// # Refusals
    /// `NoPrivileges`, `NoSuchNick`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        world.may_operate(caller.user)?;
        let victim = world.user_by_nick(&self.nick)?;
        let by = world.user(caller.user).map(|user| user.nick.to_string()).unwrap_or_default();
        let why = self.reason.unwrap_or_else(|| "no reason given".to_owned());
        let reason = format!("Killed ({by} ({}))", cut(&why, KICKLEN));
        let events = end_of_session(world, victim.id, &reason, caller.at);
        let outcome = if victim.id == caller.user { Outcome::Quit } else { Outcome::Ok };
        Ok(Decision { events, ..Decision::nothing() }.with_outcome(outcome))
    }
}

/// `WALLOPS <text>`
#[derive(Debug)]
pub struct Wallops {
    text: String,
}

impl Wallops {
    pub(super) fn parse(arguments: Arguments) -> Result<Self, Refusal> {
        let text = arguments.text().filter(|text| !text.is_empty());
        Ok(Self { text: text.ok_or(Refusal::NeedMoreParams("WALLOPS"))? })
    }

    /// # Refusals
    /// `NoPrivileges`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        world.may_operate(caller.user)?;
        Ok(Decision::event(Event::WallopsSent { by: caller.user, text: self.text }))
    }
}

/// `REHASH`
#[derive(Debug)]
pub struct Rehash;

impl Rehash {
    /// # Refusals
    /// `NoPrivileges`.
    #[expect(clippy::unused_self, reason = "every command is decided the same way")]
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        world.may_operate(caller.user)?;
        Ok(Decision { order: Some(Order::Rehash), ..Decision::answer(Reply::Rehashing) })
    }
}

/// `DIE`
#[derive(Debug)]
pub struct Die;

impl Die {
    /// # Refusals
    /// `NoPrivileges`.
    #[expect(clippy::unused_self, reason = "every command is decided the same way")]
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        world.may_operate(caller.user)?;
        Ok(Decision { order: Some(Order::Die), ..Decision::nothing() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn only_operators_may() {
        let mut scene = Scene::with(&["alice", "bob"]);
        let commands = [
            r#"{"command":"KILL","params":["bob"],"body":["spam"]}"#,
            r#"{"command":"WALLOPS","body":["hello"]}"#,
            r#"{"command":"REHASH"}"#,
            r#"{"command":"DIE"}"#,
        ];
        for json in commands {
            assert_eq!(scene.refusal("alice", json), Refusal::NoPrivileges, "{json}");
        }
        scene.make_operator("alice");
        for json in commands {
            scene.decide("alice", json).unwrap();
        }
        assert_eq!(scene.decide("alice", r#"{"command":"DIE"}"#).unwrap().order, Some(Order::Die));
    }

    #[test]
    fn an_operator_may_kill_itself() {
        let mut scene = Scene::with(&["alice"]);
        scene.make_operator("alice");
        let decision = scene.does("alice", r#"{"command":"KILL","params":["alice"],"body":["enough"]}"#);
        assert_eq!(decision.outcome, Outcome::Quit);
        assert!(scene.world.user_by_nick("alice").is_err());
        let reason = "Killed (alice (enough))";
        let ended = |event: &Event| matches!(event, Event::SessionEnded { reason: why, .. } if why == reason);
        assert!(decision.events.iter().any(ended), "{:?}", decision.events);
    }
}
