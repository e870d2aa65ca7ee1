//! KICK: make somebody leave a channel. Source: <https://modern.ircdocs.horse/#kick-message>

use super::arguments::{Arguments, elements};
use super::decision::{Caller, Decision};
use super::part::departure;
use crate::protocol::limits::{KICKLEN, TARGMAX, cut};
use crate::world::{Event, Refusal, World};

/// `KICK <channel> <nick> [<comment>]`
#[derive(Debug)]
pub struct Kick {
    channel: String,
    nick: String,
    comment: Option<String>,
}

impl Kick {
    /// Nicks stand with commas in one argument, or as several arguments before a body.
    pub(super) fn parse(mut arguments: Arguments) -> Result<Vec<Self>, Refusal> {
        let channel = arguments.target("KICK")?;
        let nicks = arguments.next().ok_or(Refusal::NeedMoreParams("KICK"))?;
        let mut nicks: Vec<String> = elements(&nicks).collect();
        while let Some(more) = arguments.next_before_body() {
            nicks.extend(elements(&more));
        }
        if nicks.is_empty() {
            return Err(Refusal::NeedMoreParams("KICK"));
        }
        if nicks.len() > TARGMAX {
            return Err(Refusal::TooManyTargets(channel));
        }
        let comment = arguments.text().filter(|comment| !comment.is_empty());
        let comment = comment.map(|comment| cut(&comment, KICKLEN).to_owned());
        let kick = |nick| Self { channel: channel.clone(), nick, comment: comment.clone() };
        Ok(nicks.into_iter().map(kick).collect())
    }

    /// # Refusals
    /// `NoSuchChannel`, `NotOnChannel`, `ChanOpPrivsNeeded`, `NoSuchNick`, `UserNotInChannel`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let channel = world.channel_shown_to(caller.user, &self.channel)?;
        let member = channel.member(caller.user)?;
        channel.may_govern(member)?;
        let victim = world.user_by_nick(&self.nick)?;
        if !channel.has(victim.id) {
            return Err(Refusal::UserNotInChannel { nick: self.nick, channel: self.channel });
        }
        let kicker = world.user(caller.user).map(|user| user.nick.to_string());
        let reason = self.comment.or(kicker).unwrap_or_default();
        let kicked = Event::Kicked { channel: channel.id, user: victim.id, by: caller.user, reason };
        Ok(Decision { events: departure(kicked, channel), ..Decision::nothing() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn an_operator_may_kick_itself_and_end_the_channel_so() {
        let mut scene = Scene::with(&["alice"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("alice", r##"{"command":"KICK","to":"#c","params":["alice"]}"##);
        assert!(scene.world.channel_by_name("#c").is_err());
    }

    #[test]
    fn whoever_is_not_there_cannot_be_kicked() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        let refusal = scene.refusal("alice", r##"{"command":"KICK","to":"#c","params":["bob"]}"##);
        let (nick, channel) = ("bob".to_owned(), "#c".to_owned());
        assert_eq!(refusal, Refusal::UserNotInChannel { nick, channel });
    }

    #[test]
    fn without_a_comment_the_kickers_nick_is_the_reason() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("bob", r##"{"command":"JOIN","to":"#c"}"##);
        let decision = scene.does("alice", r##"{"command":"KICK","to":"#c","params":["bob"]}"##);
        assert!(matches!(&decision.events[..], [Event::Kicked { reason, .. }] if reason == "alice"));
    }
}
