//! Tokens: random, shown once, kept as SHA-256 only.

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::id::TokenHash;

/// Bytes of chance in a token.
const TOKEN_BYTES: usize = 32;

/// A token in the form in which its cookie carries it: 64 lower-case hex characters.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// A new token.
    pub fn random() -> Self {
        Self(HEXLOWER.encode(&rand::random::<[u8; TOKEN_BYTES]>()))
    }

    /// Reads what a client sent; `None` when that cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 2 * TOKEN_BYTES && text.bytes().all(is_hex)).then(|| Self(text.to_owned()))
    }

    /// What is kept of it.
    pub fn hash(&self) -> TokenHash {
        TokenHash::new(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The text of the cookie. Goes into that cookie and nowhere else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Whether two texts with a secret in them are the same; how long that takes tells of their length alone.
pub fn is_same_secret(one: &[u8], other: &[u8]) -> bool {
    // Eight bytes at a time, since each step is guarded against being left out.
    let words = |text| {
        <[u8]>::chunks(text, size_of::<u64>()).map(|chunk| {
            let mut word = [0; size_of::<u64>()];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            u64::from_ne_bytes(word)
        })
    };
    one.len() == other.len()
        && words(one).zip(words(other)).fold(Choice::from(1), |same, (a, b)| same & a.ct_eq(&b)).into()
}

#[cfg(test)]
mod tests {
    use super::{Token, is_same_secret};

    #[test]
    fn one_byte_that_differs_makes_another_secret() {
        let secret = b"neoirc_auth=0123456789abcdef0123";
        for length in [0, 1, 7, 8, 9, 31] {
            let secret = &secret[..length];
            assert!(is_same_secret(secret, secret));
            assert!(!is_same_secret(secret, &[secret, b"\0"].concat()), "a longer one");
            for place in 0..length {
                let mut other = secret.to_vec();
                other[place] ^= 1;
                assert!(!is_same_secret(secret, &other), "{place} of {length}");
            }
        }
    }

    #[test]
    fn tokens_are_64_hex_characters_and_differ() {
        let (one, other) = (Token::random(), Token::random());
        assert!(Token::parse(one.reveal()).is_some());
        assert_ne!(one.reveal(), other.reveal());
        assert_ne!(one.hash(), other.hash());
        assert!(!format!("{one:?}").contains(one.reveal()), "never shown by Debug");
    }

    #[test]
    fn what_cannot_be_a_token_is_not_one() {
        for bad in ["", "abc", &"A".repeat(64), &"g".repeat(64), &"a".repeat(65)] {
            assert!(Token::parse(bad).is_none(), "{bad}");
        }
    }
}
