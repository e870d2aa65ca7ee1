//! What is said of one user: WHOIS, WHOWAS, USERHOST.
//! Source: <https://modern.ircdocs.horse/#user-based-queries>

use super::Context;
use super::answer::{Answer, PIECE_LINES};
use super::lists::{packed, room};
use crate::command::Reply;
use crate::command::query::Whowas;
use crate::protocol::message::Message;
use crate::protocol::name::Hostname;
use crate::protocol::numeric::{
    RPL_AWAY, RPL_ENDOFWHOWAS, RPL_USERHOST, RPL_WHOISACCOUNT, RPL_WHOISACTUALLY, RPL_WHOISBOT,
    RPL_WHOISCHANNELS, RPL_WHOISIDLE, RPL_WHOISOPERATOR, RPL_WHOISSECURE, RPL_WHOISSERVER, RPL_WHOISUSER,
    RPL_WHOWASUSER,
};
use crate::world::{Channel, User, World};

/// Whether `caller` may know that `user` is in the channel.
pub(super) fn shows_member(channel: &Channel, user: &User, caller: &User) -> bool {
    channel.has(caller.id) || (!channel.modes.secret && (!user.modes.invisible || user.id == caller.id))
}

/// 311, 319, 312, 313, 330, 335, 671, 301, 317 and, for oneself and for operators of the server, 338.
pub(super) fn whois(caller: &User, user: &User, world: &World, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let (to, nick) = (caller.nick.as_str(), user.nick.to_string());
    let named = |more: &[&str]| {
        let more = more.iter().map(ToString::to_string);
        std::iter::once(nick.clone()).chain(more).collect::<Vec<String>>()
    };
    let mask = named(&[user.username.as_str(), user.hostname.as_str(), "*"]);
    let mut lines = vec![server.numeric(RPL_WHOISUSER, to, mask, &[user.realname.as_str()])];
    let channels = user.channels.iter().filter_map(|id| world.channel(*id));
    let channels = channels.filter(|channel| shows_member(channel, user, caller));
    let prefix = |channel: &Channel| channel.member(user.id).unwrap_or_default().prefix();
    let channels = channels.map(|channel| (prefix(channel), channel.name.as_str()));
    for part in packed(channels, ' ', room(server, to, &named(&[]))) {
        lines.push(server.numeric(RPL_WHOISCHANNELS, to, named(&[]), &[&part]));
    }
    lines.push(server.numeric(RPL_WHOISSERVER, to, named(&[&server.name]), &[&server.description]));
    if user.modes.operator {
        lines.push(server.numeric(RPL_WHOISOPERATOR, to, named(&[]), &[]));
    }
    if let Some(account) = world.account_of(user.id) {
        lines.push(server.numeric(RPL_WHOISACCOUNT, to, named(&[account.name.as_str()]), &[]));
    }
    if user.modes.bot {
        lines.push(server.numeric(RPL_WHOISBOT, to, named(&[]), &[]));
    }
    // Whoever has one device that others could listen to is not secure.
    if !user.clients.is_empty() && user.clients.iter().all(|client| (context.is_secure)(*client)) {
        lines.push(server.numeric(RPL_WHOISSECURE, to, named(&[]), &[]));
    }
    if let Some(away) = &user.away {
        lines.push(server.numeric(RPL_AWAY, to, named(&[]), &[away]));
    }
    let idle = (context.idle_s)(user.id).to_string();
    let signon = user.created_at.as_second().to_string();
    lines.push(server.numeric(RPL_WHOISIDLE, to, named(&[&idle, &signon]), &[]));
    if user.id == caller.id || caller.modes.operator {
        let newest = user.clients.last().and_then(|id| world.client(*id));
        let address = newest.map(|client| Hostname::from_address(client.address));
        let address = address.as_ref().map_or("*", Hostname::as_str);
        lines.push(server.numeric(RPL_WHOISACTUALLY, to, named(&[address]), &[]));
    }
    lines
}

/// Past holders of a nick that one piece of WHOWAS tells of, each with two lines.
const PIECE_PASTS: usize = PIECE_LINES / 2;

/// 314 and 312 for each of some, the newest first, and 369 with the nick as it was given, or the next piece.
pub(super) fn whowas(to: &str, query: &Whowas, world: &World, context: &Context<'_>) -> Answer {
    let server = context.server;
    let (told, since) = query.told.unwrap_or((0, context.at));
    let pasts = world.past_of_nick(&query.nick).filter(|past| past.at <= since).take(query.count);
    let mut left = pasts.skip(told).peekable();
    let mut lines = Vec::new();
    for past in left.by_ref().take(PIECE_PASTS) {
        let name = past.nick.to_string();
        let host = past.hostname.as_str().to_owned();
        let mask = vec![name.clone(), past.username.as_str().to_owned(), host, "*".to_owned()];
        let gone_at = past.at.strftime("%a %b %-d %Y %H:%M:%S UTC").to_string();
        lines.push(server.numeric(RPL_WHOWASUSER, to, mask, &[past.realname.as_str()]));
        lines.push(server.numeric(RPL_WHOISSERVER, to, vec![name, server.name.clone()], &[&gone_at]));
    }
    if left.peek().is_some() {
        let next = Whowas { told: Some((told + PIECE_PASTS, since)), ..query.clone() };
        return Answer { lines, then: vec![Reply::Whowas(next)], ..Answer::default() };
    }
    lines.push(server.numeric(RPL_ENDOFWHOWAS, to, vec![query.nick.clone()], &[]));
    lines.into()
}

/// 302: `nick[*]=<+ or ->user@host` for each nick that somebody has, in as many lines as it takes, and at least in one.
pub(super) fn userhost(to: &str, nicks: &[String], world: &World, context: &Context<'_>) -> Vec<Message> {
    let users = nicks.iter().filter_map(|nick| world.user_by_nick(nick).ok());
    let word = |user: &User| {
        let operator = if user.modes.operator { "*" } else { "" };
        let here = if user.away.is_some() { '-' } else { '+' };
        format!("{}{operator}={here}{}@{}", user.nick, user.username.as_str(), user.hostname.as_str())
    };
    let words: Vec<String> = users.map(word).collect();
    let mut lines = packed(words.iter().map(|word| ("", word.as_str())), ' ', room(context.server, to, &[]));
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines.iter().map(|users| context.server.numeric(RPL_USERHOST, to, vec![], &[users])).collect()
}
