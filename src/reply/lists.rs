//! Answers that are lists: NAMES, LIST, the mask lists of channels, invitations.

use std::borrow::Cow;
use std::ops::Bound;

use super::answer::{Answer, PIECE_LINES};
use super::{Context, ServerInfo};
use crate::command::Reply;
use crate::command::list::ListQuery;
use crate::id::{ChannelId, UserId};
use crate::protocol::message::Message;
use crate::protocol::numeric::{
    RPL_BANLIST, RPL_ENDOFBANLIST, RPL_ENDOFEXCEPTLIST, RPL_ENDOFINVEXLIST, RPL_ENDOFINVITELIST,
    RPL_ENDOFNAMES, RPL_EXCEPTLIST, RPL_INVEXLIST, RPL_INVITELIST, RPL_LIST, RPL_LISTEND, RPL_LISTSTART,
    RPL_NAMREPLY,
};
use crate::world::{Channel, List, User, World};

/// Bytes of a line of IRC without its end.
const LINE_BYTES: usize = 510;
/// The least that one line lists, however long what stands before it: a nick with its hostmask.
const ROOM_MIN: usize = 100;
/// Members that one piece of NAMES looks at: some ten lines.
const PIECE_MEMBERS: usize = 256;

/// 353 for the members after a place, as far as the caller may see them, then 366 or the next piece. A channel
/// that the caller may not see looks like one that is not there.
pub(super) fn names(
    caller: &User,
    channel: &str,
    after: Option<UserId>,
    world: &World,
    context: &Context<'_>,
) -> Answer {
    let to = caller.nick.as_str();
    let mut lines = Vec::new();
    if let Ok(found) = world.channel_shown_to(caller.id, channel) {
        let behind = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut members = found.members.range((behind, Bound::Unbounded));
        let piece: Vec<_> = members.by_ref().take(PIECE_MEMBERS).collect();
        // One step after the other, each with all of them: so the processor waits for the memory of several at once.
        let users: Vec<_> = piece.iter().filter_map(|(id, rank)| Some((world.user(**id)?, **rank))).collect();
        let (is_in, style) = (found.has(caller.id), context.style);
        let shown = users.into_iter().filter(|(user, _)| is_in || user.may_be_listed_for(caller));
        let names: Vec<_> = shown
            .map(|(user, rank)| {
                let prefix = if style.multi_prefix { rank.prefixes() } else { rank.prefix() };
                let nick = Cow::Borrowed(user.nick.as_str());
                (prefix, if style.userhost_in_names { user.hostmask().into() } else { nick })
            })
            .collect();
        let names = names.iter().map(|(prefix, name)| (*prefix, &**name));
        let symbol = if found.modes.secret { "@" } else { "=" };
        let params = [symbol.to_owned(), found.name.to_string()];
        for part in packed(names, ' ', room(context.server, to, &params)) {
            lines.push(context.server.numeric(RPL_NAMREPLY, to, params.to_vec(), &[&part]));
        }
        if let (Some((last, _)), Some(_)) = (piece.last(), members.next()) {
            let then = vec![Reply::Names(channel.to_owned(), Some(**last))];
            return Answer { lines, then, ..Answer::default() };
        }
    }
    lines.push(context.server.numeric(RPL_ENDOFNAMES, to, vec![channel.to_owned()], &[]));
    lines.into()
}

/// How many bytes a line of IRC has for the text of a numeric with these parameters.
pub(super) fn room(server: &ServerInfo, to: &str, params: &[String]) -> usize {
    // `:server 353 nick params :`
    let before = 1 + server.name.len() + 1 + 3 + 1 + to.len() + 2;
    let params: usize = params.iter().map(|param| 1 + param.len()).sum();
    LINE_BYTES.saturating_sub(before + params).max(ROOM_MIN)
}

/// Joins words, each with what stands directly before it, into as few texts as have room for them.
pub(super) fn packed<'a>(
    words: impl Iterator<Item = (&'static str, &'a str)>,
    between: char,
    room: usize,
) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for (prefix, word) in words {
        match texts.last_mut() {
            Some(text) if text.len() + 1 + prefix.len() + word.len() <= room => text.push(between),
            _ => texts.push(String::with_capacity(room)),
        }
        if let Some(text) = texts.last_mut() {
            text.push_str(prefix);
            text.push_str(word);
        }
    }
    texts
}

/// 321; those channels of which it is to be seen whether they are asked for are looked through next. One that was named
/// and is missing is left out.
pub(super) fn list(caller: &User, query: &ListQuery, world: &World, context: &Context<'_>) -> Answer {
    let mut among: Vec<ChannelId> = if query.names_all() {
        let named = query.names.iter().filter_map(|name| world.channel_by_name(name).ok());
        named.map(|channel| channel.id).collect()
    } else {
        world.channels().map(|channel| channel.id).collect()
    };
    among.sort_unstable();
    among.dedup();
    let start = context.server.numeric(RPL_LISTSTART, caller.nick.as_str(), vec!["Channel".to_owned()], &[]);
    let then = vec![Reply::ListAmong(query.clone(), among, Vec::new())];
    Answer { lines: vec![start], then, ..Answer::default() }
}

/// Looks through a piece of these channels for those that are asked for, besides those that were found already. One that
/// is hidden is left out.
pub(super) fn list_among(
    caller: &User,
    query: &ListQuery,
    among: &[ChannelId],
    found: &[ChannelId],
    world: &World,
    context: &Context<'_>,
) -> Answer {
    let piece = pieces_of(query.steps());
    let (now, later) = among.split_at(among.len().min(piece));
    let channels = now.iter().filter_map(|id| world.channel(*id));
    let taken =
        channels.filter(|channel| channel.may_be_seen_by(caller.id) && query.takes(channel, context.at));
    let found: Vec<_> = found.iter().copied().chain(taken.map(|channel| channel.id)).collect();
    let next = if later.is_empty() {
        Reply::ListOf(found)
    } else {
        Reply::ListAmong(query.clone(), later.to_vec(), found)
    };
    Answer { effort: effort_of(now.len(), piece), ..Answer::then(next) }
}

/// Steps of comparing with masks in one piece of an answer: as much work as its lines, a few hundred microseconds.
const PIECE_STEPS: usize = 65_536;

/// How many can be looked at in one piece where each takes so many steps at most.
pub(super) fn pieces_of(steps: usize) -> usize {
    (PIECE_STEPS / steps.max(1)).max(1)
}

/// What looking at so many cost, in lines, where so many are a piece.
pub(super) const fn effort_of(looked_at: usize, piece: usize) -> usize {
    looked_at * PIECE_LINES / piece
}

/// A 322 for each of some channels, then 323 or the next piece.
pub(super) fn list_of(caller: &User, channels: &[ChannelId], world: &World, context: &Context<'_>) -> Answer {
    let to = caller.nick.as_str();
    let (now, later) = channels.split_at(channels.len().min(PIECE_LINES));
    let found = now.iter().filter_map(|id| world.channel(*id));
    let shown = found.filter(|channel| channel.may_be_seen_by(caller.id)).map(|channel| {
        let params = vec![channel.name.to_string(), channel.members.len().to_string()];
        let topic = channel.topic.as_ref().map_or("", |topic| topic.text.as_str());
        context.server.numeric(RPL_LIST, to, params, &[topic])
    });
    let mut lines: Vec<_> = shown.collect();
    if !later.is_empty() {
        return Answer { lines, then: vec![Reply::ListOf(later.to_vec())], ..Answer::default() };
    }
    lines.push(context.server.numeric(RPL_LISTEND, to, vec![], &[]));
    lines.into()
}

/// 367 and 368, 348 and 349, or 346 and 347.
pub(super) fn mask_list(to: &str, channel: &Channel, list: List, server: &ServerInfo) -> Vec<Message> {
    let (entry, end) = match list {
        List::Ban => (RPL_BANLIST, RPL_ENDOFBANLIST),
        List::Exception => (RPL_EXCEPTLIST, RPL_ENDOFEXCEPTLIST),
        List::InviteException => (RPL_INVEXLIST, RPL_ENDOFINVEXLIST),
    };
    let name = channel.name.to_string();
    let line = |listed: &crate::world::ListEntry| {
        let (mask, set_at) = (listed.mask.as_str().to_owned(), listed.set_at.as_second().to_string());
        server.numeric(entry, to, vec![name.clone(), mask, listed.set_by.clone(), set_at], &[])
    };
    let entries = channel.lists.entries(list).map(line);
    entries.chain([server.numeric(end, to, vec![name.clone()], &[])]).collect()
}

/// 336 for each channel that the caller is invited to, and 337.
pub(super) fn invitations(caller: &User, world: &World, server: &ServerInfo) -> Vec<Message> {
    let to = caller.nick.as_str();
    let channels = caller.invited_to.iter().filter_map(|id| world.channel(*id));
    let lines =
        channels.map(|channel| server.numeric(RPL_INVITELIST, to, vec![channel.name.to_string()], &[]));
    lines.chain([server.numeric(RPL_ENDOFINVITELIST, to, vec![], &[])]).collect()
}
