//! What connections alone are told of a fact, each if it asked for it: that somebody went away or came back, that a host
//! has a name now, that somebody has an account, that somebody else was invited. Over HTTP none of this is sent.
//! Source: <https://ircv3.net/specs/extensions/away-notify>, and `chghost`, `invite-notify`, `extended-monitor` there

use crate::entry::Audience;
use crate::id::{ChannelId, UserId};
use crate::protocol::message::{Body, Message};
use crate::world::{Event, User, World};

/// A line for some connections.
pub struct Aside {
    /// Whom it is for.
    pub audience: Audience,
    /// The line.
    pub line: Message,
    /// Whether it is for those who watch a nick and share no channel with whoever has it.
    pub is_for_watchers: bool,
}

/// What connections are told besides, from the world as it was before the fact.
pub fn asides(world: &World, event: &Event) -> Vec<Aside> {
    match event {
        Event::AwayChanged { user, text } => world.user(*user).map_or_else(Vec::new, |user| {
            let line = || said(user, "AWAY", vec![], text.as_deref());
            vec![to_neighbours(world, user, false, line()), to_watchers(world, user, line())]
        }),
        Event::Joined { channel, user, .. } => {
            let joined = world.user(*user).and_then(|user| Some((user, user.away.as_deref()?)));
            let aside =
                |(user, text)| to_members(world, *channel, &[], said(user, "AWAY", vec![], Some(text)));
            joined.and_then(aside).into_iter().collect()
        }
        Event::HostnameResolved { user, hostname } => world.user(*user).map_or_else(Vec::new, |user| {
            let params = || vec![user.username.as_str().to_owned(), hostname.as_str().to_owned()];
            let line = || said(user, "CHGHOST", params(), None);
            vec![to_neighbours(world, user, true, line()), to_watchers(world, user, line())]
        }),
        Event::RealnameChanged { user, realname } => world.user(*user).map_or_else(Vec::new, |user| {
            let line = said(user, "SETNAME", vec![], Some(realname.as_str()));
            vec![to_watchers(world, user, line)]
        }),
        Event::AccountEntered { user, account } => {
            let name = world.account(*account).map(|account| account.name.to_string());
            account_changed(world, *user, name.as_deref())
        }
        Event::AccountDropped { session: Some(user), .. } => account_changed(world, *user, None),
        Event::Invited { channel, user, by, .. } => {
            let (Some(guest), Some(host)) = (world.user(*user), world.user(*by)) else { return Vec::new() };
            let name = world.channel(*channel).map(|channel| channel.name.to_string());
            let mut line = said(host, "INVITE", name.into_iter().collect(), None);
            line.to = guest.nick.to_string();
            to_members(world, *channel, &[*user, *by], line).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// That somebody has an account, or none any more.
fn account_changed(world: &World, user: UserId, account: Option<&str>) -> Vec<Aside> {
    world.user(user).map_or_else(Vec::new, |user| {
        let line = || said(user, "ACCOUNT", vec![account.unwrap_or("*").to_owned()], None);
        vec![to_neighbours(world, user, true, line()), to_watchers(world, user, line())]
    })
}

fn said(by: &User, command: &'static str, params: Vec<String>, text: Option<&str>) -> Message {
    let (from, body) = (by.nick.to_string(), text.map(Body::line));
    Message { command: command.into(), from, to: String::new(), params, body, meta: None }
}

/// To the connections of everybody who shares a channel with somebody.
fn to_neighbours(world: &World, user: &User, own: bool, line: Message) -> Aside {
    let audience = world.connections_of(&world.neighbours(user, own));
    Aside { audience, line, is_for_watchers: false }
}

/// To the connections of those who watch somebody's nick and share no channel.
fn to_watchers(world: &World, user: &User, line: Message) -> Aside {
    let neighbours = world.neighbours(user, true);
    let clients = world.watchers_of(&user.nick).flat_map(|watcher| watcher.clients.iter().copied());
    let far = clients.filter(|client| neighbours.clients().binary_search(client).is_err());
    let audience = world.connections_of(&Audience::of(far.collect()));
    Aside { audience, line, is_for_watchers: true }
}

/// To the connections of the members of a channel, but for these users.
fn to_members(world: &World, channel: ChannelId, but: &[UserId], line: Message) -> Option<Aside> {
    let members = world.channel_audience(world.channel(channel)?);
    let is_told = |id: &_| world.client(*id).is_some_and(|client| !but.contains(&client.user));
    let told = members.clients().iter().copied().filter(is_told).collect();
    let audience = world.connections_of(&Audience::of(told));
    Some(Aside { audience, line, is_for_watchers: false })
}
