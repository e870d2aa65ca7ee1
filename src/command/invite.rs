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
    /// `NoSuchNick`, `NoSuchChannel`, `NotOnChannel`; `ChanOpPrivsNeeded` under `+i`; `UserOnChannel`; `TooManyTargets`
    /// where an operator's invitation would be one too many to be remembered.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let Some((nick, name)) = self.guest else { return Ok(Decision::answer(Reply::Invitations)) };
        let guest = world.user_by_nick(&nick)?;
        let channel = world.channel_shown_to(caller.user, &name)?;
        let member = channel.member(caller.user)?;
        channel.may_invite(member)?;
        if channel.has(guest.id) {
            return Err(Refusal::UserOnChannel { nick, channel: name });
        }
        // Whoever was banned comes back on the word of an operator, not of any friend within.
        let passes = member.operator;
        if passes && channel.invited.len() >= INVITES_MAX && !channel.invited.contains(&guest.id) {
            return Err(Refusal::TooManyTargets(name));
        }
        let event = Event::Invited { channel: channel.id, user: guest.id, by: caller.user, passes };
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
    fn who_is_no_operator_asks_and_lets_nobody_in() {
        let mut scene = Scene::with(&["alice", "bob", "villain"]);
        let join = r##"{"command":"JOIN","to":"#c"}"##;
        scene.does("alice", join);
        scene.does("bob", join);
        scene.does("alice", r##"{"command":"MODE","to":"#c","params":["+b","villain"]}"##);
        let invite = r##"{"command":"INVITE","to":"villain","params":["#c"]}"##;
        let decision = scene.does("bob", invite);
        assert!(matches!(&decision.events[..], [Event::Invited { passes: false, .. }]));
        assert_eq!(scene.refusal("villain", join), Refusal::BannedFromChannel("#c".to_owned()));
        // Nor does what was asked then let anybody in later.
        scene.does("alice", r##"{"command":"MODE","to":"#c","params":["-b+i","villain"]}"##);
        assert_eq!(scene.refusal("villain", join), Refusal::InviteOnlyChannel("#c".to_owned()));
        scene.does("alice", invite);
        scene.does("villain", join);
    }

    #[test]
    fn those_who_are_no_operators_leave_room_for_those_who_are() {
        let guests: Vec<String> = (0..=INVITES_MAX).map(|n| format!("g{n}")).collect();
        let names = ["alice", "bob"].into_iter().chain(guests.iter().map(String::as_str));
        let mut scene = Scene::with(&names.collect::<Vec<_>>());
        let join = r##"{"command":"JOIN","to":"#c"}"##;
        scene.does("alice", join);
        scene.does("bob", join);
        let invite = |guest: &str| format!(r##"{{"command":"INVITE","to":"{guest}","params":["#c"]}}"##);
        for guest in &guests {
            scene.does("bob", &invite(guest));
        }
        let (last, others) = guests.split_last().unwrap();
        for guest in others {
            scene.does("alice", &invite(guest));
        }
        assert_eq!(scene.refusal("alice", &invite(last)), Refusal::TooManyTargets("#c".to_owned()));
    }

    #[test]
    fn a_member_needs_no_invitation() {
        let mut scene = Scene::with(&["alice"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        let refusal = scene.refusal("alice", r##"{"command":"INVITE","to":"alice","params":["#c"]}"##);
        assert!(matches!(refusal, Refusal::UserOnChannel { .. }));
    }
}
