//! KICK: make somebody leave a channel. Source: <https://modern.ircdocs.horse/#kick-message>

use super::arguments::{Arguments, elements};
use super::decision::{Caller, Decision};
use super::part::departure;
use crate::protocol::limits::{KICKLEN, TARGMAX, cut};
use crate::world::{Event, Refusal, World};

/// `KICK <channel> <nick> [<comment>]`
#[derive(Debug)]
pub struct Kick {
    channel: String,
    nick: String,
    comment: Option<String>,
}

impl Kick {
    /// Nicks stand with commas in one argument, or as several arguments before a body.
    pub(super) fn parse(mut arguments: Arguments) -> Result<Vec<Self>, Refusal> {
        let channel = arguments.target("KICK")?;
        let nicks = arguments.next().ok_or(Refusal::NeedMoreParams("KICK"))?;
        let mut nicks: Vec<String> = elements(&nicks).collect();
        while let Some(more) = arguments.next_before_body() {
            nicks.extend(elements(&more));
        }
        if nicks.is_empty() {
            return Err(Refusal::NeedMoreParams("KICK"));
        }
        if nicks.len() > TARGMAX {
            return Err(Refusal::TooManyTargets(channel));
        }
        let comment = arguments.text().filter(|comment| !comment.is_empty());
        let comment = comment.map(|comment| cut(&comment, KICKLEN).to_owned());
        let kick = |nick| Self { channel: channel.clone(), nick, comment: comment.clone() };
        Ok(nicks.into_iter().map(kick).collect())
    }

    /// # Refusals
    /// `NoSuchChannel`, `NotOnChannel`, `ChanOpPrivsNeeded`, `NoSuchNick`, `UserNotInChannel`.
    pub(super) fn decide(self, world: &World, caller: &Caller) -> Result<Decision, Refusal> {
        let channel = world.channel_by_name(&self.channel)?;
        let member = channel.member(caller.user)?;
        channel.may_govern(member)?;
        let victim = world.user_by_nick(&self.nick)?;
        if !channel.has(victim.id) {
            return Err(Refusal::UserNotInChannel { nick: self.nick, channel: self.channel });
        }
        let kicker = world.user(caller.user).map(|user| user.nick.to_string());
        let reason = self.comment.or(kicker).unwrap_or_default();
        let kicked = Event::Kicked { channel: channel.id, user: victim.id, by: caller.user, reason };
        Ok(Decision { events: departure(kicked, channel), ..Decision::nothing() })
    }
}
