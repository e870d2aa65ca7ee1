//! Waiting for the engine: whoever can be delayed need not be refused.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::engine::{Engine, LoginError, RegisterError, SubmitError};

/// The longest that a line is delayed; one that would have to wait longer is refused.
pub(super) const DELAY_MAX: Duration = Duration::from_secs(5);
/// The pause before the engine is asked again that had too much to do: a few commits.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// How long one may go on asking.
pub(super) struct Patience {
    stopping: watch::Receiver<bool>,
    deadline: Instant,
}

impl Patience {
    /// From now on.
    pub(super) fn new(engine: &Engine) -> Self {
        Self { stopping: engine.stopping(), deadline: Instant::now() + DELAY_MAX }
    }

    /// Whether to ask again after a [`pause`](Self::pause), since too many others do.
    pub(super) fn asks_again<T, E: AsSubmitError>(&self, answer: &Result<T, E>) -> bool {
        let error = answer.as_ref().err().and_then(E::as_submit_error);
        error == Some(SubmitError::Saturated) && !*self.stopping.borrow() && Instant::now() < self.deadline
    }

    /// Until then.
    pub(super) async fn pause(&self) {
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
}

/// An error of the engine that may be that it was not asked at all.
pub(super) trait AsSubmitError {
    /// Why it was not asked.
    fn as_submit_error(&self) -> Option<SubmitError>;
}

impl AsSubmitError for SubmitError {
    fn as_submit_error(&self) -> Option<SubmitError> {
        Some(*self)
    }
}

impl AsSubmitError for RegisterError {
    fn as_submit_error(&self) -> Option<SubmitError> {
        if let Self::Submit(error) = self { Some(*error) } else { None }
    }
}

impl AsSubmitError for LoginError {
    fn as_submit_error(&self) -> Option<SubmitError> {
        if let Self::Submit(error) = self { Some(*error) } else { None }
    }
}
