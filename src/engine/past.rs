//! Looking back: what was said in a talk, from any place in it, for whoever may read its history.

use std::sync::Arc;

use super::views::HistoryError;
use super::{Engine, SubmitError};
use crate::entry::{Conversation, Entry};
use crate::id::{Seq, UserId};
use crate::protocol::message::told_at_ms;
use crate::protocol::past::{Mark, Stretch};
use crate::reply::view;
use crate::store::{Reader, StoreError, Window};

/// Somebody or something that was talked to, and when for the last time, in milliseconds since 1970.
pub(crate) type LastTold = (String, i64);

impl Engine {
    /// Part of a talk, oldest first; with what else happened in a channel where that is wanted. The target is named
    /// as it is now, and shown to the same people as `GET /history` shows it to.
    ///
    /// # Errors
    /// [`HistoryError`] when the user may not read it, or nobody can now.
    pub async fn look_back(
        &self,
        user: UserId,
        target: String,
        stretch: Stretch,
        limit: usize,
        with_happenings: bool,
    ) -> Result<Vec<Arc<Entry>>, HistoryError> {
        // Nothing that is said from now on: who may read it is asked now.
        let seen =
            self.view(move |glance| (view::conversation(glance.world, user, &target), glance.next_seq));
        let (conversation, next_seq) = seen.await?;
        let conversation = conversation.map_err(HistoryError::Refused)?;
        let mut talks = vec![conversation];
        if let Conversation::Channel(channel) = conversation
            && with_happenings
        {
            talks.push(Conversation::Happenings(channel));
        }
        let history_max = self.shared.settings.history_max;
        let read = move |reader: &dyn Reader| {
            let mut seqs = Vec::new();
            for part in parts(reader, stretch, limit)? {
                let part = part.not_after(next_seq);
                seqs.extend(part.read(reader, &talks, limit - seqs.len(), history_max)?);
            }
            reader.entries(&seqs)
        };
        Ok(self.read_past(read).await?)
    }

    /// Where and with whom a user has talked for the last time between two times, in the order of those times.
    ///
    /// # Errors
    /// [`SubmitError`] when nobody can read it now.
    pub async fn talks_between(
        &self,
        user: UserId,
        from_ms: i64,
        to_ms: i64,
        limit: usize,
    ) -> Result<Vec<LastTold>, SubmitError> {
        let peers = self.read_past(move |reader| reader.peers(user)).await?;
        let seen = self.view(move |glance| (view::talks(glance.world, user, &peers), glance.next_seq));
        let (talks, next_seq) = seen.await?;
        let history_max = self.shared.settings.history_max;
        let read = move |reader: &dyn Reader| {
            let mut found = Vec::new();
            for (name, conversation) in talks {
                let newest = Part { after: Seq::ZERO, before: Some(next_seq), from_oldest: false, share: 1 };
                let newest = newest.read(reader, &[conversation], 1, history_max)?;
                let newest = reader.entries(&newest)?;
                let told = newest.first().and_then(|entry| told_at_ms(&entry.line));
                found.extend(told.map(|told| (name, told)));
            }
            Ok(found)
        };
        let mut found = self.read_past(read).await?;
        found.retain(|(_, told)| *told > from_ms.min(to_ms) && *told < from_ms.max(to_ms));
        found.sort_by_key(|(_, told)| *told);
        if from_ms <= to_ms {
            found.truncate(limit);
        } else {
            found.drain(..found.len().saturating_sub(limit));
        }
        Ok(found)
    }

    /// Entries with their sources, by their places.
    pub(super) async fn entries(&self, seqs: Vec<Seq>) -> Result<Vec<Arc<Entry>>, SubmitError> {
        self.read_past(move |reader| reader.entries(&seqs)).await
    }

    async fn read_past<T: Send + 'static>(
        &self,
        read: impl FnOnce(&dyn Reader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, SubmitError> {
        let reader = Arc::clone(&self.shared.reader);
        let read = tokio::task::spawn_blocking(move || read(&*reader)).await;
        read.map_err(|_| SubmitError::Unavailable)?.map_err(|error| {
            tracing::error!(%error, "what was told before cannot be read");
            SubmitError::Unavailable
        })
    }
}

/// Part of a talk between two places, which are not in it.
#[derive(Clone, Copy)]
struct Part {
    after: Seq,
    before: Option<Seq>,
    from_oldest: bool,
    /// The most that it may have of what is given.
    share: usize,
}

impl Part {
    /// As much of it as there was before this place.
    fn not_after(self, next_seq: Seq) -> Self {
        Self { before: Some(self.before.map_or(next_seq, |before| before.min(next_seq))), ..self }
    }

    /// The places in it, of several talks at once, ascending.
    fn read(
        self,
        reader: &dyn Reader,
        talks: &[Conversation],
        left: usize,
        history_max: usize,
    ) -> Result<Vec<Seq>, StoreError> {
        let Self { after, before, from_oldest, share } = self;
        let limit = share.min(left);
        let mut seqs = Vec::new();
        for conversation in talks.iter().copied() {
            let window = Window { conversation, after, before, from_oldest, limit, history_max };
            seqs.extend(reader.window(&window)?);
        }
        seqs.sort_unstable();
        if from_oldest {
            seqs.truncate(limit);
        } else {
            seqs.drain(..seqs.len().saturating_sub(limit));
        }
        Ok(seqs)
    }
}

/// The one or two parts that a stretch consists of.
fn parts(reader: &dyn Reader, stretch: Stretch, limit: usize) -> Result<Vec<Part>, StoreError> {
    // The end of what was told up to a mark, with it, and the beginning of what came from it on.
    let through = |mark| match mark {
        Mark::Time(ms) => reader.told_until(ms),
        Mark::Message(seq) => Ok(seq),
    };
    let from = |mark| match mark {
        Mark::Time(ms) => reader.told_until(ms.saturating_sub(1)).map(Seq::next),
        Mark::Message(seq) => Ok(seq),
    };
    let all = Part { after: Seq::ZERO, before: None, from_oldest: false, share: limit };
    Ok(match stretch {
        Stretch::Latest(None) => vec![all],
        Stretch::Latest(Some(mark)) => vec![Part { after: through(mark)?, ..all }],
        Stretch::Before(mark) => vec![Part { before: Some(from(mark)?), ..all }],
        Stretch::After(mark) => vec![Part { after: through(mark)?, from_oldest: true, ..all }],
        Stretch::Around(mark) => {
            let middle = from(mark)?;
            let last_before = Seq::new(middle.get().saturating_sub(1));
            vec![
                Part { before: Some(middle), share: limit / 2, ..all },
                Part { after: last_before, from_oldest: true, ..all },
            ]
        }
        Stretch::Between(first, second) => {
            let (one, other) = (through(first)?, through(second)?);
            if one <= other {
                vec![Part { after: one, before: Some(from(second)?), from_oldest: true, ..all }]
            } else {
                vec![Part { after: other, before: Some(from(first)?), ..all }]
            }
        }
    })
}
