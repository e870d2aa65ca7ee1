//! LIST: which channels there are. Source: <https://modern.ircdocs.horse/#list-message>

use super::arguments::{Arguments, elements_within};
use super::decision::{Decision, Reply};
use crate::protocol::limits::TARGMAX_CHANNELS;
use crate::world::Refusal;

/// `LIST [<channel>{,<channel>}]`
#[derive(Debug)]
pub struct List {
    channels: Vec<String>,
}

impl List {
    /// # Refusals
    /// `TooManyTargets`
    pub(super) fn parse(mut arguments: Arguments) -> Result<Self, Refusal> {
        let channels = arguments.optional_target().unwrap_or_default();
        Ok(Self { channels: elements_within(&channels, TARGMAX_CHANNELS)? })
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::List(self.channels))
    }
}
