//! How what comes in a burst is told together.
//!
//! An answer costs the same whether it tells of one message or of ten. In a busy channel the next message is on its way
//! while the last is being told, and a client that is told each in an answer of its own is told all of them later.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Engine, SubmitError};
use crate::delivery::{Page, PageLimits, Seat};
use crate::id::Seq;

/// Messages that make an answer one of a burst: one alone is told at once, and many are enough for an answer.
const BURST_LINES: RangeInclusive<usize> = 2..=63;
/// How long ago the client was last told something, at most, for there to be a burst. A person who is told several things
/// at once, several times in that time, does not notice the millisecond.
const BURST_GAP_MS: u64 = 30;

/// How many are told together before others are looked at: about as many as take a fifth of a millisecond.
const TURNS: usize = 8;

thread_local! {
    /// The turns of this thread.
    static TURN: Arc<Semaphore> = Arc::new(Semaphore::new(TURNS));
}

impl Engine {
    /// Gives a page that has something to tell, or within a millisecond a later one for the same poll that has more.
    ///
    /// # Errors
    /// As those of a poll.
    pub(super) async fn gather(
        &self,
        seat: &Arc<Seat>,
        after: Seq,
        limits: PageLimits,
        page: Page,
    ) -> Result<Page, SubmitError> {
        let now_ms = self.shared.clock.ms();
        let told_ms_ago = now_ms.saturating_sub(seat.told_ms());
        seat.note_told(now_ms);
        if page.more || told_ms_ago > BURST_GAP_MS || !BURST_LINES.contains(&page.lines.len()) {
            return Ok(page);
        }
        // The page is good as it is, and the later one may be less: another tab may have acknowledged meanwhile, or the
        // disk may refuse.
        match Box::pin(self.look_later(seat, after, limits)).await {
            Ok(later) if later.dropped.is_some() || later.lines.len() >= page.lines.len() => Ok(later),
            Err(SubmitError::Gone) => Err(SubmitError::Gone),
            _ => Ok(page),
        }
    }

    /// Looks at the next millisecond, when it is its turn.
    async fn look_later(
        &self,
        seat: &Arc<Seat>,
        after: Seq,
        limits: PageLimits,
    ) -> Result<Page, SubmitError> {
        // Timers go off at whole milliseconds: at the next one, which is at most one away, and the same for all.
        tokio::time::sleep(Duration::from_nanos(1)).await;
        // All of them at once, then: a few at a time, so that whoever else is to be served is served in between.
        let _turn = TURN.with(Arc::clone).acquire_owned().await.ok();
        tokio::task::yield_now().await;
        self.look(seat, after, limits).await
    }
}
