//! Identities: numbers that stand for users, clients, channels and positions in the log.
//!
//! Users, clients, channels and accounts take their numbers from one counter that never goes back, so a number names
//! one thing for ever: a channel that is made again under an old name, or a nick that finds a new holder,
//! never inherits what was kept under the old number.

use std::collections::HashMap;
use std::fmt;

use rustc_hash::FxBuildHasher;
use serde::Serialize;

/// A map by our own numbers. Nobody chooses them, so that nothing is gained by a hash that withstands chosen keys.
pub type IdMap<K, V> = HashMap<K, V, FxBuildHasher>;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Wraps a number that the counter gave, or that the store kept.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The bare number.
            pub const fn get(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// One session: a person or a bot, whatever number of devices it uses.
    UserId
}
id! {
    /// One device of a session, with a token and a queue of its own.
    ClientId
}
id! {
    /// One life of a channel, from its first member's JOIN to its last member's leaving.
    ChannelId
}
id! {
    /// One account, whether it has a session or not.
    AccountId
}
id! {
    /// A position in the server's order of messages; the cursor of a long poll. The first message has 1.
    Seq
}

impl Seq {
    /// The cursor of a client that has read nothing.
    pub const ZERO: Self = Self(0);

    /// The position that follows.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// What is kept of a client's token: its SHA-256. The token itself is shown once and never kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Wraps the 32 bytes of a SHA-256.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(..)")
    }
}
