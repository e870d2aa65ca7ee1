//! A password on its way: hashing is slow, so a face does it before it submits the command.

use std::fmt;

use super::decision::Rules;
use crate::protocol::password::{Password, PasswordHash};

/// A password, hashed or not yet.
pub(super) enum Secret {
    Plain(Password),
    Hashed(PasswordHash),
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Why there is no hash to be kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unfit {
    /// The password is too short.
    TooShort,
    /// Nobody has hashed it.
    NotHashed,
}

impl Secret {
    /// The password, where it is long enough to be worth hashing.
    pub(super) fn password(&self, rules: &Rules) -> Option<&Password> {
        match self {
            Self::Plain(password) => Some(password).filter(|password| is_long_enough(password, rules)),
            Self::Hashed(_) => None,
        }
    }

    /// # Errors
    /// [`Unfit`]
    pub(super) fn into_hash(self, rules: &Rules) -> Result<PasswordHash, Unfit> {
        match self {
            Self::Hashed(hash) => Ok(hash),
            Self::Plain(password) if is_long_enough(&password, rules) => Err(Unfit::NotHashed),
            Self::Plain(_) => Err(Unfit::TooShort),
        }
    }
}

fn is_long_enough(password: &Password, rules: &Rules) -> bool {
    password.has_chars(rules.password_chars_min)
}
