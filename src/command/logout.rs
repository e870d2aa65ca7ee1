//! The ways in which a client goes without a command: logout, and having been silent for too long.

use std::borrow::Cow;

use jiff::Timestamp;

use super::decision::{Decision, Outcome, Rules};
use super::quit::end_of_session;
use crate::id::ClientId;
use crate::world::{Event, Left, World};

/// Takes one device away from its session.
#[derive(Clone, Debug)]
pub struct Logout {
    /// The device.
    pub client: ClientId,
    /// What others are told when it was the last one.
    pub reason: Cow<'static, str>,
}

impl Logout {
    /// The last device takes the session with it, unless it is one that stays. Doing it twice does nothing.
    pub fn decide(self, world: &World, rules: &Rules, at: Timestamp, running: Timestamp) -> Decision {
        let Some(client) = world.client(self.client) else { return Decision::nothing() };
        let user = world.user(client.user).filter(|user| user.clients.len() == 1);
        let removed = Event::ClientRemoved { client: client.id, token: client.token };
        let events = match user {
            None => vec![removed],
            Some(user) if user.modes.stays && user.account.is_some() => {
                let says = !rules.away_without_device.is_empty() && user.away.is_none();
                let away = says.then(|| rules.away_without_device.clone());
                let gone = away.clone().map(|text| Event::AwayChanged { user: user.id, text: Some(text) });
                let stayed = Event::SessionStayed { user: user.id, left: Left { at: running, away } };
                [removed, stayed].into_iter().chain(gone).collect()
            }
            Some(user) => end_of_session(world, user.id, &self.reason, at),
        };
        Decision { events, ..Decision::nothing() }.with_outcome(Outcome::Quit)
    }
}
