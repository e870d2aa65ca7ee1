//! Hooks: making and revoking them, and what they say.

use tokio::sync::oneshot;
use uuid::Uuid;

use super::batch::{Asker, Draft};
use super::inbox::{Completion, Request};
use super::writer::Writer;
use super::{Engine, SubmitError};
use crate::command::hook::{HookRefusal, HookWish, governed, opened};
use crate::id::{ClientId, TokenHash, UserId};
use crate::reply::view::{self, HookView};

/// Why nothing was done about a hook.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HookError {
    /// The world says no.
    #[error("{0:?}")]
    Refused(HookRefusal),
    /// It was not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

/// Where what became of a wish is told: the JSON of its receipt.
pub(super) type HookAnswer = oneshot::Sender<Result<String, HookError>>;

impl Engine {
    /// Does what is asked about a hook. The answer comes when that is durable; it is the JSON of a receipt.
    ///
    /// # Errors
    /// [`HookError`] when it was not done.
    pub async fn hook(&self, wish: HookWish) -> Result<String, HookError> {
        self.ask(|answer| Request::Hook { wish, answer }).await
    }

    /// Whether there is such a hook, and this is its secret.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn opens_hook(&self, id: Uuid, secret: TokenHash) -> Result<bool, SubmitError> {
        self.view(move |glance| opened(glance.world, id, secret).is_some()).await
    }

    /// The hooks of a channel, the oldest first.
    ///
    /// # Errors
    /// [`HookError`] when they are not shown.
    pub async fn hooks(&self, user: UserId, channel: String) -> Result<Vec<HookView>, HookError> {
        let seen = self.view(move |glance| governed(glance.world, user, &channel).map(view::hooks)).await?;
        seen.map_err(HookError::Refused)
    }
}

impl Writer {
    pub(super) fn hook(&mut self, draft: &mut Draft, wish: HookWish, answer: HookAnswer) {
        let at = draft.now.at;
        let rules = &self.server.load().rules;
        let outcome = match wish.decide(&self.world, at, rules) {
            Ok(decision) => {
                // Nobody hears an answer: hooks ask for none.
                let asker = Asker::new(UserId::default(), ClientId::default());
                let (receipt, _) = self.with_desk(|desk| draft.carry_out(desk, asker, decision));
                Ok(crate::reply::receipt::response(&[receipt]))
            }
            Err(refusal) => Err(HookError::Refused(refusal)),
        };
        // Where the commit fails the channel closes untold, which says the same.
        draft.completions.push(Completion::View(Box::new(move || drop(answer.send(outcome)))));
    }
}
