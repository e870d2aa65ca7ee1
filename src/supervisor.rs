//! What a supervisor such as systemd is told: ready, still alive, stopping. Says nothing where none listens.
//! Source: `sd_notify(3)`, <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>

use std::time::Duration;

use neoirc::engine::Engine;
use sd_notify::NotifyState;

/// Tells that requests are served, and from now on, where the supervisor wants that, that the server is alive.
pub(crate) fn ready(engine: &Engine) {
    tell(NotifyState::Ready);
    if let Some(limit) = sd_notify::watchdog_enabled() {
        actix_web::rt::spawn(keep_telling(engine.clone(), limit));
    }
}

/// Tells that the end has begun.
pub(crate) fn stopping() {
    tell(NotifyState::Stopping);
}

/// Whoever is alive answers a question within the limit: the runtime that runs this, and the writer. A disk that
/// refuses is no reason to be killed, since the writer answers that too.
async fn keep_telling(engine: Engine, limit: Duration) {
    let mut pulse = tokio::time::interval(limit / 2);
    loop {
        pulse.tick().await;
        if tokio::time::timeout(limit / 2, engine.counts()).await.is_ok() {
            tell(NotifyState::Watchdog);
        } else {
            tracing::error!("the writer does not answer");
        }
    }
}

fn tell(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::warn!(%error, "the supervisor cannot be told");
    }
}
