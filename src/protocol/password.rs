//! Passwords: as they come, and as they are kept. Neither is ever shown by `Debug`.

use std::fmt;
use std::sync::Arc;

use super::limits::PASSWORD_BYTES_MAX;

/// A password as somebody typed it. It goes into a hash and nowhere else.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Takes what was typed; `None` when it is empty, or longer than anybody types, which costs more to hash.
    pub fn parse(text: String) -> Option<Self> {
        (1..=PASSWORD_BYTES_MAX).contains(&text.len()).then_some(Self(text))
    }

    /// Whether it has at least so many characters.
    pub fn has_chars(&self, min: usize) -> bool {
        self.0.chars().nth(min.saturating_sub(1)).is_some()
    }

    /// What is hashed.
    pub const fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What is kept of a password: its Argon2id hash with salt and parameters, in the PHC form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(Arc<str>);

impl PasswordHash {
    /// Wraps what `auth` made, or the store kept.
    pub fn new(phc: impl Into<Arc<str>>) -> Self {
        Self(phc.into())
    }

    /// The PHC form. Goes to the store and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_1_to_256_bytes_and_its_length_is_counted_in_characters() {
        assert!(Password::parse(String::new()).is_none());
        assert!(Password::parse("x".repeat(256)).is_some());
        assert!(Password::parse("x".repeat(257)).is_none());
        let eight = Password::parse("pässwört".to_owned()).unwrap();
        assert!(eight.has_chars(8) && !eight.has_chars(9) && eight.has_chars(0));
    }

    #[test]
    fn neither_password_nor_hash_is_shown() {
        let password = Password::parse("secret".to_owned()).unwrap();
        let hash = PasswordHash::new("secret");
        let shown = format!("{password:?} {hash:?}");
        assert!(!shown.contains("secret"), "{shown}");
    }
}
