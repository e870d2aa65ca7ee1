//! What may be asked about hooks. No command of IRC: HTTP alone has them.

use jiff::Timestamp;
use uuid::Uuid;

use super::decision::{Decision, Outcome, Rules};
use crate::id::{TokenHash, UserId};
use crate::protocol::message::Body;
use crate::protocol::name::Nickname;
use crate::world::{Channel, Event, Hook, World};

/// Why nothing is done about a hook.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HookRefusal {
    /// No such channel, or one that is hidden from the caller.
    NoSuchChannel,
    /// The caller is no operator of the channel.
    NotAnOperator,
    /// The channel has as many as it may have.
    TooMany,
    /// No such hook, one of a channel that is hidden from the caller, or another secret.
    NoSuchHook,
}

/// What is asked about hooks.
#[derive(Debug)]
pub enum HookWish {
    /// That there be one.
    Make {
        /// Who asks.
        by: UserId,
        /// The name of the channel.
        channel: String,
        /// The number that it gets.
        id: Uuid,
        /// What it is to be called.
        name: Nickname,
        /// What is to be kept of its secret.
        secret: TokenHash,
    },
    /// That there be one no longer.
    Revoke {
        /// Who asks.
        by: UserId,
        /// Which.
        id: Uuid,
    },
    /// That it speak.
    Speak {
        /// Which.
        id: Uuid,
        /// What it was asked with.
        secret: TokenHash,
        /// What it is to say.
        body: Body,
    },
}

impl HookWish {
    /// # Errors
    /// Why it is not done.
    pub fn decide(self, world: &World, at: Timestamp, rules: &Rules) -> Result<Decision, HookRefusal> {
        match self {
            Self::Make { by, channel, id, name, secret } => {
                let channel = governed(world, by, &channel)?;
                if rules.hooks_max > 0 && channel.hooks.len() >= rules.hooks_max {
                    return Err(HookRefusal::TooMany);
                }
                let made_by = world.user(by).map(|user| user.nick.to_string()).unwrap_or_default();
                let hook = Hook { id, name, secret, made_by, made_at: at };
                Ok(Decision::event(Event::HookMade { channel: channel.id, hook }))
            }
            Self::Revoke { by, id } => {
                let (channel, _) = world.hook(id).ok_or(HookRefusal::NoSuchHook)?;
                may_govern(channel, by).map_err(|refusal| match refusal {
                    HookRefusal::NoSuchChannel => HookRefusal::NoSuchHook,
                    other => other,
                })?;
                Ok(Decision::event(Event::HookRevoked { channel: channel.id, hook: id }))
            }
            Self::Speak { id, secret, body } => {
                let (channel, hook) = opened(world, id, secret).ok_or(HookRefusal::NoSuchHook)?;
                let spoke = Event::HookSpoke { channel: channel.id, name: hook.name.clone(), body };
                Ok(Decision::event(spoke).with_outcome(Outcome::Sent))
            }
        }
    }
}

/// The hook that a secret opens, with its channel.
pub fn opened(world: &World, id: Uuid, secret: TokenHash) -> Option<(&Channel, &Hook)> {
    world.hook(id).filter(|(_, hook)| hook.is_opened_by(secret))
}

/// The channel of this name, if the user governs it.
///
/// # Errors
/// `NoSuchChannel`, `NotAnOperator`
pub fn governed<'a>(world: &'a World, user: UserId, name: &str) -> Result<&'a Channel, HookRefusal> {
    let channel = world.channel_by_name(name).map_err(|_| HookRefusal::NoSuchChannel)?;
    may_govern(channel, user)?;
    Ok(channel)
}

fn may_govern(channel: &Channel, user: UserId) -> Result<(), HookRefusal> {
    if !channel.may_be_seen_by(user) {
        return Err(HookRefusal::NoSuchChannel);
    }
    let member = channel.member(user).map_err(|_| HookRefusal::NotAnOperator)?;
    channel.may_govern(member).map_err(|_| HookRefusal::NotAnOperator)
}
