//! What can only be counted when somebody asks, for those who watch over the server.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::{Engine, SubmitError};
use crate::delivery::QueueTotals;
use crate::reply::view::{self, Counts};
use crate::store::DiskBytes;

/// What is counted when somebody asks.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// What there is of what.
    pub counts: Counts,
    /// All queues together.
    pub queues: QueueTotals,
}

/// How long what was counted is good, for each client that there is: fifty times as long as counting takes. It goes through
/// all queues, and anybody may ask how the server is, as often as it likes; the writer has a fiftieth of its time for them all.
const GOOD_FOR_EACH: Duration = Duration::from_micros(30);

/// What was counted last, and until when that is good enough.
#[derive(Debug, Default)]
pub(super) struct Counted(Mutex<Option<(Figures, Instant)>>);

impl Engine {
    /// Counts, or says what was counted a moment ago. The writer does it, between two batches, in some milliseconds for ten
    /// thousand clients.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn figures(&self) -> Result<Figures, SubmitError> {
        // Whoever asks meanwhile waits for the same.
        let mut counted = self.shared.counted.0.lock().await;
        if let Some((figures, good_until)) = *counted
            && Instant::now() < good_until
        {
            return Ok(figures);
        }
        let count = self
            .view(|glance| Figures { counts: view::counts(glance.world), queues: glance.delivery.totals() });
        let figures = count.await?;
        let clients = u32::try_from(figures.counts.clients).unwrap_or(u32::MAX);
        *counted = Some((figures, Instant::now() + GOOD_FOR_EACH.saturating_mul(clients)));
        Ok(figures)
    }

    /// What the disk has of the database; `None` where it is in memory.
    pub fn disk_bytes(&self) -> Option<DiskBytes> {
        self.shared.reader.disk_bytes()
    }
}
