//! The reading side for streams: what a client has to read, one page after another, until something ends it.
//!
//! Within one stream nothing comes twice and nothing out of order, since it has a cursor of its own. It acknowledges no
//! more than the cursor that it began with: a later request says how far its client has come.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::{Engine, SubmitError, by_post};
use crate::delivery::{Bell, Page, PageLimits, Seat};
use crate::id::Seq;

/// What is taken at once: enough for few writes, and little enough to be held for each of those who read slowly.
const TAKEN_AT_ONCE: PageLimits = PageLimits { entries: 128, bytes: 128 * 1024 };

/// A stream. It counts as one for as long as this lives, and its client as present.
pub struct Follower {
    engine: Engine,
    seat: Arc<Seat>,
    bell: Bell,
    after: Seq,
    ticket: u64,
}

/// What a stream has next.
#[derive(Debug)]
pub enum Followed {
    /// This. Where it is empty there is nothing new, and the bell is to be waited for.
    Page(Page),
    /// Nothing any more.
    Over(StreamEnd),
}

/// Why a stream ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StreamEnd {
    /// The client was logged out; with its session, if there is a reason.
    LoggedOut(Option<Arc<str>>),
    /// The client has begun as many streams as it may have since.
    Displaced,
    /// It has lasted for as long as a stream may.
    Lifetime,
    /// The server stops.
    Stopping,
    /// The disk cannot be read.
    Unavailable,
}

impl Engine {
    /// Begins a stream of what comes after a place, and acknowledges what does not.
    pub fn follow(&self, seat: &Arc<Seat>, after: Seq) -> Follower {
        let bell = seat.queue.bell();
        let (ticket, after) = seat.queue.begin_stream(after, &self.shared.settings.queues);
        self.shared.stats.streams.fetch_add(1, Relaxed);
        self.shared.stats.streams_begun.fetch_add(1, Relaxed);
        Follower { engine: self.clone(), seat: Arc::clone(seat), bell, after, ticket }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.seat.touch(self.engine.shared.clock.ms());
        self.seat.queue.end_stream(self.ticket);
        self.engine.shared.stats.streams.fetch_sub(1, Relaxed);
    }
}

impl Follower {
    /// Waits until there may be something new. May be dropped half-way.
    pub async fn wait(&mut self) {
        by_post(self.bell.rang()).await;
    }

    /// Takes what is new.
    pub async fn take(&mut self) -> Followed {
        // Before looking, so that nothing that comes after it is missed.
        self.bell.hear();
        if !self.seat.queue.is_streaming(self.ticket) {
            return Followed::Over(StreamEnd::Displaced);
        }
        match self.engine.peek(&self.seat, self.after, TAKEN_AT_ONCE).await {
            Ok(page) if page.is_empty() && self.engine.is_stopping() => Followed::Over(StreamEnd::Stopping),
            Ok(page) => {
                self.after = page.last;
                Followed::Page(page)
            }
            Err(SubmitError::Gone) => Followed::Over(StreamEnd::LoggedOut(self.seat.queue.farewell())),
            Err(_) => Followed::Over(StreamEnd::Unavailable),
        }
    }
}
