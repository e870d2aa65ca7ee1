//! INVITE: let somebody into a channel. Source: <https://modern.ircdocs.horse/#invite-message>

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Reply};
use crate::protocol::limits::INVITES_MAX;
use crate::world::{Event, Refusal, World};

/// `INVITE <nick> <channel>`; the two may stand in either order. Without either it asks where one is invited to.
#[derive(Debug)]
pub struct Invite {
    /// Nick and channel.
    guest: Option<(String, String)>,
}

impl Invite {
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let Some(first) = arguments.optional_target() else { return Ok(Self { guest: None }) };
        let second = arguments.next().ok_or(Refusal::NeedMoreParams("INVITE"))?;
        Ok(Self { guest: Some(if first.starts_with('#') { (second, first) } else { (first, second) }) })
    }

    /// # Refusals
    /// `NoSuchNick`, `NoSuchChannel`, `NotOnChannel`; `ChanOpPrivsNeeded` under `+i`; `UserOnChannel`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let Some((nick, name)) = self.guest else { return Ok(Decision::answer(Reply::Invitations)) };
        let guest = world.user_by_nick(&nick)?;
        let channel = world.channel_shown_to(caller.user, &name)?;
        let member = channel.member(caller.user)?;
        channel.may_invite(member)?;
        if channel.has(guest.id) {
            return Err(Refusal::UserOnChannel { nick, channel: name });
        }
        if channel.invited.len() >= INVITES_MAX && !channel.invited.contains(&guest.id) {
            return Err(Refusal::TooManyTargets(name));
        }
        let event = Event::Invited { channel: channel.id, user: guest.id, by: caller.user };
        let decision = Decision::event(event).and_answer(Reply::Inviting(guest.id, channel.id));
        Ok(if guest.away.is_some() { decision.and_answer(Reply::Away(guest.id)) } else { decision })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn nick_and_channel_may_stand_in_either_order() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        for json in [
            r##"{"command":"INVITE","to":"bob","params":["#c"]}"##,
            r##"{"command":"INVITE","to":"#c","params":["bob"]}"##,
        ] {
            let decision = scene.decide("alice", json).unwrap();
            assert!(matches!(&decision.events[..], [Event::Invited { .. }]), "{json}");
        }
    }

    #[test]
    fn an_invitation_passes_i_once() {
        let mut scene = Scene::with(&["alice", "bob"]);
        let join = r##"{"command":"JOIN","to":"#c"}"##;
        scene.does("alice", join);
        scene.does("alice", r##"{"command":"MODE","to":"#c","params":["+i"]}"##);
        scene.does("alice", r##"{"command":"INVITE","to":"bob","params":["#c"]}"##);
        scene.does("bob", join);
        scene.does("bob", r##"{"command":"PART","to":"#c"}"##);
        assert_eq!(scene.refusal("bob", join), Refusal::InviteOnlyChannel("#c".to_owned()));
    }

    #[test]
    fn a_member_needs_no_invitation() {
        let mut scene = Scene::with(&["alice"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        let refusal = scene.refusal("alice", r##"{"command":"INVITE","to":"alice","params":["#c"]}"##);
        assert!(matches!(refusal, Refusal::UserOnChannel { .. }));
    }
}
