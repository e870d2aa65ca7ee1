//! One log line a request: at `debug` for all, at `warn` for those that the server failed.
//!
//! The line is made after the answer, so that a request that nobody logs costs nothing. Of those that failed one a second
//! is told, with how many there were besides: while a disk is full, the log may lie on the same.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use tokio::time::Instant;

use super::hooks;
use crate::auth::token::Token;

/// The number of the next request; with the start of the process it names one request for ever.
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

/// Those that failed.
static FAILURES: Failures = Failures { told_at: Mutex::new(None), others: AtomicU64::new(0) };

/// When a failure was last told, and how many were not told since.
struct Failures {
    told_at: Mutex<Option<Instant>>,
    others: AtomicU64,
}

/// The pause between two failures that are told.
const FAILURES_EVERY: Duration = Duration::from_secs(1);

impl Failures {
    /// Whether one is to be told, with how many were not told before it.
    fn others(&self) -> Option<u64> {
        let mut told_at = self.told_at.lock().unwrap_or_else(PoisonError::into_inner);
        if told_at.is_some_and(|told_at| told_at.elapsed() < FAILURES_EVERY) {
            self.others.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        *told_at = Some(Instant::now());
        Some(self.others.swap(0, Ordering::Relaxed))
    }
}

/// A request that is being served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Served {
    request_id: u64,
    /// When it was read.
    pub(super) since: Instant,
}

impl Served {
    pub(super) fn begin() -> Self {
        Self { request_id: NEXT_REQUEST.fetch_add(1, Ordering::Relaxed), since: Instant::now() }
    }

    /// Logs how a request went. No query, header, body or secret is ever logged.
    pub(super) fn log(self, method: &Method, path: &str, status: StatusCode) {
        let failed = status.is_server_error();
        if !failed && !tracing::enabled!(tracing::Level::DEBUG) {
            return;
        }
        let path = &*without_secrets(path);
        let (request_id, method, status) = (self.request_id, method.as_str(), status.as_u16());
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        if !failed {
            tracing::debug!(request_id, method, path, status, ms, "a request was served");
        } else if let Some(others) = FAILURES.others() {
            tracing::warn!(request_id, method, path, status, ms, others, "a request was not served");
        } else {
            tracing::debug!(request_id, method, path, status, ms, "a request was not served");
        }
    }
}

/// A path without the secret of a hook, also where one was sent to a path that is not quite that of a hook.
fn without_secrets(path: &str) -> Cow<'_, str> {
    if hooks::is_secret(path) {
        return "/api/v1/hooks/…".into();
    }
    let is_secret = |part: &str| Token::parse(part).is_some();
    if !path.split('/').any(is_secret) {
        return path.into();
    }
    path.split('/').map(|part| if is_secret(part) { "…" } else { part }).collect::<Vec<_>>().join("/").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_shows_a_secret() {
        let secret = "0123456789abcdef".repeat(4);
        for (path, shown) in [
            (format!("/api/v1/hooks/a/{secret}"), "/api/v1/hooks/…"),
            (format!("//api/v1/hooks/a/{secret}"), "//api/v1/hooks/a/…"),
            (format!("/hooks/{secret}/"), "/hooks/…/"),
            ("/api/v1/state".to_owned(), "/api/v1/state"),
        ] {
            assert_eq!(without_secrets(&path), shown);
        }
    }
}
