//! What the operator may set about the engine, with units.

use std::time::Duration;

use crate::delivery::QueueLimits;

/// Settings of the engine.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// Requests that may wait for the writer; a further one is told to try again.
    pub inbox_max: usize,
    /// Limits of queues.
    pub queues: QueueLimits,
    /// Bytes of messages that all tails may hold together; beyond them they go to disk at once.
    pub queue_memory_bytes: usize,
    /// How long an entry may stay unacknowledged before it goes to disk.
    pub settle_after: Duration,
    /// How long an unacknowledged entry is kept at all; zero is for ever.
    pub queue_age_max: Duration,
    /// Messages that each history shows; 0 is no limit.
    pub history_max: usize,
    /// How long one search may take; zero is for ever.
    pub search_timeout: Duration,
    /// Attempts of OPER that one session has in a minute; 0 is no limit.
    pub oper_attempts_per_minute: usize,
    /// How long a client may be silent before it is logged out; zero is for ever.
    pub idle_timeout: Duration,
}
