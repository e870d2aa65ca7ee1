//! MODE of a channel. Source: <https://modern.ircdocs.horse/#channel-modes>

use std::collections::BTreeMap;

use super::super::decision::{Caller, Decision, Reply};
use crate::id::UserId;
use crate::protocol::hostmask::Hostmask;
use crate::protocol::limits::{CHANNEL_HASHCASH_BITS_MAX, KEYLEN, MAXLIST, MODES};
use crate::protocol::mode::{Direction, ModeChange};
use crate::world::{
    Channel, ChannelChange, ChannelLists, ChannelModes, Event, Flag, List, ListEntry, Membership, Rank,
    Refusal, World,
};

/// Changes that succeed are announced together; each that fails is refused by itself.
///
/// # Refusals
/// `NoSuchChannel`, `NotOnChannel`, `ChanOpPrivsNeeded` for the whole; `UnknownMode`, `InvalidKey`,
/// `InvalidModeParam`, `BanListFull`, `NoSuchNick`, `UserNotInChannel` for single changes.
pub(super) fn decide(
    name: &str,
    changes: Option<Vec<ModeChange>>,
    world: &World,
    caller: &Caller<'_>,
) -> Result<Decision, Refusal> {
    let channel = world.channel_shown_to(caller.user, name)?;
    let Some(changes) = changes else { return Ok(Decision::answer(Reply::ChannelModes(channel.id))) };
    let (asked, changes): (Vec<_>, Vec<_>) =
        changes.into_iter().partition(|change| asks_for(change).is_some());
    let mut replies: Vec<Reply> = Vec::new();
    for reply in asked.iter().filter_map(asks_for).map(|list| Reply::MaskList(channel.id, list)) {
        if !replies.contains(&reply) {
            replies.push(reply);
        }
    }
    // Whoever may see the channel may see whom it bans; nothing else here is for everybody.
    if changes.is_empty() && !replies.is_empty() {
        return Ok(Decision { replies, ..Decision::nothing() });
    }
    let member = channel.member(caller.user)?;
    channel.may_govern(member)?;
    let mut draft = Draft::new(channel, world, caller);
    let mut refusals = Vec::new();
    for change in within_limit(changes) {
        if let Err(refusal) = draft.try_change(&change)
            && !refusals.contains(&refusal)
        {
            refusals.push(refusal);
        }
    }
    let mut decision = Decision { replies, refusals, ..Decision::nothing() };
    if !draft.changes.is_empty() {
        let changes = draft.changes;
        decision.events.push(Event::ModesChanged { channel: channel.id, by: caller.user, changes });
    }
    Ok(decision)
}

/// The list that a change without its argument asks for.
fn asks_for(change: &ModeChange) -> Option<List> {
    List::from_letter(change.letter).filter(|_| change.argument.is_none())
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
    caller: &'a Caller<'a>,
    modes: ChannelModes,
    lists: ChannelLists,
    ranks: BTreeMap<UserId, Membership>,
    changes: Vec<ChannelChange>,
}

impl<'a> Draft<'a> {
    fn new(channel: &'a Channel, world: &'a World, caller: &'a Caller<'a>) -> Self {
        let (modes, lists) = (channel.modes.clone(), channel.lists.clone());
        Self { channel, world, caller, modes, lists, ranks: BTreeMap::new(), changes: Vec::new() }
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
            ('H', Some(bits)) if on => self.hashcash_bits(bits),
            ('H', _) if !on => {
                if self.modes.hashcash_bits.take().is_some() {
                    self.changes.push(ChannelChange::HashcashBits(None));
                }
                Ok(())
            }
            ('o' | 'v' | 'k' | 'l' | 'H', None) => Ok(()),
            (letter, argument) => match (List::from_letter(letter), argument) {
                (Some(list), Some(mask)) => self.mask(list, mask, on),
                _ => self.flag(letter, on),
            },
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

    fn invalid(&self, letter: char, parameter: &str, why: &'static str) -> Refusal {
        let target = self.channel.name.to_string();
        Refusal::InvalidModeParam { target, letter, parameter: parameter.to_owned(), why }
    }

    /// A mask that is in the list already, or is not when it is to go, changes nothing.
    fn mask(&mut self, list: List, text: &str, on: bool) -> Result<(), Refusal> {
        let mask = Hostmask::parse(text).ok_or_else(|| self.invalid(list.letter(), text, "Not a mask"))?;
        match (self.lists.find(list, &mask), on) {
            (Some(_), true) | (None, false) => Ok(()),
            (None, true) if self.lists.entries(list).len() >= MAXLIST => {
                let channel = self.channel.name.to_string();
                Err(Refusal::BanListFull { channel, letter: list.letter() })
            }
            (None, true) => {
                let set_by = self.world.user(self.caller.user).map(|user| user.nick.to_string());
                let entry = ListEntry { mask, set_by: set_by.unwrap_or_default(), set_at: self.caller.at };
                self.lists.add(list, entry.clone());
                self.changes.push(ChannelChange::Listed { list, entry });
                Ok(())
            }
            // It goes as it is spelled in the list, which those who hear of it may hold theirs against.
            (Some(entry), false) => {
                let mask = entry.mask.clone();
                self.lists.remove(list, &mask);
                self.changes.push(ChannelChange::Unlisted { list, mask });
                Ok(())
            }
        }
    }

    fn hashcash_bits(&mut self, text: &str) -> Result<(), Refusal> {
        let bits = text.parse::<u8>().ok().filter(|bits| (1..=CHANNEL_HASHCASH_BITS_MAX).contains(bits));
        let Some(bits) = bits.filter(|_| !text.starts_with('+')) else {
            return Err(self.invalid('H', text, "Bits must be a whole number from 1 to 40"));
        };
        if self.modes.hashcash_bits != Some(bits) {
            self.modes.hashcash_bits = Some(bits);
            self.changes.push(ChannelChange::HashcashBits(Some(bits)));
        }
        Ok(())
    }

    fn limit(&mut self, text: &str) -> Result<(), Refusal> {
        let limit = text.parse::<u32>().ok().filter(|limit| *limit > 0 && !text.starts_with('+'));
        let Some(limit) = limit else {
            return Err(self.invalid('l', text, "Limit must be a whole number above 0"));
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
    fn masks_are_completed_and_kept_once() {
        let mut scene = scene();
        change(&mut scene, r#"["+bb","Eve","eve!*@*"]"#);
        let bans = |scene: &Scene| {
            let channel = scene.world.channel_by_name("#c").unwrap();
            channel.lists.entries(List::Ban).map(|entry| entry.mask.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(bans(&scene), ["Eve!*@*"]);
        change(&mut scene, r#"["-b","EVE"]"#);
        assert!(bans(&scene).is_empty());
        let decision = change(&mut scene, r#"["+b","a b"]"#);
        assert!(matches!(&decision.refusals[..], [Refusal::InvalidModeParam { letter: 'b', .. }]));
    }

    #[test]
    fn a_list_has_room_for_so_many() {
        let mut scene = scene();
        for n in 0..MAXLIST {
            assert!(change(&mut scene, &format!(r#"["+e","n{n}"]"#)).refusals.is_empty());
        }
        let decision = change(&mut scene, r#"["+eb","one","two"]"#);
        let channel = "#c".to_owned();
        assert_eq!(decision.refusals, [Refusal::BanListFull { channel, letter: 'e' }]);
        assert_eq!(decision.events.len(), 1, "the other list has room");
    }

    #[test]
    fn everybody_may_ask_for_a_list_and_only_operators_change_it() {
        let scene = scene();
        let mode = |params: &str| format!(r##"{{"command":"MODE","to":"#c","params":{params}}}"##);
        let asked = scene.decide("bob", &mode(r#"["bb"]"#)).unwrap();
        assert!(matches!(&asked.replies[..], [Reply::MaskList(_, List::Ban)]));
        let refusal = scene.refusal("bob", &mode(r#"["+b","eve"]"#));
        assert_eq!(refusal, Refusal::ChanOpPrivsNeeded("#c".to_owned()));
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
