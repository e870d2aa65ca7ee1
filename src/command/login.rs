//! Login: a further device of a living session, or a new session of an account, by its password; and revoking a device.

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use super::decision::{Decision, Reply, Rules, Style};
use super::register::stays;
use crate::id::{AccountId, ClientId, TokenHash, UserId};
use crate::protocol::name::{Hostname, Nickname, Realname, Username};
use crate::protocol::password::PasswordHash;
use crate::world::{Account, Client, Event, User, World};

/// A new client for somebody whose password was verified. What is random or slow about it was done before, by `auth`.
#[derive(Debug)]
pub struct Login {
    /// Whose password it was.
    pub holder: Holder,
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
    /// What a session is that begins with this.
    pub session: NewSession,
}

/// What a session begins with.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// Its public identity.
    pub uuid: Uuid,
    /// The second part of the hostmask; the nick where none was given.
    pub username: Option<Username>,
    /// The realname; the username where none was given.
    pub realname: Option<Realname>,
}

impl NewSession {
    /// The fact that it is there.
    pub(super) fn opened(self, user: UserId, nick: Nickname, address: IpAddr, at: Timestamp) -> Event {
        let username = self.username.unwrap_or_else(|| Username::from(&nick));
        let realname = self.realname.unwrap_or_else(|| Realname::from(&username));
        let hostname = Hostname::from_address(address);
        Event::SessionOpened { user, uuid: self.uuid, nick, username, realname, hostname, at }
    }
}

/// Who goes by a nick, or has it kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// A session without an account, or one that goes by another nick than its account's.
    Session(UserId),
    /// An account, whether it has a session or not.
    Account(AccountId),
}

impl Holder {
    /// Whose password is asked for under this nick.
    pub fn of(world: &World, nick: &str) -> Option<Held> {
        if let Some(account) = world.account_by_name(nick) {
            let (holder, password) = (Self::Account(account.id), Some(account.password.clone()));
            return Some(Held { holder, password, name: account.name.to_string() });
        }
        let user = world.user_by_nick(nick).ok()?;
        let name = world.account_of(user.id).map_or(&user.nick, |account| &account.name).to_string();
        Some(Held { holder: Self::Session(user.id), password: user.password.clone(), name })
    }
}

/// Somebody whose password may be tried.
#[derive(Clone, Debug)]
pub struct Held {
    /// Who it is.
    pub holder: Holder,
    /// What is kept of the password; `None` where there is none.
    pub password: Option<PasswordHash>,
    /// The name of the account; the nick where there is no account.
    pub name: String,
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
        rules: &Rules,
        at: Timestamp,
    ) -> Result<(UserId, ClientId, Decision), LoginRefusal> {
        let (session, password) = match self.holder {
            Holder::Session(user) => {
                let user = world.user(user).ok_or(LoginRefusal::Stale)?;
                (Ok(user), user.password.as_ref())
            }
            Holder::Account(account) => {
                let account = world.account(account).ok_or(LoginRefusal::Stale)?;
                let living = account.session.and_then(|user| world.user(user));
                (living.ok_or(account), Some(&account.password))
            }
        };
        if password != Some(&self.verified) {
            return Err(LoginRefusal::Stale);
        }
        match session {
            Ok(user) if rules.clients_max > 0 && user.clients.len() >= rules.clients_max => {
                Err(LoginRefusal::TooManyClients)
            }
            Ok(user) => Ok(self.come_in(user, world, at)),
            Err(account) => Ok(self.begin(account, world, rules, at)),
        }
    }

    /// One device more.
    fn come_in(self, user: &User, world: &World, at: Timestamp) -> (UserId, ClientId, Decision) {
        let client = ClientId::new(world.next_id());
        let said = user.left.as_ref().and_then(|left| left.away.as_ref());
        // What it has said itself stays so.
        let is_back = user.clients.is_empty() && said.is_some() && user.away.as_ref() == said;
        let mut events = vec![self.added(user.id, client, at)];
        events.extend(is_back.then_some(Event::AwayChanged { user: user.id, text: None }));
        events.extend(self.rehashed.map(|password| Event::PasswordSet { user: user.id, password }));
        (user.id, client, welcome(events))
    }

    /// A session for an account that has none, by the nick that is kept for it.
    fn begin(
        self,
        account: &Account,
        world: &World,
        rules: &Rules,
        at: Timestamp,
    ) -> (UserId, ClientId, Decision) {
        let (user, client) = (UserId::new(world.next_id()), ClientId::new(world.next_id() + 1));
        let opened = self.session.clone().opened(user, account.name.clone(), self.address, at);
        let mut events = vec![opened, Event::AccountEntered { user, account: account.id }];
        events.extend(stays(user, rules));
        events.push(self.added(user, client, at));
        events.extend(self.rehashed.map(|password| Event::PasswordSet { user, password }));
        (user, client, welcome(events))
    }

    fn added(&self, user: UserId, client: ClientId, at: Timestamp) -> Event {
        let (uuid, token, address) = (self.client_uuid, self.token, self.address);
        Event::ClientAdded {
            client,
            user,
            uuid,
            token,
            address,
            is_connection: self.connection.is_some(),
            at,
        }
    }
}

fn welcome(events: Vec<Event>) -> Decision {
    let replies = vec![Reply::Welcome, Reply::ChannelState];
    Decision { events, replies, ..Decision::nothing() }
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
        login_of(Holder::Session(user), verified)
    }

    fn login_of(holder: Holder, verified: &str) -> Login {
        Login {
            holder,
            verified: PasswordHash::new(verified),
            rehashed: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            client_uuid: Uuid::from_u128(99),
            token: TokenHash::new([99; 32]),
            connection: None,
            session: NewSession { uuid: Uuid::from_u128(98), username: None, realname: None },
        }
    }

    fn decide(scene: &Scene, login: Login, clients_max: usize) -> Result<(ClientId, Decision), LoginRefusal> {
        let rules = Rules { clients_max, ..scene.rules.clone() };
        let decided = login.decide(&scene.world, &rules, Timestamp::UNIX_EPOCH);
        decided.map(|(_, client, decision)| (client, decision))
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
    fn account(scene: &mut Scene, nick: &str) -> AccountId {
        let (user, account) = (scene.user(nick), AccountId::new(scene.world.next_id()));
        let (name, password) = (scene.world.user(user).unwrap().nick.clone(), PasswordHash::new("p"));
        let at = Timestamp::UNIX_EPOCH;
        scene.world.apply(&Event::AccountMade { account, name, password, signing_key: None, at });
        scene.world.apply(&Event::AccountEntered { user, account });
        account
    }

    #[test]
    fn an_account_without_a_session_begins_one_and_then_has_further_devices() {
        let mut scene = Scene::with(&["alice", "bob"]);
        let alice = account(&mut scene, "alice");
        scene.does("alice", r#"{"command":"QUIT"}"#);
        assert_eq!(Holder::of(&scene.world, "ALICE").unwrap().holder, Holder::Account(alice));
        let bad = login_of(Holder::Account(alice), "old");
        assert_eq!(decide(&scene, bad, 0).unwrap_err(), LoginRefusal::Stale);
        let (first, decision) = decide(&scene, login_of(Holder::Account(alice), "p"), 1).unwrap();
        scene.apply(&decision);
        let user = scene.world.user_by_nick("alice").unwrap();
        assert!(user.clients.contains(&first) && user.account == Some(alice));
        let refused = decide(&scene, login_of(Holder::Account(alice), "p"), 1).unwrap_err();
        assert_eq!(refused, LoginRefusal::TooManyClients, "it is the living session now");
    }

    #[test]
    fn a_session_that_stays_is_away_until_a_device_comes() {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.rules.away_without_device = "Not here".to_owned();
        let alice = account(&mut scene, "alice");
        scene.does("alice", r##"{"command":"JOIN","to":"#tea"}"##);
        scene.does("alice", r#"{"command":"MODE","to":"alice","params":["+S"]}"#);
        let (user, device) = {
            let user = scene.world.user_by_nick("alice").unwrap();
            (user.id, *user.clients.first().unwrap())
        };
        let now = Timestamp::UNIX_EPOCH;
        let logout = super::super::logout::Logout { client: device, reason: "Bye".into() };
        let decision = logout.decide(&scene.world, &scene.rules, now, now);
        scene.apply(&decision);
        let stayed = scene.world.user(user).unwrap();
        assert!(stayed.clients.is_empty() && stayed.channels.len() == 1);
        assert_eq!(stayed.away.as_deref(), Some("Not here"));
        scene.rules.away_without_device = "Another text by now".to_owned();
        let (_, decision) = decide(&scene, login_of(Holder::Account(alice), "p"), 0).unwrap();
        scene.apply(&decision);
        assert_eq!(scene.world.user(user).unwrap().away, None);
    }
}
