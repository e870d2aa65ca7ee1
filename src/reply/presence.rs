//! MONITOR: who has which nick, when it is asked, and when it changes.
//! Source: <https://ircv3.net/specs/extensions/monitor>

use super::ServerInfo;
use super::lists::packed;
use crate::id::UserId;
use crate::protocol::message::Message;
use crate::protocol::name::Nickname;
use crate::protocol::numeric::{RPL_ENDOFMONLIST, RPL_MONLIST, RPL_MONOFFLINE, RPL_MONONLINE};
use crate::world::{Event, User, World};

/// 730 for those nicks that somebody has, 731 for the others.
pub(super) fn presence(to: &str, nicks: &[String], world: &World, server: &ServerInfo) -> Vec<Message> {
    let mut nicks: Vec<&String> = nicks.iter().collect();
    nicks.sort();
    let found = |nick: &&String| world.user_by_nick(nick).is_ok();
    let (here, gone): (Vec<&String>, Vec<&String>) = nicks.into_iter().partition(found);
    let masks = here.into_iter().filter_map(|nick| world.user_by_nick(nick).ok()).map(User::hostmask);
    let online = packed(masks, ',').into_iter().map(|text| (RPL_MONONLINE, text));
    let offline = packed(gone.into_iter().cloned(), ',').into_iter().map(|text| (RPL_MONOFFLINE, text));
    online.chain(offline).map(|(numeric, text)| server.numeric(numeric, to, vec![], &[&text])).collect()
}

/// 732 and 733.
pub(super) fn watched(watcher: &User, server: &ServerInfo) -> Vec<Message> {
    let to = watcher.nick.as_str();
    let mut nicks: Vec<String> = watcher.watches.iter().map(ToString::to_string).collect();
    nicks.sort();
    let texts = packed(nicks.into_iter(), ',');
    let mut lines: Vec<_> =
        texts.iter().map(|text| server.numeric(RPL_MONLIST, to, vec![], &[text])).collect();
    lines.push(server.numeric(RPL_ENDOFMONLIST, to, vec![], &[]));
    lines
}

/// What those who watch a nick are told of a fact, from the world as it was before.
pub fn heralds(world: &World, event: &Event, server: &ServerInfo) -> Vec<(UserId, Message)> {
    let tell = |nick: &Nickname, numeric, text: &str| {
        let watchers = world.watchers_of(nick);
        let line = |watcher: &User| server.numeric(numeric, watcher.nick.as_str(), vec![], &[text]);
        watchers.map(|watcher| (watcher.id, line(watcher))).collect::<Vec<_>>()
    };
    match event {
        Event::SessionOpened { nick, username, hostname, .. } => {
            let mask = format!("{nick}!{}@{}", username.as_str(), hostname.as_str());
            tell(nick, RPL_MONONLINE, &mask)
        }
        Event::SessionEnded { user, .. } => {
            let Some(user) = world.user(*user) else { return Vec::new() };
            let mut told = tell(&user.nick, RPL_MONOFFLINE, user.nick.as_str());
            told.retain(|(watcher, _)| *watcher != user.id);
            told
        }
        Event::NickChanged { user, nick } => {
            let Some(user) = world.user(*user).filter(|user| user.nick != *nick) else { return Vec::new() };
            let mask = format!("{nick}!{}@{}", user.username.as_str(), user.hostname.as_str());
            let mut told = tell(&user.nick, RPL_MONOFFLINE, user.nick.as_str());
            told.extend(tell(nick, RPL_MONONLINE, &mask));
            // Whoever watches itself has the new nick by the time it reads this.
            let own = told.iter_mut().filter(|(watcher, _)| *watcher == user.id);
            own.for_each(|(_, line)| line.to = nick.to_string());
            told
        }
        _ => Vec::new(),
    }
}
