//! What can only be counted when somebody asks, for those who watch over the server.

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

impl Engine {
    /// Counts. The writer does it, between two batches: about a millisecond for twenty thousand clients.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn figures(&self) -> Result<Figures, SubmitError> {
        self.view(|glance| Figures { counts: view::counts(glance.world), queues: glance.delivery.totals() })
            .await
    }

    /// What the disk has of the database; `None` where it is in memory.
    pub fn disk_bytes(&self) -> Option<DiskBytes> {
        self.shared.reader.disk_bytes()
    }
}
