//! Keys: the secret one that signs, kept in a file that nobody else reads, and the public one that checks.

use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

use data_encoding::BASE64;
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::files::{self, Existing};
use super::message::{Body, Message};

/// The one algorithm, as `meta.alg` and PUBKEY name it.
pub const ALGORITHM: &str = "ed25519";

/// Bytes of a secret key and of a public one.
const KEY_BYTES: usize = 32;

/// Why something is not a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum KeyError {
    /// Not the base64 form of 32 bytes.
    #[error("not the base64 form of 32 bytes")]
    Encoding,
    /// Bytes that are no point of the curve, or one with which anybody can make signatures.
    #[error("not a usable Ed25519 key")]
    Point,
    /// Announced for an algorithm that this library does not know.
    #[error("a key for another algorithm than ed25519")]
    Algorithm,
}

/// Why a key was not read from its file, or not written to it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file cannot be read or written. Saving never replaces a file that is already there.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file holds something else than a key.
    #[error("the file does not hold a key: {0}")]
    Content(#[from] KeyError),
    /// Others than the owner may read the file.
    #[error("others may read the key file; set its mode to 0600")]
    Exposed,
}

/// The secret key of a user. Its memory is cleared when it is dropped, and `Debug` does not show it.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key from the system's randomness.
    pub fn generate() -> Self {
        Self::from_bytes(&Zeroizing::new(rand::random()))
    }

    /// The key with this seed, which RFC 8032 calls the private key.
    pub fn from_bytes(seed: &[u8; KEY_BYTES]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half, which others need to check signatures.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// Reads a key that [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// [`KeyFileError`]; also when others than the owner may read the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, KeyFileError> {
        let path = path.as_ref();
        let text = Zeroizing::new(std::fs::read_to_string(path)?);
        if files::is_readable_by_others(path)? {
            return Err(KeyFileError::Exposed);
        }
        let seed = Zeroizing::new(decode(text.trim_end())?);
        Ok(Self::from_bytes(&seed))
    }

    /// Writes the key to a new file, as one line of base64, with mode 0600.
    ///
    /// # Errors
    /// When the file is already there: a key that is overwritten is lost for good. When it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), KeyFileError> {
        let seed = Zeroizing::new(self.0.to_bytes());
        let text = Zeroizing::new(BASE64.encode(seed.as_slice()) + "\n");
        Ok(files::write_private(path.as_ref(), text.as_bytes(), Existing::Kept)?)
    }

    /// The key in this file, or a new one that is kept there from now on.
    ///
    /// # Errors
    /// [`KeyFileError`]
    pub fn load_or_generate(path: impl AsRef<Path>) -> Result<Self, KeyFileError> {
        match Self::load(path.as_ref()) {
            Err(KeyFileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                let key = Self::generate();
                key.save(path)?;
                Ok(key)
            }
            loaded => loaded,
        }
    }

    pub(super) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        use ed25519_dalek::Signer;
        self.0.sign(bytes).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(of {})", self.public())
    }
}

/// A public key. Its text is the base64 form in which PUBKEY carries it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_dalek::VerifyingKey);

impl PublicKey {
    /// # Errors
    /// [`KeyError::Point`] when the bytes are no key.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::Point)?;
        if key.is_weak() { Err(KeyError::Point) } else { Ok(Self(key)) }
    }

    /// The 32 bytes of RFC 8032.
    pub fn to_bytes(self) -> [u8; KEY_BYTES] {
        self.0.to_bytes()
    }

    /// The key that a PUBKEY message announces for the nick in its `from`; `None` for any other message.
    ///
    /// ```
    /// use neoirc::client::{Message, PublicKey};
    ///
    /// let message: Message = serde_json::from_str(
    ///     r##"{"command":"PUBKEY","from":"alice","to":"#tea",
    ///          "body":{"alg":"ed25519","key":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}}"##,
    /// )?;
    /// let key = PublicKey::announced_in(&message).expect("a PUBKEY")?;
    /// assert_eq!(key.to_string(), "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`KeyError`] when what is announced is no key.
    pub fn announced_in(message: &Message) -> Option<Result<Self, KeyError>> {
        if !message.command.eq_ignore_ascii_case("PUBKEY") {
            return None;
        }
        let Some(Body::Object(body)) = &message.body else { return Some(Err(KeyError::Encoding)) };
        let word = |field: &str| body.get(field).and_then(Value::as_str);
        Some(match (word("alg"), word("key")) {
            (Some(ALGORITHM), Some(key)) => key.parse(),
            (Some(ALGORITHM), None) => Err(KeyError::Encoding),
            _ => Err(KeyError::Algorithm),
        })
    }

    /// The body with which PUBKEY announces it.
    pub fn announcement(self) -> Body {
        let mut body = Map::new();
        body.insert("alg".to_owned(), ALGORITHM.into());
        body.insert("key".to_owned(), self.to_string().into());
        Body::Object(body)
    }

    /// Strict: of all that some implementations take for a signature, only what a signer makes.
    pub(super) fn is_signature_of(self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        self.0.verify_strict(bytes, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&decode(text)?)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64.encode(&self.to_bytes()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

fn decode(text: &str) -> Result<[u8; KEY_BYTES], KeyError> {
    let bytes = Zeroizing::new(BASE64.decode(text.as_bytes()).map_err(|_| KeyError::Encoding)?);
    bytes.as_slice().try_into().map_err(|_| KeyError::Encoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_to_its_file_and_back_and_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = SigningKey::load_or_generate(&path).unwrap();
        assert_eq!(SigningKey::load_or_generate(&path).unwrap().public(), key.public());
        assert!(matches!(SigningKey::generate().save(&path), Err(KeyFileError::Io(_))));
        assert_eq!(SigningKey::load(&path).unwrap().public(), key.public());
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        SigningKey::generate().save(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        assert!(matches!(SigningKey::load(&path), Err(KeyFileError::Exposed)));
    }

    #[test]
    fn a_file_with_something_else_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for bad in ["", "not base64", "AAAA", "=", &BASE64.encode(&[7; 33])] {
            drop(std::fs::remove_file(&path));
            files::write_private(&path, bad.as_bytes(), Existing::Kept).unwrap();
            assert!(matches!(SigningKey::load(&path), Err(KeyFileError::Content(_))), "{bad}");
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let key = SigningKey::from_bytes(&[0x5a; 32]);
        let shown = format!("{key:?}");
        assert!(shown.contains(&key.public().to_string()), "{shown}");
        for secret in [BASE64.encode(&[0x5a; 32]), "5a5a".to_owned(), "90, 90".to_owned()] {
            assert!(!shown.to_lowercase().contains(&secret.to_lowercase()), "{shown}");
        }
    }

    /// With a key of small order everybody can make a signature of anything.
    #[test]
    fn weak_and_malformed_keys_are_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), Err(KeyError::Point));
        assert_eq!(PublicKey::from_bytes(&[0; 32]), Err(KeyError::Point));
        let good = SigningKey::generate().public().to_string();
        assert!(good.parse::<PublicKey>().is_ok());
        for bad in ["", "x", good.trim_end_matches('='), &format!("{good}\n"), &BASE64.encode(&[1; 31])] {
            assert_eq!(bad.parse::<PublicKey>(), Err(KeyError::Encoding), "{bad:?}");
        }
    }

    #[test]
    fn an_announcement_is_read_back() {
        let key = SigningKey::generate().public();
        let message = Message::new("PUBKEY").to("#tea").body(Map::new());
        assert_eq!(PublicKey::announced_in(&message), Some(Err(KeyError::Algorithm)));
        let message = Message { body: Some(key.announcement()), ..message };
        assert_eq!(PublicKey::announced_in(&message), Some(Ok(key)));
        let other = Message::new("PRIVMSG").to("#tea").body("PUBKEY");
        assert_eq!(PublicKey::announced_in(&other), None);
        for (body, error) in [
            (r#"{"alg":"rsa","key":"AAAA"}"#, KeyError::Algorithm),
            (r#"{"key":"AAAA"}"#, KeyError::Algorithm),
            (r#"{"alg":"ed25519"}"#, KeyError::Encoding),
            (r#"{"alg":"ed25519","key":7}"#, KeyError::Encoding),
            (r#"{"alg":"ed25519","key":"AAAA"}"#, KeyError::Encoding),
            (r#"["text"]"#, KeyError::Encoding),
        ] {
            let message = Message { body: Some(serde_json::from_str(body).unwrap()), ..message.clone() };
            assert_eq!(PublicKey::announced_in(&message), Some(Err(error)), "{body}");
        }
    }
}
