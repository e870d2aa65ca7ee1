//! OPER: become an operator of the server. Source: <https://modern.ircdocs.horse/#oper-message>

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Reply};
use crate::world::{Event, Refusal, UserFlag, World};

/// Who becomes an operator of the server: a name and the hash of a password, which is all that has to be kept of it
/// while the server runs.
#[derive(Clone)]
pub struct OperBlock {
    name: [u8; 32],
    password: [u8; 32],
}

impl OperBlock {
    /// What the operator has set.
    pub fn new(name: &str, password: &str) -> Self {
        Self { name: hash(name), password: hash(password) }
    }

    /// Takes as long for a wrong name as for a wrong password.
    fn admits(&self, name: &str, password: &str) -> bool {
        (self.name.ct_eq(&hash(name)) & self.password.ct_eq(&hash(password))).into()
    }
}

impl fmt::Debug for OperBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OperBlock(..)")
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// `OPER <name> <password>`
pub struct Oper {
    name: String,
    password: String,
}

impl fmt::Debug for Oper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Oper(..)")
    }
}

impl Oper {
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let need_more = || Refusal::NeedMoreParams("OPER");
        let name = arguments.optional_target().ok_or_else(need_more)?;
        let password = arguments.next().ok_or_else(need_more)?;
        Ok(Self { name, password })
    }

    /// # Refusals
    /// `NoOperHost` when nobody may be one; `TryAgain` after too many attempts; `PasswordMismatch`.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let oper = caller.rules.oper.as_ref().ok_or(Refusal::NoOperHost)?;
        if caller.must_wait_for_oper {
            return Err(Refusal::TryAgain("OPER"));
        }
        if !oper.admits(&self.name, &self.password) {
            return Err(Refusal::PasswordMismatch);
        }
        let decision = Decision::answer(Reply::YouAreOper).and_answer(Reply::OperatorCount);
        if world.may_operate(caller.user).is_ok() {
            return Ok(decision);
        }
        let changes = vec![(UserFlag::Operator, true)];
        Ok(Decision { events: vec![Event::UserModesChanged { user: caller.user, changes }], ..decision })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;

    #[test]
    fn name_and_password_must_both_be_right() {
        let mut scene = Scene::with(&["alice"]);
        let oper =
            |name: &str, password: &str| format!(r#"{{"command":"OPER","params":["{name}","{password}"]}}"#);
        assert_eq!(scene.refusal("alice", &oper("root", "secret")), Refusal::NoOperHost);
        scene.rules.oper = Some(OperBlock::new("root", "secret"));
        for (name, password) in [("root", "Secret"), ("Root", "secret"), ("root", "secre")] {
            assert_eq!(scene.refusal("alice", &oper(name, password)), Refusal::PasswordMismatch);
        }
        scene.does("alice", &oper("root", "secret"));
        assert!(scene.world.may_operate(scene.user("alice")).is_ok());
        let again = scene.does("alice", &oper("root", "secret"));
        assert!(again.events.is_empty(), "there is nothing to change");
        let shown = format!("{:?}", scene.rules);
        assert!(!shown.contains("secret") && !shown.contains("root"), "{shown}");
    }
}
