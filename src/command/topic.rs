//! TOPIC: read or change a channel's topic. Source: <https://modern.ircdocs.horse/#topic-message>

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Reply};
use crate::protocol::limits::{TOPICLEN, cut};
use crate::world::{self, Event, Refusal, World};

/// `TOPIC <channel> [<topic>]`
#[derive(Debug)]
pub struct Topic {
    channel: String,
    text: Option<String>,
}

impl Topic {
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let channel = arguments.target("TOPIC")?;
        Ok(Self { channel, text: arguments.text() })
    }

    /// # Refusals
    /// `NoSuchChannel`, `NotOnChannel`; `ChanOpPrivsNeeded` when the channel is `+t`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let channel = world.channel_shown_to(caller.user, &self.channel)?;
        let member = channel.member(caller.user)?;
        let Some(text) = self.text else { return Ok(Decision::answer(Reply::Topic(channel.id))) };
        channel.may_set_topic(member)?;
        let set_by = world.user(caller.user).map(|user| user.nick.to_string()).unwrap_or_default();
        let text = cut(&text, TOPICLEN).to_owned();
        let topic = (!text.is_empty()).then_some(world::Topic { text, set_by, set_at: caller.at });
        Ok(Decision::event(Event::TopicSet { channel: channel.id, by: caller.user, topic }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    fn scene() -> Scene {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("bob", r##"{"command":"JOIN","to":"#c"}"##);
        scene
    }

    #[test]
    fn under_t_only_operators_set_it_and_all_members_read_it() {
        let scene = scene();
        let refusal = scene.refusal("bob", r##"{"command":"TOPIC","to":"#c","body":["tea"]}"##);
        assert_eq!(refusal, Refusal::ChanOpPrivsNeeded("#c".to_owned()));
        assert!(scene.decide("bob", r##"{"command":"TOPIC","to":"#c"}"##).is_ok());
    }

    #[test]
    fn an_empty_text_clears_it() {
        let mut scene = scene();
        scene.does("alice", r##"{"command":"TOPIC","to":"#c","body":["tea"]}"##);
        scene.does("alice", r##"{"command":"TOPIC","to":"#c","body":[""]}"##);
        assert_eq!(scene.world.channel_by_name("#c").unwrap().topic, None);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let mut scene = scene();
        let long = "ü".repeat(TOPICLEN);
        scene.does("alice", &format!(r##"{{"command":"TOPIC","to":"#c","body":["{long}"]}}"##));
        let topic = scene.world.channel_by_name("#c").unwrap().topic.clone().unwrap();
        assert_eq!(topic.text, "ü".repeat(TOPICLEN / 2));
    }
}
