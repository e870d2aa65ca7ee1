//! State queries: what `GET` endpoints show of the world. Plain data, so that JSON is made from it outside
//! the writer.

use std::net::IpAddr;

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::entry::Conversation;
use crate::id::{ChannelId, ClientId, UserId};
use crate::world::{Channel, World};

/// What a session may know of itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct StateView {
    #[schema(value_type = u64)]
    id: UserId,
    nick: String,
    username: String,
    hostname: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    away: Option<String>,
    /// The name of its account, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    channels: Vec<JoinedView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct JoinedView {
    #[schema(value_type = u64)]
    id: ChannelId,
    name: String,
    topic: String,
}

/// One device in the list of a session's own.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientView {
    #[schema(value_type = String)]
    uuid: Uuid,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = String)]
    created: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = String)]
    last_seen: Timestamp,
    #[schema(value_type = String)]
    address: IpAddr,
    current: bool,
}

/// A time in the form in which messages have it.
fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{at:.9}"))
}

/// A channel in the list of channels.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChannelView {
    #[schema(value_type = u64)]
    id: ChannelId,
    name: String,
    topic: String,
    members: usize,
}

/// A member in the list of a channel's members.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberView {
    #[schema(value_type = u64)]
    id: UserId,
    nick: String,
    username: String,
    hostname: String,
    op: bool,
    voice: bool,
}

/// A hook in the list of a channel's own. Its secret is nobody's to show.
#[derive(Debug, Serialize, ToSchema)]
pub struct HookView {
    #[schema(value_type = String)]
    id: Uuid,
    name: String,
    channel: String,
    created_by: String,
    #[serde(serialize_with = "rfc3339")]
    #[schema(value_type = String)]
    created: Timestamp,
}

/// The hooks of a channel, the oldest first.
pub fn hooks(channel: &Channel) -> Vec<HookView> {
    let mut hooks: Vec<_> = channel.hooks.values().collect();
    hooks.sort_by_key(|hook| (hook.made_at, hook.id));
    let view = hooks.into_iter().map(|hook| HookView {
        id: hook.id,
        name: hook.name.to_string(),
        channel: channel.name.to_string(),
        created_by: hook.made_by.clone(),
        created: hook.made_at,
    });
    view.collect()
}

/// How many there are of what.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Sessions.
    pub users: usize,
    /// Their clients.
    pub clients: usize,
    /// Channels.
    pub channels: usize,
}

/// Why a history is not shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HistoryRefusal {
    /// No such channel or nick, or one that is hidden from the caller.
    NoSuchTarget,
    /// The caller is not in the channel.
    NotAMember,
}

/// The session itself; `None` when it has just ended.
pub fn state(world: &World, user: UserId) -> Option<StateView> {
    let user = world.user(user)?;
    let channels = user.channels.iter().filter_map(|id| world.channel(*id));
    let joined = channels.map(|channel| JoinedView {
        id: channel.id,
        name: channel.name.to_string(),
        topic: channel.topic.as_ref().map(|topic| topic.text.clone()).unwrap_or_default(),
    });
    Some(StateView {
        id: user.id,
        nick: user.nick.to_string(),
        username: user.username.as_str().to_owned(),
        hostname: user.hostname.as_str().to_owned(),
        away: user.away.clone(),
        account: world.account_of(user.id).map(|account| account.name.to_string()),
        channels: joined.collect(),
    })
}

/// The devices of a session, the oldest first, as one of them sees them.
pub fn clients(
    world: &World,
    user: UserId,
    current: ClientId,
    seen_at: &dyn Fn(ClientId) -> Option<Timestamp>,
) -> Vec<ClientView> {
    let clients = world.user(user).into_iter().flat_map(|user| &user.clients);
    let view = clients.filter_map(|id| world.client(*id)).map(|client| ClientView {
        uuid: client.uuid,
        created: client.created_at,
        last_seen: seen_at(client.id).unwrap_or(client.created_at),
        address: client.address,
        current: client.id == current,
    });
    view.collect()
}

/// The channels that the user may see, the oldest first.
pub fn channels(world: &World, user: UserId) -> Vec<ChannelView> {
    let mut seen: Vec<_> = world.channels().filter(|channel| channel.may_be_seen_by(user)).collect();
    seen.sort_by_key(|channel| channel.id);
    let view = seen.into_iter().map(|channel| ChannelView {
        id: channel.id,
        name: channel.name.to_string(),
        topic: channel.topic.as_ref().map(|topic| topic.text.clone()).unwrap_or_default(),
        members: channel.members.len(),
    });
    view.collect()
}

/// The members of a channel as far as the user may see them; `None` when the channel is missing or hidden.
pub fn members(world: &World, user: UserId, name: &str) -> Option<Vec<MemberView>> {
    let channel = world.channel_by_name(name).ok().filter(|channel| channel.may_be_seen_by(user))?;
    let caller = world.user(user)?;
    let members = channel.members.iter().filter_map(|(id, rank)| Some((world.user(*id)?, rank)));
    let shown = members.filter(|(member, _)| channel.has(user) || member.may_be_listed_for(caller));
    let view = shown.map(|(member, rank)| MemberView {
        id: member.id,
        nick: member.nick.to_string(),
        username: member.username.as_str().to_owned(),
        hostname: member.hostname.as_str().to_owned(),
        op: rank.operator,
        voice: rank.voice,
    });
    Some(view.collect())
}

/// The conversation that a target names for this user now.
///
/// # Errors
/// [`HistoryRefusal`] when there is none that the user may read.
pub fn conversation(world: &World, user: UserId, target: &str) -> Result<Conversation, HistoryRefusal> {
    if !target.starts_with('#') {
        let peer = world.user_by_nick(target).map_err(|_| HistoryRefusal::NoSuchTarget)?;
        return Ok(Conversation::Direct(user, peer.id));
    }
    let channel = world.channel_by_name(target).map_err(|_| HistoryRefusal::NoSuchTarget)?;
    match (channel.has(user), channel.may_be_seen_by(user)) {
        (true, _) => Ok(Conversation::Channel(channel.id)),
        (false, true) => Err(HistoryRefusal::NotAMember),
        (false, false) => Err(HistoryRefusal::NoSuchTarget),
    }
}

/// The talks that a user may read, by the names that they go by now: its channels, and those of its peers who are
/// still here.
pub fn talks(world: &World, user: UserId, peers: &[UserId]) -> Vec<(String, Conversation)> {
    let channels = world.user(user).into_iter().flat_map(|user| &user.channels);
    let channels = channels.filter_map(|id| world.channel(*id));
    let channels = channels.map(|channel| (channel.name.to_string(), Conversation::Channel(channel.id)));
    let peers = peers.iter().filter_map(|peer| world.user(*peer));
    let peers = peers.map(|peer| (peer.nick.to_string(), Conversation::Direct(user, peer.id)));
    channels.chain(peers).collect()
}

/// The channels that a user is in.
pub fn joined(world: &World, user: UserId) -> Vec<ChannelId> {
    world.user(user).map(|user| user.channels.iter().copied().collect()).unwrap_or_default()
}

/// How many there are of what.
pub fn counts(world: &World) -> Counts {
    Counts { users: world.users().len(), clients: world.clients().len(), channels: world.channels().len() }
}
