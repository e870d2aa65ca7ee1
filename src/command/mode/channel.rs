//! MODE of a channel. Source: <https://modern.ircdocs.horse/#channel-modes>

use std::collections::BTreeMap;

use super::super::decision::{Caller, Decision, Reply};
use crate::id::UserId;
use crate::protocol::limits::{KEYLEN, MODES};
use crate::protocol::mode::{Direction, ModeChange};
use crate::world::{Channel, ChannelChange, Event, Flag, Membership, Rank, Refusal, World};

/// Changes that succeed are announced together; each that fails is refused by itself.
///
/// # Refusals
/// `NoSuchChannel`, `NotOnChannel`, `ChanOpPrivsNeeded` for the whole; `UnknownMode`, `InvalidKey`,
/// `InvalidModeParam`, `NoSuchNick`, `UserNotInChannel` for single changes.
pub(super) fn decide(
    name: &str,
    changes: Option<Vec<ModeChange>>,
    world: &World,
    caller: &Caller,
) -> Result<Decision, Refusal> {
    let channel = world.channel_by_name(name)?;
    let Some(changes) = changes else {
        if !channel.may_be_seen_by(caller.user) {
            return Err(Refusal::NoSuchChannel(name.to_owned()));
        }
        return Ok(Decision::answer(Reply::ChannelModes(channel.id)));
    };
    let member = channel.member(caller.user)?;
    channel.may_govern(member)?;
    let mut draft = Draft::new(channel, world);
    let mut refusals = Vec::new();
    for change in within_limit(changes) {
        if let Err(refusal) = draft.try_change(&change)
            && !refusals.contains(&refusal)
        {
            refusals.push(refusal);
        }
    }
    let mut decision = Decision { refusals, ..Decision::nothing() };
    if !draft.changes.is_empty() {
        let changes = draft.changes;
        decision.events.push(Event::ModesChanged { channel: channel.id, by: caller.user, changes });
    }
    Ok(decision)
}

/// Drops changes with an argument past the number that `RPL_ISUPPORT` announces.
fn within_limit(changes: Vec<ModeChange>) -> impl Iterator<Item = ModeChange> {
    let mut with_argument = 0;
    changes.into_iter().filter(move |change| {
        with_argument += usize::from(change.argument.is_some());
        change.argument.is_none() || with_argument <= MODES
    })
}

/// The channel as it will be after the changes so far, so that each is compared with what went before it.
struct Draft<'a> {
    channel: &'a Channel,
    world: &'a World,
    modes: crate::world::ChannelModes,
    ranks: BTreeMap<UserId, Membership>,
    changes: Vec<ChannelChange>,
}

impl<'a> Draft<'a> {
    fn new(channel: &'a Channel, world: &'a World) -> Self {
        Self { channel, world, modes: channel.modes.clone(), ranks: BTreeMap::new(), changes: Vec::new() }
    }

    /// A mode that needs an argument and has none is passed over; so is a change that changes nothing.
    fn try_change(&mut self, change: &ModeChange) -> Result<(), Refusal> {
        let on = change.direction == Direction::Set;
        match (change.letter, &change.argument) {
            ('o', Some(nick)) => self.rank(nick, Rank::Operator, on),
            ('v', Some(nick)) => self.rank(nick, Rank::Voice, on),
            ('k', Some(key)) if on => self.key(key),
            ('k', _) if !on => {
                if self.modes.key.take().is_some() {
                    self.changes.push(ChannelChange::Key(None));
                }
                Ok(())
            }
            ('l', Some(limit)) if on => self.limit(limit),
            ('l', _) if !on => {
                if self.modes.limit.take().is_some() {
                    self.changes.push(ChannelChange::Limit(None));
                }
                Ok(())
            }
            ('o' | 'v' | 'k' | 'l', None) => Ok(()),
            (letter, _) => self.flag(letter, on),
        }
    }

    fn flag(&mut self, letter: char, on: bool) -> Result<(), Refusal> {
        let flag = Flag::from_letter(letter).ok_or(Refusal::UnknownMode(letter))?;
        if self.modes.has(flag) != on {
            self.modes.set(flag, on);
            self.changes.push(ChannelChange::Flag { flag, on });
        }
        Ok(())
    }

    fn key(&mut self, key: &str) -> Result<(), Refusal> {
        let well_formed = !key.is_empty()
            && key.len() <= KEYLEN
            && !key.starts_with(':')
            && key.chars().all(|c| c != ',' && c != ' ' && !c.is_control());
        if !well_formed {
            return Err(Refusal::InvalidKey(self.channel.name.to_string()));
        }
        if self.modes.key.as_deref() != Some(key) {
            self.modes.key = Some(key.to_owned());
            self.changes.push(ChannelChange::Key(self.modes.key.clone()));
        }
        Ok(())
    }

    fn limit(&mut self, text: &str) -> Result<(), Refusal> {
        let limit = text.parse::<u32>().ok().filter(|limit| *limit > 0 && !text.starts_with('+'));
        let Some(limit) = limit else {
            return Err(Refusal::InvalidModeParam {
                target: self.channel.name.to_string(),
                letter: 'l',
                parameter: text.to_owned(),
                why: "Limit must be a whole number above 0",
            });
        };
        if self.modes.limit != Some(limit) {
            self.modes.limit = Some(limit);
            self.changes.push(ChannelChange::Limit(Some(limit)));
        }
        Ok(())
    }

    fn rank(&mut self, nick: &str, rank: Rank, on: bool) -> Result<(), Refusal> {
        let user = self.world.user_by_nick(nick)?.id;
        let not_there =
            || Refusal::UserNotInChannel { nick: nick.to_owned(), channel: self.channel.name.to_string() };
        let now = *self.channel.members.get(&user).ok_or_else(not_there)?;
        let member = self.ranks.entry(user).or_insert(now);
        let held = match rank {
            Rank::Operator => &mut member.operator,
            Rank::Voice => &mut member.voice,
        };
        if *held != on {
            *held = on;
            self.changes.push(ChannelChange::Rank { user, rank, on });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    fn scene() -> Scene {
        let mut scene = Scene::with(&["alice", "bob"]);
        scene.does("alice", r##"{"command":"JOIN","to":"#c"}"##);
        scene.does("bob", r##"{"command":"JOIN","to":"#c"}"##);
        scene
    }

    fn change(scene: &mut Scene, params: &str) -> Decision {
        scene.does("alice", &format!(r##"{{"command":"MODE","to":"#c","params":{params}}}"##))
    }

    #[test]
    fn what_succeeds_is_one_fact_and_what_fails_is_refused_by_itself() {
        let mut scene = scene();
        let decision = change(&mut scene, r#"["+mxv","bob"]"#);
        assert_eq!(decision.refusals, [Refusal::UnknownMode('x')]);
        let [Event::ModesChanged { changes, .. }] = &decision.events[..] else {
            panic!("one fact: {decision:?}")
        };
        assert_eq!(changes.len(), 2);
    }

    #[test]
    fn what_is_so_already_is_no_change() {
        let mut scene = scene();
        assert!(change(&mut scene, r#"["+nt-i-k+o","alice"]"#).events.is_empty());
    }

    #[test]
    fn each_change_is_compared_with_the_one_before_it() {
        let mut scene = scene();
        change(&mut scene, r#"["+k-k+l-l+s-s","key","key","5"]"#);
        let modes = &scene.world.channel_by_name("#c").unwrap().modes;
        assert_eq!((modes.key.as_deref(), modes.limit, modes.secret), (None, None, false));
    }

    #[test]
    fn arguments_past_the_limit_are_passed_over() {
        let mut scene = scene();
        let keys: Vec<String> = (0..15).map(|n| format!("k{n}")).collect();
        let letters = "k".repeat(14);
        let params: Vec<&str> =
            std::iter::once(&*letters).chain(keys.iter().map(|key| &**key)).take(15).collect();
        change(&mut scene, &format!("{params:?}"));
        let modes = &scene.world.channel_by_name("#c").unwrap().modes;
        assert_eq!(modes.key, Some(format!("k{}", MODES - 1)));
    }
}
