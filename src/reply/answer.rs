//! From answers to `RPL_` numerics.

use super::about::{admin, help, info, links, stats, time, version};
use super::account::{done, logged_in, logged_out, marker};
use super::lists::{invitations, list, list_among, list_of, mask_list, names};
use super::presence::{presence, watched};
use super::welcome::{lusers, motd, operator_count, welcome};
use super::who::{who, who_among, who_of};
use super::whois::{userhost, whois, whowas};
use super::{Context, ServerInfo};
use crate::command::Reply;
use crate::id::ChannelId;
use crate::protocol::message::Message;
use crate::protocol::name::TalkName;
use crate::protocol::numeric::{
    RPL_AWAY, RPL_CHANNELMODEIS, RPL_CREATIONTIME, RPL_ENDOFWHOIS, RPL_INVITING, RPL_ISON, RPL_NOTOPIC,
    RPL_NOWAWAY, RPL_REHASHING, RPL_TOPIC, RPL_TOPICWHOTIME, RPL_UMODEIS, RPL_UNAWAY, RPL_YOUREOPER,
};
use crate::world::{Channel, Flag, User, UserFlag, World};

/// Lines after which a piece of a long answer ends: a few hundred microseconds' work for the writer.
pub const PIECE_LINES: usize = 64;

/// An answer, or a piece of a long one.
#[derive(Debug, Default)]
pub struct Answer {
    /// What is said now.
    pub lines: Vec<Message>,
    /// What is to be answered behind it, a little later where there is much of it.
    pub then: Vec<Reply>,
    /// What it cost to find them besides, in lines: looking through many for a few is work, too.
    pub effort: usize,
}

impl Answer {
    pub(super) fn then(reply: Reply) -> Self {
        Self { then: vec![reply], ..Self::default() }
    }
}

impl From<Vec<Message>> for Answer {
    fn from(lines: Vec<Message>) -> Self {
        Self { lines, ..Self::default() }
    }
}

impl From<Message> for Answer {
    fn from(line: Message) -> Self {
        vec![line].into()
    }
}

/// The answer to `caller`, from the world as it is after the facts of the same decision.
pub fn answer(reply: &Reply, caller: &User, world: &World, context: &Context<'_>) -> Answer {
    let server = context.server;
    let to = caller.nick.as_str();
    match reply {
        Reply::Welcome => welcome(caller, world, context).into(),
        Reply::Names(channel, after) => names(caller, channel, *after, world, context),
        Reply::List(query) => list(caller, query, world, context),
        Reply::ListAmong(query, rest, found) => list_among(caller, query, rest, found, world, context),
        Reply::ListOf(channels) => list_of(caller, channels, world, context),
        Reply::Who(query) => who(caller, query, world),
        Reply::WhoAmong(query, rest, found) => who_among(caller, query, rest, found, world),
        Reply::WhoOf(query, channel, users) => who_of(caller, query, *channel, users, world, context),
        Reply::Whois(user) => {
            world.user(*user).map(|user| whois(caller, user, world, context)).unwrap_or_default().into()
        }
        Reply::EndOfWhois(nick) => server.numeric(RPL_ENDOFWHOIS, to, vec![nick.clone()], &[]).into(),
        Reply::Whowas(query) => whowas(to, query, world, context),
        Reply::Userhost(nicks) => userhost(to, nicks, world, context).into(),
        Reply::Ison(nicks) => {
            let users = nicks.iter().filter_map(|nick| world.user_by_nick(nick).ok());
            let found: Vec<_> = users.map(|user| user.nick.as_str()).collect();
            let lines = in_lines(&found).into_iter();
            lines.map(|nicks| server.numeric(RPL_ISON, to, vec![], &[&nicks])).collect::<Vec<_>>().into()
        }
        Reply::Lusers => lusers(to, world, context).into(),
        Reply::Motd => motd(to, server).into(),
        Reply::Version => version(to, server).into(),
        Reply::Admin => admin(to, server).into(),
        Reply::Info => info(to, server).into(),
        Reply::Time => time(to, context).into(),
        Reply::Links(mask) => links(to, mask, server).into(),
        Reply::Stats(letter) => stats(to, *letter, context).into(),
        Reply::Help(topic) => help(to, topic, server).into(),
        Reply::Away(user) => {
            let user =
                world.user(*user).and_then(|user| Some((user.nick.to_string(), user.away.as_deref()?)));
            let line = user.map(|(nick, text)| server.numeric(RPL_AWAY, to, vec![nick], &[text]));
            line.into_iter().collect::<Vec<_>>().into()
        }
        Reply::NowAway => server.numeric(RPL_NOWAWAY, to, vec![], &[]).into(),
        Reply::Unaway => server.numeric(RPL_UNAWAY, to, vec![], &[]).into(),
        Reply::UserModes => server.numeric(RPL_UMODEIS, to, vec![user_modes(caller)], &[]).into(),
        Reply::Invitations => invitations(caller, world, server).into(),
        Reply::YouAreOper => server.numeric(RPL_YOUREOPER, to, vec![], &[]).into(),
        Reply::OperatorCount => operator_count(to, world, server).into(),
        Reply::Rehashing => server.numeric(RPL_REHASHING, to, vec![server.settings_file.clone()], &[]).into(),
        Reply::Registered(name) => done("REGISTER", name, server).into(),
        Reply::Unregistered(name) => done("UNREGISTER", name, server).into(),
        Reply::LoggedIn => logged_in(caller, world, server).into(),
        Reply::LoggedOut => logged_out(caller, server).into(),
        Reply::Marker(target) => marker(target, world.marker(caller.id, target), server).into(),
        Reply::Presence(nicks) => presence(to, nicks, world, server).into(),
        Reply::Watched => watched(caller, server).into(),
        Reply::ChannelState
        | Reply::StateOf(_)
        | Reply::Entered(_)
        | Reply::Topic(_)
        | Reply::ChannelModes(_)
        | Reply::MaskList(..)
        | Reply::Inviting(..) => answer_on_channel(reply, caller, world, context),
    }
}

/// Answers about channels that the caller named or is in.
fn answer_on_channel(reply: &Reply, caller: &User, world: &World, context: &Context<'_>) -> Answer {
    let server = context.server;
    let to = caller.nick.as_str();
    let with_channel = |id: &ChannelId, lines: &dyn Fn(&Channel) -> Answer| {
        world.channel(*id).map(lines).unwrap_or_default()
    };
    match reply {
        Reply::ChannelState => Answer {
            then: caller.channels.iter().copied().map(Reply::StateOf).collect(),
            ..Answer::default()
        },
        Reply::StateOf(id) if !caller.channels.contains(id) => Answer::default(),
        Reply::StateOf(id) => with_channel(id, &|channel| Answer {
            lines: vec![own_join(caller, channel)],
            then: vec![Reply::Entered(*id)],
            ..Answer::default()
        }),
        Reply::Entered(id) => with_channel(id, &|channel| Answer {
            lines: topic(to, channel, server)
                .into_iter()
                .chain(marker_of(caller, channel, world, context))
                .collect(),
            then: names_of_entered(channel, context),
            ..Answer::default()
        }),
        Reply::Topic(id) => with_channel(id, &|channel| topic_or_none(to, channel, server).into()),
        Reply::ChannelModes(id) => with_channel(id, &|channel| channel_modes(caller, channel, server).into()),
        Reply::MaskList(id, list) => {
            with_channel(id, &|channel| mask_list(to, channel, *list, server).into())
        }
        Reply::Inviting(user, id) => with_channel(id, &|channel| {
            let nick = world.user(*user).map(|user| user.nick.to_string()).unwrap_or_default();
            server.numeric(RPL_INVITING, to, vec![nick, channel.name.to_string()], &[]).into()
        }),
        _ => unreachable!("called for the replies above alone"),
    }
}

/// Bytes of nicks in one line: with everything in front of them it fits a line of 512.
const NICKS_BYTES: usize = 380;

/// Nicks in as few texts as have room for them, at least one.
fn in_lines(nicks: &[&str]) -> Vec<String> {
    let mut lines = vec![String::new()];
    for nick in nicks {
        let line = lines.last_mut().expect("there is one from the beginning");
        if line.is_empty() {
            line.push_str(nick);
        } else if line.len() + 1 + nick.len() <= NICKS_BYTES {
            line.push(' ');
            line.push_str(nick);
        } else {
            lines.push((*nick).to_owned());
        }
    }
    lines
}

/// Whoever just came in is told who is there, unless it prefers to ask.
fn names_of_entered(channel: &Channel, context: &Context<'_>) -> Vec<Reply> {
    let unasked = !context.style.no_implicit_names;
    unasked.then(|| Reply::Names(channel.name.to_string(), None)).into_iter().collect()
}

/// How far one has read there, for those who asked to be told.
fn marker_of(caller: &User, channel: &Channel, world: &World, context: &Context<'_>) -> Option<Message> {
    let target = TalkName::from(&channel.name);
    context.style.read_marker.then(|| marker(&target, world.marker(caller.id, &target), context.server))
}

/// JOIN from oneself, for a client that has to learn where it is.
fn own_join(caller: &User, channel: &Channel) -> Message {
    Message {
        command: "JOIN".into(),
        from: caller.nick.to_string(),
        to: channel.name.to_string(),
        params: vec![],
        body: None,
        meta: None,
    }
}

fn topic(to: &str, channel: &Channel, server: &ServerInfo) -> Vec<Message> {
    let Some(topic) = &channel.topic else { return Vec::new() };
    let name = channel.name.to_string();
    let set_at = topic.set_at.as_second().to_string();
    vec![
        server.numeric(RPL_TOPIC, to, vec![name.clone()], &[&topic.text]),
        server.numeric(RPL_TOPICWHOTIME, to, vec![name, topic.set_by.clone(), set_at], &[]),
    ]
}

fn topic_or_none(to: &str, channel: &Channel, server: &ServerInfo) -> Vec<Message> {
    let lines = topic(to, channel, server);
    if lines.is_empty() {
        return vec![server.numeric(RPL_NOTOPIC, to, vec![channel.name.to_string()], &[])];
    }
    lines
}

pub(super) fn user_modes(user: &User) -> String {
    let letters = UserFlag::ALL.into_iter().filter(|flag| user.modes.has(*flag)).map(UserFlag::letter);
    std::iter::once('+').chain(letters).collect()
}

/// 324 and 329. An outsider sees that there is a key, not which.
fn channel_modes(caller: &User, channel: &Channel, server: &ServerInfo) -> Vec<Message> {
    let modes = &channel.modes;
    let mut letters = "+".to_owned();
    letters.extend(Flag::ALL.into_iter().filter(|flag| modes.has(*flag)).map(Flag::letter));
    let key = modes.key.clone().map(|key| if channel.has(caller.id) { key } else { "*".to_owned() });
    let with_arguments = [
        ('H', modes.hashcash_bits.map(|bits| bits.to_string())),
        ('k', key),
        ('l', modes.limit.map(|limit| limit.to_string())),
    ];
    let mut arguments = Vec::new();
    for (letter, argument) in with_arguments.into_iter().filter_map(|(letter, set)| Some((letter, set?))) {
        letters.push(letter);
        arguments.push(argument);
    }
    let (to, name) = (caller.nick.as_str(), channel.name.to_string());
    let created = channel.created_at.as_second().to_string();
    let params = [name.clone(), letters].into_iter().chain(arguments).collect();
    vec![
        server.numeric(RPL_CHANNELMODEIS, to, params, &[]),
        server.numeric(RPL_CREATIONTIME, to, vec![name, created], &[]),
    ]
}
