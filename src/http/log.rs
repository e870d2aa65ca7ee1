//! One log line a request: at `debug` for all, at `warn` for those that the server failed.
//!
//! The line is made after the answer, so that a request that nobody logs costs nothing.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::header::HOST;

use super::error::ApiError;

/// The number of the next request; with the start of the process it names one request for ever.
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

/// The answer to a request for a host that is none.
const INVALID_HOST: ApiError = ApiError::BadRequest("invalid host");

/// Whether `Host`, where there is one, has the characters of a host name or an address and no others.
fn host_is_sound(request: &ServiceRequest) -> bool {
    let sound = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]%".contains(byte);
    request.headers().get(HOST).is_none_or(|host| host.as_bytes().iter().all(sound))
}

/// Serves a request and logs how that went. No query, header or body is ever logged.
pub(super) fn log<S, B>(
    request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let request_id = NEXT_REQUEST.fetch_add(1, Ordering::Relaxed);
    let started = Instant::now();
    let serve = if host_is_sound(&request) { Ok(service.call(request)) } else { Err(INVALID_HOST) };
    async move {
        let response = serve?.await?;
        let status = response.status().as_u16();
        let failed = response.status().is_server_error();
        if failed || tracing::enabled!(tracing::Level::DEBUG) {
            let request = response.request();
            let (method, path) = (request.method().as_str(), request.path());
            let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            if failed {
                tracing::warn!(request_id, method, path, status, ms, "a request was not served");
            } else {
                tracing::debug!(request_id, method, path, status, ms, "a request was served");
            }
        }
        Ok(response)
    }
}
