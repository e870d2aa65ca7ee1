//! MODE of a user: one's own alone. Source: <https://modern.ircdocs.horse/#user-modes>

use super::super::decision::{Caller, Decision, Reply};
use crate::protocol::mode::{Direction, ModeChange};
use crate::world::{Event, Refusal, UserFlag, World};

/// Mode `o` may be given up here; it is given by OPER alone, so that `+o` is passed over.
///
/// # Refusals
/// `NoSuchNick`, `UsersDontMatch`; `AccountRequired` for `+S` without an account; `UserModeUnknownFlag` once, however
/// many letters are unknown.
pub(super) fn decide(
    nick: &str,
    changes: Option<Vec<ModeChange>>,
    world: &World,
    caller: &Caller<'_>,
) -> Result<Decision, Refusal> {
    let user = world.user_by_nick(nick)?;
    if user.id != caller.user {
        return Err(Refusal::UsersDontMatch);
    }
    let Some(changes) = changes else { return Ok(Decision::answer(Reply::UserModes)) };
    let mut modes = user.modes;
    let (mut decision, mut refused) = (Decision::nothing(), Vec::new());
    for change in changes {
        let on = change.direction == Direction::Set;
        match UserFlag::from_letter(change.letter) {
            Some(UserFlag::Operator) if on => {}
            Some(UserFlag::Stays) if on && user.account.is_none() => {
                refused.push(Refusal::AccountRequired("MODE"));
            }
            Some(flag) => modes.set(flag, on),
            None => refused.push(Refusal::UserModeUnknownFlag),
        }
    }
    // Each once, however many letters it is about.
    for refusal in refused {
        if !decision.refusals.contains(&refusal) {
            decision.refusals.push(refusal);
        }
    }
    let changed = UserFlag::ALL.into_iter().filter(|flag| modes.has(*flag) != user.modes.has(*flag));
    let changes: Vec<_> = changed.map(|flag| (flag, modes.has(flag))).collect();
    if !changes.is_empty() {
        decision.events.push(Event::UserModesChanged { user: user.id, changes });
    }
    Ok(decision)
}

#[cfg(test)]
mod tests {
    use crate::command::tests::Scene;

    #[test]
    fn nobody_makes_itself_an_operator_and_an_operator_may_cease_to_be_one() {
        let mut scene = Scene::with(&["alice"]);
        let mode = |modes: &str| format!(r#"{{"command":"MODE","to":"alice","params":["{modes}"]}}"#);
        let decision = scene.does("alice", &mode("+o"));
        assert!(decision.events.is_empty() && decision.refusals.is_empty());
        scene.make_operator("alice");
        scene.does("alice", &mode("-o+w"));
        let modes = scene.world.user_by_nick("alice").unwrap().modes;
        assert!(!modes.operator && modes.wallops);
    }
}
