//! Hostmasks as lists of channels keep them: three masks, for nick, username and host.
//! Source: <https://modern.ircdocs.horse/#ban-channel-mode>

use super::limits::{MASKLEN, NICKLEN, USERLEN};
use super::mask::Mask;

/// Longest text: three parts, each as long as what it is held against, and the two signs between them.
const HOSTMASK_MAX: usize = NICKLEN + USERLEN + MASKLEN + 2;

/// `nick!user@host` with wildcards, taken apart once. Two are the same when their texts are, but for the case of
/// ASCII letters.
#[derive(Clone, Debug)]
pub struct Hostmask {
    text: Box<str>,
    nick: Mask,
    username: Mask,
    host: Mask,
}

impl Hostmask {
    /// Reads a mask and adds the parts that it lacks: `bob` is `bob!*@*`, `a@b` is `*!a@b`, `a!b` is `a!b@*`, and
    /// what has a dot or a colon, which no nick has, is a host.
    ///
    /// `None` when nothing could ever match it: empty, too long, or with a character that none of the three
    /// parts may have.
    pub fn parse(text: &str) -> Option<Self> {
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == ',';
        if text.is_empty() || text.len() > HOSTMASK_MAX || text.starts_with(':') || text.contains(forbidden) {
            return None;
        }
        let (nick, username, host) = parts(text);
        let or_any = |part: &str| if part.is_empty() { "*".to_owned() } else { part.to_owned() };
        let (nick, username, host) = (or_any(nick), or_any(username), or_any(host));
        Some(Self {
            nick: Mask::parse(&nick)?,
            username: Mask::parse(&username)?,
            host: Mask::parse(&host)?,
            text: format!("{nick}!{username}@{host}").into(),
        })
    }

    /// The whole mask, as its setter spelled it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same for all masks that are the same: what they are kept and found by.
    pub fn folded(&self) -> String {
        self.text.to_ascii_lowercase()
    }

    /// Whether it names somebody by nick, username and one of the hosts.
    pub fn matches<'a>(&self, nick: &str, username: &str, mut hosts: impl Iterator<Item = &'a str>) -> bool {
        self.nick.matches(nick)
            && self.username.matches(username)
            && hosts.any(|host| self.host.matches(host))
    }
}

impl PartialEq for Hostmask {
    fn eq(&self, other: &Self) -> bool {
        self.text.eq_ignore_ascii_case(&other.text)
    }
}

impl Eq for Hostmask {}

/// Nick, username and host as far as they are given.
fn parts(text: &str) -> (&str, &str, &str) {
    match (text.split_once('!'), text.split_once('@')) {
        (Some((nick, rest)), _) => {
            let (username, host) = rest.split_once('@').unwrap_or((rest, ""));
            (nick, username, host)
        }
        (None, Some((username, host))) => ("", username, host),
        (None, None) if text.contains(['.', ':']) => ("", "", text),
        (None, None) => (text, "", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::Hostmask;

    #[test]
    fn missing_parts_match_anything() {
        for (given, whole) in [
            ("bob", "bob!*@*"),
            ("a@b", "*!a@b"),
            ("a!b", "a!b@*"),
            ("a!b@c", "a!b@c"),
            ("*", "*!*@*"),
            ("!@", "*!*@*"),
            ("10.0.*", "*!*@10.0.*"),
            ("2001:db8::*", "*!*@2001:db8::*"),
            ("a!b!c@d", "a!b!c@d"),
        ] {
            assert_eq!(Hostmask::parse(given).unwrap().as_str(), whole, "{given}");
        }
    }

    #[test]
    fn what_nothing_could_match_is_no_mask() {
        for bad in ["", "a b", "a,b", ":a", "a\u{1}", "a\u{a0}b", &"x".repeat(400)] {
            assert!(Hostmask::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn all_three_parts_must_match_and_any_of_the_hosts() {
        let mask = Hostmask::parse("B?b!*@*.example.org").unwrap();
        let hosts = ["10.0.0.1", "Pool.Example.ORG"];
        assert!(mask.matches("BOB", "anything", hosts.into_iter()));
        assert!(!mask.matches("bobby", "anything", hosts.into_iter()));
        assert!(!mask.matches("bob", "anything", hosts.into_iter().take(1)));
    }

    #[test]
    fn case_makes_no_difference() {
        let mask = |text| Hostmask::parse(text).unwrap();
        assert_eq!(mask("Bob"), mask("bOB!*@*"));
        assert_eq!(mask("Bob").folded(), mask("bOB").folded());
    }
}
