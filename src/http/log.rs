//! One log line a request: at `debug` for all, at `warn` for those that the server failed.
//!
//! The line is made after the answer, so that a request that nobody logs costs nothing.

use std::time::Instant;

use actix_web::dev::ServiceResponse;

/// Logs how a request went. No query, header or body is ever logged.
pub(super) fn served(response: &ServiceResponse, request_id: u64, started: Instant) {
    let status = response.status().as_u16();
    let failed = response.status().is_server_error();
    if !failed && !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let request = response.request();
    let (method, path) = (request.method().as_str(), request.path());
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    if failed {
        tracing::warn!(request_id, method, path, status, ms, "a request was not served");
    } else {
        tracing::debug!(request_id, method, path, status, ms, "a request was served");
    }
}
