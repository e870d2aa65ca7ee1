//! As much HTTP/1.1 as the load needs: writing small requests and finding the end of an answer. Knows no sockets.

use std::io::Write;

use anyhow::{Context, Result, bail};
use memchr::memmem::Finder;

/// Long polls wait this long on the server, in seconds. Below the server's cap of 30.
pub(crate) const POLL_TIMEOUT_S: u32 = 15;

/// Writes `GET /api/v1/messages`, whose `after` also acknowledges.
pub(crate) fn write_poll(out: &mut Vec<u8>, cookie: &str, after: u64, timeout_s: u32) {
    write(
        out,
        format_args!(
            "GET /api/v1/messages?after={after}&timeout={timeout_s} HTTP/1.1\r\nHost: load\r\n\
             Cookie: neoirc_auth={cookie}\r\n\r\n"
        ),
    );
}

/// Writes `POST /api/v1/messages` with a body that is already JSON.
pub(crate) fn write_command(out: &mut Vec<u8>, cookie: &str, body: &str) {
    write(
        out,
        format_args!(
            "POST /api/v1/messages HTTP/1.1\r\nHost: load\r\nCookie: neoirc_auth={cookie}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
}

/// Writes `POST /api/v1/session`.
pub(crate) fn write_registration(out: &mut Vec<u8>, nick: &str) {
    let body = format!(r#"{{"nick":"{nick}"}}"#);
    write(
        out,
        format_args!(
            "POST /api/v1/session HTTP/1.1\r\nHost: load\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
    );
}

pub(crate) fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to memory cannot fail");
}

/// What a buffer that begins with an answer holds.
pub(crate) enum Parsed {
    /// All of it.
    Whole { status: u16, head_bytes: usize, body_bytes: usize },
    /// Not all; there will be this many bytes, or 0 when the head has not ended yet.
    Part { bytes_expected: usize },
}

/// Finds where an answer ends. It holds a prepared search, since it looks at every answer.
pub(crate) struct AnswerParser {
    head_end: Finder<'static>,
}

impl AnswerParser {
    pub(crate) fn new() -> AnswerParser {
        AnswerParser { head_end: Finder::new(b"\r\n\r\n") }
    }

    /// Looks at the bytes received so far.
    ///
    /// # Errors
    /// It is not an HTTP/1.1 answer with a `Content-Length`.
    pub(crate) fn parse(&self, buffer: &[u8]) -> Result<Parsed> {
        let Some(head_end) = self.head_end.find(buffer) else {
            return Ok(Parsed::Part { bytes_expected: 0 });
        };
        let (head, rest) = buffer.split_at(head_end + 4);
        let status = head.get(9..12).and_then(number).context("no HTTP status line")?;
        let body_bytes = content_length(head)?;
        if rest.len() < body_bytes {
            return Ok(Parsed::Part { bytes_expected: head.len() + body_bytes });
        }
        let status = u16::try_from(status).context("no HTTP status")?;
        Ok(Parsed::Whole { status, head_bytes: head.len(), body_bytes })
    }
}

fn content_length(head: &[u8]) -> Result<usize> {
    match header(head, b"content-length") {
        Some(value) => {
            Ok(number(value).and_then(|length| usize::try_from(length).ok()).context("an odd length")?)
        }
        None => bail!("an answer without Content-Length: {}", String::from_utf8_lossy(head)),
    }
}

/// The value of a header; `name` in lower case.
pub(crate) fn header<'a>(head: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (key, value) = line.split_at_checked(name.len())?;
        (key.eq_ignore_ascii_case(name)).then_some(value.strip_prefix(b":")?.trim_ascii())
    })
}

/// The token in an answer's `Set-Cookie: neoirc_auth=…`.
pub(crate) fn cookie_of(head: &[u8]) -> Option<String> {
    let value = header(head, b"set-cookie")?.strip_prefix(b"neoirc_auth=")?;
    let token = value.split(|byte| *byte == b';').next()?;
    String::from_utf8(token.to_vec()).ok()
}

/// The decimal number these bytes are; nothing when they are not one.
pub(crate) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |so_far, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        so_far.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
