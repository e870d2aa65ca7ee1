//! What is committed together.

use jiff::Timestamp;

use crate::delivery::Settlement;
use crate::entry::Posted;
use crate::id::{ClientId, Seq};
use crate::world::Event;

/// Everything that was decided since the last commit, in order.
#[derive(Debug, Default)]
pub struct Batch {
    /// Facts.
    pub events: Vec<Event>,
    /// Rows of the log, shared with the queues that will hold them.
    pub entries: Vec<Posted>,
    /// Responses to repeat when a request comes again under its `Idempotency-Key`.
    pub outcomes: Vec<KeptOutcome>,
    /// What the disk is to keep of queues.
    pub settlements: Vec<Settlement>,
    /// Log rows that queues on disk name and no history shows.
    pub held: Vec<Seq>,
    /// Where a start may begin to read the log from now on.
    pub checkpoint: Option<Seq>,
    /// The number that the next user, client or channel gets, when it has changed.
    pub next_id: Option<u64>,
    /// When all this is put down, in the server's running time, by which ages are reckoned; where it is absent the
    /// times of the entries themselves serve.
    pub kept_at: Option<Timestamp>,
    /// Running time up to now, when it is worth saving by itself.
    pub ran_until: Option<Timestamp>,
}

impl Batch {
    /// Whether there is nothing to commit.
    pub const fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.entries.is_empty()
            && self.outcomes.is_empty()
            && self.settlements.is_empty()
            && self.held.is_empty()
            && self.checkpoint.is_none()
            && self.next_id.is_none()
            && self.ran_until.is_none()
    }
}

/// A response that is repeated when the same request comes again.
#[derive(Clone, Debug)]
pub struct KeptOutcome {
    /// Who asked.
    pub client: ClientId,
    /// The `Idempotency-Key` of the request.
    pub key: String,
    /// The JSON of the response.
    pub response: String,
    /// When it was decided.
    pub at: Timestamp,
}
