//! From answers to `RPL_` numerics.

use super::lists::{list, names, who, whois};
use super::welcome::{lusers, motd, welcome};
use super::{Context, ServerInfo};
use crate::command::Reply;
use crate::id::ChannelId;
use crate::protocol::message::Message;
use crate::protocol::numeric::{
    RPL_AWAY, RPL_CHANNELMODEIS, RPL_CREATIONTIME, RPL_ENDOFWHOIS, RPL_INVITING, RPL_NOTOPIC, RPL_NOWAWAY,
    RPL_TOPIC, RPL_TOPICWHOTIME, RPL_UMODEIS, RPL_UNAWAY,
};
use crate::world::{Channel, Flag, User, World};

/// The lines of an answer to `caller`, from the world as it is after the facts of the same decision.
pub fn answer(reply: &Reply, caller: &User, world: &World, context: &Context<'_>) -> Vec<Message> {
    let server = context.server;
    let to = caller.nick.as_str();
    let nick = |id| world.user(id).map(|user| user.nick.to_string()).unwrap_or_default();
    let with_channel = |id: &ChannelId, lines: &dyn Fn(&Channel) -> Vec<Message>| {
        world.channel(*id).map(lines).unwrap_or_default()
    };
    match reply {
        Reply::Welcome => welcome(caller, world, context),
        Reply::ChannelState => channel_state(caller, world, context),
        Reply::Entered(id) => with_channel(id, &|channel| entered(caller, channel, world, context)),
        Reply::Topic(id) => with_channel(id, &|channel| topic_or_none(to, channel, server)),
        Reply::Names(channel) => names(caller, channel, world, context),
        Reply::List(named) => list(caller, named, world, context),
        Reply::Who(mask) => who(caller, mask, world, context),
        Reply::Whois(user) => {
            world.user(*user).map(|user| whois(caller, user, world, context)).unwrap_or_default()
        }
        Reply::EndOfWhois(nick) => {
            vec![server.numeric(RPL_ENDOFWHOIS, to, vec![nick.clone()], Some("End of /WHOIS list"))]
        }
        Reply::Lusers => lusers(to, world, context),
        Reply::Motd => motd(to, server),
        Reply::Away(user) => {
            let text = world.user(*user).and_then(|user| user.away.as_deref());
            text.map(|text| server.numeric(RPL_AWAY, to, vec![nick(*user)], Some(text))).into_iter().collect()
        }
        Reply::NowAway => {
            vec![server.numeric(RPL_NOWAWAY, to, vec![], Some("You have been marked as being away"))]
        }
        Reply::Unaway => {
            vec![server.numeric(RPL_UNAWAY, to, vec![], Some("You are no longer marked as being away"))]
        }
        Reply::ChannelModes(id) => with_channel(id, &|channel| channel_modes(caller, channel, server)),
        Reply::UserModes => {
            let modes = if caller.invisible { "+i" } else { "+" };
            vec![server.numeric(RPL_UMODEIS, to, vec![modes.to_owned()], None)]
        }
        Reply::Inviting(user, id) => with_channel(id, &|channel| {
            vec![server.numeric(RPL_INVITING, to, vec![nick(*user), channel.name.to_string()], None)]
        }),
    }
}

/// Topic, if there is one, and names.
fn entered(caller: &User, channel: &Channel, world: &World, context: &Context<'_>) -> Vec<Message> {
    let mut lines = topic(caller.nick.as_str(), channel, context.server);
    lines.extend(names(caller, channel.name.as_str(), world, context));
    lines
}

/// For each channel that the caller is in, what it would hear on coming in.
fn channel_state(caller: &User, world: &World, context: &Context<'_>) -> Vec<Message> {
    let channels = caller.channels.iter().filter_map(|id| world.channel(*id));
    let state = channels.flat_map(|channel| {
        let join = Message {
            command: "JOIN".into(),
            from: caller.nick.to_string(),
            to: channel.name.to_string(),
            params: vec![],
            body: None,
            meta: None,
        };
        std::iter::once(join).chain(entered(caller, channel, world, context))
    });
    state.collect()
}

fn topic(to: &str, channel: &Channel, server: &ServerInfo) -> Vec<Message> {
    let Some(topic) = &channel.topic else { return Vec::new() };
    let name = channel.name.to_string();
    let set_at = topic.set_at.as_second().to_string();
    vec![
        server.numeric(RPL_TOPIC, to, vec![name.clone()], Some(&topic.text)),
        server.numeric(RPL_TOPICWHOTIME, to, vec![name, topic.set_by.clone(), set_at], None),
    ]
}

fn topic_or_none(to: &str, channel: &Channel, server: &ServerInfo) -> Vec<Message> {
    let lines = topic(to, channel, server);
    if lines.is_empty() {
        return vec![server.numeric(
            RPL_NOTOPIC,
            to,
            vec![channel.name.to_string()],
            Some("No topic is set"),
        )];
    }
    lines
}

/// 324 and 329. An outsider sees that there is a key, not which.
fn channel_modes(caller: &User, channel: &Channel, server: &ServerInfo) -> Vec<Message> {
    let modes = &channel.modes;
    let mut letters = "+".to_owned();
    letters.extend(Flag::ALL.into_iter().filter(|flag| modes.has(*flag)).map(Flag::letter));
    let mut arguments = Vec::new();
    if let Some(key) = &modes.key {
        letters.push('k');
        arguments.push(if channel.has(caller.id) { key.clone() } else { "*".to_owned() });
    }
    if let Some(limit) = modes.limit {
        letters.push('l');
        arguments.push(limit.to_string());
    }
    let (to, name) = (caller.nick.as_str(), channel.name.to_string());
    let created = channel.created_at.as_second().to_string();
    let params = [name.clone(), letters].into_iter().chain(arguments).collect();
    vec![
        server.numeric(RPL_CHANNELMODEIS, to, params, None),
        server.numeric(RPL_CREATIONTIME, to, vec![name, created], None),
    ]
}
