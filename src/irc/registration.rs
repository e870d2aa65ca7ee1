//! Registration: PASS, CAP, NICK and USER in any order, until there is a session to attach to.
//! Source: <https://modern.ircdocs.horse/#connection-registration>

use std::net::IpAddr;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;
use tokio::time::Instant;
use uuid::Uuid;

use super::departure::log_out_aside;
use super::listener::Shared;
use super::outgoing::Parting;
use super::patience::{DELAY_MAX, ask, uncrowded};
use super::sasl::Exchange;
use crate::auth::password::Verified;
use crate::auth::token::Token;
use crate::command::Style;
use crate::command::login::{Held, Holder, Login, LoginRefusal, NewSession};
use crate::command::registration::Registration;
use crate::delivery::Seat;
use crate::engine::{LoginError, RateLimit, RegisterError};
use crate::limits::Exceeded;
use crate::protocol::limits::{NAMELEN, USERLEN, cut};
use crate::protocol::name::{Nickname, Realname, Username};
use crate::protocol::password::{Password, PasswordHash};
use crate::reply::door::Objection;

/// Lines that somebody may send before it has registered: more than any client has use for.
const CANDIDATE_LINES_MAX: usize = 200;

/// What a connection has said of itself so far.
#[derive(Default)]
pub(super) struct Candidate {
    pub(super) password: Option<SecretString>,
    pub(super) nick: Option<Nickname>,
    pub(super) user: Option<(Username, Realname)>,
    /// Whether CAP holds registration back until it ends.
    pub(super) negotiates: bool,
    /// SASL, while it goes on.
    pub(super) exchange: Option<Exchange>,
    /// The session that it has proved to know the password of.
    pub(super) proof: Option<Proof>,
    /// Whether it has given the password of the server.
    knows_password: bool,
    /// Lines so far.
    lines: usize,
}

/// What becomes of a registration.
pub(super) enum Entry {
    /// Somebody is in, under this nick.
    In(Arc<Seat>, String),
    /// Not under this nick.
    Not(Objection),
    /// Not at all: the connection ends.
    Never(Objection),
    /// Nor into a session that has as many devices as this, which are all that it may have.
    Full(usize),
}

impl Candidate {
    /// Counts a line, whatever it says.
    ///
    /// # Errors
    /// The end of the connection when it was one too many.
    pub(super) fn count(&mut self) -> Result<(), Parting> {
        self.lines += 1;
        let is_patient = self.lines <= CANDIDATE_LINES_MAX;
        is_patient
            .then_some(())
            .ok_or_else(|| Parting::Because("Too many lines before registration".to_owned()))
    }

    /// Whether nothing was said before the line at hand.
    pub(super) const fn is_at_first_line(&self) -> bool {
        self.lines == 1
    }

    /// Whether everything is there.
    pub(super) const fn is_complete(&self) -> bool {
        self.nick.is_some() && self.user.is_some() && !self.negotiates
    }

    /// Takes what NICK says.
    ///
    /// # Errors
    /// The objection to it.
    pub(super) fn set_nick(&mut self, nick: Option<&String>) -> Result<(), Objection> {
        let nick = nick.filter(|nick| !nick.is_empty()).ok_or(Objection::NoNicknameGiven)?;
        self.nick = Some(Nickname::parse(nick).map_err(|_| Objection::ErroneousNickname(nick.clone()))?);
        Ok(())
    }

    /// Takes what USER says. What a username may not have is left out of it, and what is too long is cut: clients make
    /// it of the name of an account somewhere, and their users seldom know.
    ///
    /// # Errors
    /// The objection to it.
    pub(super) fn set_user(&mut self, params: &[String]) -> Result<(), Objection> {
        let need_more = || Objection::NeedMoreParams("USER");
        let [username, _, _, realname, ..] = params else { return Err(need_more()) };
        if username.is_empty() || realname.trim().is_empty() {
            return Err(need_more());
        }
        let letters = username.chars().filter(|c| Username::parse(c.encode_utf8(&mut [0; 4])).is_ok());
        let username: String = letters.take(USERLEN).collect();
        let username = Username::parse(if username.is_empty() { "user" } else { &username });
        let printable: String = realname.chars().filter(|c| !c.is_control()).collect();
        let realname = Realname::parse(cut(printable.trim(), NAMELEN).trim_end());
        let (Ok(username), Ok(realname)) = (username, realname) else { return Err(need_more()) };
        self.user = Some((username, realname));
        Ok(())
    }

    /// Opens a session, or comes into the one that goes by the nick where the password is its own.
    pub(super) async fn enter(&mut self, shared: &Shared, address: IpAddr, style: Style) -> Entry {
        if let Err(objection) = self.check_password(shared, address).await {
            return Entry::Never(objection);
        }
        if let Some(proof) = self.proof.take() {
            return proof.log_in(shared, address, style, self.user.clone()).await;
        }
        let Some(nick) = self.nick.clone() else { return Entry::Not(Objection::NoNicknameGiven) };
        // What everybody knows is nobody's own password.
        match self.password.clone().filter(|_| shared.settings.password.is_none()) {
            Some(password) => self.enter_by_password(shared, address, style, nick, &password).await,
            None => self.open_session(shared, address, nick, None).await,
        }
    }

    /// Whether the server lets it in at all. A password is tried as often as any other.
    async fn check_password(&mut self, shared: &Shared, address: IpAddr) -> Result<(), Objection> {
        let Some(needed) = shared.settings.password.as_ref().filter(|_| !self.knows_password) else {
            return Ok(());
        };
        let given = self.password.as_ref().ok_or(Objection::PasswordMismatch)?;
        if !has_its_turn(shared, deadline(), RateLimit::Login, || shared.limits.login_from(address)).await {
            return Err(Objection::TryAgain("PASS".to_owned()));
        }
        let (given, needed) = (given.expose_secret().as_bytes(), needed.expose_secret().as_bytes());
        self.knows_password = given.ct_eq(needed).into();
        self.knows_password.then_some(()).ok_or(Objection::PasswordMismatch)
    }

    /// A password is that of the session that has the nick, or becomes that of a new one.
    async fn enter_by_password(
        &mut self,
        shared: &Shared,
        address: IpAddr,
        style: Style,
        nick: Nickname,
        password: &SecretString,
    ) -> Entry {
        match Proof::of(shared, address, &nick, password).await {
            Ok(proof) => proof.log_in(shared, address, style, self.user.clone()).await,
            Err(Unproven::Busy) => Entry::Never(Objection::TryAgain("PASS".to_owned())),
            Err(Unproven::Wrong) => Entry::Never(Objection::PasswordMismatch),
            Err(Unproven::Nobody) => {
                let chars_min = shared.engine.server().rules.password_chars_min;
                let password = Password::parse(password.expose_secret().to_owned());
                let Some(password) = password.filter(|password| password.has_chars(chars_min)) else {
                    return Entry::Never(Objection::NeedMoreParams("PASS"));
                };
                match uncrowded(deadline(), || shared.passwords.hash(&password)).await {
                    Ok(hash) => self.open_session(shared, address, nick, Some(hash)).await,
                    Err(_) => Entry::Never(Objection::TryAgain("PASS".to_owned())),
                }
            }
        }
    }

    async fn open_session(
        &mut self,
        shared: &Shared,
        address: IpAddr,
        nick: Nickname,
        password: Option<PasswordHash>,
    ) -> Entry {
        if !has_its_turn(shared, deadline(), RateLimit::Session, || shared.limits.session(address)).await {
            return Entry::Never(Objection::TryAgain("NICK".to_owned()));
        }
        let (username, realname) = self.user.clone().unzip();
        let token = Token::random();
        let registration = || Registration {
            nick: nick.clone(),
            username: username.clone(),
            realname: realname.clone(),
            address,
            is_connection: true,
            user_uuid: Uuid::now_v7(),
            client_uuid: Uuid::now_v7(),
            token: token.hash(),
            password: password.clone(),
            lasts: false,
            // What costs work over HTTP is limited by address alone here: no client of IRC knows how to pay.
            stamp: None,
        };
        match ask(&shared.engine, || shared.engine.register(registration())).await {
            Ok(registered) => {
                shared.look_up(registered.user, address);
                shared.seat(&token, registered.nick)
            }
            Err(RegisterError::NicknameInUse) => {
                self.nick = None;
                Entry::Not(Objection::NicknameInUse(nick.to_string()))
            }
            Err(RegisterError::StampSpent | RegisterError::NoMoreAccounts | RegisterError::Submit(_)) => {
                leave_no_ghost(shared, &token);
                Entry::Never(Objection::TryAgain("NICK".to_owned()))
            }
        }
    }
}

/// A living session, or an account, whose password somebody knows.
pub(super) struct Proof {
    holder: Holder,
    /// As which account, or under which nick where there is none.
    pub(super) name: String,
    verified: Verified,
}

/// Why there is no proof.
pub(super) enum Unproven {
    /// Nobody has the nick.
    Nobody,
    /// The password is another, or there is none.
    Wrong,
    /// It was not looked at: there were too many attempts lately, or there is too much to do. It may be right.
    Busy,
}

impl Proof {
    /// Holds a password against that of the session that goes by the nick. As often as over HTTP and no oftener; what
    /// comes too soon waits for its turn.
    pub(super) async fn of(
        shared: &Shared,
        address: IpAddr,
        nick: &Nickname,
        password: &SecretString,
    ) -> Result<Self, Unproven> {
        let (deadline, limits) = (deadline(), &shared.limits);
        let has_its_turns = has_its_turn(shared, deadline, RateLimit::Login, || limits.login_from(address))
            .await
            && has_its_turn(shared, deadline, RateLimit::LoginNick, || limits.login_to(nick, address)).await;
        if !has_its_turns {
            return Err(Unproven::Busy);
        }
        let holder = ask(&shared.engine, || shared.engine.holder(nick.to_string())).await;
        let holder = holder.map_err(|_| Unproven::Busy)?;
        let password = Password::parse(password.expose_secret().to_owned());
        // Whether there is anybody does not show in how long it takes.
        let hash = holder.as_ref().and_then(|held| held.password.clone());
        let verify = || shared.passwords.verify(password.clone(), hash.clone());
        let verified = uncrowded(deadline, verify).await.map_err(|_| Unproven::Busy)?;
        let Held { holder, name, .. } = holder.ok_or(Unproven::Nobody)?;
        let verified = verified.ok_or(Unproven::Wrong)?;
        limits.entered(nick, address);
        Ok(Self { holder, name, verified })
    }

    /// Comes into the session, or begins that of the account.
    async fn log_in(
        self,
        shared: &Shared,
        address: IpAddr,
        style: Style,
        user: Option<(Username, Realname)>,
    ) -> Entry {
        let token = Token::random();
        let (username, realname) = user.unzip();
        let session = NewSession { uuid: Uuid::now_v7(), username, realname };
        let login = || Login {
            holder: self.holder,
            verified: self.verified.hash.clone(),
            rehashed: self.verified.rehashed.clone(),
            address,
            client_uuid: Uuid::now_v7(),
            token: token.hash(),
            connection: Some(style),
            session: session.clone(),
        };
        match ask(&shared.engine, || shared.engine.log_in(login())).await {
            Ok(registered) => {
                if registered.is_new {
                    shared.look_up(registered.user, address);
                }
                shared.seat(&token, registered.nick)
            }
            Err(LoginError::Refused(LoginRefusal::Stale)) => Entry::Never(Objection::PasswordMismatch),
            Err(LoginError::Refused(LoginRefusal::TooManyClients)) => {
                Entry::Full(shared.engine.server().rules.clients_max)
            }
            Err(LoginError::Submit(_)) => {
                leave_no_ghost(shared, &token);
                Entry::Never(Objection::TryAgain("PASS".to_owned()))
            }
        }
    }
}

/// Logs out the client that was to have a token, should there be one: whether it was added is not known after a
/// failure, and it has no connection.
fn leave_no_ghost(shared: &Shared, token: &Token) {
    if let Some(seat) = shared.engine.authenticate(&token.hash()) {
        log_out_aside(&shared.engine, seat, "Registration failed");
    }
}

/// Until when somebody waits that comes in now.
fn deadline() -> Instant {
    Instant::now() + DELAY_MAX
}

/// Waits for its turn where others of the same address have just come in, but not for long.
async fn has_its_turn(
    shared: &Shared,
    deadline: Instant,
    limit: RateLimit,
    ask: impl Fn() -> Result<(), Exceeded>,
) -> bool {
    while let Err(Exceeded { wait, .. }) = ask() {
        if Instant::now() + wait > deadline {
            shared.engine.stats().rate_limited(limit);
            return false;
        }
        tokio::time::sleep(wait).await;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(params: &[&str]) -> Option<(String, String)> {
        let params: Vec<String> = params.iter().map(ToString::to_string).collect();
        let mut candidate = Candidate::default();
        candidate.set_user(&params).ok()?;
        candidate.user.map(|(user, real)| (user.as_str().to_owned(), real.as_str().to_owned()))
    }

    // clause: registration.user, registration.ident
    #[test]
    fn usernames_and_realnames_are_made_to_fit() {
        let pair = |user: &str, real: &str| Some((user.to_owned(), real.to_owned()));
        assert_eq!(user(&["al", "0", "*", "Alice L"]), pair("al", "Alice L"));
        assert_eq!(user(&["~a.l@x", "0", "*", " A\u{2}l "]), pair("alx", "Al"));
        assert_eq!(user(&["äö", "0", "*", "A"]), pair("user", "A"));
        assert_eq!(
            user(&[&"u".repeat(40), "0", "*", &"ü".repeat(80)]),
            pair(&"u".repeat(32), &"ü".repeat(64))
        );
        assert!(user(&["al", "0", "*"]).is_none() && user(&["", "0", "*", "A"]).is_none());
        assert!(user(&["al", "0", "*", " "]).is_none() && user(&["al", "0", "*", "\u{2}"]).is_none());
    }
}
