//! How a client is to connect, and what it has to remember in order to go on where it was.

use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::files::{self, Existing};

/// Most leading zero bits that are worked for without being asked: 2^26 attempts, about ten seconds of one core.
const WORK_BITS_MAX: u32 = 26;

/// How long a request is tried again: longer than a restart of the server, shorter than the ten minutes for which
/// the server remembers an `Idempotency-Key`.
const PATIENCE: Duration = Duration::from_mins(1);

/// Characters of a token.
const TOKEN_CHARACTERS: usize = 64;

/// How to connect.
///
/// ```
/// use neoirc::client::Options;
///
/// let options = Options::new("https://irc.example.org", "echo").username("bot");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Where the server is: `http://` or `https://`, a host, perhaps a port and a path.
    pub server: String,
    /// The nick that a new session gets.
    pub nick: String,
    /// The username that a new session gets; the nick if it is left to the server.
    pub username: Option<String>,
    /// The place to go on from, instead of opening a new session.
    pub place: Option<Place>,
    /// How long a command is tried again while the server does not answer or is busy. Above ten minutes a command
    /// might be done twice, so that is the most that counts. A stream of messages is patient for ever.
    pub patience: Duration,
    /// Most leading zero bits that are worked for when the server asks for proof of work.
    pub work_bits_max: u32,
}

impl Options {
    /// A new session under this nick, with the usual patience.
    pub fn new(server: impl Into<String>, nick: impl Into<String>) -> Self {
        Self {
            server: server.into(),
            nick: nick.into(),
            username: None,
            place: None,
            patience: PATIENCE,
            work_bits_max: WORK_BITS_MAX,
        }
    }

    /// The same with a username for the session.
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// The same, but going on from a place, if there is one.
    #[must_use]
    pub fn resume(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// The same with another patience; with none, nothing is tried again.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The same, working for at most so many leading zero bits.
    #[must_use]
    pub fn work_bits_max(mut self, bits: u32) -> Self {
        self.work_bits_max = bits;
        self
    }
}

/// The secret that opens a session: the value of the cookie `neoirc_auth`. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Token(String);

/// A text that cannot be a token.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a token has 64 lower-case hex characters")]
pub struct TokenError;

impl Token {
    /// The text of the token. Whoever has it is the session.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Token {
    type Error = TokenError;

    fn try_from(text: String) -> Result<Self, TokenError> {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == TOKEN_CHARACTERS && text.bytes().all(is_hex) {
            Ok(Self(text))
        } else {
            Err(TokenError)
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// All that a client has to remember in order to go on where it was: its token and its cursor.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Place {
    /// What opens the session.
    pub token: Token,
    /// The `seq` of the last message that was handled. Everything up to it counts as read.
    pub cursor: u64,
    /// The nick that one had there, where it is known: what comes next may be from a time before it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nick: Option<String>,
}

impl Place {
    /// Reads the place that [`save`](Self::save) kept; `None` where no file is.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn load(path: impl AsRef<Path>) -> io::Result<Option<Self>> {
        match std::fs::read(path) {
            Ok(json) => Ok(Some(serde_json::from_slice(&json)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Keeps the place in a file of mode 0600, whole at every moment.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        files::write_private(path.as_ref(), &serde_json::to_vec(self)?, Existing::Replaced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_goes_to_its_file_and_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("place.json");
        assert_eq!(Place::load(&path).unwrap(), None);
        let mut place = Place { token: Token::try_from("a".repeat(64)).unwrap(), cursor: 7, nick: None };
        place.save(&path).unwrap();
        (place.cursor, place.nick) = (8, Some("alice".to_owned()));
        place.save(&path).unwrap();
        assert_eq!(Place::load(&path).unwrap(), Some(place.clone()));
        assert!(!files::is_readable_by_others(&path).unwrap());
        assert!(!format!("{place:?}").contains("aaaa"), "never shown by Debug");
        for bad in ["", "{}", r#"{"token":"short","cursor":1}"#] {
            std::fs::write(&path, bad).unwrap();
            assert!(Place::load(&path).is_err(), "{bad}");
        }
    }

    /// A token goes into a header, so nothing else may.
    #[test]
    fn only_tokens_are_tokens() {
        for bad in ["", "abc", &"A".repeat(64), &"g".repeat(64), &"a".repeat(65), &("a".repeat(63) + "\n")] {
            assert_eq!(Token::try_from(bad.to_owned()), Err(TokenError), "{bad}");
        }
    }
}
