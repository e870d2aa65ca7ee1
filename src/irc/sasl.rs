//! SASL PLAIN: the password of a living session, before registration. It attaches the connection to that session.
//! Source: <https://ircv3.net/specs/extensions/sasl-3.1>, RFC 4616

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use tokio::io::{AsyncRead, AsyncWrite};

use super::connection::{Connection, Stage};
use super::outgoing::Parting;
use super::registration::{Proof, Unproven};
use crate::protocol::name::Nickname;
use crate::reply::door::{self, Objection};

/// The one mechanism that there is.
pub(super) const MECHANISM: &str = "PLAIN";
/// Bytes of base64 in one line; a shorter one is the last.
const CHUNK_BYTES: usize = 400;
/// Bytes of base64 in all: a nick twice and the longest password fit.
const MESSAGE_BYTES: usize = 2 * CHUNK_BYTES;

/// What a client has sent of its credentials so far.
#[derive(Default)]
pub(super) struct Exchange {
    collected: String,
}

/// What one more line makes of an exchange.
enum Step {
    /// There is more to come.
    More,
    /// It is whole.
    Whole(SecretString),
    /// It is longer than any that means something.
    TooLong,
}

impl Exchange {
    fn add(&mut self, chunk: &str) -> Step {
        if chunk.len() > CHUNK_BYTES || self.collected.len() + chunk.len() > MESSAGE_BYTES {
            return Step::TooLong;
        }
        if chunk != "+" {
            self.collected.push_str(chunk);
            if chunk.len() == CHUNK_BYTES {
                return Step::More;
            }
        }
        Step::Whole(SecretString::from(std::mem::take(&mut self.collected)))
    }
}

/// Nick and password from what was sent. Whoever is to be acted for must be the same.
fn credentials(message: &SecretString) -> Option<(Nickname, SecretString)> {
    let bytes = BASE64.decode(message.expose_secret().as_bytes()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let mut parts = text.split('\0');
    let (authorization, authentication, password) = (parts.next()?, parts.next()?, parts.next()?);
    let nick = Nickname::parse(authentication).ok()?;
    let is_same = authorization.is_empty() || Nickname::parse(authorization).ok()? == nick;
    (is_same && parts.next().is_none()).then(|| (nick, SecretString::from(password)))
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    /// AUTHENTICATE. Nobody becomes another session once it has one.
    pub(super) async fn authenticate(&mut self, params: &[String]) -> Result<(), Parting> {
        let Some(word) = params.first().filter(|word| !word.is_empty()) else {
            self.object(&Objection::NeedMoreParams("AUTHENTICATE"));
            return Ok(());
        };
        let Stage::Candidate(candidate) = &mut self.stage else {
            self.object(&Objection::SaslAlready);
            return Ok(());
        };
        if candidate.proof.is_some() {
            self.object(&Objection::SaslAlready);
            return Ok(());
        }
        let Some(mut exchange) = candidate.exchange.take() else {
            self.begin_exchange(word);
            return Ok(());
        };
        if word == "*" {
            self.object(&Objection::SaslAborted);
            return Ok(());
        }
        match exchange.add(word) {
            Step::More => candidate.exchange = Some(exchange),
            Step::TooLong => self.object(&Objection::SaslTooLong),
            Step::Whole(message) => self.verify(&message).await,
        }
        Ok(())
    }

    fn begin_exchange(&mut self, mechanism: &str) {
        let server = self.shared.engine.server();
        if !mechanism.eq_ignore_ascii_case(MECHANISM) {
            let nick = self.outgoing.nick.clone();
            self.outgoing.say(&door::mechanisms(&server, &nick, MECHANISM));
            return self.object(&Objection::SaslFail);
        }
        if let Stage::Candidate(candidate) = &mut self.stage {
            candidate.exchange = Some(Exchange::default());
        }
        self.outgoing.say(&door::said(&server, "AUTHENTICATE", Vec::new(), "+"));
    }

    async fn verify(&mut self, message: &SecretString) {
        let Some((nick, password)) = credentials(message) else { return self.object(&Objection::SaslFail) };
        match Proof::of(&self.shared, self.address, &nick, &password).await {
            Ok(proof) => {
                let (server, to) = (self.shared.engine.server(), self.outgoing.nick.clone());
                for line in door::logged_in(&server, &to, &proof.name) {
                    self.outgoing.say(&line);
                }
                if let Stage::Candidate(candidate) = &mut self.stage {
                    candidate.proof = Some(proof);
                }
            }
            Err(Unproven::Busy) => self.object(&Objection::SaslBusy),
            Err(Unproven::Nobody | Unproven::Wrong) => self.object(&Objection::SaslFail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(plain: &str) -> Option<(String, String)> {
        let message = SecretString::from(BASE64.encode(plain.as_bytes()));
        credentials(&message).map(|(nick, password)| (nick.to_string(), password.expose_secret().to_owned()))
    }

    #[test]
    fn credentials_are_a_nick_and_a_password() {
        let both = Some(("alice".to_owned(), "p w".to_owned()));
        assert_eq!(of("\0alice\0p w"), both);
        assert_eq!(of("ALICE\0alice\0p w"), both);
        for bad in ["", "\0", "\0\0", "\0\0p", "bob\0alice\0p", "\0alice\0p\0q", "\0a b\0p", "alice"] {
            assert!(of(bad).is_none(), "{bad:?}");
        }
        assert!(credentials(&SecretString::from("%%%")).is_none());
        assert!(credentials(&SecretString::from("/w==")).is_none(), "no UTF-8");
    }

    #[test]
    fn chunks_are_put_together_within_a_bound() {
        let chunk = "A".repeat(CHUNK_BYTES);
        let mut exchange = Exchange::default();
        assert!(matches!(exchange.add(&chunk), Step::More));
        let Step::Whole(message) = exchange.add("+") else { panic!("an exact multiple ends with a sign") };
        assert_eq!(message.expose_secret(), chunk);
        let mut exchange = Exchange::default();
        assert!(matches!(exchange.add(&chunk), Step::More) && matches!(exchange.add(&chunk), Step::More));
        assert!(matches!(exchange.add(&chunk), Step::TooLong), "without end");
        assert!(matches!(Exchange::default().add(&"A".repeat(401)), Step::TooLong));
        assert!(matches!(Exchange::default().add("QQ=="), Step::Whole(_)));
    }
}
