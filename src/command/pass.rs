//! PASS: set the session's password, by which its other devices come in.
//! Source: <https://modern.ircdocs.horse/#pass-message>; from inside a session, docs/api.md

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Rules};
use super::secret::{Secret, Unfit};
use crate::protocol::password::{Password, PasswordHash};
use crate::world::{Event, Refusal};

/// `PASS <password>`
#[derive(Debug)]
pub struct Pass(Secret);

impl Pass {
    /// # Refusals
    /// `NeedMoreParams` when there is no password, or one that is too long.
    pub(super) fn parse(arguments: Arguments) -> Result<Self, Refusal> {
        let password = arguments.text().and_then(Password::parse);
        password.map(|password| Self(Secret::Plain(password))).ok_or(Refusal::NeedMoreParams("PASS"))
    }

    /// The password, where it is long enough to be worth hashing.
    pub(super) fn password(&self, rules: &Rules) -> Option<&Password> {
        self.0.password(rules)
    }

    pub(super) const fn hashed(hash: PasswordHash) -> Self {
        Self(Secret::Hashed(hash))
    }

    /// # Refusals
    /// `NeedMoreParams` when the password is too short; `TryAgain` when nobody has hashed it, for then it cannot
    /// be kept.
    pub(super) fn decide(self, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let password = self.0.into_hash(caller.rules).map_err(|unfit| match unfit {
            Unfit::TooShort => Refusal::NeedMoreParams("PASS"),
            Unfit::NotHashed => Refusal::TryAgain("PASS"),
        })?;
        Ok(Decision::event(Event::PasswordSet { user: caller.user, password }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;
    use crate::command::{Command, Wish};
    use crate::protocol::message::Request;

    const PASS: &str = r#"{"command":"PASS","body":["correct horse"]}"#;

    fn wish(json: &str) -> Wish {
        Wish::parse(Request::parse(json.as_bytes()).unwrap())
    }

    #[test]
    fn what_is_missing_too_short_or_too_long_is_refused() {
        let scene = Scene::with(&["alice"]);
        let long = "x".repeat(257);
        for bad in
            ["", r#","body":[]"#, r#","body":[""]"#, r#","body":["1234567"]"#, r#","params":["1234567"]"#]
                .map(ToOwned::to_owned)
                .into_iter()
                .chain([format!(r#","body":["{long}"]"#)])
        {
            let json = format!(r#"{{"command":"PASS"{bad}}}"#);
            assert_eq!(scene.refusal("alice", &json), Refusal::NeedMoreParams("PASS"), "{json}");
            assert!(wish(&json).password(&scene.rules).is_none(), "not worth hashing: {json}");
        }
    }

    #[test]
    fn a_password_is_kept_as_its_hash_alone() {
        let mut scene = Scene::with(&["alice"]);
        assert_eq!(scene.refusal("alice", PASS), Refusal::TryAgain("PASS"), "never as it is");
        let wish = wish(PASS);
        assert_eq!(wish.password(&scene.rules).unwrap().as_bytes(), b"correct horse");
        let hash = PasswordHash::new("a hash");
        let wish = wish.with_password_hash(hash.clone());
        assert!(wish.password(&scene.rules).is_none(), "hashed once");
        let [Command::Pass(_)] = wish.commands.as_deref().unwrap() else { panic!("{wish:?}") };
        scene.world.apply(&Event::PasswordSet { user: scene.user("alice"), password: hash.clone() });
        assert_eq!(scene.world.user_by_nick("alice").unwrap().password, Some(hash));
    }

    #[test]
    fn a_wish_does_not_show_a_password() {
        let hashed = wish(PASS).with_password_hash(PasswordHash::new("horse"));
        let shown = format!("{:?} {hashed:?}", wish(PASS));
        assert!(!shown.contains("horse"), "{shown}");
    }
}
