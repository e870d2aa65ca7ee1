//! Registration: how somebody comes to be known to the server.
//! Source: <https://modern.ircdocs.horse/#connection-registration>

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use super::decision::{Decision, Reply, Rules};
use super::login::NewSession;
use super::register::{make, may_be_made};
use crate::id::{AccountId, ClientId, TokenHash, UserId};
use crate::protocol::name::{Nickname, Realname, Username};
use crate::protocol::password::PasswordHash;
use crate::protocol::stamp::Accepted;
use crate::world::{Event, World};

/// A new session with its first client. What is random about it was drawn before, by `auth`.
#[derive(Debug)]
pub struct Registration {
    /// The nick to go by.
    pub nick: Nickname,
    /// The second part of the hostmask; the nick where none was given.
    pub username: Option<Username>,
    /// The realname; the username where none was given.
    pub realname: Option<Realname>,
    /// Where the request came from.
    pub address: IpAddr,
    /// The session's public identity. It begins with the time, as those of clients do, so that their indexes grow at
    /// their ends.
    pub user_uuid: Uuid,
    /// Whether the first client is a connection, and ends with it.
    pub is_connection: bool,
    /// The first client's public identity.
    pub client_uuid: Uuid,
    /// SHA-256 of the token that the client was given.
    pub token: TokenHash,
    /// The password to begin with.
    pub password: Option<PasswordHash>,
    /// Whether it has an account from the beginning, with this password.
    pub lasts: bool,
    /// The stamp that pays for the session; `None` where it costs nothing.
    pub stamp: Option<Accepted>,
}

/// Why a session is not opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RegistrationRefusal {
    /// Somebody has the nick.
    NicknameInUse,
    /// The stamp has paid for something before.
    StampSpent,
    /// It was to have an account, and no more are made.
    NoMoreAccounts,
}

impl Registration {
    /// A nick that is taken costs nothing: whoever tries another may pay with the same stamp.
    ///
    /// # Errors
    /// [`RegistrationRefusal`]
    pub fn decide(
        self,
        world: &World,
        rules: &Rules,
        at: Timestamp,
        stamp_is_spent: bool,
    ) -> Result<Decision, RegistrationRefusal> {
        let is_kept = world.may_go_by(&self.nick, None).is_err() || rules.is_of_server(&self.nick);
        if is_kept || world.user_by_nick(self.nick.as_str()).is_ok() {
            return Err(RegistrationRefusal::NicknameInUse);
        }
        if stamp_is_spent {
            return Err(RegistrationRefusal::StampSpent);
        }
        if self.lasts && may_be_made(world, rules, self.nick.as_str()).is_err() {
            return Err(RegistrationRefusal::NoMoreAccounts);
        }
        let user = UserId::new(world.next_id());
        let client = ClientId::new(world.next_id() + 1);
        let lasting = self.lasts.then(|| self.nick.clone());
        let session = NewSession { uuid: self.user_uuid, username: self.username, realname: self.realname };
        let opened = session.opened(user, self.nick, self.address, at);
        let (uuid, token, address) = (self.client_uuid, self.token, self.address);
        let is_connection = self.is_connection;
        let added = Event::ClientAdded { client, user, uuid, token, address, is_connection, at };
        let mut events = vec![opened];
        match (self.password, lasting) {
            (Some(password), Some(name)) => {
                let account = AccountId::new(world.next_id() + 2);
                let made = Event::AccountMade { account, name, password, signing_key: None, at };
                events.extend(make(made, account, user, rules));
            }
            (password, _) => events.extend(password.map(|password| Event::PasswordSet { user, password })),
        }
        events.extend(self.stamp.map(|Accepted { stamp, until }| Event::StampSpent { stamp, until }));
        // The last of them, where the writer looks for the client that it welcomes.
        events.push(added);
        Ok(Decision { events, ..Decision::answer(Reply::Welcome) })
    }
}
