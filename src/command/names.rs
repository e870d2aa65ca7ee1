//! NAMES: who is in a channel. Source: <https://modern.ircdocs.horse/#names-message>

use super::arguments::{Arguments, elements};
use super::decision::{Decision, Reply};

/// `NAMES <channel>`
#[derive(Debug)]
pub struct Names {
    channel: String,
}

impl Names {
    /// Without a channel the answer is the bare end of the list, under `*`: naming everybody on the server
    /// would be a burden to both sides.
    pub(super) fn parse(mut arguments: Arguments) -> Vec<Self> {
        let channels = arguments.optional_target().unwrap_or_default();
        let mut names: Vec<_> = elements(&channels).map(|channel| Self { channel }).collect();
        if names.is_empty() {
            names.push(Self { channel: "*".to_owned() });
        }
        names
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::Names(self.channel))
    }
}
