//! MODE: read or change the modes of a channel, or one's own.
//! Source: <https://modern.ircdocs.horse/#mode-message>

mod channel;
mod user;

use super::arguments::Arguments;
use super::decision::{Caller, Decision};
use crate::protocol::mode::{ModeChange, parse_changes};
use crate::world::{Refusal, World};

/// `MODE <target> [<modes> [<argument>…]]`
#[derive(Debug)]
pub struct Mode {
    target: String,
    /// `None` asks for the modes instead of changing them.
    changes: Option<Vec<ModeChange>>,
}

impl Mode {
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let target = arguments.target("MODE")?;
        let modes = arguments.next();
        let rest = arguments.rest();
        Ok(Self { target, changes: modes.map(|modes| parse_changes(&modes, &rest)) })
    }

    /// # Refusals
    /// Those of [`channel`] and [`user`].
    pub(super) fn decide(self, world: &World, caller: &Caller<'_>) -> Result<Decision, Refusal> {
        if self.target.starts_with('#') {
            channel::decide(&self.target, self.changes, world, caller)
        } else {
            user::decide(&self.target, self.changes, world, caller)
        }
    }
}
