//! One connection, beneath HTTP: what came and was not read yet, what is sent, and for how long either is waited for.
//!
//! Thousands of connections wait, so one that waits holds nothing that it can do without: bytes are read into a buffer
//! that all connections of a thread share, and there is one timer for everything that a connection may wait for.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use bytes::BytesMut;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::limits::Place;

/// What is read at once, in bytes: longer than nearly all requests, and than a head may be.
const READ_BYTES: usize = 32 * 1024;
/// What is read ahead, in bytes, while a request is being served: some pipelined requests, and not more.
const AHEAD_BYTES_MAX: usize = 32 * 1024;

thread_local! {
    /// Where bytes are read to, before the connection that they came on takes them.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
}

/// How long a connection may take; zero is for ever.
#[derive(Debug)]
pub(super) struct Patience {
    /// For the head of a request, from its first byte.
    pub(super) head: Duration,
    /// For taking any byte of an answer.
    pub(super) write: Duration,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    socket: TcpStream,
    pub(super) peer: Option<SocketAddr>,
    pub(super) patience: Arc<Patience>,
    /// What came and was not taken yet.
    pub(super) unread: BytesMut,
    /// Whether the other end has said that nothing more comes.
    pub(super) ended: bool,
    alarm: Alarm,
    /// Given back with the connection.
    place: Option<Place>,
}

impl Connection {
    pub(super) fn new(
        socket: TcpStream,
        peer: Option<SocketAddr>,
        patience: Arc<Patience>,
        place: Option<Place>,
    ) -> Self {
        // An answer goes out whole, so there is nothing that waiting for more of it could save.
        let _at_worst_it_is_slow = socket.set_nodelay(true);
        let (unread, alarm) = (BytesMut::new(), Alarm::default());
        Self { socket, peer, patience, unread, ended: false, alarm, place }
    }

    /// What is left when HTTP has no more to do with it: the socket, what came and was not read, and its place.
    ///
    /// # Errors
    /// When the system does not give the socket up.
    pub(super) fn into_parts(self) -> io::Result<(std::net::TcpStream, BytesMut, Option<Place>)> {
        Ok((self.socket.into_std()?, self.unread, self.place))
    }

    /// Takes what has come into `unread`; how many bytes that were, 0 at the end.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut scratch = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.socket).poll_read(context, &mut scratch))?;
            let came = scratch.filled();
            self.unread.extend_from_slice(came);
            self.ended |= came.is_empty();
            Poll::Ready(Ok(came.len()))
        })
    }

    /// Waits for more to come, until `deadline` or for as long as `wait` lets it.
    pub(super) async fn read(&mut self, deadline: Option<Instant>, wait: impl Fn() -> bool) -> Came {
        poll_fn(|context| {
            match self.poll_read(context) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Came::End),
                Poll::Ready(Ok(_)) => return Poll::Ready(Came::Bytes),
                Poll::Ready(Err(_)) => return Poll::Ready(Came::Broken),
                Poll::Pending if !wait() => return Poll::Ready(Came::Nothing),
                Poll::Pending => {}
            }
            deadline
                .map_or(Poll::Pending, |deadline| self.alarm.poll_at(context, deadline))
                .map(|()| Came::Nothing)
        })
        .await
    }

    /// Lets go of the memory that the last request came in, when there is nothing more in it.
    pub(super) fn let_go_of_buffer(&mut self) {
        if self.unread.is_empty() {
            self.unread = BytesMut::new();
        }
    }

    /// Ends at `deadline`, or when the connection breaks. Meanwhile it reads ahead, a little: only so does a broken
    /// connection show. One whose other end sends nothing more may still be read from there.
    pub(super) async fn outlast(&mut self, deadline: Instant) {
        self.let_go_of_buffer();
        poll_fn(|context| {
            if self.reads_ahead(context).is_err() {
                return Poll::Ready(());
            }
            self.alarm.poll_at(context, deadline)
        })
        .await;
    }

    /// The same, and ends too when the other end says that it sends nothing more: a program that has ended says that
    /// and nothing else. Says whether it has not.
    pub(super) async fn outlast_while_open(&mut self, deadline: Instant) -> bool {
        self.let_go_of_buffer();
        poll_fn(|context| {
            if self.reads_ahead(context).is_err() || self.ended {
                return Poll::Ready(false);
            }
            self.alarm.poll_at(context, deadline).map(|()| true)
        })
        .await
    }

    /// Takes what has come, a little; an error when the connection is broken.
    fn reads_ahead(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while !self.ended && self.unread.len() < AHEAD_BYTES_MAX {
            match self.poll_read(context) {
                Poll::Ready(came) => drop(came?),
                Poll::Pending => break,
            }
        }
        Ok(())
    }

    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// When the connection is broken, or the other end takes nothing for too long.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut written = self.write_now(bytes)?;
        while written < bytes.len() {
            written += self.write_some(bytes.get(written..).unwrap_or_default()).await?;
        }
        Ok(())
    }

    /// Sends what can be sent at once. Gives how many bytes that were.
    ///
    /// # Errors
    /// When the connection is broken.
    pub(super) fn write_now(&self, bytes: &[u8]) -> io::Result<usize> {
        match self.socket.try_write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            tried => tried,
        }
    }

    async fn write_some(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let patience = self.patience.write;
        let deadline = (!patience.is_zero()).then(|| Instant::now() + patience);
        poll_fn(|context| {
            if let Poll::Ready(written) = Pin::new(&mut self.socket).poll_write(context, bytes)? {
                let closed = || Err(io::ErrorKind::WriteZero.into());
                return Poll::Ready(if written == 0 { closed() } else { Ok(written) });
            }
            ready!(deadline.map_or(Poll::Pending, |deadline| self.alarm.poll_at(context, deadline)));
            // What the system holds for the other end goes with the connection, instead of waiting on in its memory.
            SockRef::from(&self.socket).set_linger(Some(Duration::ZERO))?;
            Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
        })
        .await
    }

    /// Says that nothing more comes, and takes what is still on its way for a while: closing over unread bytes would
    /// make the system throw away the answer.
    pub(super) async fn linger(mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        let socket = &mut self.socket;
        if poll_fn(|context| Pin::new(&mut *socket).poll_shutdown(context)).await.is_err() {
            return;
        }
        while !self.ended {
            self.unread.clear();
            let came = self.read(Some(deadline), || true).await;
            if came != Came::Bytes || Instant::now() >= deadline {
                return;
            }
        }
    }
}

/// What waiting for bytes gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Came {
    /// Some.
    Bytes,
    /// None, and none will.
    End,
    /// None in time.
    Nothing,
    /// The connection is gone.
    Broken,
}

/// The one timer of a connection. It is moved when it would go off too late and not when it would go off too early,
/// which costs a look at the clock now and then instead of a move at every request.
#[derive(Debug, Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    fn poll_at(&mut self, context: &mut Context<'_>, deadline: Instant) -> Poll<()> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            ready!(pin!(&mut *sleep).poll(context));
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_goes_off_in_time_whatever_it_was_set_to_before() {
        let mut alarm = Alarm::default();
        let start = Instant::now();
        for (before, wanted) in [(60, 1), (1, 60), (5, 5)] {
            let set_at = Instant::now();
            let set = alarm_until(&mut alarm, set_at + Duration::from_secs(before));
            assert!(tokio::time::timeout(Duration::from_millis(1), set).await.is_err());
            let asked_at = Instant::now();
            alarm_until(&mut alarm, asked_at + Duration::from_secs(wanted)).await;
            let took = asked_at.elapsed();
            assert!(
                took >= Duration::from_secs(wanted) && took < Duration::from_secs(wanted + 1),
                "{took:?}"
            );
        }
        assert!(start.elapsed() < Duration::from_secs(70));
    }

    async fn alarm_until(alarm: &mut Alarm, deadline: Instant) {
        poll_fn(|context| alarm.poll_at(context, deadline)).await;
    }
}
