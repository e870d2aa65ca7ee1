//! JOIN: come into a channel, or begin one. Source: <https://modern.ircdocs.horse/#join-message>

use super::arguments::{Arguments, elements_within};
use super::decision::{Caller, Decision, Outcome, Reply};
use super::part::departure;
use crate::id::ChannelId;
use crate::protocol::limits::TARGMAX_CHANNELS;
use crate::protocol::name::ChannelName;
use crate::world::{Event, Membership, Refusal, World};

/// `JOIN <channel> [<key>]`, or `JOIN 0`, which leaves all channels
#[derive(Debug)]
pub struct Join {
    channel: String,
    key: Option<String>,
}

impl Join {
    /// Keys pair with channels by position.
    ///
    /// # Refusals
    /// `NeedMoreParams`, `TooManyTargets`.
    pub(super) fn parse(mut arguments: Arguments) -> Result<Vec<Self>, Refusal> {
        let channels = arguments.target("JOIN")?;
        let keys = arguments.next().unwrap_or_default();
        let mut keys = keys.split(',').map(str::to_owned);
        let channels = elements_within(&channels, TARGMAX_CHANNELS)?.into_iter();
        let joins: Vec<_> = channels
            .map(|channel| Self { channel, key: keys.next().filter(|key| !key.is_empty()) })
            .collect();
        if joins.is_empty() { Err(Refusal::NeedMoreParams("JOIN")) } else { Ok(joins) }
    }

    /// # Refusals
    /// `NoSuchChannel` for what cannot be a channel's name, `TooManyChannels`, then those of
    /// [`may_be_joined_by`](crate::world::Channel::may_be_joined_by).
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        if self.channel == "0" {
            return Ok(leave_all(world, caller));
        }
        let name =
            ChannelName::parse(&self.channel).map_err(|_| Refusal::NoSuchChannel(self.channel.clone()))?;
        let channel = world.channel_by_name(name.as_str()).ok();
        let shown = channel.map_or(&name, |channel| &channel.name).to_string();
        let decision = Decision::nothing().with_outcome(Outcome::Joined(shown));
        if channel.is_some_and(|channel| channel.has(caller.user)) {
            return Ok(decision);
        }
        let user = world.user(caller.user).ok_or_else(|| Refusal::NoSuchNick("*".to_owned()))?;
        if caller.rules.channels_max > 0 && user.channels.len() >= caller.rules.channels_max {
            return Err(Refusal::TooManyChannels(self.channel));
        }
        let (id, events) = match channel {
            Some(channel) => {
                channel.may_be_joined_by(user, self.key.as_deref(), world)?;
                let membership = Membership::default();
                (channel.id, vec![Event::Joined { channel: channel.id, user: user.id, membership }])
            }
            None => found(world, name, caller),
        };
        Ok(Decision { events, ..decision.and_answer(Reply::Entered(id)) })
    }
}

fn leave_all(world: &World, caller: &Caller<'_>) -> Decision {
    let user = caller.user;
    let ids = world.user(user).into_iter().flat_map(|user| &user.channels);
    let channels = ids.filter_map(|id| world.channel(*id));
    let left = channels
        .flat_map(|channel| departure(Event::Parted { channel: channel.id, user, reason: None }, channel));
    Decision { events: left.collect(), ..Decision::nothing() }
}

/// The first one in makes the channel, and governs it.
fn found(world: &World, name: ChannelName, caller: &Caller<'_>) -> (ChannelId, Vec<Event>) {
    let channel = ChannelId::new(world.next_id());
    let created = Event::ChannelCreated { channel, name, at: caller.at };
    let joined = Event::Joined { channel, user: caller.user, membership: Membership::FOUNDER };
    (channel, vec![created, joined])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;
    use crate::protocol::name::Hostname;

    #[test]
    fn whoever_comes_first_governs_the_channel() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("bob", r##"{"command":"JOIN","to":"#C"}"##);
        let channel = scene.world.channel_by_name("#c").unwrap();
        assert_eq!(channel.member(scene.user("alice")), Ok(Membership::FOUNDER));
        assert_eq!(channel.member(scene.user("bob")), Ok(Membership::default()));
    }

    #[test]
    fn coming_in_twice_changes_nothing_and_shows_the_name_as_it_is() {
        let mut scene = Scene::with(&["alice"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#Rust"}"##);
        let decision = scene.does("alice", r##"{"command":"JOIN","to":"#rust"}"##);
        assert!(decision.events.is_empty() && decision.replies.is_empty());
        assert_eq!(decision.outcome, Outcome::Joined("#Rust".to_owned()));
    }

    // clause: modes.wildcards
    #[test]
    fn a_ban_knows_the_host_by_its_name_and_by_its_address() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        let hostname = Hostname::from_dns("pool-7.Example.org").unwrap();
        scene.world.apply(&Event::HostnameResolved { user: scene.user("bob"), hostname });
        for mask in ["*!*@*.example.ORG", "127.0.0.?", "*!bob@pool-7*"] {
            let mode = |sign| format!(r##"{{"command":"MODE","to":"#c","params":["{sign}b","{mask}"]}}"##);
            scene.does("alice", &mode('+'));
            let refusal = scene.refusal("bob", r##"{"command":"JOIN","to":"#c"}"##);
            assert_eq!(refusal, Refusal::BannedFromChannel("#c".to_owned()), "{mask}");
            scene.does("alice", &mode('-'));
        }
        scene.does("alice", r##"{"command":"MODE","to":"#c","params":["+b","*.example.com"]}"##);
        scene.does("bob", r##"{"command":"JOIN","to":"#c"}"##);
    }

    #[test]
    fn join_0_leaves_all_channels() {
        let mut scene = Scene::with(&["alice", "bob"]);
        for (nick, to) in [("alice", "#own"), ("alice", "#shared"), ("bob", "#shared")] {
            scene.does(nick, &format!(r#"{{"command":"JOIN","to":"{to}"}}"#));
        }
        scene.does("alice", r#"{"command":"JOIN","to":"0"}"#);
        assert!(scene.world.user_by_nick("alice").unwrap().channels.is_empty());
        assert_eq!(scene.world.channels().count(), 1);
    }

    #[test]
    fn a_session_is_in_so_many_channels_at_most() {
        let mut scene = Scene::with(&["alice"]);
        for to in ["#1", "#2", "#3"] {
            scene.does("alice", &format!(r#"{{"command":"JOIN","to":"{to}"}}"#));
        }
        let refusal = scene.refusal("alice", r##"{"command":"JOIN","to":"#4"}"##);
        assert_eq!(refusal, Refusal::TooManyChannels("#4".to_owned()));
    }
}
