//! MOTD: the message of the day. Source: <https://modern.ircdocs.horse/#motd-message>

use super::decision::{Decision, Reply};
use crate::world::Refusal;

/// `MOTD`
#[derive(Debug)]
pub struct Motd;

impl Motd {
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "every command is decided the same way"
    )]
    pub(super) fn decide(self) -> Result<Decision, Refusal> {
        Ok(Decision::answer(Reply::Motd))
    }
}
