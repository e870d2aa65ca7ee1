//! One log line a request: at `debug` for all, at `warn` for those that the server failed.
//!
//! The line is made after the answer, so that a request that nobody logs costs nothing.

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HOST, TRANSFER_ENCODING};
use actix_web::{Error, HttpMessage};

use super::body;
use super::error::ApiError;
use super::metrics;
use super::routes::BODY_PATHS;

/// The number of the next request; with the start of the process it names one request for ever.
static NEXT_REQUEST: AtomicU64 = AtomicU64::new(1);

/// What is refused before any route is looked for: a host that is none; and a body without a length where no
/// body is read, which would hold its connection for as long as it likes.
fn refusal(request: &ServiceRequest) -> Option<ApiError> {
    if !host_is_sound(request) {
        return Some(ApiError::BadRequest("invalid host"));
    }
    let reads_body = request.method() == Method::POST && BODY_PATHS.contains(&request.path());
    let endless = request.headers().contains_key(TRANSFER_ENCODING) && !reads_body;
    endless.then_some(ApiError::BadRequest("unexpected request body"))
}

/// Whether `Host`, where there is one, has the characters of a host name or an address and no others.
fn host_is_sound(request: &ServiceRequest) -> bool {
    let sound = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_:[]%".contains(byte);
    request.headers().get(HOST).is_none_or(|host| host.as_bytes().iter().all(sound))
}

/// Serves a request and logs how that went. No query, header or body is ever logged.
pub(super) fn log<S, B>(
    mut request: ServiceRequest,
    service: &S,
) -> impl Future<Output = Result<ServiceResponse<B>, Error>> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    let request_id = NEXT_REQUEST.fetch_add(1, Ordering::Relaxed);
    let started = Instant::now();
    let serve = match refusal(&request) {
        None => Ok(service.call(request)),
        Some(refusal) => {
            body::outlive_response(Box::pin(request.take_payload()));
            Err(refusal)
        }
    };
    async move {
        let response = match serve {
            Ok(serving) => serving.await,
            Err(refusal) => Err(refusal.into()),
        };
        metrics::count_response(match &response {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        });
        let response = response?;
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
