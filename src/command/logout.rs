//! The ways in which a client goes without a command: logout, and having been silent for too long.

use std::borrow::Cow;

use jiff::Timestamp;

use super::decision::{Decision, Outcome};
use super::quit::end_of_session;
use crate::id::ClientId;
use crate::world::{Event, World};

/// Takes one device away from its session.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The device.
    pub client: ClientId,
    /// What others are told when it was the last one.
    pub reason: Cow<'static, str>,
}

impl Logout {
    /// The last device takes the session with it. Doing it twice does nothing.
    pub fn decide(self, world: &World, at: Timestamp) -> Decision {
        let Some(client) = world.client(self.client) else { return Decision::nothing() };
        let last = world.user(client.user).is_none_or(|user| user.clients.len() == 1);
        let events = if last {
            end_of_session(world, client.user, &self.reason, at)
        } else {
            vec![Event::ClientRemoved { client: client.id, token: client.token }]
        };
        Decision { events, ..Decision::nothing() }.with_outcome(Outcome::Quit)
    }
}
