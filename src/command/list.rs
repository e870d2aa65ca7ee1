//! LIST: which channels there are. Source: <https://modern.ircdocs.horse/#list-message>

use super::arguments::{Arguments, elements};
use super::decision::{Decision, Reply};

/// `LIST [<channel>{,<channel>}]`
#[derive(Debug)]
pub struct List {
    channels: Vec<String>,
}

impl List {
    pub(super) fn parse(mut arguments: Arguments) -> Self {
        Self { channels: arguments.optional_target().iter().flat_map(|list| elements(list)).collect() }
    }

    pub(super) fn decide(self) -> Decision {
        Decision::answer(Reply::List(self.channels))
    }
}
