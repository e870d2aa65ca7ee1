//! WHO, in its usual form and with fields of the asker's choice.
//! Source: <https://modern.ircdocs.horse/#who-message>, <https://ircv3.net/specs/extensions/whox>

use super::Context;
use super::answer::{Answer, PIECE_LINES};
use super::lists::{effort_of, pieces_of};
use super::whois::shows_member;
use crate::command::who::{WhoFields, WhoQuery};
use crate::command::{Reply, Style};
use crate::id::{ChannelId, UserId};
use crate::protocol::isupport::BOT_LETTER;
use crate::protocol::limits::{HOSTLEN, NAMELEN, NICKLEN, USERLEN};
use crate::protocol::mask::Mask;
use crate::protocol::message::Message;
use crate::protocol::name::Hostname;
use crate::protocol::numeric::{RPL_ENDOFWHO, RPL_WHOREPLY, RPL_WHOSPCRPL};
use crate::world::{Channel, Membership, User, World};

/// Users that a WHO for a mask tells of: more than a reader would read.
const WHO_USERS_MAX: usize = 500;

/// Finds those who are asked for, or among whom they are; the lines about them come next.
pub(super) fn who(caller: &User, query: &WhoQuery, world: &World) -> Answer {
    if query.mask.starts_with('#') {
        let channel = world.channel_shown_to(caller.id, &query.mask).ok();
        let members = channel.into_iter().flat_map(|channel| channel.members.keys());
        let listed = members.filter_map(|id| world.user(*id)).filter(|user| user.may_be_listed_for(caller));
        let found = listed.filter(|user| query.wants(user)).map(|user| user.id).collect();
        return Answer::then(Reply::WhoOf(query.clone(), channel.map(|channel| channel.id), found));
    }
    if let Ok(user) = world.user_by_nick(&query.mask) {
        let found = query.wants(user).then_some(user.id).into_iter().collect();
        return Answer::then(Reply::WhoOf(query.clone(), None, found));
    }
    let mut among: Vec<UserId> = world.users().map(|user| user.id).collect();
    among.sort_unstable();
    Answer::then(Reply::WhoAmong(query.clone(), among, Vec::new()))
}

/// Characters of the texts of a user that a mask is held against, at most.
const TEXTS_CHARACTERS: usize = NICKLEN + USERLEN + HOSTLEN + NAMELEN;
/// How many steps are as dear as to find a user.
const STEPS_OF_ANY: usize = 16;

/// Looks through a piece of these users for those whom a mask names by nick, username, host or realname, as far as they
/// show themselves, besides those who were found already. Of very many only the first are told.
pub(super) fn who_among(
    caller: &User,
    query: &WhoQuery,
    among: &[UserId],
    found: &[UserId],
    world: &World,
) -> Answer {
    // RFC 2812 has it so.
    let mask = if query.mask == "0" { "*" } else { &query.mask };
    let Some(mask) = Mask::parse(mask) else {
        return Answer::then(Reply::WhoOf(query.clone(), None, Vec::new()));
    };
    let piece = pieces_of(STEPS_OF_ANY + mask.steps(TEXTS_CHARACTERS));
    let (now, later) = among.split_at(among.len().min(piece));
    let named = |user: &&User| {
        let texts =
            [user.nick.as_str(), user.username.as_str(), user.hostname.as_str(), user.realname.as_str()];
        texts.into_iter().any(|text| mask.matches(text))
    };
    let users = now.iter().filter_map(|id| world.user(*id));
    let wanted = users.filter(|user| user.may_be_listed_for(caller) && query.wants(user)).filter(named);
    let found: Vec<_> = found.iter().copied().chain(wanted.map(|user| user.id)).take(WHO_USERS_MAX).collect();
    let next = if later.is_empty() || found.len() == WHO_USERS_MAX {
        Reply::WhoOf(query.clone(), None, found)
    } else {
        Reply::WhoAmong(query.clone(), later.to_vec(), found)
    };
    Answer { effort: effort_of(now.len(), piece), ..Answer::then(next) }
}

/// A 352 or 354 for each of some users, then 315 with the mask as it was given, or the next piece.
pub(super) fn who_of(
    caller: &User,
    query: &WhoQuery,
    channel: Option<ChannelId>,
    users: &[UserId],
    world: &World,
    context: &Context<'_>,
) -> Answer {
    let (now, later) = users.split_at(users.len().min(PIECE_LINES));
    let asked = channel.and_then(|id| world.channel(id));
    let line = |user: &User| {
        // Somebody who has left meanwhile is no longer told of.
        let shown =
            if channel.is_some() { Some(seen_in(asked?, user)?) } else { place_of(user, caller, world) };
        Some(match &query.fields {
            None => usual(user, shown, caller, context),
            Some(fields) => chosen(user, shown, fields, caller, world, context),
        })
    };
    let lines: Vec<_> = now.iter().filter_map(|id| world.user(*id)).filter_map(line).collect();
    if !later.is_empty() {
        let rest = Reply::WhoOf(query.clone(), channel, later.to_vec());
        return Answer { lines, then: vec![rest], ..Answer::default() };
    }
    let end = context.server.numeric(RPL_ENDOFWHO, caller.nick.as_str(), vec![query.mask.clone()], &[]);
    lines.into_iter().chain([end]).collect::<Vec<_>>().into()
}

/// The channel with the rank that the user has there.
fn seen_in<'a>(channel: &'a Channel, user: &User) -> Option<(&'a Channel, Membership)> {
    Some((channel, channel.member(user.id).ok()?))
}

/// One of the channels in which the caller may see the user.
fn place_of<'a>(user: &User, caller: &User, world: &'a World) -> Option<(&'a Channel, Membership)> {
    let channels = user.channels.iter().filter_map(|id| world.channel(*id));
    let mut seen = channels.filter(|channel| shows_member(channel, user, caller));
    seen_in(seen.next()?, user)
}

/// `H` here or `G` gone, `*` for an operator of the server, the prefix in the channel, `B` for a bot.
fn flags(user: &User, shown: Option<(&Channel, Membership)>, style: Style) -> String {
    let mut flags = if user.away.is_some() { "G" } else { "H" }.to_owned();
    if user.modes.operator {
        flags.push('*');
    }
    let prefix = |rank: Membership| if style.multi_prefix { rank.prefixes() } else { rank.prefix() };
    flags.push_str(shown.map_or("", |(_, rank)| prefix(rank)));
    if user.modes.bot {
        flags.push(BOT_LETTER);
    }
    flags
}

fn channel_name(shown: Option<(&Channel, Membership)>) -> String {
    shown.map_or_else(|| "*".to_owned(), |(channel, _)| channel.name.to_string())
}

fn usual(
    user: &User,
    shown: Option<(&Channel, Membership)>,
    caller: &User,
    context: &Context<'_>,
) -> Message {
    let params = vec![
        channel_name(shown),
        user.username.as_str().to_owned(),
        user.hostname.as_str().to_owned(),
        context.server.name.clone(),
        user.nick.to_string(),
        flags(user, shown, context.style),
    ];
    context.server.numeric(RPL_WHOREPLY, caller.nick.as_str(), params, &["0", user.realname.as_str()])
}

/// 354 with the fields in the order in which [`WhoFields`] has them. The realname, which may have blanks, is last.
fn chosen(
    user: &User,
    shown: Option<(&Channel, Membership)>,
    fields: &WhoFields,
    caller: &User,
    world: &World,
    context: &Context<'_>,
) -> Message {
    let field = |letter| match letter {
        't' => fields.token.clone(),
        'c' => channel_name(shown),
        'u' => user.username.as_str().to_owned(),
        'i' => address(user, caller, world),
        'h' => user.hostname.as_str().to_owned(),
        's' => context.server.name.clone(),
        'n' => user.nick.to_string(),
        'f' => flags(user, shown, context.style),
        'l' => (context.idle_s)(user.id).to_string(),
        'a' => world.account_of(user.id).map_or_else(|| "0".to_owned(), |account| account.name.to_string()),
        // The server is no hop away.
        'd' => "0".to_owned(),
        // Operators of a channel have no level among each other.
        'o' => "n/a".to_owned(),
        _ => user.realname.as_str().to_owned(),
    };
    let params = fields.letters.chars().map(field).collect();
    context.server.numeric(RPL_WHOSPCRPL, caller.nick.as_str(), params, &[])
}

/// The address of a user, for itself and for operators of the server; what WHOX has for a hidden one else.
fn address(user: &User, caller: &User, world: &World) -> String {
    let newest = user.clients.last().and_then(|id| world.client(*id));
    match newest.filter(|_| user.id == caller.id || caller.modes.operator) {
        Some(client) => Hostname::from_address(client.address).as_str().to_owned(),
        None => "255.255.255.255".to_owned(),
    }
}
