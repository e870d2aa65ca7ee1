//! MOTD: the message of the day. Source: <https://modern.ircdocs.horse/#motd-message>

use super::decision::{Decision, Reply};

/// `MOTD`
#[derive(Debug)]
pub struct Motd;

impl Motd {
    #[expect(clippy::unused_self, reason = "every command is decided the same way")]
    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Motd)
    }
}
