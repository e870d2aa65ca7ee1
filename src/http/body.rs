//! Reading a body, within its limits of size and time.

use std::pin::Pin;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::dev;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{BytesMut, Payload};
use bytes::Bytes;
use futures_core::Stream;

use super::error::ApiError;
use super::routes::HttpSettings;

/// How long an unread payload is held: longer than it takes to send the response that refuses it.
const LINGER: Duration = Duration::from_secs(1);

/// Reads the whole body. It is read as it is whatever its content type says, so that `curl -d` is enough.
///
/// # Errors
/// `TooLarge`, `BodyTimeout`, `Encoded`; `BadRequest` when it breaks off.
pub(super) async fn read(
    request: &HttpRequest,
    payload: Payload,
    settings: &HttpSettings,
) -> Result<Bytes, ApiError> {
    let mut payload = Box::pin(payload.into_inner());
    if request.headers().contains_key(CONTENT_ENCODING) {
        outlive_response(payload);
        return Err(ApiError::Encoded);
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > settings.message_bytes_max as u64) {
        outlive_response(payload);
        return Err(ApiError::TooLarge);
    }
    let collect = collect(payload.as_mut(), settings.message_bytes_max);
    let collected = if settings.body_timeout == Duration::ZERO {
        collect.await
    } else {
        tokio::time::timeout(settings.body_timeout, collect).await.unwrap_or(Err(ApiError::BodyTimeout))
    };
    if collected.is_err() {
        outlive_response(payload);
    }
    collected
}

async fn collect(mut payload: Pin<&mut dev::Payload>, bytes_max: usize) -> Result<Bytes, ApiError> {
    let mut first: Option<Bytes> = None;
    let mut body = BytesMut::new();
    while let Some(chunk) = std::future::poll_fn(|context| payload.as_mut().poll_next(context)).await {
        let chunk = chunk.map_err(|_| ApiError::BadRequest("incomplete request body"))?;
        let length = first.as_ref().map_or(body.len(), Bytes::len) + chunk.len();
        if length > bytes_max {
            return Err(ApiError::TooLarge);
        }
        // A small body comes as one chunk, which is then the body as it stands.
        match first.take() {
            None if body.is_empty() => first = Some(chunk),
            None => body.extend_from_slice(&chunk),
            Some(start) => {
                body.extend_from_slice(&start);
                body.extend_from_slice(&chunk);
            }
        }
    }
    Ok(first.unwrap_or_else(|| body.freeze()))
}

/// Keeps an unread payload until the response is out. The framework closes a connection whose payload is
/// still being held then; one whose payload was dropped it would go on reading, and holding, until the rest
/// has come, which may be never.
pub(super) fn outlive_response(payload: Pin<Box<dev::Payload>>) {
    actix_web::rt::spawn(async move {
        tokio::time::sleep(LINGER).await;
        drop(payload);
    });
}
