//! Questions about the state. The writer looks between decisions, and what it finds is told after the commit that makes
//! it so.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::oneshot;

use super::inbox::{Glance, Request, Tell};
use super::{Engine, SubmitError};
use crate::command::login::{Held, Holder};
use crate::delivery::{Line, Seat};
use crate::id::{Seq, UserId};
use crate::protocol::name::TalkName;
use crate::reply::view::{self, ChannelView, ClientView, Counts, HistoryRefusal, MemberView, StateView};
use crate::store::HistoryRequest;

/// Why a history is not shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HistoryError {
    /// The world says no.
    #[error("{0:?}")]
    Refused(HistoryRefusal),
    /// It was not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

impl Engine {
    /// The session itself; `None` when it has just ended.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn state(&self, user: UserId) -> Result<Option<StateView>, SubmitError> {
        self.view(move |glance| view::state(glance.world, user)).await
    }

    /// How many channels a session is in.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn channels_of(&self, user: UserId) -> Result<usize, SubmitError> {
        self.view(move |glance| glance.world.user(user).map_or(0, |user| user.channels.len())).await
    }

    /// The nick of a session; `None` when it has just ended.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn nick(&self, user: UserId) -> Result<Option<String>, SubmitError> {
        self.view(move |glance| glance.world.user(user).map(|user| user.nick.to_string())).await
    }

    /// Who goes by a nick or has it kept, with what is kept of its password; `None` when there is nobody. Whatever comes
    /// of it may be out of date by the time it is known.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn holder(&self, nick: String) -> Result<Option<Held>, SubmitError> {
        self.view(move |glance| Holder::of(glance.world, &nick)).await
    }

    /// How far a session has read in a talk; `None` when it has not said.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn marker(&self, user: UserId, target: TalkName) -> Result<Option<Timestamp>, SubmitError> {
        self.view(move |glance| glance.world.marker(user, &target)).await
    }

    /// The clients of a session, as one of them sees them.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn clients(&self, seat: &Seat) -> Result<Vec<ClientView>, SubmitError> {
        let (user, client, now) = (seat.user, seat.client, self.shared.clock.now());
        self.view(move |glance| {
            let seen_at = |client| glance.delivery.seen_ms(client).map(|ms| now.wall_time_of(ms));
            view::clients(glance.world, user, client, &seen_at)
        })
        .await
    }

    /// The channels that a user may see.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn channels(&self, user: UserId) -> Result<Vec<ChannelView>, SubmitError> {
        self.view(move |glance| view::channels(glance.world, user)).await
    }

    /// The members of a channel; `None` when it is missing or hidden from the user.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn members(&self, user: UserId, name: String) -> Result<Option<Vec<MemberView>>, SubmitError> {
        self.view(move |glance| view::members(glance.world, user, &name)).await
    }

    /// How many there are of what.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn counts(&self) -> Result<Counts, SubmitError> {
        self.view(|glance| view::counts(glance.world)).await
    }

    /// What was said in a conversation before a place, oldest first.
    ///
    /// # Errors
    /// [`HistoryError`] when the user may not read it, or nobody can now.
    pub async fn history(
        &self,
        user: UserId,
        target: String,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Line>, HistoryError> {
        // Nothing that is said from now on: who may read it is asked now.
        let seen = self.view(move |glance| {
            let conversation = view::conversation(glance.world, user, &target);
            (conversation, Some(glance.not_after(before)))
        });
        let (conversation, before) = seen.await?;
        let conversation = conversation.map_err(HistoryError::Refused)?;
        let history_max = self.shared.settings.history_max;
        let request = HistoryRequest { conversation, before, limit, history_max };
        let reader = Arc::clone(&self.shared.reader);
        let read = tokio::task::spawn_blocking(move || reader.history(&request)).await;
        let lines = read.map_err(|_| SubmitError::Unavailable)?;
        lines.map_err(|error| {
            tracing::error!(%error, "a history cannot be read");
            SubmitError::Unavailable.into()
        })
    }

    pub(super) async fn view<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Glance<'_>) -> T + Send + 'static,
    ) -> Result<T, SubmitError> {
        let (answer, answered) = oneshot::channel();
        let look = move |glance: &Glance<'_>| -> Tell {
            let seen = look(glance);
            Box::new(move || drop(answer.send(seen)))
        };
        self.send(Request::View(Box::new(look)))?;
        answered.await.map_err(|_| SubmitError::Unavailable)
    }
}
