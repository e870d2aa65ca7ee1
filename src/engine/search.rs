//! Searches, one at a time: each may take a core for as long as `SEARCH_TIMEOUT` says. They have their turns in the order
//! in which they came, few of one session, so that whoever searches all the time makes others wait for one search and not
//! for all that it has begun.
//!
//! What the asker may read is asked when its turn has come, and nothing is shown that was said later: somebody who is
//! taken out of a channel while it waits, or while the index is read, finds nothing of what is said there then.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Engine, SubmitError};
use crate::delivery::{Line, Seat};
use crate::id::{Seq, UserId};
use crate::protocol::search::Terms;
use crate::reply::view::{self, HistoryRefusal};
use crate::store::{Found, SearchRequest, Talks};

/// Searches that go on or wait, of everybody.
const PLACES: usize = 17;
/// Those of one session: the one that is of no use any more, since somebody has typed on, and the one that is.
const PLACES_OF_ONE: usize = 2;
/// How long a search waits for its turn, in times of the longest that one may take.
const PATIENCE: u32 = 5;

/// What somebody looks for.
#[derive(Debug)]
pub struct Search {
    /// Where; `None` is everywhere that its asker may read.
    pub target: Option<String>,
    /// What.
    pub terms: Terms,
    /// Said by whom.
    pub from: Option<String>,
    /// Before which place.
    pub before: Option<Seq>,
    /// At most how many.
    pub limit: usize,
}

/// Why a search gives nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SearchError {
    /// The world says no.
    #[error("{0:?}")]
    Refused(HistoryRefusal),
    /// It took too long.
    #[error("it takes too long")]
    TooLong,
    /// The operator wants none.
    #[error("nothing can be searched")]
    Off,
    /// It was not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// Who searches, and whose turn it is.
#[derive(Debug)]
pub(super) struct Turns {
    turn: Arc<Semaphore>,
    places: Arc<Mutex<HashMap<UserId, usize>>>,
}

/// A place among those who search, given back when it is dropped.
#[derive(Debug)]
struct Place {
    user: UserId,
    places: Arc<Mutex<HashMap<UserId, usize>>>,
}

impl Turns {
    pub(super) fn new() -> Self {
        Self { turn: Arc::new(Semaphore::new(1)), places: Arc::default() }
    }

    /// `None` where too many search already, or too many of this session.
    fn place(&self, user: UserId) -> Option<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, of_one) = (places.values().sum::<usize>(), places.get(&user).copied().unwrap_or_default());
        if all >= PLACES || of_one >= PLACES_OF_ONE {
            return None;
        }
        places.insert(user, of_one + 1);
        Some(Place { user, places: Arc::clone(&self.places) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = places.get_mut(&self.user) {
            *left -= 1;
            if *left == 0 {
                places.remove(&self.user);
            }
        }
    }
}

impl Engine {
    /// What was said that has what is looked for, the newest first: in a conversation, or in all that the user may read.
    ///
    /// # Errors
    /// [`SearchError`] when the user may not read it, or it cannot be searched now.
    pub async fn search(&self, seat: &Seat, search: Search) -> Result<Vec<Line>, SearchError> {
        let place = self.shared.searches.place(seat.user).ok_or(SubmitError::Saturated)?;
        let turn = self.turn_to_search().await?;
        let Search { target, terms, from, before, limit } = search;
        let (talks, before) = self.talks_to_search(seat, target, before).await?;
        let (history_max, timeout) = (self.shared.settings.history_max, self.shared.settings.search_timeout);
        let request = SearchRequest { talks, terms, from, before, limit, history_max, timeout };
        let reader = Arc::clone(&self.shared.reader);
        // Whoever asked may be gone before it has ended, and the next one waits for it all the same.
        let read = move || {
            let _until_done = (turn, place);
            reader.search(&request)
        };
        match tokio::task::spawn_blocking(read).await.map_err(|_| SubmitError::Unavailable)? {
            Ok(Found::Lines(lines)) => Ok(lines),
            Ok(Found::TooLong) => Err(SearchError::TooLong),
            Ok(Found::Off) => Err(SearchError::Off),
            Err(error) => {
                tracing::error!(%error, "nothing can be searched");
                Err(SubmitError::Unavailable.into())
            }
        }
    }

    async fn turn_to_search(&self) -> Result<OwnedSemaphorePermit, SubmitError> {
        let turn = Arc::clone(&self.shared.searches.turn).acquire_owned();
        let patience = self.shared.settings.search_timeout.saturating_mul(PATIENCE);
        let turn = if patience.is_zero() {
            turn.await
        } else {
            tokio::time::timeout(patience, turn).await.map_err(|_| SubmitError::Saturated)?
        };
        turn.map_err(|_| SubmitError::Unavailable)
    }

    /// What may be searched now, and before which place: nothing that is said from now on.
    async fn talks_to_search(
        &self,
        seat: &Seat,
        target: Option<String>,
        before: Option<Seq>,
    ) -> Result<(Talks, Option<Seq>), SearchError> {
        let (user, client) = (seat.user, seat.client);
        self.view(move |glance| {
            if glance.world.client(client).is_none() {
                return Err(SubmitError::Gone.into());
            }
            let talks = match target {
                Some(target) => {
                    let seen = view::conversation(glance.world, user, &target);
                    Talks::One(seen.map_err(SearchError::Refused)?)
                }
                None => Talks::AllOf(user, view::joined(glance.world, user)),
            };
            Ok((talks, Some(glance.not_after(before))))
        })
        .await?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_of_one_session_and_not_too_many_of_all_search() {
        let turns = Turns::new();
        let of = |user| turns.place(UserId::new(user));
        let first = of(1).unwrap();
        let second = of(1).unwrap();
        assert!(of(1).is_none());
        let others: Vec<_> = (2..2 + (PLACES - 2) as u64).map(|user| of(user).unwrap()).collect();
        assert!(of(99).is_none());
        drop(first);
        assert!(of(99).is_some());
        drop((second, others));
        assert!(turns.places.lock().unwrap().is_empty(), "nothing is kept of those who are done");
    }
}
