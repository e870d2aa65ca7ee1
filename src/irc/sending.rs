//! What waits for the other end, and how it is handed to the socket.

use std::io;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::outgoing::Parting;

/// Room of the buffer that is kept once everything is written.
const BUFFER_KEPT_BYTES: usize = 8 * 1_024;

/// How long the other end may take nothing of what waits for it. Far more than a bad network needs to recover.
const STUCK_MAX: Duration = Duration::from_secs(30);

/// A socket, and a buffer in front of it.
pub(super) struct Sending<W> {
    socket: W,
    /// What waits to be written.
    pub(super) buffer: BytesMut,
    /// Whether TLS may still hold something back that was written to it.
    is_unflushed: bool,
    /// Since when the other end has taken nothing of what waits.
    stuck_since: Option<Instant>,
}

impl<W: AsyncWrite + Unpin> Sending<W> {
    pub(super) fn new(socket: W) -> Self {
        Self { socket, buffer: BytesMut::new(), is_unflushed: false, stuck_since: None }
    }

    /// Whether there is anything to write.
    pub(super) fn has_something(&self) -> bool {
        !self.buffer.is_empty() || self.is_unflushed
    }

    /// Writes some of what waits, as soon as the other end takes it; where nothing waits, what was held back. May be
    /// dropped half-way.
    ///
    /// # Errors
    /// [`Parting`] when the other end is gone, or has taken nothing for too long.
    pub(super) async fn write(&mut self) -> Result<(), Parting> {
        self.write_within(STUCK_MAX).await
    }

    async fn write_within(&mut self, patience: Duration) -> Result<(), Parting> {
        let has_something = !self.buffer.is_empty();
        let since = *self.stuck_since.get_or_insert_with(Instant::now);
        let written = timeout_at(since + patience, write(&mut self.socket, &mut self.buffer)).await;
        written.map_err(|_| Parting::SendQ)?.map_err(|_| Parting::Closed)?;
        self.note_progress(has_something);
        Ok(())
    }

    /// Writes what the socket takes now.
    ///
    /// # Errors
    /// [`Parting`] when the other end is gone.
    pub(super) async fn write_some(&mut self) -> Result<(), Parting> {
        while !self.buffer.is_empty() {
            tokio::select! {
                biased;
                written = write(&mut self.socket, &mut self.buffer) => {
                    written.map_err(|_| Parting::Closed)?;
                    self.note_progress(true);
                }
                () = std::future::ready(()) => break,
            }
        }
        Ok(())
    }

    /// Writes everything and closes; for a deadline around it.
    pub(super) async fn finish(&mut self) {
        if self.socket.write_all_buf(&mut self.buffer).await.is_ok() {
            drop(self.socket.shutdown().await);
        }
    }

    /// The other end has taken something. The room that it took is given back.
    fn note_progress(&mut self, is_unflushed: bool) {
        self.is_unflushed = is_unflushed;
        self.stuck_since = None;
        if self.buffer.is_empty() && self.buffer.capacity() > BUFFER_KEPT_BYTES {
            self.buffer = BytesMut::new();
        }
    }
}

/// Writes some of what is in the buffer; with nothing in it, what was held back.
async fn write(socket: &mut (impl AsyncWrite + Unpin), buffer: &mut BytesMut) -> io::Result<()> {
    if buffer.is_empty() {
        return socket.flush().await;
    }
    match socket.write_buf(buffer).await? {
        0 => Err(io::ErrorKind::WriteZero.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_takes_nothing_is_given_up() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (near, far) = tokio::io::duplex(4);
            let mut sending = Sending::new(near);
            sending.buffer.extend_from_slice(b"PING :x\r\n");
            assert_eq!(sending.write().await, Ok(()));
            assert_eq!(&sending.buffer[..], b" :x\r\n");
            assert_eq!(sending.write_some().await, Ok(()), "nobody waits");
            // What is given up half-way to read a line does not begin anew.
            assert!(tokio::time::timeout(Duration::from_millis(20), sending.write()).await.is_err());
            assert_eq!(sending.write_within(Duration::from_millis(1)).await, Err(Parting::SendQ));
            drop(far);
            assert_eq!(sending.write().await, Err(Parting::Closed));
        });
    }
}
