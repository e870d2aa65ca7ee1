//! The reading side for connections: a client that polls without pause, and reads nothing twice.

use std::sync::Arc;

use super::{Engine, SubmitError};
use crate::delivery::page::Dropped;
use crate::delivery::queue::Taken;
use crate::delivery::{Bell, PageLimits, Seat};
use crate::entry::Entry;
use crate::id::Seq;

/// Entries that are taken at once: the lock of the queue is held for as long as it takes to copy so many pointers, and
/// what they become, at worst 15 KB of lines each, is not more than may wait for somebody who reads.
const TAKEN_MAX: usize = 32;

/// What a listener gets.
#[derive(Debug)]
pub enum Heard {
    /// These entries, ascending; none when there is nothing new.
    Entries(Vec<Arc<Entry>>, Option<Dropped>),
    /// The client was logged out; with its session, if there is a reason.
    Closed(Option<Arc<str>>),
}

/// Hears what a client has to read, as it comes.
pub struct Listener {
    engine: Engine,
    seat: Arc<Seat>,
    bell: Bell,
    after: Seq,
    ticket: u64,
    /// Whether there may be something that was not taken yet.
    is_due: bool,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.seat.queue.leave_line(self.ticket);
    }
}

impl Engine {
    /// Begins to listen for a client, which counts as present for as long.
    pub fn listen(&self, seat: &Arc<Seat>) -> Listener {
        let bell = seat.queue.bell();
        let ticket = seat.queue.wait_in_line(&self.shared.settings.queues);
        Listener {
            engine: self.clone(),
            seat: Arc::clone(seat),
            bell,
            after: Seq::ZERO,
            ticket,
            is_due: true,
        }
    }
}

impl Listener {
    /// Whose queue it is.
    pub const fn seat(&self) -> &Arc<Seat> {
        &self.seat
    }

    /// Waits until there may be something new. May be dropped half-way.
    pub async fn wait(&mut self) {
        if !self.is_due {
            self.bell.rang().await;
            self.is_due = true;
        }
    }

    /// Waits until the client is logged out, whatever there is yet to be taken; with the reason. May be dropped half-way.
    pub async fn thrown_out(&self) -> Option<Arc<str>> {
        let mut bell = self.seat.queue.bell();
        loop {
            if let Some(reason) = self.seat.queue.end() {
                return reason;
            }
            bell.rang().await;
        }
    }

    /// Takes what is new, and acknowledges what was taken before. May be dropped half-way.
    ///
    /// # Errors
    /// `Unavailable` when the disk cannot be read.
    pub async fn take(&mut self) -> Result<Heard, SubmitError> {
        // Also without having waited: a receipt comes before the bell rings for what it is about.
        self.bell.hear();
        match self.seat.queue.take(self.after, TAKEN_MAX) {
            Taken::Entries(entries) => {
                // Looking once more acknowledges them, so that they need not stay in memory until there is more.
                self.is_due = !entries.is_empty();
                self.after = entries.last().map_or(self.after, |newest| newest.seq);
                Ok(Heard::Entries(entries, None))
            }
            Taken::Closed(reason) => Ok(Heard::Closed(reason)),
            Taken::Disk => self.take_from_disk().await,
        }
    }

    /// A client that lags so far that its entries left memory.
    async fn take_from_disk(&mut self) -> Result<Heard, SubmitError> {
        let limits = PageLimits { entries: TAKEN_MAX, ..PageLimits::default() };
        let page = match self.engine.look(&self.seat, self.after, limits).await {
            Ok(page) => page,
            Err(SubmitError::Gone) => return Ok(Heard::Closed(None)),
            Err(error) => return Err(error),
        };
        // Whatever is told is in the log, with whoever brought it about.
        let seqs: Vec<Seq> = page.lines.iter().map(|line| line.seq).collect();
        let entries = self.engine.entries(seqs).await?;
        self.after = page.last;
        Ok(Heard::Entries(entries, page.dropped))
    }
}
