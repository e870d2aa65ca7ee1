//! The reading side of the engine: long polls and histories, apart from the writer.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use super::{Engine, SubmitError, by_post};
use crate::delivery::queue::Look;
use crate::delivery::{Excerpt, Page, PageLimits, Queue, Seat};
use crate::id::Seq;

/// For how long a poll begins anew because what it read was being cut off: far longer than a slow disk takes for a commit.
const LOOK_FOR: Duration = Duration::from_secs(10);
/// The pause before that: about as long as a commit takes, and each time twice as long.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(2);
/// The longest that this becomes.
const LOOK_AGAIN_AFTER_MAX: Duration = Duration::from_millis(100);

/// A way to look into a queue.
type Looking = fn(&Queue, Seq, PageLimits) -> Look;

/// Leaves the line of waiting polls, also when the poll is dropped half-way. The client was here until then.
struct Place<'a> {
    engine: &'a Engine,
    seat: &'a Seat,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.seat.touch(self.engine.shared.clock.ms());
        self.seat.queue.leave_line(self.ticket);
    }
}

impl Engine {
    /// What the client has to read after `after`, as soon as there is anything, or an empty page when
    /// `timeout` has passed. Reading consumes nothing; `after` acknowledges.
    ///
    /// # Errors
    /// `Gone` when the client was logged out, also while waiting; `Unavailable` when the disk cannot be read.
    pub async fn poll(&self, seat: &Arc<Seat>, after: Seq, timeout: Duration) -> Result<Page, SubmitError> {
        let wait = (!timeout.is_zero()).then(|| tokio::time::sleep(timeout));
        self.poll_while(seat, after, wait).await
    }

    /// The same for as long as `wait` is not over, which is not begun unless there is nothing to read yet.
    ///
    /// # Errors
    /// As [`poll`](Self::poll).
    pub async fn poll_while<W: Future<Output = ()>>(
        &self,
        seat: &Arc<Seat>,
        after: Seq,
        wait: Option<W>,
    ) -> Result<Page, SubmitError> {
        let mut bell = seat.queue.bell();
        let limits = PageLimits::default();
        let page = self.look(seat, after, limits).await?;
        let Some(wait) = wait else { return Ok(page) };
        if !page.is_empty() {
            return self.gather(seat, after, limits, page).await;
        }
        let ticket = seat.queue.wait_in_line(&self.shared.settings.queues);
        let place = Place { engine: self, seat, ticket };
        let mut wait = pin!(wait);
        loop {
            // The end rings every bell, so whoever had this one before it began need not watch for it.
            let goes_on = !self.is_stopping()
                && tokio::select! {
                    biased;
                    () = by_post(bell.rang()) => true,
                    () = &mut wait => false,
                };
            let page = self.look(seat, after, limits).await?;
            if !page.is_empty() {
                return self.gather(seat, after, limits, page).await;
            }
            if !goes_on || !seat.queue.is_in_line(place.ticket) {
                return Ok(page);
            }
        }
    }

    /// Looks into a queue, on disk too where the client lags, and acknowledges what is not after `after`.
    pub(super) async fn look(
        &self,
        seat: &Arc<Seat>,
        after: Seq,
        limits: PageLimits,
    ) -> Result<Page, SubmitError> {
        self.look_by(Queue::look, seat, after, limits).await
    }

    /// The same, and acknowledges nothing.
    pub(super) async fn peek(
        &self,
        seat: &Arc<Seat>,
        after: Seq,
        limits: PageLimits,
    ) -> Result<Page, SubmitError> {
        self.look_by(Queue::peek, seat, after, limits).await
    }

    async fn look_by(
        &self,
        look: Looking,
        seat: &Arc<Seat>,
        after: Seq,
        limits: PageLimits,
    ) -> Result<Page, SubmitError> {
        self.shared.precedence.give_way();
        // What is read from disk may be cut off by the writer meanwhile. Then the answer begins anew, and tells.
        let (mut pause, mut waited) = (LOOK_AGAIN_AFTER, Duration::ZERO);
        while waited < LOOK_FOR {
            let (page, from_disk) = self.look_once(look, seat, after, limits).await?;
            if !from_disk || seat.queue.stands_by(&page, after) {
                return Ok(page);
            }
            Box::pin(tokio::time::sleep(pause)).await;
            waited += pause;
            pause = (pause * 2).min(LOOK_AGAIN_AFTER_MAX);
        }
        Err(SubmitError::Unavailable)
    }

    /// Says also whether any of the page came from disk.
    async fn look_once(
        &self,
        look: Looking,
        seat: &Arc<Seat>,
        after: Seq,
        limits: PageLimits,
    ) -> Result<(Page, bool), SubmitError> {
        let mut look = look(&seat.queue, after, limits);
        let mut asked = None;
        loop {
            let (mut page, through) = match look {
                Look::Page(page) if page.lines.is_empty() => {
                    // Having looked further for nothing moves no cursor.
                    return Ok((Page { last: asked.unwrap_or(page.last), ..page }, asked.is_some()));
                }
                Look::Page(page) => return Ok((page, asked.is_some())),
                Look::Closed => return Err(SubmitError::Gone),
                Look::Disk { page, through } => (page, through),
            };
            asked.get_or_insert(page.last);
            if limits.after(&page.lines).are_reached() {
                return Ok((Page { more: true, ..page }, true));
            }
            // Boxed, as is whatever else is seldom: each poll that waits has room for all that it might come to.
            let Excerpt { lines, cut } = Box::pin(self.read_disk(seat, &page, through, limits)).await?;
            page.lines.extend(lines);
            if cut {
                // The cursor goes no further than what is in the answer.
                page.last = page.lines.last().map_or(page.last, |newest| newest.seq);
                return Ok((Page { more: true, ..page }, true));
            }
            page.last = through;
            look = match seat.queue.look_on(page, limits) {
                Look::Page(mut page) => {
                    page.last = page.lines.last().map_or(page.last, |newest| newest.seq);
                    Look::Page(page)
                }
                other => other,
            };
        }
    }

    async fn read_disk(
        &self,
        seat: &Arc<Seat>,
        page: &Page,
        through: Seq,
        limits: PageLimits,
    ) -> Result<Excerpt, SubmitError> {
        let (reader, client, last) = (Arc::clone(&self.shared.reader), seat.client, page.last);
        let left = limits.after(&page.lines);
        let read = tokio::task::spawn_blocking(move || reader.read(client, last, through, left));
        read.await.map_err(|_| SubmitError::Unavailable)?.map_err(|error| {
            tracing::error!(%error, "a backlog cannot be read");
            SubmitError::Unavailable
        })
    }
}
