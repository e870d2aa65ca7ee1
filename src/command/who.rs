//! WHO: a line about everybody in a channel, or about those whom a mask names; with fields of the asker's choice.
//! Source: <https://modern.ircdocs.horse/#who-message>, <https://ircv3.net/specs/extensions/whox>

use super::arguments::Arguments;
use super::decision::{Decision, Reply};
use crate::world::User;

/// Fields of WHOX in the order in which they come, whatever the order in which they were asked for.
pub const WHOX_FIELDS: &str = "tcuihsnfdlaor";

/// `WHO [<mask> [o | %<fields>[,<token>]]]`: a channel, a nick, or a mask for nicks, usernames, hosts and realnames.
#[derive(Debug)]
pub struct Who {
    query: WhoQuery,
}

/// What a WHO asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhoQuery {
    /// The channel, nick or mask, as it was given.
    pub mask: String,
    /// Whether operators of the server alone are wanted.
    pub operators_only: bool,
    /// The fields of WHOX; `None` asks for the usual line.
    pub fields: Option<WhoFields>,
}

/// The fields that a WHOX asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WhoFields {
    /// Letters out of [`WHOX_FIELDS`], in its order.
    pub letters: String,
    /// What `t` gives back: one to three digits.
    pub token: String,
}

impl Who {
    pub(super) fn parse(mut arguments: Arguments) -> Self {
        let mask = arguments.optional_target().unwrap_or_else(|| "*".to_owned());
        let mut query = WhoQuery { mask, operators_only: false, fields: None };
        while let Some(option) = arguments.next() {
            match option.split_once('%') {
                Some((flags, fields)) => {
                    query.operators_only |= flags.contains('o');
                    query.fields = Some(WhoFields::parse(fields));
                }
                None => query.operators_only |= option.contains('o'),
            }
        }
        Self { query }
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Who(self.query))
    }
}

impl WhoQuery {
    /// Whether somebody whom it names is one of those who are wanted.
    pub const fn wants(&self, user: &User) -> bool {
        !self.operators_only || user.modes.operator
    }
}

impl WhoFields {
    /// A token that is none is taken for 0, which is what stands there without one.
    fn parse(text: &str) -> Self {
        let (wanted, token) = text.split_once(',').unwrap_or((text, ""));
        let is_token = (1..=3).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_digit());
        Self {
            letters: WHOX_FIELDS.chars().filter(|letter| wanted.contains(*letter)).collect(),
            token: if is_token { token } else { "0" }.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_their_own_order_and_each_once() {
        let fields = WhoFields::parse("rnnXct,42");
        assert_eq!((fields.letters.as_str(), fields.token.as_str()), ("tcnr", "42"));
        for bad in ["n,", "n", "n,1234", "n,a"] {
            assert_eq!(WhoFields::parse(bad).token, "0", "{bad}");
        }
    }
}
