//! MODE of a user: one's own alone. Source: <https://modern.ircdocs.horse/#user-modes>

use super::super::decision::{Caller, Decision, Reply};
use crate::protocol::mode::{Direction, ModeChange};
use crate::world::{Event, Refusal, World};

/// # Refusals
/// `NoSuchNick`, `UsersDontMatch`; `UserModeUnknownFlag` once, however many letters are unknown.
pub(super) fn decide(
    nick: &str,
    changes: Option<Vec<ModeChange>>,
    world: &World,
    caller: &Caller,
) -> Result<Decision, Refusal> {
    let user = world.user_by_nick(nick)?;
    if user.id != caller.user {
        return Err(Refusal::UsersDontMatch);
    }
    let Some(changes) = changes else { return Ok(Decision::answer(Reply::UserModes)) };
    let mut invisible = user.invisible;
    let mut decision = Decision::nothing();
    for change in changes {
        match change.letter {
            'i' => invisible = change.direction == Direction::Set,
            _ if decision.refusals.is_empty() => decision.refusals.push(Refusal::UserModeUnknownFlag),
            _ => {}
        }
    }
    if invisible != user.invisible {
        decision.events.push(Event::InvisibleChanged { user: user.id, on: invisible });
    }
    Ok(decision)
}
