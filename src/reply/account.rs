//! What is said of accounts and of how far one has read.
//! Source: <https://ircv3.net/specs/extensions/account-registration>, <https://ircv3.net/specs/extensions/read-marker>

use jiff::Timestamp;

use super::ServerInfo;
use super::door::said;
use crate::id::UserId;
use crate::protocol::message::Message;
use crate::protocol::name::TalkName;
use crate::protocol::numeric::{RPL_LOGGEDIN, RPL_LOGGEDOUT};
use crate::world::{Event, Keeper, User, World};

/// REGISTER or UNREGISTER, with what came of it.
pub(super) fn done(command: &'static str, account: &str, server: &ServerInfo) -> Message {
    let text = if command == "REGISTER" { "Account created" } else { "Account dropped" };
    said(server, command, vec!["SUCCESS".to_owned(), account.to_owned()], text)
}

/// 900, where the user has an account.
pub(super) fn logged_in(user: &User, world: &World, server: &ServerInfo) -> Vec<Message> {
    let name = world.account_of(user.id).map(|account| account.name.to_string());
    let line = |name: String| {
        let params = vec![user.hostmask(), name.clone()];
        server.numeric(RPL_LOGGEDIN, user.nick.as_str(), params, &[&name])
    };
    name.map(line).into_iter().collect()
}

/// 901.
pub(super) fn logged_out(user: &User, server: &ServerInfo) -> Message {
    server.numeric(RPL_LOGGEDOUT, user.nick.as_str(), vec![user.hostmask()], &[])
}

/// MARKREAD, with an asterisk where nothing is known.
pub fn marker(target: &TalkName, at: Option<Timestamp>, server: &ServerInfo) -> Message {
    let at = at.map_or_else(|| "*".to_owned(), |at| format!("timestamp={}", time(at)));
    let (from, to) = (server.name.clone(), target.to_string());
    Message { command: "MARKREAD".into(), from, to, params: vec![at], body: None, meta: None }
}

/// A marker's time as the wire has it, in milliseconds.
pub fn time(at: Timestamp) -> String {
    format!("{at:.3}")
}

/// What the devices of one user are told of its marker.
pub(super) fn marked(world: &World, event: &Event, server: &ServerInfo) -> Option<(UserId, Message)> {
    let Event::MarkerSet { keeper, target, at, .. } = event else { return None };
    let user = match keeper {
        Keeper::Session(user) => *user,
        Keeper::Account(account) => world.account(*account)?.session?,
    };
    Some((user, marker(target, Some(*at), server)))
}
