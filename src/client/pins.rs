//! Pinned keys: the first key seen for a nick is the one that counts, until the user says otherwise.
//!
//! Nobody vouches for keys here. What pinning gives is that a server, or whoever takes a nick, cannot later replace a
//! key unnoticed. A pin belongs to a nick, whatever the case of its letters; one who changes nick announces
//! their key again.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::files::{self, Existing};
use super::key::PublicKey;
use super::message::Message;
use super::signing::{VerifyError, verify};

/// Most pins that are kept. Strangers with ever new nicks must not fill the disk, nor make each new pin, for which
/// the whole file is written, slow. An entry is under 100 bytes, so the file stays under 1 MB.
const PINS_MAX: usize = 10_000;

/// What is known of a key that somebody shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pin {
    /// The first one seen for this nick. It is pinned now.
    New,
    /// The pinned one.
    Same,
    /// Another than the pinned one, which still counts.
    Changed(Box<ChangedKey>),
}

/// A key that differs from the pinned one. Its text is a warning that is meant to be shown to people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangedKey {
    /// The nick, as it was spelled this time.
    pub nick: String,
    /// The key that was seen first, and that still counts.
    pub pinned: PublicKey,
    /// The key that was shown now, and that does not count.
    pub seen: PublicKey,
}

impl fmt::Display for ChangedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nick, pinned, seen } = self;
        write!(
            f,
            "WARNING: THE KEY OF {nick} HAS CHANGED. Somebody else may be using this nick. \
             The known key {pinned} still counts; the new key {seen} is not accepted. \
             Ask {nick} by another way before you accept it."
        )
    }
}

/// Why pins were not read or not kept.
#[derive(Debug, thiserror::Error)]
pub enum PinsError {
    /// The file cannot be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file holds something else than pins. It is left as it is.
    #[error("the file does not hold pinned keys: {0}")]
    Content(String),
    /// There is no room for one more nick.
    #[error("too many pinned keys")]
    Full,
}

/// The pinned keys of a user, in memory or in a file.
///
/// ```
/// use neoirc::client::{Pin, Pins, SigningKey};
///
/// let mut pins = Pins::in_memory();
/// let (first, second) = (SigningKey::generate().public(), SigningKey::generate().public());
/// assert_eq!(pins.check("alice", &first)?, Pin::New);
/// assert_eq!(pins.check("Alice", &first)?, Pin::Same);
/// if let Pin::Changed(change) = pins.check("alice", &second)? {
///     eprintln!("{change}"); // A warning for people.
/// }
/// assert_eq!(pins.get("alice"), Some(first)); // The new one counts only once somebody has said so:
/// pins.accept("alice", &second)?;
/// # Ok::<(), neoirc::client::PinsError>(())
/// ```
#[derive(Debug)]
pub struct Pins {
    file: Option<PathBuf>,
    /// By nick, in lower case.
    keys: BTreeMap<String, PublicKey>,
}

impl Pins {
    /// Pins that are forgotten with this value.
    pub fn in_memory() -> Self {
        Self { file: None, keys: BTreeMap::new() }
    }

    /// The pins in this file, which is made with the first of them. The file is JSON, `{"<nick>": "<key>"}`; it has
    /// mode 0600 and is replaced whole with each change. One program at a time may use it.
    ///
    /// # Errors
    /// [`PinsError`] when it is there and cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PinsError> {
        let path = path.as_ref().to_path_buf();
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => b"{}".to_vec(),
            Err(error) => return Err(error.into()),
        };
        let content = |error: &dyn fmt::Display| PinsError::Content(error.to_string());
        let texts: BTreeMap<String, String> =
            serde_json::from_slice(&text).map_err(|error| content(&error))?;
        let mut keys = BTreeMap::new();
        for (nick, key) in texts {
            keys.insert(folded(&nick), key.parse().map_err(|error| content(&error))?);
        }
        Ok(Self { file: Some(path), keys })
    }

    /// Compares a key that somebody shows with the pinned one, and pins it if it is the first.
    ///
    /// # Errors
    /// [`PinsError`] when a new pin cannot be kept; then it is not pinned.
    pub fn check(&mut self, nick: &str, seen: &PublicKey) -> Result<Pin, PinsError> {
        match self.get(nick) {
            Some(pinned) if pinned == *seen => Ok(Pin::Same),
            Some(pinned) => {
                let change = ChangedKey { nick: nick.to_owned(), pinned, seen: *seen };
                Ok(Pin::Changed(Box::new(change)))
            }
            None if self.keys.len() >= PINS_MAX => Err(PinsError::Full),
            None => self.accept(nick, seen).map(|()| Pin::New),
        }
    }

    /// Pins a key because the user says so, whatever was pinned before.
    ///
    /// # Errors
    /// [`PinsError`] when it cannot be kept; then what was pinned before still is.
    pub fn accept(&mut self, nick: &str, key: &PublicKey) -> Result<(), PinsError> {
        self.change(|keys| {
            keys.insert(folded(nick), *key);
        })
    }

    /// Forgets the key of a nick: the next one seen will be pinned.
    ///
    /// # Errors
    /// [`PinsError`] when the file cannot be written; then nothing is forgotten.
    pub fn forget(&mut self, nick: &str) -> Result<(), PinsError> {
        self.change(|keys| {
            keys.remove(&folded(nick));
        })
    }

    /// The pinned key of a nick.
    pub fn get(&self, nick: &str) -> Option<PublicKey> {
        self.keys.get(&folded(nick)).copied()
    }

    /// Checks the signature of a message against the pinned key of its sender.
    ///
    /// # Errors
    /// [`VerifyError`]; [`VerifyError::NoKey`] for a signed message of a nick without a pinned key.
    pub fn verify(&self, message: &Message) -> Result<(), VerifyError> {
        let key = self.get(&message.from);
        if key.is_none() && !message.meta.as_ref().is_some_and(|meta| meta.contains_key("sig")) {
            return Err(VerifyError::Unsigned);
        }
        verify(message, &key.ok_or(VerifyError::NoKey)?)
    }

    /// Changes the pins in memory once they are changed on disk.
    fn change(&mut self, change: impl FnOnce(&mut BTreeMap<String, PublicKey>)) -> Result<(), PinsError> {
        let mut keys = self.keys.clone();
        change(&mut keys);
        if let Some(path) = &self.file {
            let texts: BTreeMap<&String, String> =
                keys.iter().map(|(nick, key)| (nick, key.to_string())).collect();
            let json = serde_json::to_vec_pretty(&texts).expect("strings have a JSON form");
            files::write_private(path, &json, Existing::Replaced)?;
        }
        self.keys = keys;
        Ok(())
    }
}

/// Casemapping `ascii`.
fn folded(nick: &str) -> String {
    nick.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::key::SigningKey;

    fn key(seed: u8) -> PublicKey {
        SigningKey::from_bytes(&[seed; 32]).public()
    }

    #[test]
    fn the_first_key_counts_until_the_user_accepts_another() {
        let mut pins = Pins::in_memory();
        assert_eq!(pins.check("Alice", &key(1)).unwrap(), Pin::New);
        assert_eq!(pins.check("aLICE", &key(1)).unwrap(), Pin::Same);
        let changed = Box::new(ChangedKey { nick: "alice".to_owned(), pinned: key(1), seen: key(2) });
        for _ in 0..2 {
            assert_eq!(pins.check("alice", &key(2)).unwrap(), Pin::Changed(changed.clone()));
            assert_eq!(pins.get("ALICE"), Some(key(1)), "showing it twice does not make it good");
        }
        pins.accept("alice", &key(2)).unwrap();
        assert_eq!(pins.check("alice", &key(2)).unwrap(), Pin::Same);
        pins.forget("ALICE").unwrap();
        assert_eq!(pins.check("alice", &key(3)).unwrap(), Pin::New);
        assert_eq!(pins.get("bob"), None);
    }

    #[test]
    fn the_warning_names_all_that_matters() {
        let warning = ChangedKey { nick: "alice".to_owned(), pinned: key(1), seen: key(2) }.to_string();
        for word in ["WARNING", "alice", &key(1).to_string(), &key(2).to_string(), "not accepted"] {
            assert!(warning.contains(word), "{word} in {warning}");
        }
    }

    #[test]
    fn pins_are_kept_in_a_file_for_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.json");
        let mut pins = Pins::open(&path).unwrap();
        assert_eq!(pins.check("Alice", &key(1)).unwrap(), Pin::New);
        pins.accept("bob", &key(2)).unwrap();
        assert!(!files::is_readable_by_others(&path).unwrap());
        let mut pins = Pins::open(&path).unwrap();
        assert_eq!(pins.check("alice", &key(1)).unwrap(), Pin::Same);
        assert!(matches!(pins.check("BOB", &key(3)).unwrap(), Pin::Changed(_)));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left lying about");
    }

    /// A file that is not understood may be all that remembers whom to trust.
    #[test]
    fn a_broken_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.json");
        for bad in ["", "[]", r#"{"alice":7}"#, r#"{"alice":"AAAA"}"#] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(Pins::open(&path), Err(PinsError::Content(_))), "{bad}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), bad);
        }
    }

    #[test]
    fn what_cannot_be_kept_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let mut pins = Pins::open(folder.path().join("missing").join("pins.json")).unwrap();
        assert!(matches!(pins.check("alice", &key(1)), Err(PinsError::Io(_))));
        assert_eq!(pins.get("alice"), None);
    }

    #[test]
    fn messages_are_checked_against_the_pinned_key() {
        let (alice, mallory) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
        let mut message = Message { from: "alice".to_owned(), ..Message::new("PRIVMSG").to("#c").body("hi") };
        let mut pins = Pins::in_memory();
        assert_eq!(pins.verify(&message), Err(VerifyError::Unsigned));
        alice.sign(&mut message).unwrap();
        assert_eq!(pins.verify(&message), Err(VerifyError::NoKey));
        pins.check("Alice", &alice.public()).unwrap();
        assert_eq!(pins.verify(&message), Ok(()));
        mallory.sign(&mut message).unwrap();
        assert_eq!(pins.verify(&message), Err(VerifyError::Mismatch));
        message.meta = None;
        assert_eq!(pins.verify(&message), Err(VerifyError::Unsigned));
    }
}
