//! Looking back from any place: windows into a talk, and entries with whoever brought them about.

use std::sync::Arc;

use super::StoreError;
use crate::entry::{Conversation, Entry};
use crate::id::{Seq, UserId};

/// A part of a talk between two places, which are not in it.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Whose talk.
    pub conversation: Conversation,
    /// What comes behind this place.
    pub after: Seq,
    /// What comes before this place; `None` for everything.
    pub before: Option<Seq>,
    /// Which of them are given where they are more than the limit.
    pub from_oldest: bool,
    /// At most so many.
    pub limit: usize,
    /// How many messages the history shows in all; 0 is no limit.
    pub history_max: usize,
}

/// What was told before.
pub trait Past: Send + Sync {
    /// The places of the messages in a window, ascending.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn window(&self, window: &Window) -> Result<Vec<Seq>, StoreError>;

    /// The entries at these places with their sources, in the same order; without those that are gone.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn entries(&self, seqs: &[Seq]) -> Result<Vec<Arc<Entry>>, StoreError>;

    /// The newest entry that was told at this time or before, in milliseconds since 1970 by the wall clock of then;
    /// [`Seq::ZERO`] when all were later.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn told_until(&self, at_ms: i64) -> Result<Seq, StoreError>;

    /// With whom a session has talked, as far as a history shows it.
    ///
    /// # Errors
    /// When the disk cannot be read.
    fn peers(&self, user: UserId) -> Result<Vec<UserId>, StoreError>;
}
