//! Reading a body, within its limits of size and time.

use actix_http::h1::{Codec, Message, MessageType};
use actix_web::dev::RequestHead;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use bytes::{Bytes, BytesMut};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use tokio_util::codec::Decoder;

use super::connection::{Came, Connection};
use super::error::ApiError;
use super::routes::HttpSettings;
use crate::protocol::message::require_object;

/// Says that the body may come, to whoever asked before sending it.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What a body says that has to be one JSON object.
///
/// # Errors
/// `BadRequest` when it is none, or not with the fields and types that are asked for.
pub(super) fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let object = require_object(body).ok().and_then(|()| serde_json::from_slice(body).ok());
    object.ok_or(ApiError::BadRequest("invalid request body"))
}

/// Reads the whole body. It is read as it is whatever its content type says, so that `curl -d` is enough.
///
/// # Errors
/// `TooLarge`, `BodyTimeout`, `Encoded`; `BadRequest` when it breaks off. What was not read then is still to come.
pub(super) async fn read(
    connection: &mut Connection,
    codec: &mut Codec,
    request: &RequestHead,
    settings: &HttpSettings,
) -> Result<Bytes, ApiError> {
    if request.headers.contains_key(CONTENT_ENCODING) {
        return Err(ApiError::Encoded);
    }
    let length = request.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > settings.message_bytes_max as u64) {
        return Err(ApiError::TooLarge);
    }
    if codec.message_type() == MessageType::Stream {
        // What would follow is another protocol, whatever length was announced.
        return Err(ApiError::BadRequest("unexpected upgrade"));
    }
    if request.expect() && is_coming(codec) && connection.unread.is_empty() {
        connection.write(CONTINUE).await.map_err(|_| INCOMPLETE)?;
    }
    let mut deadline = None;
    let mut body = Body::default();
    // Without a body the codec would take the next request for it.
    while is_coming(codec) {
        match codec.decode(&mut connection.unread) {
            Ok(Some(Message::Chunk(Some(chunk)))) => body.add(chunk, settings.message_bytes_max)?,
            Ok(Some(_)) => {}
            Ok(None) => {
                let patience = settings.body_timeout;
                let has_end = !patience.is_zero();
                deadline = deadline.or_else(|| has_end.then(|| Instant::now() + patience));
                match connection.read(deadline, || true).await {
                    // What comes without pause may be next to nothing.
                    Came::Bytes if deadline.is_some_and(|deadline| Instant::now() >= deadline) => {
                        return Err(ApiError::BodyTimeout);
                    }
                    Came::Bytes => {}
                    Came::Nothing => return Err(ApiError::BodyTimeout),
                    Came::End | Came::Broken => return Err(INCOMPLETE),
                }
            }
            Err(_) => return Err(INCOMPLETE),
        }
    }
    Ok(body.whole())
}

const INCOMPLETE: ApiError = ApiError::BadRequest("incomplete request body");

/// Whether there is, or is still to come, a body of the request that was read last.
pub(super) fn is_coming(codec: &Codec) -> bool {
    codec.message_type() != MessageType::None
}

/// Passes over a body that nobody wants, as far as it has come.
pub(super) fn pass_over(connection: &mut Connection, codec: &mut Codec) {
    while is_coming(codec) && matches!(codec.decode(&mut connection.unread), Ok(Some(_))) {}
}

/// A body in the making. A small one comes as one chunk, which is then the body as it stands.
#[derive(Default)]
struct Body {
    first: Bytes,
    rest: BytesMut,
}

impl Body {
    fn add(&mut self, chunk: Bytes, bytes_max: usize) -> Result<(), ApiError> {
        if self.first.len() + self.rest.len() + chunk.len() > bytes_max {
            return Err(ApiError::TooLarge);
        }
        if self.first.is_empty() {
            self.first = chunk;
        } else {
            self.rest.extend_from_slice(&chunk);
        }
        Ok(())
    }

    fn whole(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { [self.first, self.rest.freeze()].concat().into() }
    }
}
