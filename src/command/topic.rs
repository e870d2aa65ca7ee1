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
    pub(super) fn decide(self, world: &World, caller: &Caller) -> Result<Decision, Refusal> {
        let channel = world.channel_by_name(&self.channel)?;
        let member = channel.member(caller.user)?;
        let Some(text) = self.text else { return Ok(Decision::answer(Reply::Topic(channel.id))) };
        channel.may_set_topic(member)?;
        let set_by = world.user(caller.user).map(|user| user.nick.to_string()).unwrap_or_default();
        let text = cut(&text, TOPICLEN).to_owned();
        let topic = (!text.is_empty()).then_some(world::Topic { text, set_by, set_at: caller.at });
        Ok(Decision::event(Event::TopicSet { channel: channel.id, by: caller.user, topic }))
    }
}
