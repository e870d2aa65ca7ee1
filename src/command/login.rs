//! Login: a further device of a living session, by its password; and revoking one.

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use super::decision::{Decision, Reply, Style};
use crate::id::{ClientId, TokenHash, UserId};
use crate::protocol::password::PasswordHash;
use crate::world::{Client, Event, World};

/// A new client of a session whose password was verified. What is random or slow about it was done before, by `auth`.
#[derive(Debug)]
pub struct Login {
    /// The session.
    pub user: UserId,
    /// The hash that the password was verified against.
    pub verified: PasswordHash,
    /// The password hashed anew, where the parameters have changed since it was set.
    pub rehashed: Option<PasswordHash>,
    /// Where the request came from.
    pub address: IpAddr,
    /// The client's public identity.
    pub client_uuid: Uuid,
    /// SHA-256 of the token that the client was given.
    pub token: TokenHash,
    /// How the client wants its answers where it is a connection, and ends with it; `None` for one that polls.
    pub connection: Option<Style>,
}

/// Why somebody with the right password is not let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoginRefusal {
    /// The session has ended, or changed its password, since it was verified.
    Stale,
    /// The session has as many clients as it may have.
    TooManyClients,
}

impl Login {
    /// # Errors
    /// [`LoginRefusal`]
    pub fn decide(
        self,
        world: &World,
        clients_max: usize,
        at: Timestamp,
    ) -> Result<(ClientId, Decision), LoginRefusal> {
        let user = world.user(self.user).ok_or(LoginRefusal::Stale)?;
        if user.password.as_ref() != Some(&self.verified) {
            return Err(LoginRefusal::Stale);
        }
        if clients_max > 0 && user.clients.len() >= clients_max {
            return Err(LoginRefusal::TooManyClients);
        }
        let client = ClientId::new(world.next_id());
        let (user, uuid, token, address) = (self.user, self.client_uuid, self.token, self.address);
        let is_connection = self.connection.is_some();
        let mut events = vec![Event::ClientAdded { client, user, uuid, token, address, is_connection, at }];
        events.extend(self.rehashed.map(|password| Event::PasswordSet { user, password }));
        let replies = vec![Reply::Welcome, Reply::ChannelState];
        Ok((client, Decision { events, replies, ..Decision::nothing() }))
    }
}

/// The client of a session that goes by this uuid.
pub fn client_of(world: &World, user: UserId, uuid: Uuid) -> Option<&Client> {
    let clients = world.user(user)?.clients.iter();
    clients.filter_map(|id| world.client(*id)).find(|client| client.uuid == uuid)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::command::tests::Scene;

    fn login(user: UserId, verified: &str) -> Login {
        Login {
            user,
            verified: PasswordHash::new(verified),
            rehashed: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            client_uuid: Uuid::from_u128(99),
            token: TokenHash::new([99; 32]),
            connection: None,
        }
    }

    fn decide(scene: &Scene, login: Login, clients_max: usize) -> Result<(ClientId, Decision), LoginRefusal> {
        login.decide(&scene.world, clients_max, Timestamp::UNIX_EPOCH)
    }

    fn with_password(password: &str) -> (Scene, UserId) {
        let mut scene = Scene::with(&["alice", "bob"]);
        let user = scene.user("alice");
        scene.world.apply(&Event::PasswordSet { user, password: PasswordHash::new(password) });
        (scene, user)
    }

    #[test]
    fn what_was_verified_must_still_be_so() {
        let (mut scene, user) = with_password("new");
        assert_eq!(decide(&scene, login(user, "old"), 0).unwrap_err(), LoginRefusal::Stale);
        let bob = scene.user("bob");
        assert_eq!(decide(&scene, login(bob, "new"), 0).unwrap_err(), LoginRefusal::Stale, "has no password");
        scene.does("alice", r#"{"command":"QUIT"}"#);
        assert_eq!(decide(&scene, login(user, "new"), 0).unwrap_err(), LoginRefusal::Stale, "has ended");
    }

    #[test]
    fn a_client_is_added_while_there_is_room() {
        let (mut scene, user) = with_password("p");
        let rehashed = Some(PasswordHash::new("q"));
        let (client, decision) = decide(&scene, Login { rehashed, ..login(user, "p") }, 2).unwrap();
        decision.events.iter().for_each(|event| drop(scene.world.apply(event)));
        assert_eq!(client_of(&scene.world, user, Uuid::from_u128(99)).unwrap().id, client);
        assert!(client_of(&scene.world, scene.user("bob"), Uuid::from_u128(99)).is_none(), "another's");
        assert_eq!(decide(&scene, login(user, "q"), 2).unwrap_err(), LoginRefusal::TooManyClients);
        assert!(decide(&scene, login(user, "q"), 0).is_ok(), "0 is no limit");
    }
}
