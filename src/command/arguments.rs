//! Where the arguments of a command stand in its envelope.

use std::fmt;

use crate::protocol::message::{Body, Request};
use crate::world::Refusal;

/// The parts of an envelope that a command reads its arguments from: `params` first, the lines of `body`
/// where `params` is absent. Not shown by `Debug`: they may be a password.
pub(super) struct Arguments {
    /// The field `to`; an empty one counts as absent.
    to: Option<String>,
    /// The arguments in order.
    list: Vec<String>,
    /// The body, where it stands beside `params`.
    text: Option<String>,
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arguments(..)")
    }
}

impl Arguments {
    pub(super) fn of(request: Request) -> Self {
        let lines = match request.body {
            Some(Body::Lines(lines)) => Some(lines),
            _ => None,
        };
        let (list, text) = match request.params {
            Some(params) => (params, lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join(" "))),
            None => (lines.unwrap_or_default(), None),
        };
        Self { to: request.to.filter(|to| !to.is_empty()), list, text }
    }

    /// Takes what the command is about: `to`, or the first argument where `to` is absent.
    ///
    /// # Refusals
    /// `NeedMoreParams` when there is neither.
    pub(super) fn target(&mut self, command: &'static str) -> Result<String, Refusal> {
        self.optional_target().ok_or(Refusal::NeedMoreParams(command))
    }

    /// The same for commands that may do without.
    pub(super) fn optional_target(&mut self) -> Option<String> {
        self.to.take().or_else(|| self.next())
    }

    /// Takes the next argument; an empty one counts as absent.
    pub(super) fn next(&mut self) -> Option<String> {
        self.next_or_empty().filter(|argument| !argument.is_empty())
    }

    /// Takes the next argument, be it empty.
    pub(super) fn next_or_empty(&mut self) -> Option<String> {
        (!self.list.is_empty()).then(|| self.list.remove(0))
    }

    /// Takes the next argument where a body stands apart, so that the argument cannot be the text.
    pub(super) fn next_before_body(&mut self) -> Option<String> {
        self.text.is_some().then(|| self.next()).flatten()
    }

    /// All arguments that are left.
    pub(super) fn rest(self) -> Vec<String> {
        self.list
    }

    /// The free text behind the arguments taken so far: the body, or what is left of the arguments.
    pub(super) fn text(self) -> Option<String> {
        self.text.or_else(|| (!self.list.is_empty()).then(|| self.list.join(" ")))
    }
}

/// The elements of a list with commas, without empty ones, where there may be so many and no more.
///
/// # Refusals
/// `TooManyTargets`
pub(super) fn elements_within(list: &str, max: usize) -> Result<Vec<String>, Refusal> {
    let found: Vec<String> = elements(list).take(max + 1).collect();
    if found.len() > max {
        Err(Refusal::TooManyTargets(found.into_iter().next_back().unwrap_or_default()))
    } else {
        Ok(found)
    }
}

/// The elements of a list with commas, without empty ones.
pub(super) fn elements(list: &str) -> impl Iterator<Item = String> {
    list.split(',').filter(|element| !element.is_empty()).map(str::to_owned)
}
