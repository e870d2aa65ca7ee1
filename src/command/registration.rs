//! Registration: how somebody comes to be known to the server.
//! Source: <https://modern.ircdocs.horse/#connection-registration>

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use super::decision::{Decision, Reply};
use crate::id::{ClientId, TokenHash, UserId};
use crate::protocol::name::{Hostname, Nickname, Realname, Username};
use crate::world::{Event, Refusal, World};

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
    /// The first client's public identity.
    pub client_uuid: Uuid,
    /// SHA-256 of the token that the client was given.
    pub token: TokenHash,
}

impl Registration {
    /// # Refusals
    /// `NicknameInUse`.
    pub fn decide(self, world: &World, at: Timestamp) -> Result<Decision, Refusal> {
        if world.user_by_nick(self.nick.as_str()).is_ok() {
            return Err(Refusal::NicknameInUse(self.nick.to_string()));
        }
        let user = UserId::new(world.next_id());
        let client = ClientId::new(world.next_id() + 1);
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
        let added = Event::ClientAdded { client, user, uuid, token, address, at };
        Ok(Decision { events: vec![opened, added], ..Decision::answer(Reply::Welcome) })
    }
}
