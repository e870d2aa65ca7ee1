//! REGISTER: make the session last as an account. And VERIFY, for which there is never cause.
//! Source: <https://ircv3.net/specs/extensions/account-registration>

use super::arguments::Arguments;
use super::decision::{Caller, Decision, Outcome, Reply, Rules};
use super::quit::end_of_session;
use super::secret::{Secret, Unfit};
use crate::id::{AccountId, UserId};
use crate::protocol::password::{Password, PasswordHash};
use crate::world::{Event, Refusal, UserFlag, World};

/// `REGISTER <account> <e-mail> <password>`
#[derive(Debug)]
pub struct Register {
    account: String,
    /// `None` when it is longer than any that is taken.
    secret: Option<Secret>,
}

impl Register {
    /// The address of a mailbox is not kept: nothing is ever sent.
    ///
    /// # Refusals
    /// `FailNeedMoreParams`
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let need_more = || Refusal::FailNeedMoreParams("REGISTER");
        let account = arguments.next().ok_or_else(need_more)?;
        arguments.next_or_empty().ok_or_else(need_more)?;
        let password = arguments.text().filter(|password| !password.is_empty()).ok_or_else(need_more)?;
        Ok(Self { account, secret: Password::parse(password).map(Secret::Plain) })
    }

    /// The password, where it is long enough to be worth hashing.
    pub(super) fn password(&self, rules: &Rules) -> Option<&Password> {
        self.secret.as_ref()?.password(rules)
    }

    #[must_use]
    pub(super) fn hashed(self, hash: PasswordHash) -> Self {
        Self { secret: Some(Secret::Hashed(hash)), ..self }
    }

    /// # Refusals
    /// `AlreadyAuthenticated`, `AccountNameMustBeNick`, `AccountExists`, `UnacceptablePassword`, `WeakPassword`,
    /// `NoMoreAccounts`; `TryAgain` when nobody has hashed the password.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let Some(user) = world.user(caller.user) else { return Ok(Decision::nothing()) };
        if user.account.is_some() {
            return Err(Refusal::AlreadyAuthenticated(self.account));
        }
        if self.account != "*" && !self.account.eq_ignore_ascii_case(user.nick.as_str()) {
            return Err(Refusal::AccountNameMustBeNick(self.account));
        }
        let name = user.nick.to_string();
        let secret = self.secret.ok_or_else(|| Refusal::UnacceptablePassword(name.clone()))?;
        let password = secret.into_hash(caller.rules).map_err(|unfit| match unfit {
            Unfit::TooShort => Refusal::WeakPassword(name.clone()),
            Unfit::NotHashed => Refusal::TryAgain("REGISTER"),
        })?;
        may_be_made(world, caller.rules, &name)?;
        let (account, at) = (AccountId::new(world.next_id()), caller.at);
        let (nick, signing_key) = (user.nick.clone(), user.signing_key.clone());
        let made = Event::AccountMade { account, name: nick, password, signing_key, at };
        let events = make(made, account, user.id, caller.rules).collect();
        let replies = vec![Reply::Registered(name.clone()), Reply::LoggedIn];
        Ok(Decision { events, replies, ..Decision::nothing() }.with_outcome(Outcome::Account(name)))
    }
}

/// # Refusals
/// `NoMoreAccounts`
pub(super) fn may_be_made(world: &World, rules: &Rules, name: &str) -> Result<(), Refusal> {
    let is_full = rules.accounts_max > 0 && world.accounts().len() >= rules.accounts_max;
    if is_full { Err(Refusal::NoMoreAccounts(name.to_owned())) } else { Ok(()) }
}

/// The facts of a session that becomes that of a new account.
pub(super) fn make(
    made: Event,
    account: AccountId,
    user: UserId,
    rules: &Rules,
) -> impl Iterator<Item = Event> {
    [made, Event::AccountEntered { user, account }].into_iter().chain(stays(user, rules))
}

/// The session of an account stays from the beginning, where the operator has it so.
pub(super) fn stays(user: UserId, rules: &Rules) -> Option<Event> {
    let changes = vec![(UserFlag::Stays, true)];
    rules.accounts_stay.then_some(Event::UserModesChanged { user, changes })
}

/// `VERIFY <account> <code>`
#[derive(Debug)]
pub struct Verify {
    account: String,
}

impl Verify {
    /// # Refusals
    /// `FailNeedMoreParams`
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let account = arguments.next().ok_or(Refusal::FailNeedMoreParams("VERIFY"))?;
        arguments.next().ok_or(Refusal::FailNeedMoreParams("VERIFY"))?;
        Ok(Self { account })
    }

    /// # Refusals
    /// `NothingToVerify`: an account is whole when it is made.
    pub(super) fn decide(self) -> Result<Decision, Refusal> {
        Err(Refusal::NothingToVerify(self.account))
    }
}

/// `UNREGISTER <account>`
#[derive(Debug)]
pub struct Unregister {
    account: String,
}

impl Unregister {
    /// # Refusals
    /// `FailNeedMoreParams`: it is named, so that nobody drops it by chance.
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let account = arguments.optional_target().ok_or(Refusal::FailNeedMoreParams("UNREGISTER"))?;
        Ok(Self { account })
    }

    /// # Refusals
    /// `NoSuchAccount` when there is none, or when it is that of somebody else and the caller no operator of the
    /// server.
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        let account = world.account_by_name(&self.account);
        let may_drop = |session| session == Some(caller.user) || world.may_operate(caller.user).is_ok();
        let account = account.filter(|account| may_drop(account.session));
        let account = account.ok_or_else(|| Refusal::NoSuchAccount(self.account.clone()))?;
        let session = account.session.and_then(|session| world.user(session));
        let mut events = Vec::new();
        let mut lives = None;
        match session {
            // Nobody else keeps it.
            Some(user) if user.clients.is_empty() => {
                events = end_of_session(world, user.id, "Account dropped", caller.at);
            }
            Some(user) => {
                lives = Some(user.id);
                let changes = vec![(UserFlag::Stays, false)];
                events.extend(user.modes.stays.then_some(Event::UserModesChanged { user: user.id, changes }));
            }
            None => {}
        }
        events.push(Event::AccountDropped { account: account.id, session: lives });
        let mut replies = vec![Reply::Unregistered(account.name.to_string())];
        replies.extend((lives == Some(caller.user)).then_some(Reply::LoggedOut));
        Ok(Decision { events, replies, ..Decision::nothing() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::tests::Scene;
    use crate::command::{Command, Wish};
    use crate::protocol::message::Request;

    const REGISTER: &str = r#"{"command":"REGISTER","params":["*","*","correct horse"]}"#;

    /// Registers as a face does, which hashes the password first.
    fn register(scene: &Scene, nick: &str, json: &str) -> Result<Decision, Refusal> {
        let wish = Wish::parse(Request::parse(json.as_bytes()).unwrap());
        let wish = match wish.password(&scene.rules) {
            Some(_) => wish.with_password_hash(PasswordHash::new("hash")),
            None => wish,
        };
        scene.decide_command(nick, wish.commands?.remove(0))
    }

    fn registered(nicks: &[&str]) -> Scene {
        let mut scene = Scene::with(nicks);
        let decision = register(&scene, nicks[0], REGISTER).unwrap();
        scene.apply(&decision);
        scene
    }

    #[test]
    fn an_account_keeps_nick_and_password_of_its_session() {
        let scene = registered(&["alice", "bob"]);
        let account = scene.world.account_by_name("ALICE").unwrap();
        assert_eq!(account.session, Some(scene.user("alice")));
        assert_eq!(scene.world.user_by_nick("alice").unwrap().password, Some(PasswordHash::new("hash")));
        let again = register(&scene, "alice", REGISTER).unwrap_err();
        assert_eq!(again, Refusal::AlreadyAuthenticated("*".to_owned()));
    }

    #[test]
    fn what_makes_no_account_is_refused() {
        let mut scene = Scene::with(&["alice", "bob"]);
        let try_it = |scene: &Scene, params: &str| {
            register(scene, "alice", &format!(r#"{{"command":"REGISTER","params":{params}}}"#)).unwrap_err()
        };
        let bob = Refusal::AccountNameMustBeNick("bob".to_owned());
        assert_eq!(try_it(&scene, r#"["bob","*","correct horse"]"#), bob);
        assert_eq!(try_it(&scene, r#"["*","*","short"]"#), Refusal::WeakPassword("alice".to_owned()));
        let long = format!(r#"["*","*","{}"]"#, "x".repeat(257));
        assert_eq!(try_it(&scene, &long), Refusal::UnacceptablePassword("alice".to_owned()));
        assert_eq!(try_it(&scene, r#"["*","*"]"#), Refusal::FailNeedMoreParams("REGISTER"));
        let plain = scene.refusal("alice", REGISTER);
        assert_eq!(plain, Refusal::TryAgain("REGISTER"), "never kept as it is");
        scene.rules.accounts_max = 1;
        let decision = register(&scene, "bob", REGISTER).unwrap();
        scene.apply(&decision);
        assert_eq!(
            try_it(&scene, r#"["*","*","correct horse"]"#),
            Refusal::NoMoreAccounts("alice".to_owned())
        );
    }

    #[test]
    fn the_nick_of_an_account_is_nobody_elses_until_it_is_dropped() {
        let mut scene = registered(&["alice", "bob"]);
        scene.does("alice", r#"{"command":"NICK","body":["carol"]}"#);
        let taken = Refusal::NicknameInUse("Alice".to_owned());
        assert_eq!(scene.refusal("bob", r#"{"command":"NICK","body":["Alice"]}"#), taken);
        scene.does("carol", r#"{"command":"QUIT"}"#);
        assert_eq!(scene.refusal("bob", r#"{"command":"NICK","body":["Alice"]}"#), taken);
        let unknown = Refusal::NoSuchAccount("alice".to_owned());
        let drop = r#"{"command":"UNREGISTER","params":["alice"]}"#;
        assert_eq!(scene.refusal("bob", drop), unknown, "it is not his");
        scene.make_operator("bob");
        scene.does("bob", drop);
        scene.does("bob", r#"{"command":"NICK","body":["Alice"]}"#);
    }

    #[test]
    fn whoever_drops_its_account_stays_without() {
        let mut scene = registered(&["alice"]);
        scene.does("alice", r#"{"command":"MODE","to":"alice","params":["+S"]}"#);
        scene.does("alice", r#"{"command":"UNREGISTER","params":["alice"]}"#);
        let user = scene.world.user_by_nick("alice").unwrap();
        assert!(user.account.is_none() && !user.modes.stays);
        let refused = scene.decide("alice", r#"{"command":"MODE","to":"alice","params":["+S"]}"#).unwrap();
        assert_eq!(refused.refusals, [Refusal::AccountRequired("MODE")]);
    }

    #[test]
    fn a_wish_does_not_show_the_password() {
        let wish = Wish::parse(Request::parse(REGISTER.as_bytes()).unwrap());
        assert!(matches!(wish.commands.as_deref(), Ok([Command::Register(_)])));
        assert!(!format!("{wish:?}").contains("horse"));
    }
}
