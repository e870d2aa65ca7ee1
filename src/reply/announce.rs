//! From facts to the lines that witnesses hear.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::entry::Conversation;
use crate::id::{ChannelId, UserId};
use crate::protocol::hostmask::Hostmask;
use crate::protocol::message::{Body, Message};
use crate::protocol::mode::{Direction, ModeChange, render_changes};
use crate::protocol::name::Nickname;
use crate::world::{ChannelChange, Event, Hook, Rank, Target, User, Verb, World};

/// The line that tells a fact, from the world as it was before; `None` for facts that nobody is told.
pub fn announce(world: &World, event: &Event) -> Option<Message> {
    let nick = |id: UserId| nick_of(world, id);
    match event {
        Event::SessionEnded { user, reason } => {
            line("QUIT", nick(*user), String::new(), vec![], Some(Body::line(reason)))
        }
        Event::NickChanged { user, nick: new } => {
            line("NICK", nick(*user), String::new(), vec![], Some(Body::line(new.as_str())))
        }
        Event::UserModesChanged { user, changes } => {
            let letters = changes.iter().map(|(flag, on)| without_argument(flag.letter(), *on));
            let modes = render_changes(&letters.collect::<Vec<_>>());
            line("MODE", nick(*user), nick(*user), modes, None)
        }
        Event::RealnameChanged { user, realname } => {
            line("SETNAME", nick(*user), String::new(), vec![], Some(Body::line(realname.as_str())))
        }
        Event::KeyPublished { user, key, channel } => {
            let to = channel.map(|id| channel_of(world, id)).unwrap_or_default();
            line("PUBKEY", nick(*user), to, vec![], Some(key_body(key)))
        }
        Event::WallopsSent { by, text } => {
            line("WALLOPS", nick(*by), String::new(), vec![], Some(Body::line(text)))
        }
        Event::Joined { .. }
        | Event::Parted { .. }
        | Event::Kicked { .. }
        | Event::Invited { .. }
        | Event::TopicSet { .. }
        | Event::ModesChanged { .. }
        | Event::HookSpoke { .. }
        | Event::Said { .. } => announce_in_talk(world, event),
        Event::HookMade { .. }
        | Event::HookRevoked { .. }
        | Event::SessionOpened { .. }
        | Event::ClientAdded { .. }
        | Event::ClientRemoved { .. }
        | Event::SessionStayed { .. }
        | Event::AccountMade { .. }
        | Event::AccountEntered { .. }
        | Event::AccountDropped { .. }
        | Event::MarkerSet { .. }
        | Event::HostnameResolved { .. }
        | Event::AwayChanged { .. }
        | Event::PasswordSet { .. }
        | Event::WatchesChanged { .. }
        | Event::NickLeft(_)
        | Event::StampSpent { .. }
        | Event::ChannelCreated { .. }
        | Event::ChannelEnded { .. } => None,
    }
}

/// The line of what happens, or is said, in a channel or between two.
fn announce_in_talk(world: &World, event: &Event) -> Option<Message> {
    let nick = |id: UserId| nick_of(world, id);
    let channel = |id| channel_of(world, id);
    match event {
        Event::Joined { channel: id, user, .. } => line("JOIN", nick(*user), channel(*id), vec![], None),
        Event::Parted { channel: id, user, reason } => {
            line("PART", nick(*user), channel(*id), vec![], reason.as_deref().map(Body::line))
        }
        Event::Kicked { channel: id, user, by, reason } => {
            line("KICK", nick(*by), channel(*id), vec![nick(*user)], Some(Body::line(reason)))
        }
        Event::Invited { channel: id, user, by, .. } => {
            line("INVITE", nick(*by), nick(*user), vec![channel(*id)], None)
        }
        Event::TopicSet { channel: id, by, topic } => {
            let text = topic.as_ref().map_or("", |topic| &topic.text);
            line("TOPIC", nick(*by), channel(*id), vec![], Some(Body::line(text)))
        }
        Event::ModesChanged { channel: id, by, changes } => {
            let changes: Vec<_> = changes.iter().map(|change| as_letter(change, nick)).collect();
            line("MODE", nick(*by), channel(*id), render_changes(&changes), None)
        }
        Event::HookSpoke { channel: id, name, body } => Some(notice_of_hook(name, channel(*id), body)),
        Event::Said { by, target, verb, body, meta } => {
            let to = match target {
                Target::Channel(id) => channel(*id),
                Target::Ranked(id, rank) => format!("{}{}", rank.prefix(), channel(*id)),
                Target::User(user) => nick(*user),
            };
            line(verb.as_str(), nick(*by), to, vec![], body.clone())
                .map(|said| Message { meta: meta.clone(), ..said })
        }
        _ => unreachable!("called for the events above alone"),
    }
}

fn nick_of(world: &World, id: UserId) -> String {
    world.user(id).map(|user| user.nick.to_string()).unwrap_or_default()
}

fn channel_of(world: &World, id: ChannelId) -> String {
    world.channel(id).map(|channel| channel.name.to_string()).unwrap_or_default()
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where a fact that nobody is told has none")]
fn line(
    command: &'static str,
    from: String,
    to: String,
    params: Vec<String>,
    body: Option<Body>,
) -> Option<Message> {
    Some(Message { command: Cow::Borrowed(command), from, to, params, body, meta: None })
}

fn notice_of_hook(name: &Nickname, to: String, body: &Body) -> Message {
    let (command, from) = (Cow::Borrowed(Verb::Notice.as_str()), Hook::source(name));
    Message { command, from, to, params: vec![], body: Some(body.clone()), meta: None }
}

/// Whoever brought a fact about, where it is told as its doing.
pub fn source<'a>(world: &'a World, event: &Event) -> Option<&'a User> {
    let by = match event {
        Event::Joined { user, .. }
        | Event::Parted { user, .. }
        | Event::SessionEnded { user, .. }
        | Event::NickChanged { user, .. }
        | Event::AwayChanged { user, .. }
        | Event::HostnameResolved { user, .. }
        | Event::RealnameChanged { user, .. }
        | Event::AccountEntered { user, .. }
        | Event::AccountDropped { session: Some(user), .. }
        | Event::KeyPublished { user, .. } => user,
        Event::Kicked { by, .. }
        | Event::WallopsSent { by, .. }
        | Event::Invited { by, .. }
        | Event::TopicSet { by, .. }
        | Event::ModesChanged { by, .. }
        | Event::Said { by, .. } => by,
        _ => return None,
    };
    world.user(*by)
}

/// The history that a fact belongs to. What was said to some of a channel alone is in none, which all would read.
pub const fn conversation(event: &Event) -> Option<Conversation> {
    match event {
        Event::Said { verb: Verb::Tagmsg, .. } => None,
        Event::Said { target: Target::Channel(channel), .. } | Event::HookSpoke { channel, .. } => {
            Some(Conversation::Channel(*channel))
        }
        Event::Said { by, target: Target::User(user), .. } => Some(Conversation::Direct(*by, *user)),
        Event::Joined { channel, .. }
        | Event::Parted { channel, .. }
        | Event::Kicked { channel, .. }
        | Event::TopicSet { channel, .. }
        | Event::ModesChanged { channel, .. } => Some(Conversation::Happenings(*channel)),
        _ => None,
    }
}

/// A key as it is published and relayed.
fn key_body(key: &str) -> Body {
    let json = serde_json::json!({"alg": "ed25519", "key": key}).to_string();
    Body::Object(RawValue::from_string(json).expect("an object of two strings is JSON"))
}

const fn sign(on: bool) -> Direction {
    if on { Direction::Set } else { Direction::Unset }
}

const fn without_argument(letter: char, on: bool) -> ModeChange {
    ModeChange { direction: sign(on), letter, argument: None }
}

fn as_letter(change: &ChannelChange, nick: impl Fn(UserId) -> String) -> ModeChange {
    let listed = |letter, on, mask: &Hostmask| ModeChange {
        direction: sign(on),
        letter,
        argument: Some(mask.as_str().to_owned()),
    };
    match change {
        ChannelChange::Flag { flag, on } => without_argument(flag.letter(), *on),
        ChannelChange::Listed { list, entry } => listed(list.letter(), true, &entry.mask),
        ChannelChange::Unlisted { list, mask } => listed(list.letter(), false, mask),
        ChannelChange::HashcashBits(bits) => ModeChange {
            direction: sign(bits.is_some()),
            letter: 'H',
            argument: bits.map(|bits| bits.to_string()),
        },
        // A key that is taken away is announced with an argument, which its letter always has, but not with
        // the key itself.
        ChannelChange::Key(key) => ModeChange {
            direction: sign(key.is_some()),
            letter: 'k',
            argument: Some(key.clone().unwrap_or_else(|| "*".to_owned())),
        },
        ChannelChange::Limit(limit) => ModeChange {
            direction: sign(limit.is_some()),
            letter: 'l',
            argument: limit.map(|limit| limit.to_string()),
        },
        ChannelChange::Rank { user, rank, on } => ModeChange {
            direction: sign(*on),
            letter: match rank {
                Rank::Operator => 'o',
                Rank::Voice => 'v',
            },
            argument: Some(nick(*user)),
        },
    }
}
