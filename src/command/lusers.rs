//! LUSERS: how many are here. Source: <https://modern.ircdocs.horse/#lusers-message>

use super::decision::{Decision, Reply};

/// `LUSERS`
#[derive(Debug)]
pub struct Lusers;

impl Lusers {
    #[expect(clippy::unused_self, reason = "every command is decided the same way")]
    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Lusers)
    }
}
