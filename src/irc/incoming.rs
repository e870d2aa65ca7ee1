//! Reading: bytes in any pieces become lines, within bounded memory.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, ReadBuf};

use crate::protocol::wire::WHOLE_LINE_BYTES;

/// What is read at once, in bytes: more than a client says at once.
const READ_BYTES: usize = 16 * 1_024;

thread_local! {
    /// Where bytes are read to before the connection that they came on takes them: one that waits holds no room for
    /// what may come.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// What connections open with that are not IRC's: verbs of HTTP, whose bodies a web page could fill with commands, and
/// the first bytes of TLS, which is spoken on another port.
const FOREIGN: [&[u8]; 10] = [
    b"GET ",
    b"HEAD ",
    b"POST ",
    b"PUT ",
    b"DELETE",
    b"OPTIONS ",
    b"PATCH ",
    b"CONNECT ",
    b"TRACE ",
    b"\x16\x03",
];

/// What some programs put in front of all text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The reading half of a connection.
pub(super) struct Incoming<R> {
    socket: R,
    buffer: BytesMut,
    /// How much of the buffer has no end of a line in it.
    searched: usize,
    has_begun: bool,
}

/// What the reading half gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Read {
    /// A line without its end, not empty.
    Line(Bytes),
    /// A line that does not end.
    Endless,
    /// Another protocol.
    Foreign,
    /// The other end has closed, or is gone.
    End,
}

impl<R: AsyncRead + Unpin> Incoming<R> {
    pub(super) fn new(socket: R) -> Self {
        Self { socket, buffer: BytesMut::new(), searched: 0, has_begun: false }
    }

    /// The next line. May be dropped half-way.
    pub(super) async fn next(&mut self) -> Read {
        loop {
            if !self.has_begun && self.buffer.starts_with(BYTE_ORDER_MARK) {
                self.buffer.advance(BYTE_ORDER_MARK.len());
                self.searched = 0;
            }
            if !self.has_begun && FOREIGN.iter().any(|verb| self.buffer.starts_with(verb)) {
                return Read::Foreign;
            }
            if let Some(line) = self.split_line() {
                if line.is_empty() {
                    continue;
                }
                self.has_begun = true;
                return Read::Line(line);
            }
            if self.buffer.len() > WHOLE_LINE_BYTES {
                return Read::Endless;
            }
            match self.fill().await {
                Ok(0) | Err(_) => return Read::End,
                Ok(_) => {}
            }
        }
    }

    /// Reads on until the other end has closed, and forgets it: the system would throw away the last words if the
    /// connection were closed over what nobody has read.
    pub(super) async fn discard(&mut self) {
        while let Ok(1..) = self.fill().await {
            self.buffer.clear();
        }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        if self.buffer.is_empty() {
            // A long line has been read; the room that it took is given back.
            self.buffer = BytesMut::new();
        }
        poll_fn(|context| {
            SCRATCH.with_borrow_mut(|scratch| {
                let mut scratch = ReadBuf::new(scratch);
                ready!(Pin::new(&mut self.socket).poll_read(context, &mut scratch))?;
                self.buffer.extend_from_slice(scratch.filled());
                Poll::Ready(Ok(scratch.filled().len()))
            })
        })
        .await
    }

    fn split_line(&mut self) -> Option<Bytes> {
        let (_, fresh) = self.buffer.split_at(self.searched);
        let Some(end) = fresh.iter().position(|byte| *byte == b'\n') else {
            self.searched = self.buffer.len();
            return None;
        };
        let mut line = self.buffer.split_to(self.searched + end + 1);
        self.searched = 0;
        let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
        line.truncate(end);
        Some(line.freeze())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of some bytes that come in pieces of a length.
    fn read(bytes: &[u8], piece: usize) -> Vec<Read> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut near, far) = tokio::io::duplex(piece.max(1));
            let bytes = bytes.to_vec();
            let writing = tokio::spawn(async move {
                use tokio::io::AsyncWriteExt;
                near.write_all(&bytes).await.ok();
            });
            let mut incoming = Incoming::new(far);
            let mut found = Vec::new();
            loop {
                let read = incoming.next().await;
                found.push(read.clone());
                if !matches!(read, Read::Line(_)) {
                    writing.abort();
                    return found;
                }
            }
        })
    }

    fn line(text: &str) -> Read {
        Read::Line(Bytes::from(text.to_owned()))
    }

    // clause: lines.chunks, lines.endings
    #[test]
    fn lines_are_put_together_from_any_pieces() {
        let bytes = "NICK ä\r\n\r\n\nUSER x\nPING :a b\r\r\nhalf".as_bytes();
        for piece in [1, 2, 3, 7, 1_000] {
            assert_eq!(read(bytes, piece), [line("NICK ä"), line("USER x"), line("PING :a b"), Read::End]);
        }
    }

    #[test]
    fn a_mark_in_front_of_everything_is_passed_over() {
        for piece in [1, 2, 3, 7, 1_000] {
            let found = read("\u{feff}NICK x\r\n\u{feff}USER x\r\n".as_bytes(), piece);
            assert_eq!(found, [line("NICK x"), line("\u{feff}USER x"), Read::End], "{piece}");
        }
        assert_eq!(read("\u{feff}GET / HTTP/1.1\r\n".as_bytes(), 4_096), [Read::Foreign]);
    }

    // clause: lines.endless
    #[test]
    fn a_line_without_an_end_is_given_up() {
        let found = read(&vec![b'x'; 64 * 1024], 4_096);
        assert_eq!(found, [Read::Endless]);
        let long = [&[b'x'; WHOLE_LINE_BYTES][..], b"\r\nPING x\r\n"].concat();
        assert_eq!(read(&long, 4_096)[1], line("PING x"), "one that ends is for the parser to refuse");
    }

    #[test]
    fn another_protocol_is_known_by_its_first_bytes() {
        for first in ["POST / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nNICK x\r\n", "\r\nHEAD / HTTP/1.0\r\n"] {
            assert_eq!(read(first.as_bytes(), 4_096), [Read::Foreign], "{first}");
        }
        assert_eq!(read(b"\x16\x03\x01\x02", 4_096), [Read::Foreign]);
        assert_eq!(read(b"NICK x\r\nPOST /\r\n", 4_096)[1], line("POST /"), "later it is an unknown command");
    }
}
