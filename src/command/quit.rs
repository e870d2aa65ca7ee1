//! QUIT: end the session; from a connection, leave it, which ends it where that was the last device.
//! Source: <https://modern.ircdocs.horse/#quit-message>

use jiff::Timestamp;

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Outcome};
use super::logout::Logout;
use crate::id::UserId;
use crate::protocol::limits::{KICKLEN, cut};
use crate::world::{Event, Past, World};

/// `QUIT [<reason>]`
#[derive(Debug)]
pub struct Quit {
    reason: Option<String>,
}

impl Quit {
    pub(super) fn parse(arguments: Arguments) -> Self {
        Self { reason: arguments.text().filter(|reason| !reason.is_empty()) }
    }

    /// Others are told that the user said so itself, which no user can make a server's reason look like.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Decision {
        let reason = match self.reason {
            Some(reason) => format!("Quit: {}", cut(&reason, KICKLEN)),
            None => "Quit".to_owned(),
        };
        if world.client(caller.client).is_some_and(|client| client.is_connection) {
            // Whoever closes a program stays with the other devices.
            let logout = Logout { client: caller.client, reason: reason.into() };
            return logout.decide(world, caller.rules, caller.at, caller.running);
        }
        let events = end_of_session(world, caller.user, &reason, caller.at);
        Decision { events, ..Decision::nothing() }.with_outcome(Outcome::Quit)
    }
}

/// The facts of a session's end: its clients are logged out, it leaves its channels, and those that it was
/// the last member of end with it. None when there is no such session.
pub fn end_of_session(world: &World, user: UserId, reason: &str, at: Timestamp) -> Vec<Event> {
    let Some(user) = world.user(user) else { return Vec::new() };
    let clients = user.clients.iter().filter_map(|id| world.client(*id));
    let mut events: Vec<Event> =
        clients.map(|client| Event::ClientRemoved { client: client.id, token: client.token }).collect();
    events.push(Event::NickLeft(Past::of(user, at)));
    events.push(Event::SessionEnded { user: user.id, reason: reason.to_owned() });
    let channels = user.channels.iter().filter_map(|id| world.channel(*id));
    let emptied = channels.filter(|channel| channel.members.len() == 1);
    events.extend(emptied.map(|channel| Event::ChannelEnded { channel: channel.id }));
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn whoever_quits_takes_along_the_channels_that_nobody_else_is_in() {
        let mut scene = Scene::with(&["alice", "bob"]);
        for (nick, to) in [("alice", "#own"), ("alice", "#shared"), ("bob", "#shared")] {
            scene.does(nick, &format!(r#"{{"command":"JOIN","to":"{to}"}}"#));
        }
        let decision = scene.does("alice", r#"{"command":"QUIT","body":["bye"]}"#);
        assert_eq!(decision.outcome, Outcome::Quit);
        assert!(
            decision
                .events
                .iter()
                .any(|event| matches!(event, Event::SessionEnded { reason, .. } if reason == "Quit: bye"))
        );
        assert!(scene.world.user_by_nick("alice").is_err());
        assert_eq!(scene.world.channels().count(), 1);
        assert_eq!(scene.world.clients().len(), 1);
    }
}
