//! Answers that are lists: NAMES, LIST, WHO and WHOIS.

use super::Context;
use crate::protocol::mask::Mask;
use crate::protocol::message::Message;
use crate::protocol::numeric::{
    RPL_AWAY, RPL_ENDOFNAMES, RPL_ENDOFWHO, RPL_LIST, RPL_LISTEND, RPL_LISTSTART, RPL_NAMREPLY,
    RPL_WHOISACTUALLY, RPL_WHOISCHANNELS, RPL_WHOISIDLE, RPL_WHOISSERVER, RPL_WHOISUSER, RPL_WHOREPLY,
};
use crate::world::{Channel, Membership, User, World};

/// Bytes of names in one 353, and of channels in one 319: with prefix, nick and channel in front they fit a
/// line of 512.
const LIST_BYTES_MAX: usize = 300;

/// Lines of a WHO for a mask.
const WHO_LINES_MAX: usize = 500;

/// 353 and 366. A channel that the caller may not see looks like one that is not there.
pub(super) fn names(caller: &User, channel: &str, world: &World, context: &Context<'_>) -> Vec<Message> {
    let found = world.channel_by_name(channel).ok().filter(|found| found.may_be_seen_by(caller.id));
    let to = caller.nick.as_str();
    let mut lines = Vec::new();
    if let Some(found) = found {
        let members = found.members.iter().filter_map(|(id, rank)| Some((world.user(*id)?, *rank)));
        let shown = members.filter(|(user, _)| found.has(caller.id) || user.may_be_listed_for(caller));
        let names = shown.map(|(user, rank)| format!("{}{}", rank.prefix(), user.nick));
        let symbol = if found.modes.secret { "@" } else { "=" };
        let params = vec![symbol.to_owned(), found.name.to_string()];
        for part in packed(names) {
            lines.push(context.server.numeric(RPL_NAMREPLY, to, params.clone(), Some(&part)));
        }
    }
    let end = Some("End of /NAMES list");
    lines.push(context.server.numeric(RPL_ENDOFNAMES, to, vec![channel.to_owned()], end));
    lines
}

/// Joins words with spaces into as few texts as the length of a line allows.
fn packed(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for word in words {
        match texts.last_mut() {
            Some(text) if text.len() + 1 + word.len() <= LIST_BYTES_MAX => {
                text.push(' ');
                text.push_str(&word);
            }
            _ => texts.push(word),
        }
    }
    texts
}

/// 321, a 322 for each channel, 323. A channel that was named and is missing or hidden is left out.
pub(super) fn list(caller: &User, named: &[String], world: &World, context: &Context<'_>) -> Vec<Message> {
    let to = caller.nick.as_str();
    let mut channels: Vec<&Channel> = if named.is_empty() {
        world.channels().collect()
    } else {
        named.iter().filter_map(|name| world.channel_by_name(name).ok()).collect()
    };
    channels.retain(|channel| channel.may_be_seen_by(caller.id));
    channels.sort_by_key(|channel| channel.id);
    let server = context.server;
    let mut lines = vec![server.numeric(RPL_LISTSTART, to, vec!["Channel".to_owned()], Some("Users  Name"))];
    lines.extend(channels.into_iter().map(|channel| {
        let params = vec![channel.name.to_string(), channel.members.len().to_string()];
        let topic = channel.topic.as_ref().map_or("", |topic| topic.text.as_str());
        server.numeric(RPL_LIST, to, params, Some(topic))
    }));
    lines.push(server.numeric(RPL_LISTEND, to, vec![], Some("End of /LIST")));
    lines
}

/// A 352 for each user that the mask names and the caller may see, then 315 with the mask as it was given.
pub(super) fn who(caller: &User, mask: &str, world: &World, context: &Context<'_>) -> Vec<Message> {
    let to = caller.nick.as_str();
    let mut lines = Vec::new();
    if mask.starts_with('#') {
        let found = world.channel_by_name(mask).ok().filter(|found| found.may_be_seen_by(caller.id));
        for (id, rank) in found.iter().flat_map(|found| &found.members) {
            let listed = world.user(*id).filter(|user| user.may_be_listed_for(caller));
            lines.extend(listed.map(|user| who_line(user, found.map(|found| (found, *rank)), to, context)));
        }
    } else {
        for user in who_matches(caller, mask, world) {
            let channels = user.channels.iter().filter_map(|id| world.channel(*id));
            let mut seen = channels.filter(|channel| shows_member(channel, user, caller));
            let shown = seen.next().and_then(|channel| Some((channel, channel.member(user.id).ok()?)));
            lines.push(who_line(user, shown, to, context));
        }
    }
    let end = Some("End of WHO list");
    lines.push(context.server.numeric(RPL_ENDOFWHO, to, vec![mask.to_owned()], end));
    lines
}

/// The users whom a mask names by nick, username or host: one user by its nick, others as far as
/// they show themselves. Of very many only the first are told, as of a list that no reader would read.
fn who_matches<'a>(caller: &User, mask: &str, world: &'a World) -> Vec<&'a User> {
    if let Ok(user) = world.user_by_nick(mask) {
        return vec![user];
    }
    let Some(mask) = Mask::parse(mask) else { return Vec::new() };
    let named = |user: &&User| {
        mask.matches(user.nick.as_str())
            || mask.matches(user.username.as_str())
            || mask.matches(user.hostname.as_str())
    };
    let listed = world.users().filter(|user| user.may_be_listed_for(caller));
    let mut found: Vec<_> = listed.filter(named).take(WHO_LINES_MAX).collect();
    found.sort_by_key(|user| user.id);
    found
}

fn who_line(
    user: &User,
    channel: Option<(&Channel, Membership)>,
    to: &str,
    context: &Context<'_>,
) -> Message {
    let here = if user.away.is_some() { "G" } else { "H" };
    let params = vec![
        channel.map_or_else(|| "*".to_owned(), |(channel, _)| channel.name.to_string()),
        user.username.as_str().to_owned(),
        user.hostname.as_str().to_owned(),
        context.server.name.clone(),
        user.nick.to_string(),
        format!("{here}{}", channel.map_or("", |(_, rank)| rank.prefix())),
    ];
    let text = format!("0 {}", user.username.as_str());
    context.server.numeric(RPL_WHOREPLY, to, params, Some(&text))
}

/// Whether `caller` may know that `user` is in the channel.
fn shows_member(channel: &Channel, user: &User, caller: &User) -> bool {
    channel.has(caller.id) || (!channel.modes.secret && (!user.invisible || user.id == caller.id))
}

/// 311, 319, 312, 301, 317 and, for oneself, 338.
pub(super) fn whois(caller: &User, user: &User, world: &World, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let (to, nick) = (caller.nick.as_str(), user.nick.to_string());
    let (username, host) = (user.username.as_str(), user.hostname.as_str());
    let params = vec![nick.clone(), username.to_owned(), host.to_owned(), "*".to_owned()];
    let mut lines = vec![server.numeric(RPL_WHOISUSER, to, params, Some(username))];
    let channels = user.channels.iter().filter_map(|id| world.channel(*id));
    let channels = channels.filter(|channel| shows_member(channel, user, caller));
    let prefix = |channel: &Channel| channel.member(user.id).unwrap_or_default().prefix();
    for part in packed(channels.map(|channel| format!("{}{}", prefix(channel), channel.name))) {
        lines.push(server.numeric(RPL_WHOISCHANNELS, to, vec![nick.clone()], Some(&part)));
    }
    let at = vec![nick.clone(), server.name.clone()];
    lines.push(server.numeric(RPL_WHOISSERVER, to, at, Some(&server.description)));
    if let Some(away) = &user.away {
        lines.push(server.numeric(RPL_AWAY, to, vec![nick.clone()], Some(away)));
    }
    let idle = (context.idle_s)(user.id).to_string();
    let signon = user.created_at.as_second().to_string();
    let idle = vec![nick.clone(), idle, signon];
    lines.push(server.numeric(RPL_WHOISIDLE, to, idle, Some("seconds idle, signon time")));
    if user.id == caller.id {
        let newest = user.clients.last().and_then(|id| world.client(*id));
        let address = newest.map_or_else(|| "*".to_owned(), |client| zero_first(client.address.to_string()));
        let params = vec![nick, address];
        lines.push(server.numeric(RPL_WHOISACTUALLY, to, params, Some("actually using host")));
    }
    lines
}

/// A middle parameter may not begin with a colon, as `::1` does.
fn zero_first(address: String) -> String {
    if address.starts_with(':') { format!("0{address}") } else { address }
}
