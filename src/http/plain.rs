//! The head of the answer that nearly every request gets: 200, JSON, and what every answer has. It is made once and
//! copied; only the date and the length are put in.

use std::cell::{Cell, RefCell};
use std::io::Write;

use bytes::{BufMut, BytesMut};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::connection::Connection;
use super::headers;
use super::messages::json;

/// An answer that was longer than this does not leave its memory behind for the next.
const KEPT_BYTES_MAX: usize = 256 * 1024;
/// `Wed, 25 Nov 2026 13:20:34 GMT`
const DATE_BYTES: usize = 29;

thread_local! {
    /// Where answers are put together, one after another.
    static OUT: RefCell<BytesMut> = RefCell::default();
}

/// The head, and the date of the second.
#[derive(Debug)]
pub(super) struct Plain {
    head: Vec<u8>,
    date: Cell<(i64, [u8; DATE_BYTES])>,
}

impl Default for Plain {
    fn default() -> Self {
        let mut response = json().finish();
        headers::dress(response.headers_mut(), None);
        let mut head = b"HTTP/1.1 200 OK\r\n".to_vec();
        headers::write(response.headers(), &mut head);
        Self { head, date: Cell::new((i64::MIN, [0; DATE_BYTES])) }
    }
}

impl Plain {
    /// Sends what can be sent of an answer at once. Gives back what has to wait.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) fn send(
        &self,
        connection: &Connection,
        now: Timestamp,
        length: usize,
        body: impl FnOnce(&mut BytesMut),
    ) -> std::io::Result<Option<BytesMut>> {
        OUT.with_borrow_mut(|out| {
            out.clear();
            out.reserve(self.head.len() + length + 100);
            out.put_slice(&self.head);
            out.put_slice(b"date: ");
            out.put_slice(&self.date(now));
            // Writing to memory does not fail.
            let _written = write!(out.writer(), "\r\ncontent-length: {length}\r\n\r\n");
            let begins = out.len();
            body(out);
            debug_assert_eq!(out.len() - begins, length, "the length that was announced");
            let written = connection.write_now(out)?;
            let rest = (written < out.len()).then(|| out.split_off(written));
            if out.capacity() > KEPT_BYTES_MAX {
                *out = BytesMut::new();
            }
            Ok(rest)
        })
    }

    fn date(&self, now: Timestamp) -> [u8; DATE_BYTES] {
        let second = now.as_second();
        let (of, mut date) = self.date.get();
        if of != second {
            let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&now).unwrap_or_default();
            // Years of five digits have no such form; they are told as an empty date.
            date = text.as_bytes().try_into().unwrap_or([b' '; DATE_BYTES]);
            self.date.set((second, date));
        }
        date
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_has_what_every_answer_has() {
        let head = String::from_utf8(Plain::default().head).unwrap();
        for header in
            ["content-type: application/json", "x-content-type-options: nosniff", "cache-control: no-store"]
        {
            assert!(head.contains(&format!("\r\n{header}\r\n")), "{header} in {head}");
        }
        assert!(!head.contains("content-length") && !head.contains("date:"), "{head}");
    }

    #[test]
    fn the_date_follows_the_time() {
        let plain = Plain::default();
        for (second, date) in [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (784_111_778, "Sun, 06 Nov 1994 08:49:38 GMT"),
        ] {
            assert_eq!(plain.date(Timestamp::from_second(second).unwrap()), *date.as_bytes());
        }
    }
}
