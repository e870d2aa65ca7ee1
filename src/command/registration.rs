//! Registration: how somebody comes to be known to the server.
//! Source: <https://modern.ircdocs.horse/#connection-registration>

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use super::decision::{Decision, Reply, Rules};
use super::register::{may_be_made, stays};
use crate::id::{AccountId, ClientId, TokenHash, UserId};
use crate::protocol::name::{Hostname, Nickname, Realname, Username};
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
    /// The session's public identity.
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
        let is_kept = world.may_go_by(&self.nick, None).is_err();
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
        let name = self.nick.clone();
        let username = self.username.unwrap_or_else(|| Username::from(&self.nick));
        let opened = Event::SessionOpened {
            user,
            uuid: self.user_uuid,
            realname: self.realname.unwrap_or_else(|| Realname::from(&username)),
            username,
            nick: self.nick,
            hostname: Hostname::from_address(self.address),
            at,
        };
        let (uuid, token, address) = (self.client_uuid, self.token, self.address);
        let is_connection = self.is_connection;
        let added = Event::ClientAdded { client, user, uuid, token, address, is_connection, at };
        let mut events = vec![opened];
        match self.password {
            Some(password) if self.lasts => {
                let account = AccountId::new(world.next_id() + 2);
                events.push(Event::AccountMade { account, name, password, signing_key: None, at });
                events.push(Event::AccountEntered { user, account });
                events.extend(stays(user, rules));
            }
            password => events.extend(password.map(|password| Event::PasswordSet { user, password })),
        }
        events.extend(self.stamp.map(|Accepted { stamp, until }| Event::StampSpent { stamp, until }));
        // The last of them, where the writer looks for the client that it welcomes.
        events.push(added);
        Ok(Decision { events, ..Decision::answer(Reply::Welcome) })
    }
}
