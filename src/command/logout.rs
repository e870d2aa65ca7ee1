//! The ways in which a client goes without a command: logout, and having been silent for too long.

use std::borrow::Cow;

use jiff::Timestamp;

use super::decision::{Decision, Outcome, Rules};
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
    /// Whether the session ends with its last device in any case.
    pub is_final: bool,
}

impl Logout {
    /// The last device takes the session with it, unless it is one that stays. Doing it twice does nothing.
    pub fn decide(self, world: &World, rules: &Rules, at: Timestamp, running: Timestamp) -> Decision {
        let Some(client) = world.client(self.client) else { return Decision::nothing() };
        let user = world.user(client.user).filter(|user| user.clients.len() == 1);
        let removed = Event::ClientRemoved { client: client.id, token: client.token };
        let events = match user {
            None => vec![removed],
            Some(user) if user.modes.stays && user.account.is_some() && !self.is_final => {
                let away =
                    Some(&rules.away_without_device).filter(|text| !text.is_empty() && user.away.is_none());
                let away = away.map(|text| Event::AwayChanged { user: user.id, text: Some(text.clone()) });
                let stayed = Event::SessionStayed { user: user.id, at: running };
                [removed, stayed].into_iter().chain(away).collect()
            }
            Some(user) => end_of_session(world, user.id, &self.reason, at),
        };
        Decision { events, ..Decision::nothing() }.with_outcome(Outcome::Quit)
    }
}
