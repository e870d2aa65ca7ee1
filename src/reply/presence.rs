//! MONITOR: who has which nick, when it is asked, and when it changes.
//! Source: <https://ircv3.net/specs/extensions/monitor>

use super::lists::{packed, room};
use super::{ServerInfo, account};
use crate::id::UserId;
use crate::protocol::message::Message;
use crate::protocol::name::Nickname;
use crate::protocol::numeric::{Numeric, RPL_ENDOFMONLIST, RPL_MONLIST, RPL_MONOFFLINE, RPL_MONONLINE};
use crate::world::user::hostmask;
use crate::world::{Event, User, World};

/// 730 for those nicks that somebody has, 731 for the others.
pub(super) fn presence(to: &str, nicks: &[String], world: &World, server: &ServerInfo) -> Vec<Message> {
    let mut nicks: Vec<&str> = nicks.iter().map(String::as_str).collect();
    nicks.sort_unstable();
    let (mut masks, mut gone) = (Vec::new(), Vec::new());
    for nick in nicks {
        match world.user_by_nick(nick) {
            Ok(user) => masks.push(user.hostmask()),
            Err(_) => gone.push(nick),
        }
    }
    let mut lines = listed(RPL_MONONLINE, to, masks.iter().map(String::as_str), server);
    lines.extend(listed(RPL_MONOFFLINE, to, gone.into_iter(), server));
    lines
}

/// 732 and 733.
pub(super) fn watched(watcher: &User, server: &ServerInfo) -> Vec<Message> {
    let to = watcher.nick.as_str();
    let mut nicks: Vec<&str> = watcher.watches.iter().map(Nickname::as_str).collect();
    nicks.sort_unstable();
    let mut lines = listed(RPL_MONLIST, to, nicks.into_iter(), server);
    lines.push(server.numeric(RPL_ENDOFMONLIST, to, vec![], &[]));
    lines
}

/// As many lines as it takes for words with commas.
fn listed<'a>(
    numeric: Numeric,
    to: &str,
    words: impl Iterator<Item = &'a str>,
    server: &ServerInfo,
) -> Vec<Message> {
    let texts = packed(words.map(|word| ("", word)), ',', room(server, to, &[]));
    texts.iter().map(|text| server.numeric(numeric, to, vec![], &[text])).collect()
}

/// What those who watch a nick are told of a fact, and the devices of a user of its markers, from the world as it was
/// before.
pub fn heralds(world: &World, event: &Event, server: &ServerInfo) -> Vec<(UserId, Message)> {
    let tell = |nick: &Nickname, numeric, text: &str| {
        let watchers = world.watchers_of(nick);
        let line = |watcher: &User| server.numeric(numeric, watcher.nick.as_str(), vec![], &[text]);
        watchers.map(|watcher| (watcher.id, line(watcher))).collect::<Vec<_>>()
    };
    match event {
        Event::SessionOpened { nick, username, hostname, .. } => {
            tell(nick, RPL_MONONLINE, &hostmask(nick, username, hostname))
        }
        Event::SessionEnded { user, .. } => {
            let Some(user) = world.user(*user) else { return Vec::new() };
            let mut told = tell(&user.nick, RPL_MONOFFLINE, user.nick.as_str());
            told.retain(|(watcher, _)| *watcher != user.id);
            told
        }
        Event::NickChanged { user, nick } => {
            let Some(user) = world.user(*user).filter(|user| user.nick != *nick) else { return Vec::new() };
            let mask = hostmask(nick, &user.username, &user.hostname);
            let mut told = tell(&user.nick, RPL_MONOFFLINE, user.nick.as_str());
            told.extend(tell(nick, RPL_MONONLINE, &mask));
            // Whoever watches itself has the new nick by the time it reads this.
            let own = told.iter_mut().filter(|(watcher, _)| *watcher == user.id);
            own.for_each(|(_, line)| line.to = nick.to_string());
            told
        }
        _ => account::marked(world, event, server).into_iter().collect(),
    }
}
