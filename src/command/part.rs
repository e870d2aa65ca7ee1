//! PART: leave a channel. Source: <https://modern.ircdocs.horse/#part-message>

use super::arguments::{Arguments, elements_within};
use super::decision::{Caller, Decision, Outcome};
use crate::protocol::limits::{KICKLEN, TARGMAX_CHANNELS, cut};
use crate::world::{Channel, Event, Refusal, World};

/// `PART <channel> [<reason>]`
#[derive(Debug)]
pub struct Part {
    channel: String,
    reason: Option<String>,
}

impl Part {
    pub(super) fn parse(mut arguments: Arguments) -> Result<Vec<Self>, Refusal> {
        let channels = arguments.target("PART")?;
        let reason = arguments.text().filter(|reason| !reason.is_empty());
        let reason = reason.map(|reason| cut(&reason, KICKLEN).to_owned());
        let channels = elements_within(&channels, TARGMAX_CHANNELS)?.into_iter();
        let parts: Vec<_> = channels.map(|channel| Self { channel, reason: reason.clone() }).collect();
        if parts.is_empty() { Err(Refusal::NeedMoreParams("PART")) } else { Ok(parts) }
    }

    /// # Refusals
    /// `NoSuchChannel`, `NotOnChannel`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let channel = world.channel_shown_to(caller.user, &self.channel)?;
        channel.member(caller.user)?;
        let parted = Event::Parted { channel: channel.id, user: caller.user, reason: self.reason };
        let outcome = Outcome::Parted(channel.name.to_string());
        Ok(Decision { events: departure(parted, channel), ..Decision::nothing() }.with_outcome(outcome))
    }
}

/// One member's leaving, and the end of the channel when it was the last.
pub(super) fn departure(left: Event, channel: &Channel) -> Vec<Event> {
    let ended = (channel.members.len() == 1).then_some(Event::ChannelEnded { channel: channel.id });
    std::iter::once(left).chain(ended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn a_channel_ends_with_its_last_member_and_not_before() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("bob", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("alice", r##"{"command":"PART","to":"#c"}"##);
        assert!(scene.world.channel_by_name("#c").is_ok());
        scene.does("bob", r##"{"command":"PART","to":"#c"}"##);
        assert!(scene.world.channel_by_name("#c").is_err());
    }

    #[test]
    fn an_outsider_cannot_leave() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        let refusal = scene.refusal("bob", r##"{"command":"PART","to":"#c"}"##);
        assert_eq!(refusal, Refusal::NotOnChannel("#c".to_owned()));
    }
}
