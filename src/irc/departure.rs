//! What has to be done when somebody goes, whichever way that comes about.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::delivery::Seat;
use crate::engine::{Engine, SubmitError};

/// How long to wait before a client that could not be logged out is tried again.
const LOG_OUT_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// The place of a connection in the count of those that have not registered. It is left once, whatever happens.
pub(super) struct Unregistered(Engine);

impl Unregistered {
    /// One more.
    pub(super) fn new(engine: &Engine) -> Self {
        engine.stats().unregistered.fetch_add(1, Relaxed);
        Self(engine.clone())
    }
}

impl Drop for Unregistered {
    fn drop(&mut self) {
        self.0.stats().unregistered.fetch_sub(1, Relaxed);
    }
}

/// Logs a client out, however long that takes: nobody is present without a connection. A server that stops does it
/// for all of them.
pub(super) async fn log_out(engine: Engine, seat: Arc<Seat>, reason: String) {
    let stopping = engine.stopping();
    while let Err(SubmitError::Saturated | SubmitError::Unavailable) =
        engine.log_out_because(&seat, reason.clone().into()).await
    {
        if *stopping.borrow() {
            return;
        }
        tokio::time::sleep(LOG_OUT_AGAIN_AFTER).await;
    }
}

/// The same where nobody can wait for it.
pub(super) fn log_out_aside(engine: &Engine, seat: Arc<Seat>, reason: &str) {
    // Without a runtime the face has stopped, and the server with it.
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(log_out(engine.clone(), seat, reason.to_owned()));
    }
}
