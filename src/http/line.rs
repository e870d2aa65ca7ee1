//! The requests that come on one connection, one behind the other: where the next begins, and whether there may be one.

use std::time::Duration;

use actix_http::error::ParseError;
use actix_http::h1::{Codec, Message};
use actix_http::{KeepAlive, Request, ServiceConfig, ServiceConfigBuilder, Version};
use actix_web::dev::RequestHead;
use bytes::{Buf, BytesMut};
use tokio::time::Instant;
use tokio_util::codec::Decoder;

use super::closing::Watch;
use super::connection::{Came, Connection};
use super::error::ApiError;
use super::{body, target};

/// How long a connection without a request stays open: longer than the longest poll, so that a client that
/// polls keeps its connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// What may come of a head before it is whole, in bytes: more than the guard lets through, so that the guard can say
/// what is wrong with it.
const HEAD_BYTES_MAX: usize = 32 * 1024;

/// A request that asks for nothing in particular.
const PLAINEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// How the codec writes answers: connections stay open unless an answer says otherwise. How long is not its business.
pub(super) fn codec_config() -> ServiceConfig {
    ServiceConfigBuilder::new().keep_alive(KeepAlive::Timeout(KEEP_ALIVE)).build()
}

/// What came instead of, or as, the next request.
pub(super) enum Next<B> {
    Request(Request),
    /// What was made of one that was read where it lay.
    Brief(B),
    Refused(ApiError),
    Over,
}

/// A connection whose requests are being served.
pub(super) struct Line {
    pub(super) connection: Connection,
    pub(super) codec: Codec,
    /// Whether the last request was read past the codec.
    is_past_codec: bool,
    watch: Watch,
}

impl Line {
    pub(super) fn new(connection: Connection, config: &ServiceConfig, watch: Watch) -> Self {
        Self { connection, codec: Codec::new(config.clone()), is_past_codec: false, watch }
    }

    /// Waits for the next request. `read` makes something of what lies there, and says how long it was, or leaves it.
    pub(super) async fn next<B>(
        &mut self,
        is_first: bool,
        read: impl Fn(&[u8]) -> Option<(B, usize)>,
    ) -> Next<B> {
        let patience = self.connection.patience.head;
        // For the first one its sender has only just come to ask.
        let mut since = is_first.then(Instant::now);
        loop {
            if !self.connection.unread.is_empty() {
                if !body::is_coming(&self.codec)
                    && let Some((brief, length)) = read(&self.connection.unread)
                {
                    self.connection.unread.advance(length);
                    self.is_past_codec = true;
                    return Next::Brief(brief);
                }
                self.is_past_codec = false;
                match self.codec.decode(&mut self.connection.unread) {
                    Ok(Some(Message::Item(mut request))) => {
                        request.head_mut().peer_addr = self.connection.peer;
                        target::respell(&mut request.head_mut().uri);
                        return Next::Request(request);
                    }
                    // The body of the last request is read or has closed the connection.
                    Ok(Some(Message::Chunk(_))) => return Next::Over,
                    Ok(None) if self.connection.unread.len() > HEAD_BYTES_MAX => {
                        let has_target = self.connection.unread.contains(&b'\n');
                        let error = if has_target { ApiError::HeadTooLarge } else { ApiError::TargetTooLong };
                        return Next::Refused(error);
                    }
                    Ok(None) => drop(since.get_or_insert_with(Instant::now)),
                    Err(ParseError::TooLarge) => return Next::Refused(ApiError::HeadTooLarge),
                    Err(_) => return Next::Refused(ApiError::BadRequest("invalid request")),
                }
            }
            let is_idle = self.connection.unread.is_empty();
            let deadline = match since {
                Some(since) if !patience.is_zero() => Some(since + patience),
                Some(_) if !is_idle => None,
                _ => Some(Instant::now() + KEEP_ALIVE),
            };
            self.connection.let_go_of_buffer();
            let watch = &self.watch;
            match self.connection.read(deadline, || !(is_idle && watch.has_begun())).await {
                Came::Bytes => {}
                Came::Nothing if is_first && !is_idle => return Next::Refused(ApiError::HeadTimeout),
                _ => return Next::Over,
            }
        }
    }

    /// Whether a further request may come after this one, as far as the connection is concerned.
    pub(super) fn may_stay(&self) -> bool {
        !body::is_coming(&self.codec) && !self.watch.has_begun()
    }

    /// The codec answers as it was asked by the last request that it read. Where that was not the last one, it is given
    /// one that asks for as little as a brief one does.
    pub(super) fn bring_codec_up(&mut self) {
        if std::mem::take(&mut self.is_past_codec) {
            // It is a whole request, and the codec has no body to wait for.
            let _read = self.codec.decode(&mut BytesMut::from(PLAINEST));
        }
    }

    /// Whether a request is one that a ready-made head will do for.
    pub(super) fn is_plain(&self, request: &RequestHead) -> bool {
        request.version == Version::HTTP_11 && self.codec.keep_alive() && self.may_stay()
    }
}
