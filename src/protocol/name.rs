//! Names: nicks, usernames, channel names, and the casemapping that makes two of them the same.
//!
//! A value of these types is a valid name; nothing past the door checks again. Casemapping `ascii` lives in
//! their `Eq` and `Hash` and nowhere else; the spelling its owner chose is kept for display.
//! Source: <https://modern.ircdocs.horse/#clients>, <https://modern.ircdocs.horse/#channels>

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use super::limits::{CHANNELLEN, HOSTLEN, NAMELEN, NICKLEN, USERLEN};

/// Why a text is not a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NameError {
    /// Empty, or longer than the limit.
    #[error("wrong length")]
    Length,
    /// Has a character that the name may not have.
    #[error("wrong format")]
    Format,
}

/// Gives a name type its casemapped equality, its hash and its display.
macro_rules! folded {
    ($name:ident) => {
        impl $name {
            /// The name as its owner spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether both are written the same, case included.
            pub fn is_spelled_like(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                for byte in self.0.bytes() {
                    state.write_u8(byte.to_ascii_lowercase());
                }
                state.write_u8(0xff);
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// A nick: 1 to 32 characters, a letter or one of ``_[]\^{}|` `` first, then also digits and `-`.
#[derive(Clone, Debug)]
pub struct Nickname(Box<str>);
folded!(Nickname);

impl Nickname {
    /// # Errors
    /// [`NameError`] when the text is not a nick.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let mut bytes = text.bytes();
        let first = bytes.next().ok_or(NameError::Length)?;
        if text.chars().count() > NICKLEN {
            return Err(NameError::Length);
        }
        let starts_well = is_nick_byte(first) && !first.is_ascii_digit() && first != b'-';
        if starts_well && bytes.all(is_nick_byte) { Ok(Self(text.into())) } else { Err(NameError::Format) }
    }
}

fn is_nick_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-[]\\^{}|`".contains(&byte)
}

/// A username: 1 to 32 of the characters that a nick may have, in any place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Username(Box<str>);

impl Username {
    /// # Errors
    /// [`NameError`] when the text is not a username.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.chars().count() > USERLEN {
            return Err(NameError::Length);
        }
        if text.bytes().all(is_nick_byte) { Ok(Self(text.into())) } else { Err(NameError::Format) }
    }

    /// The username as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Nickname> for Username {
    /// Whoever gives no username is known by the nick chosen first.
    fn from(nick: &Nickname) -> Self {
        Self(nick.0.clone())
    }
}

/// A realname, also called gecos: 1 to 128 bytes of free text without control characters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Realname(Box<str>);

impl Realname {
    /// # Errors
    /// [`NameError`] when the text is not a realname.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.trim().is_empty() || text.len() > NAMELEN {
            return Err(NameError::Length);
        }
        if text.contains(char::is_control) { Err(NameError::Format) } else { Ok(Self(text.into())) }
    }

    /// The realname as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&Username> for Realname {
    /// Whoever gives no realname is known by the username.
    fn from(username: &Username) -> Self {
        Self(username.0.clone())
    }
}

/// The name or address of the machine that a session speaks from, as the third part of a hostmask.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hostname(Box<str>);

impl Hostname {
    /// The address itself, for when no name is known. An address that begins with a colon gets a zero in
    /// front, since a middle parameter of an IRC line may not begin so.
    /// Source: <https://modern.ircdocs.horse/#rplwhoisuser-311>
    pub fn from_address(address: IpAddr) -> Self {
        let text = address.to_canonical().to_string();
        if text.starts_with(':') { Self(format!("0{text}").into()) } else { Self(text.into()) }
    }

    /// Accepts a name that DNS gave. DNS answers are written by strangers, so anything but letters, digits,
    /// dots and inner hyphens is refused, and so is a name without a letter, which would pass for an address, and one
    /// that is longer than a line has room for.
    ///
    /// # Errors
    /// [`NameError`] when the text is not a host name.
    pub fn from_dns(text: &str) -> Result<Self, NameError> {
        let text = text.strip_suffix('.').unwrap_or(text);
        if text.is_empty() || text.len() > HOSTLEN {
            return Err(NameError::Length);
        }
        let label_is_good = |label: &str| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let has_letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
        if has_letter && text.split('.').all(label_is_good) {
            Ok(Self(text.into()))
        } else {
            Err(NameError::Format)
        }
    }

    /// Takes back what the store kept of an earlier [`Hostname`].
    pub fn restored(text: String) -> Self {
        Self(text.into())
    }

    /// The text of the third part of a hostmask.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A channel's name: `#`, then 1 to 63 characters, none of them a space, a comma, BEL, NUL, CR or LF.
#[derive(Clone, Debug)]
pub struct ChannelName(Box<str>);
folded!(ChannelName);

impl ChannelName {
    /// # Errors
    /// [`NameError`] when the text is not a channel's name.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let rest = text.strip_prefix('#').ok_or(NameError::Format)?;
        if rest.is_empty() || text.chars().count() > CHANNELLEN {
            return Err(NameError::Length);
        }
        let forbidden = [' ', ',', '\u{7}', '\0', '\r', '\n'];
        if rest.contains(forbidden) { Err(NameError::Format) } else { Ok(Self(text.into())) }
    }
}

/// Whom one talks with: a channel, or somebody by its nick.
#[derive(Clone, Debug)]
pub struct TalkName(Box<str>);
folded!(TalkName);

impl From<&ChannelName> for TalkName {
    fn from(name: &ChannelName) -> Self {
        Self(name.0.clone())
    }
}

impl TalkName {
    /// # Errors
    /// [`NameError`] when the text is neither a channel's name nor a nick.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.starts_with('#') {
            ChannelName::parse(text).map(|name| Self(name.0))
        } else {
            Nickname::parse(text).map(|nick| Self(nick.0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nicks_follow_the_rule() {
        for good in ["a", "_x", "[]\\^{}|`", "Al-1", &"n".repeat(32)] {
            assert!(Nickname::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "1a", "-a", "a b", "a.b", "é", "#a", "@a", ":a", "*", &"n".repeat(33), "a\0"] {
            assert!(Nickname::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_realname_is_free_text_of_some_length() {
        for good in ["A", "Ada Lovelace 🎩", &"r".repeat(128)] {
            assert!(Realname::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "  ", "a\u{1}b", &"r".repeat(129)] {
            assert!(Realname::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn casemapping_folds_ascii_letters_only() {
        let name = |text| ChannelName::parse(text).unwrap();
        assert_eq!(name("#Rust"), name("#rUST"));
        assert_ne!(name("#a[]"), name("#a{}"));
        assert_ne!(name("#É"), name("#é"));
        assert!(!name("#Rust").is_spelled_like(&name("#rust")));
    }

    #[test]
    fn channel_names_forbid_only_what_the_standard_forbids() {
        for good in ["#c++", "#.de", "##rust", "#é", &format!("#{}", "x".repeat(63))] {
            assert!(ChannelName::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "#", "rust", "&local", "#a b", "#a,b", "#a\u{7}", &format!("#{}", "x".repeat(64))] {
            assert!(ChannelName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hostile_dns_names_are_refused() {
        assert_eq!(Hostname::from_dns("a-1.example.org.").unwrap().as_str(), "a-1.example.org");
        for bad in
            ["", "a b", "a..b", "-a.b", "a!b@c", "127.0.0.1", "a\u{0}b", &"a".repeat(64), &"a.b".repeat(22)]
        {
            assert!(Hostname::from_dns(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_ipv6_address_never_begins_with_a_colon() {
        assert_eq!(Hostname::from_address("::1".parse().unwrap()).as_str(), "0::1");
        assert_eq!(Hostname::from_address("::ffff:10.0.0.1".parse().unwrap()).as_str(), "10.0.0.1");
    }
}
