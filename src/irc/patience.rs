//! Waiting for the engine: whoever can be delayed need not be refused.

use std::time::Duration;

use tokio::time::Instant;

use crate::auth::password::Crowded;
use crate::engine::{Engine, LoginError, RegisterError, SubmitError};

/// The longest that a line is delayed; one that would have to wait longer is refused.
pub(super) const DELAY_MAX: Duration = Duration::from_secs(5);
/// The pause before somebody is asked again who had too much to do: a few commits.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Asks the engine, and again for a while as long as too many others do.
///
/// # Errors
/// What the engine answered last.
pub(super) async fn ask<T, E, F>(engine: &Engine, ask: impl Fn() -> F) -> Result<T, E>
where
    E: AsSubmitError,
    F: Future<Output = Result<T, E>>,
{
    let (stopping, deadline) = (engine.stopping(), Instant::now() + DELAY_MAX);
    loop {
        let answer = ask().await;
        let error = answer.as_ref().err().and_then(E::as_submit_error);
        if error != Some(SubmitError::Saturated) || *stopping.borrow() || Instant::now() >= deadline {
            return answer;
        }
        tokio::time::sleep(ASK_AGAIN_AFTER).await;
    }
}

/// Has a password hashed or held against a hash, and asks again until the deadline as long as too many others do.
///
/// # Errors
/// [`Crowded`]
pub(super) async fn uncrowded<T, F>(deadline: Instant, ask: impl Fn() -> F) -> Result<T, Crowded>
where
    F: Future<Output = Result<T, Crowded>>,
{
    loop {
        match ask().await {
            Err(Crowded) if Instant::now() < deadline => tokio::time::sleep(ASK_AGAIN_AFTER).await,
            answer => return answer,
        }
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
