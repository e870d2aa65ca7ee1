//! One log line a request: at `debug` for all, at `warn` for those that the server failed.
//!
//! The line is made after the answer, so that a request that nobody logs costs nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::http::{Method, StatusCode};
use tokio::time::Instant;

use super::hooks;

/// The number of the next request; with the start of the process it names one request for ever.
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

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
        let path = if hooks::is_secret(path) { "/api/v1/hooks/…" } else { path };
        let (request_id, method, status) = (self.request_id, method.as_str(), status.as_u16());
        let ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        if failed {
            tracing::warn!(request_id, method, path, status, ms, "a request was not served");
        } else {
            tracing::debug!(request_id, method, path, status, ms, "a request was served");
        }
    }
}
