//! NAMES: who is in a channel. Source: <https://modern.ircdocs.horse/#names-message>

use super::arguments::{Arguments, elements_within};
use super::decision::{Decision, Reply};
use crate::protocol::limits::TARGMAX;
use crate::world::Refusal;

/// `NAMES <channel>`
#[derive(Debug)]
pub struct Names {
    channel: String,
}

impl Names {
    /// Without a channel the answer is the bare end of the list, under `*`: naming everybody on the server
    /// would be a burden to both sides.
    ///
    /// # Refusals
    /// `TooManyTargets`
    pub(super) fn parse(mut arguments: Arguments) -> Result<Vec<Self>, Refusal> {
        let channels = arguments.optional_target().unwrap_or_default();
        let mut names: Vec<_> =
            elements_within(&channels, TARGMAX)?.into_iter().map(|channel| Self { channel }).collect();
        if names.is_empty() {
            names.push(Self { channel: "*".to_owned() });
        }
        Ok(names)
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Names(self.channel, None))
    }
}
