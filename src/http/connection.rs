//! One connection, which may not be held without using it.
//!
//! The framework limits the time that the head of a connection's first request takes, and no more: the head of a
//! later one may come as slowly as it likes, and an answer that nobody reads waits for ever. Both end here. What is
//! slow about a body is the business of `body.rs`.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep, sleep_until};

use super::door::Place;

/// How long a connection may take; zero is for ever.
#[derive(Debug)]
pub(super) struct Patience {
    /// For the head of a request, from its first byte.
    pub(super) head: Duration,
    /// For taking any byte of an answer.
    pub(super) write: Duration,
}

/// A connection that keeps the time. Small, since thousands of them wait.
#[derive(Debug)]
pub(super) struct Connection {
    socket: TcpStream,
    patience: Arc<Patience>,
    head: Rc<Head>,
    /// Set while a head is on its way. It may go off late, when the head has long come, and is then of no account:
    /// that is cheaper than to stop it at each request.
    head_timer: Option<Pin<Box<Sleep>>>,
    /// Set while the other end takes nothing.
    write_timer: Option<Pin<Box<Sleep>>>,
    /// Given back with the connection.
    _place: Option<Place>,
}

/// What a connection and the requests on it know of each other.
#[derive(Debug)]
pub(super) struct Head(Cell<Stage>);

/// Where a connection is between two requests.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Before its first request, whose head the framework waits for; it answers 408 where we could only close.
    First,
    /// A request is being served. What is read meanwhile is its body, or waits for its turn.
    Serving,
    /// A request may come.
    Idle,
    /// The first byte of a head came then; it is not whole yet.
    Coming(Instant),
}

impl Connection {
    pub(super) fn new(socket: TcpStream, patience: Arc<Patience>, place: Option<Place>) -> Self {
        let head = Rc::new(Head(Cell::new(Stage::First)));
        Self { socket, patience, head, head_timer: None, write_timer: None, _place: place }
    }

    /// What its requests find in their connection's data.
    pub(super) fn head(&self) -> Rc<Head> {
        Rc::clone(&self.head)
    }

    /// Waits for more of a head, but not for ever.
    fn poll_head_timer(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let patience = self.patience.head;
        if patience.is_zero() {
            return Poll::Pending;
        }
        loop {
            if let Some(timer) = &mut self.head_timer {
                ready!(timer.as_mut().poll(context));
                self.head_timer = None;
                if let Stage::Coming(since) = self.head.0.get()
                    && since.elapsed() >= patience
                {
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
            }
            let Stage::Coming(since) = self.head.0.get() else { return Poll::Pending };
            self.head_timer = Some(Box::pin(sleep_until((since + patience).into())));
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.socket).poll_read(context, buffer);
        if read.is_pending() {
            return self.poll_head_timer(context);
        }
        if buffer.filled().len() > before {
            self.head.note_bytes();
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.socket).poll_write(context, bytes);
        let patience = self.patience.write;
        if written.is_ready() || patience.is_zero() {
            self.write_timer = None;
            return written;
        }
        let timer = self.write_timer.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(timer.as_mut().poll(context));
        // What the system holds for the other end goes with the connection, instead of waiting on in its memory.
        self.socket.set_zero_linger()?;
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

impl Head {
    fn note_bytes(&self) {
        if matches!(self.0.get(), Stage::Idle) {
            self.0.set(Stage::Coming(Instant::now()));
        }
    }
}

/// A request that is being served: its connection waits for no head until this is dropped.
#[derive(Debug)]
pub(super) struct Activity(Option<Rc<Head>>);

impl Activity {
    pub(super) fn begin(request: &HttpRequest) -> Self {
        let head = request.conn_data::<Rc<Head>>().map(Rc::clone);
        if let Some(head) = &head {
            head.0.set(Stage::Serving);
        }
        Self(head)
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        if let Some(head) = &self.0 {
            head.0.set(Stage::Idle);
        }
    }
}
