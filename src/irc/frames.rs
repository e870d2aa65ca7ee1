//! Messages of WebSocket as the bytes of lines, and lines as messages, so that a connection need not know.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use futures_sink::Sink;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::websocket::Subprotocol;

/// How long somebody is listened to that was told what is wrong with its messages: closing over what nobody has read
/// would make the system throw that away.
const LINGER: Duration = Duration::from_secs(1);
/// What is read at once of what nobody wants, in bytes.
const DISCARDED_BYTES: usize = 4 * 1_024;

/// A socket on which WebSocket is spoken, as a stream of lines.
pub(super) struct Frames<S> {
    socket: Box<WebSocketStream<S>>,
    subprotocol: Subprotocol,
    stopping: watch::Receiver<bool>,
    /// A line that came and was not read to its end yet.
    unread: Bytes,
    /// The beginning of a line that is to be sent.
    begun: BytesMut,
    stage: Stage,
    has_closed: bool,
}

/// How far the reading has come.
enum Stage {
    Open,
    /// Something is wrong, and the other end knows; until then it may stop talking.
    Faulty(Pin<Box<Sleep>>),
    Over,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Frames<S> {
    pub(super) fn new(
        socket: WebSocketStream<S>,
        subprotocol: Subprotocol,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        Self {
            socket: Box::new(socket),
            subprotocol,
            stopping,
            unread: Bytes::new(),
            begun: BytesMut::new(),
            stage: Stage::Open,
            has_closed: false,
        }
    }

    /// Takes the next message in, or the end of all messages.
    fn poll_message(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match ready!(Pin::new(&mut *self.socket).poll_next(context)) {
            Some(Ok(Message::Text(text))) => self.take(&Bytes::from(text), context),
            Some(Ok(Message::Binary(bytes))) => self.take(&bytes, context),
            // Answers to them are sent when something is read or written next.
            Some(Ok(_)) => {}
            Some(Err(error)) => match code_of(&error) {
                Some(code) => self.give_up(code, context),
                None => self.stage = Stage::Over,
            },
            None => self.stage = Stage::Over,
        }
        Poll::Ready(())
    }

    /// A message is a line. That nobody may have put two into one is what a gateway in front of us relies on.
    fn take(&mut self, message: &[u8], context: &mut Context<'_>) {
        let end = message.iter().rposition(|byte| !is_end(*byte)).map_or(0, |last| last + 1);
        let line = message.get(..end).unwrap_or_default();
        if line.iter().copied().any(is_end) {
            return self.give_up(CloseCode::Policy, context);
        }
        if !line.is_empty() {
            self.unread = [line, b"\n"].concat().into();
        }
    }

    /// Says what is wrong, as far as the other end takes it now, and hears no more.
    fn give_up(&mut self, code: CloseCode, context: &mut Context<'_>) {
        self.close(code);
        let _at_once_or_never = Pin::new(&mut *self.socket).poll_flush(context);
        self.stage = Stage::Faulty(Box::pin(sleep(LINGER)));
    }

    fn close(&mut self, code: CloseCode) {
        if !self.has_closed {
            self.has_closed = true;
            let frame = CloseFrame { code, reason: Utf8Bytes::default() };
            let _it_may_be_gone = Pin::new(&mut *self.socket).start_send(Message::Close(Some(frame)));
        }
    }

    /// Reads what nobody wants.
    fn poll_discard(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Stage::Faulty(patience) = &mut self.stage else { return Poll::Ready(()) };
        let mut bytes = [0; DISCARDED_BYTES];
        loop {
            if patience.as_mut().poll(context).is_ready() {
                break;
            }
            let mut bytes = ReadBuf::new(&mut bytes);
            let read = ready!(Pin::new(self.socket.get_mut()).poll_read(context, &mut bytes));
            if read.is_err() || bytes.filled().is_empty() {
                break;
            }
        }
        self.stage = Stage::Over;
        Poll::Ready(())
    }

    fn message(&self, line: Bytes) -> Message {
        if self.subprotocol == Subprotocol::Binary {
            return Message::Binary(line);
        }
        // No browser would take a text that is none.
        let text = Utf8Bytes::try_from(line.clone());
        Message::Text(text.unwrap_or_else(|_| String::from_utf8_lossy(&line).into_owned().into()))
    }
}

const fn is_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// Why a connection is closed on which this has happened; `None` where nobody is left to be told.
fn code_of(error: &Error) -> Option<CloseCode> {
    match error {
        Error::Capacity(_) => Some(CloseCode::Size),
        Error::Utf8(_) => Some(CloseCode::Invalid),
        Error::Protocol(_) => Some(CloseCode::Protocol),
        _ => None,
    }
}

fn broken(_: Error) -> io::Error {
    io::ErrorKind::BrokenPipe.into()
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Frames<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unread.is_empty() {
            match self.stage {
                Stage::Open => ready!(self.poll_message(context)),
                Stage::Faulty(_) => ready!(self.poll_discard(context)),
                Stage::Over => return Poll::Ready(Ok(())),
            }
        }
        let fits = self.unread.len().min(buffer.remaining());
        buffer.put_slice(self.unread.get(..fits).unwrap_or_default());
        self.unread.advance(fits);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Frames<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.has_closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let mut taken = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                // Its end comes with the next bytes.
                self.begun.extend_from_slice(line);
                taken += line.len();
                break;
            }
            match Pin::new(&mut *self.socket).poll_ready(context) {
                Poll::Pending if taken > 0 => break,
                ready => ready!(ready).map_err(broken)?,
            }
            let mut whole = std::mem::take(&mut self.begun);
            whole.extend_from_slice(line);
            let end = whole.iter().rposition(|byte| !is_end(*byte)).map_or(0, |last| last + 1);
            whole.truncate(end);
            let message = self.message(whole.freeze());
            Pin::new(&mut *self.socket).start_send(message).map_err(broken)?;
            taken += line.len();
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.socket).poll_flush(context).map_err(broken)
    }

    /// Says goodbye. The other end does too, which is read, and then the socket is closed.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let is_stopping = *self.stopping.borrow();
        self.close(if is_stopping { CloseCode::Away } else { CloseCode::Normal });
        self.poll_flush(context)
    }
}
