//! The answer to a command with a label: one line, several in a batch, or none at all.
//! Source: <https://ircv3.net/specs/extensions/labeled-response>

use bytes::{BufMut, BytesMut};

/// The answer to a command with a label, as far as it has come.
pub(super) struct Label {
    pub(super) text: String,
    pub(super) answer: Answer,
}

/// How much of a labelled answer there is.
pub(super) enum Answer {
    /// Nothing yet.
    Nothing,
    /// One line waits to see whether it is the only one, and what is no answer waits behind it.
    One(String, Box<str>, BytesMut),
    /// Several, in a batch with this name.
    Batch(String),
}

impl Label {
    /// How much waits behind a first line, in bytes.
    pub(super) fn waiting_bytes(&self) -> usize {
        if let Answer::One(_, _, behind) = &self.answer { behind.len() } else { 0 }
    }
}

/// Puts a line with its tags in front.
pub(super) fn put(buffer: &mut BytesMut, tags: &str, line: &str) {
    if !tags.is_empty() {
        buffer.put_u8(b'@');
        buffer.put_slice(tags.as_bytes());
        buffer.put_u8(b' ');
    }
    buffer.put_slice(line.as_bytes());
}

/// Tags of which either may be none.
pub(super) fn joined(front: &str, behind: &str) -> String {
    match (front, behind) {
        ("", only) | (only, "") => only.to_owned(),
        (front, behind) => format!("{front};{behind}"),
    }
}
