//! PRIVMSG and NOTICE: say something to a channel or a user.
//! Source: <https://modern.ircdocs.horse/#privmsg-message>

use serde_json::value::RawValue;

use super::arguments::elements;
use super::decision::{Caller, Decision, Outcome, Reply};
use crate::protocol::limits::TARGMAX;
use crate::protocol::message::{Body, Request};
use crate::world::{Event, Refusal, Target, Verb, World};

/// `PRIVMSG <target> <text>` or `NOTICE <target> <text>`
#[derive(Debug)]
pub struct Speak {
    verb: Verb,
    target: String,
    body: Body,
    meta: Option<Box<RawValue>>,
}

impl Speak {
    /// # Refusals
    /// `NoRecipient`, `NoTextToSend`, `TooManyTargets`.
    pub(super) fn parse(verb: Verb, request: Request) -> Result<Vec<Self>, Refusal> {
        let targets: Vec<String> = request.to.iter().flat_map(|to| elements(to)).collect();
        let Some(last) = targets.last() else { return Err(Refusal::NoRecipient(verb.as_str())) };
        if targets.len() > TARGMAX {
            return Err(Refusal::TooManyTargets(last.clone()));
        }
        let text = request.body.or_else(|| request.params.map(Body::Lines));
        let body = text.filter(|body| !body.is_empty()).ok_or(Refusal::NoTextToSend)?;
        let meta = request.meta;
        let speak = |target| Self { verb, target, body: body.clone(), meta: meta.clone() };
        Ok(targets.into_iter().map(speak).collect())
    }

    /// # Refusals
    /// `NoSuchChannel`, `NoSuchNick`, `CannotSendToChannel`.
    pub(super) fn decide(self, world: &World, caller: &Caller) -> Result<Decision, Refusal> {
        let (target, away) = if self.target.starts_with('#') {
            let channel = world.channel_by_name(&self.target)?;
            channel.may_be_spoken_to_by(caller.user)?;
            (Target::Channel(channel.id), false)
        } else {
            let user = world.user_by_nick(&self.target)?;
            (Target::User(user.id), user.away.is_some())
        };
        let said = Event::Said { by: caller.user, target, verb: self.verb, body: self.body, meta: self.meta };
        let decision = Decision::event(said).with_outcome(Outcome::Sent);
        Ok(match target {
            Target::User(user) if away && self.verb == Verb::Privmsg => {
                decision.and_answer(Reply::Away(user))
            }
            _ => decision,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn only_a_privmsg_is_answered_by_an_away_text() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("bob", r#"{"command":"AWAY","body":["tea"]}"#);
        let bob = scene.user("bob");
        let spoken = scene.does("alice", r#"{"command":"PRIVMSG","to":"bob","body":["hi"]}"#);
        assert_eq!(spoken.replies, [Reply::Away(bob)]);
        let noticed = scene.does("alice", r#"{"command":"NOTICE","to":"bob","body":["hi"]}"#);
        assert!(noticed.replies.is_empty());
    }

    #[test]
    fn recipient_and_text_are_needed_in_this_order() {
        let scene = Scene::with(&["alice"]);
        let refusal = scene.refusal("alice", r#"{"command":"PRIVMSG","body":["hi"]}"#);
        assert_eq!(refusal, Refusal::NoRecipient("PRIVMSG"));
        let refusal = scene.refusal("alice", r#"{"command":"PRIVMSG","to":"alice","body":["",""]}"#);
        assert_eq!(refusal, Refusal::NoTextToSend);
    }
}
