//! WHO: a line about everybody in a channel, or about one user.
//! Source: <https://modern.ircdocs.horse/#who-message>

use super::arguments::Arguments;
use super::decision::{Decision, Reply};

/// `WHO <mask>`: a channel, a nick, or a mask for nicks, usernames and hosts.
#[derive(Debug)]
pub struct Who {
    mask: String,
}

impl Who {
    pub(super) fn parse(mut arguments: Arguments) -> Self {
        Self { mask: arguments.optional_target().unwrap_or_else(|| "*".to_owned()) }
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Who(self.mask))
    }
}
