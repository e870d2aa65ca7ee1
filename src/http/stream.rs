//! Streams: `GET /api/v1/messages` that goes on, for scripts. As server-sent events, or as a line of JSON each.
//!
//! What is written is not acknowledged by that: only a later request says how far its client has come. At most one page
//! is held for whoever reads slowly, and whoever takes nothing for too long is cut off as in any other answer.

use std::time::Duration;

use actix_http::body::BodySize;
use actix_http::h1::Message;
use actix_http::{ConnectionType, Response, Version};
use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use bytes::{BufMut, Bytes, BytesMut};
use serde_json::json;
use tokio::time::{Instant, timeout_at};
use tokio_util::codec::Encoder;

use super::caller::Caller;
use super::error::ApiError;
use super::line::Line;
use super::query::{self, Query};
use super::routes::HttpSettings;
use super::{headers, metrics, state};
use crate::delivery::{Line as Told, Page};
use crate::engine::{Engine, Followed, Follower, RateLimit, StreamEnd};
use crate::id::Seq;
use crate::limits::{Connections, Place};

/// The cursor of a stream that is taken up again, as browsers send it.
const LAST_EVENT_ID: &str = "Last-Event-ID";
/// Has proxies of one kind pass on what comes as it comes.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
/// Room for what stands around a message.
const AROUND_BYTES: usize = 40;

/// What the operator may set about streams.
#[derive(Clone, Copy, Debug)]
pub struct StreamSettings {
    /// After how long a silence a stream shows that it is alive; zero is never.
    pub keep_alive: Duration,
    /// How long a stream may last; zero is for ever.
    pub age_max: Duration,
    /// Streams of one address at once; 0 is no limit.
    pub per_address: usize,
}

/// How the messages of a stream are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// `text/event-stream`
    Events,
    /// `application/x-ndjson`
    Lines,
}

impl Format {
    /// What a request asks for; `None` for one answer in JSON.
    pub(super) fn of(request: &RequestHead) -> Option<Self> {
        let mut best = (0.0, None);
        for value in request.headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok()) {
            for range in value.split(',') {
                let mut parts = range.split(';').map(str::trim);
                let format = match parts.next().unwrap_or_default().to_ascii_lowercase().as_str() {
                    "text/event-stream" => Some(Self::Events),
                    "application/x-ndjson" => Some(Self::Lines),
                    "application/json" | "application/*" | "*/*" => None,
                    _ => continue,
                };
                let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse);
                let weight: f64 = weight.unwrap_or(0.0);
                // Of those that are wanted as much, the one that is named first.
                if weight > best.0 {
                    best = (weight, format);
                }
            }
        }
        best.1
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Lines => "application/x-ndjson",
        }
    }

    /// What shows that the stream is alive, and is no message.
    const fn keep_alive(self) -> &'static [u8] {
        match self {
            Self::Events => b":\n\n",
            Self::Lines => b"\n",
        }
    }

    fn put(self, out: &mut BytesMut, line: &Told) {
        if self == Self::Events {
            out.put_slice(b"id: ");
            out.put_slice(line.seq.get().to_string().as_bytes());
            out.put_slice(b"\ndata: ");
        }
        let begins = out.len();
        out.put_slice(&line.json);
        // What is relayed may have line breaks between its tokens, where a blank says the same.
        for byte in out.iter_mut().skip(begins).filter(|byte| matches!(**byte, b'\n' | b'\r')) {
            *byte = b' ';
        }
        out.put_slice(if self == Self::Events { b"\n\n" } else { b"\n" });
    }

    /// The last thing in a stream: why it ends.
    fn end(self, end: &StreamEnd) -> Bytes {
        let told = match end {
            StreamEnd::LoggedOut(Some(reason)) => json!({"end": "logged out", "reason": &**reason}),
            StreamEnd::LoggedOut(None) => json!({"end": "logged out"}),
            StreamEnd::Displaced => json!({"end": "too many streams"}),
            StreamEnd::Lifetime => json!({"end": "lifetime"}),
            StreamEnd::Stopping => json!({"end": "server stopping"}),
            StreamEnd::Unavailable => json!({"end": "server busy, try again"}),
        };
        match self {
            Self::Events => format!("event: end\ndata: {told}\n\n").into(),
            Self::Lines => format!("{told}\n").into(),
        }
    }
}

/// A stream that is asked for.
pub(super) struct Wanted {
    caller: Caller,
    after: Seq,
    format: Format,
    is_chunked: bool,
    _place: Option<Place>,
}

impl Wanted {
    /// # Errors
    /// `Unauthorized`; `BadRequest` when a cursor is none; `TooManyStreams`.
    pub(super) fn of(
        request: &RequestHead,
        format: Format,
        engine: &Engine,
        settings: &HttpSettings,
        streams: &Connections,
    ) -> Result<Self, ApiError> {
        let caller = Caller::of(request, engine)?;
        let query = Query::of(request);
        let after = query.number("after")?.unwrap_or(0);
        // How long to wait means nothing to what does not end; it may be there all the same.
        query.number("timeout")?;
        // The newer of the two: what connects again by itself repeats the address that it began with.
        let last = request.headers.get(LAST_EVENT_ID).map(|id| id.to_str().ok().and_then(query::number));
        let after = last.unwrap_or(Some(after)).ok_or(ApiError::BadRequest("invalid Last-Event-ID"))?;
        let address = settings.trusted_proxies.address_of(request);
        let place = if settings.trusted_proxies.may_be_counted(address) {
            let place = streams.enter(address).ok_or(ApiError::TooManyStreams);
            Some(place.inspect_err(|_| engine.stats().rate_limited(RateLimit::Streams))?)
        } else {
            None
        };
        let is_chunked = request.version >= Version::HTTP_11;
        Ok(Self { caller, after: Seq::new(after), format, is_chunked, _place: place })
    }

    /// Serves the stream to its end. The connection ends with it.
    ///
    /// # Errors
    /// When the connection is broken, or its other end takes nothing.
    pub(super) async fn serve(
        self,
        line: &mut Line,
        engine: &Engine,
        settings: StreamSettings,
        listed: Option<HeaderValue>,
    ) -> std::io::Result<()> {
        let mut follower = engine.follow(&self.caller, self.after);
        let ends_at = (!settings.age_max.is_zero()).then(|| Instant::now() + settings.age_max);
        let mut stream = Stream { line, format: self.format, ends_at };
        stream.begin(self.is_chunked, listed).await?;
        let end = loop {
            match follower.take().await {
                Followed::Over(end) => break end,
                Followed::Page(page) if !page.is_empty() => {
                    let told = match stream.told(engine, &self.caller, &page).await {
                        Ok(told) => told,
                        Err(end) => break end,
                    };
                    drop(page);
                    stream.send(told).await?;
                }
                Followed::Page(_) => {
                    if !stream.wait(&mut follower, settings.keep_alive).await? {
                        break StreamEnd::Lifetime;
                    }
                    continue;
                }
            }
            if stream.is_over() {
                break StreamEnd::Lifetime;
            }
        };
        stream.send(self.format.end(&end)).await?;
        stream.finish().await
    }
}

/// A stream on its connection.
struct Stream<'a> {
    line: &'a mut Line,
    format: Format,
    ends_at: Option<Instant>,
}

impl Stream<'_> {
    /// Sends the head. HTTP/1.0 knows no chunks: there the end of the connection is the end of the stream.
    async fn begin(&mut self, is_chunked: bool, listed: Option<HeaderValue>) -> std::io::Result<()> {
        let mut response = HttpResponse::Ok().finish();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(self.format.content_type()));
        response.headers_mut().insert(UNBUFFERED.0, UNBUFFERED.1);
        headers::dress(response.headers_mut(), listed);
        metrics::count_response(StatusCode::OK);
        let (mut head, _) = Response::from(response).into_parts();
        head.head_mut().set_connection_type(ConnectionType::Close);
        head.head_mut().no_chunking(!is_chunked);
        let mut out = BytesMut::new();
        self.line.codec.encode(Message::Item((head, BodySize::Stream)), &mut out)?;
        self.line.connection.write(&out).await
    }

    /// The texts of a page; or the end, where the session has just ended, or nobody has time to say who it is.
    async fn told(&self, engine: &Engine, caller: &Caller, page: &Page) -> Result<Bytes, StreamEnd> {
        let notice = match page.dropped {
            Some(dropped) => {
                let notice = Box::pin(state::notice_of_dropped(engine, caller, dropped)).await;
                Some(notice.map_err(|error| match error {
                    ApiError::Unauthorized => StreamEnd::LoggedOut(None),
                    _ => StreamEnd::Unavailable,
                })?)
            }
            None => None,
        };
        let lines = || notice.iter().chain(&page.lines);
        let mut out = BytesMut::with_capacity(lines().map(|line| line.json.len() + AROUND_BYTES).sum());
        lines().for_each(|line| self.format.put(&mut out, line));
        Ok(out.freeze())
    }

    async fn send(&mut self, text: Bytes) -> std::io::Result<()> {
        let mut out = BytesMut::new();
        self.line.codec.encode(Message::Chunk(Some(text)), &mut out)?;
        self.write(&out).await
    }

    /// Whoever takes a byte now and then gets until the stream has lasted for as long as it may, and not longer.
    async fn write(&mut self, out: &[u8]) -> std::io::Result<()> {
        let written = self.line.connection.write_now(out)?;
        let Some(rest) = out.get(written..).filter(|rest| !rest.is_empty()) else { return Ok(()) };
        let patience = self.line.connection.patience.write;
        let writing = Box::pin(self.line.connection.write(rest));
        match self.ends_at {
            Some(ends_at) => timeout_at(ends_at + patience, writing).await?,
            None => writing.await,
        }
    }

    /// Waits until there may be more, showing now and then that the stream is alive. Says whether it may go on.
    async fn wait(&mut self, follower: &mut Follower, keep_alive: Duration) -> std::io::Result<bool> {
        loop {
            let alive_at = (!keep_alive.is_zero()).then(|| Instant::now() + keep_alive);
            let deadline = alive_at.into_iter().chain(self.ends_at).min();
            // A silence of a month is as good as one without end.
            let deadline = deadline.unwrap_or_else(|| Instant::now() + Duration::from_hours(720));
            tokio::select! {
                biased;
                () = follower.wait() => return Ok(true),
                is_there = self.line.connection.outlast_while_open(deadline) => {
                    if !is_there {
                        return Err(std::io::ErrorKind::ConnectionAborted.into());
                    }
                }
            }
            if self.is_over() {
                return Ok(false);
            }
            self.send(Bytes::from_static(self.format.keep_alive())).await?;
        }
    }

    fn is_over(&self) -> bool {
        self.ends_at.is_some_and(|ends_at| Instant::now() >= ends_at)
    }

    async fn finish(&mut self) -> std::io::Result<()> {
        let mut out = BytesMut::new();
        self.line.codec.encode(Message::Chunk(None), &mut out)?;
        self.write(&out).await
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_stream_is_what_asks_for_one() {
        for (accept, format) in [
            ("", None),
            ("*/*", None),
            ("application/json", None),
            ("text/event-stream", Some(Format::Events)),
            ("Text/Event-Stream; charset=utf-8", Some(Format::Events)),
            ("application/x-ndjson", Some(Format::Lines)),
            ("application/x-ndjson, */*", Some(Format::Lines)),
            ("application/json, text/event-stream", None),
            ("application/json;q=0.5, text/event-stream", Some(Format::Events)),
            ("text/event-stream;q=0", None),
            ("text/event-stream;q=x", None),
            ("text/html", None),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT, accept)).to_request();
            assert_eq!(Format::of(request.head()), format, "{accept}");
        }
    }

    #[test]
    fn a_message_is_one_line_however_its_json_is_spaced() {
        let json = Bytes::from_static(b"{\"meta\":{\n\"a\":\r\n1}}");
        let line = Told { seq: Seq::new(7), json };
        let mut out = BytesMut::new();
        Format::Events.put(&mut out, &line);
        assert_eq!(&out[..], b"id: 7\ndata: {\"meta\":{ \"a\":  1}}\n\n");
        out.clear();
        Format::Lines.put(&mut out, &line);
        assert_eq!(&out[..], b"{\"meta\":{ \"a\":  1}}\n");
    }
}
