//! One answer to a poll.

use bytes::Bytes;
use jiff::Timestamp;

use crate::id::Seq;

/// A message with its place, as it is sent.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its place.
    pub seq: Seq,
    /// Its JSON text.
    pub json: Bytes,
}

/// How much one answer may hold.
#[derive(Clone, Copy, Debug)]
pub struct PageLimits {
    /// Messages.
    pub entries: usize,
    /// Bytes of JSON; one message is always let through, however long.
    pub bytes: usize,
}

impl PageLimits {
    /// What is left of the limits after `lines`.
    #[must_use]
    pub fn after(self, lines: &[Line]) -> Self {
        let bytes: usize = lines.iter().map(|line| line.json.len()).sum();
        Self { entries: self.entries.saturating_sub(lines.len()), bytes: self.bytes.saturating_sub(bytes) }
    }

    /// Whether nothing more fits.
    pub const fn are_reached(self) -> bool {
        self.entries == 0 || self.bytes == 0
    }
}

/// What was cut off a queue because it grew too long or too old.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dropped {
    /// How many entries.
    pub entries: u64,
    /// The place of the newest of them.
    pub through: Seq,
    /// When it was done.
    pub at: Timestamp,
}

/// One answer to a poll.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The messages, ascending.
    pub lines: Vec<Line>,
    /// The cursor to send next: the highest in this answer, or the one that was asked with.
    pub last: Seq,
    /// Whether it was cut short and more is there already.
    pub more: bool,
    /// What was lost before the first message, if anything was.
    pub dropped: Option<Dropped>,
}

impl Page {
    /// Whether there is nothing to tell.
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.dropped.is_none()
    }
}
