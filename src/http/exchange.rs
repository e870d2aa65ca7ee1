//! One request after another on a connection, and the way of each: through the guard, then to the read and write loop
//! or to the table of routes, and its answer back.
//!
//! The framework's codec reads heads and bodies and writes answers; its dispatcher is not used. That keeps two buffers
//! of 8 KiB a connection, and routes every poll through tables that were made for hundreds of paths. What nearly all
//! requests ask for, [`super::messages`], is found here with two comparisons instead.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use actix_http::body::{BodySize, BoxBody, MessageBody};
use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, Payload, Request, Response, ServiceConfig};
use actix_service::Service;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpResponse, ResponseError, web};
use bytes::BytesMut;
use tokio_util::codec::Encoder;

use super::caller::{Caller, KnownCaller, no_cookie};
use super::closing::Closing;
use super::connection::Connection;
use super::error::ApiError;
use super::guard::{self, Guard, Verdict};
use super::line::{Line, Next};
use super::log::Served;
use super::messages::{self, Asked, Said, idempotency_key};
use super::plain::Plain;
use super::query::Query;
use super::routes::{HttpSettings, MESSAGES};
use super::stream::{Format, Wanted};
use super::upgrade::Outcome;
use super::{body, headers, metrics};
use crate::auth::password::Passwords;
use crate::engine::Engine;
use crate::irc::WebDoor;
use crate::limits::{Connections, Limits};

/// How long a connection that is being closed may take to end.
const LINGER: Duration = Duration::from_secs(1);
/// What of an answer is put together before it is sent, in bytes.
const ANSWER_BYTES: usize = 32 * 1024;

/// What one thread serves its connections with.
pub(super) struct Desk<S> {
    /// The table of routes.
    pub(super) service: S,
    pub(super) guard: Guard,
    pub(super) engine: web::Data<Engine>,
    pub(super) settings: web::Data<HttpSettings>,
    pub(super) limits: web::Data<Limits>,
    pub(super) passwords: web::Data<Passwords>,
    pub(super) config: ServiceConfig,
    pub(super) plain: Plain,
    pub(super) closing: Rc<Closing>,
    /// The streams of each address.
    pub(super) streams: Connections,
    /// Where connections go that turn to WebSocket, if they may.
    pub(super) web_door: Option<WebDoor>,
    /// Whether this is the listener for everything, and not that for metrics.
    pub(super) serves_messages: bool,
}

/// What of the way of a command matters for its answer.
pub(super) struct Way {
    /// Whether a ready-made head will do.
    pub(super) is_plain: bool,
    pub(super) by_tls: bool,
    /// The origin of the page that asked, where it is one that the operator has listed.
    pub(super) listed: Option<HeaderValue>,
}

impl<S> Desk<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>,
{
    /// Serves a connection until it ends.
    pub(super) async fn serve(self: Rc<Self>, connection: Connection) -> Result<(), ()> {
        let watch = poll_fn(|context| Poll::Ready(self.closing.watch(context.waker().clone()))).await;
        let peer = connection.peer;
        let mut line = Line::new(connection, &self.config, watch);
        let (mut is_first, known) = (true, KnownCaller::default());
        loop {
            let stays = match line.next(is_first, |unread| self.read_in_place(unread, &known)).await {
                Next::Brief(read) => self.exchange_in_place(&mut line, read, peer).await,
                Next::Request(request) if self.is_for_irc(&request) => {
                    match Box::pin(self.upgrade(&mut line, request)).await {
                        Ok(Outcome::Granted(door, room, handover)) => {
                            drop(handover.hand_over(line, &door, room));
                            return Ok(());
                        }
                        Ok(Outcome::Answered(stays)) => Ok(stays),
                        Err(error) => Err(error),
                    }
                }
                Next::Request(request) => self.exchange(&mut line, request).await,
                Next::Refused(error) => Box::pin(self.refuse(&mut line, &error)).await,
                Next::Over => return Ok(()),
            };
            // Requests that are there already are answered without any wait, which must not keep others waiting.
            tokio::task::coop::consume_budget().await;
            match stays {
                Ok(true) => is_first = false,
                Ok(false) => break,
                Err(_) => return Ok(()),
            }
        }
        Box::pin(line.connection.linger(LINGER)).await;
        Ok(())
    }

    /// Refuses what is no request, and all that comes after it: where a next one would begin nobody can know.
    async fn refuse(&self, line: &mut Line, error: &ApiError) -> io::Result<bool> {
        Served::begin().log(&Method::GET, "", error.status_code());
        // The codec goes by the last request that it understood, which may have been to stay, and without a body.
        line.codec = Codec::new(self.config.clone());
        self.answer(line, error.error_response(), None).await?;
        Ok(false)
    }

    /// Serves a request. Says whether a further one may come.
    async fn exchange(&self, line: &mut Line, request: Request) -> io::Result<bool> {
        let served = Served::begin();
        let Verdict { refusal, listed } = self.guard.judge(request.head());
        if let Some(refusal) = refusal {
            served.log(request.method(), request.path(), refusal.status());
            return Box::pin(self.answer(line, refusal, listed)).await;
        }
        match (request.method(), request.path()) {
            (&Method::GET, MESSAGES) if self.serves_messages => {
                body::pass_over(&mut line.connection, &mut line.codec);
                if let Some(format) = Format::of(request.head()) {
                    return Box::pin(self.stream(line, served, request, format, listed)).await;
                }
                let is_plain = listed.is_none() && line.is_plain(request.head());
                let query = Query::of(request.head());
                let asked = Caller::of(request.head(), &self.engine)
                    .and_then(|caller| Asked::of(caller, &query, &self.settings, served.since));
                // What is kept while a poll waits is kept ten thousand times.
                drop(request);
                // A value of its own, which does not hold on to the whole head.
                let listed =
                    listed.and_then(|origin| HeaderValue::from_bytes(origin.as_bytes()).ok()).map(Box::new);
                self.poll(line, served, asked, is_plain, listed).await
            }
            (&Method::POST, MESSAGES) if self.serves_messages => {
                // The body first: an answer that left it unread would leave the connection in doubt.
                let head = request.head();
                let body =
                    Box::pin(body::read(&mut line.connection, &mut line.codec, head, &self.settings)).await;
                let said = body.and_then(|body| {
                    let caller = Caller::of(head, &self.engine)?;
                    Said::of(caller, || idempotency_key(head), &body, &self.engine, &self.limits)
                });
                let is_plain = listed.is_none() && line.is_plain(head);
                let by_tls = self.settings.trusted_proxies.came_by_tls(head);
                let address = || self.settings.trusted_proxies.address_of(head);
                let way = Way { is_plain, by_tls, listed };
                Box::pin(self.command(line, served, said, address, way)).await
            }
            _ => Box::pin(self.route(line, served, request, listed)).await,
        }
    }

    /// `GET /messages`
    pub(super) async fn poll(
        &self,
        line: &mut Line,
        served: Served,
        asked: Result<Asked, ApiError>,
        is_plain: bool,
        listed: Option<Box<HeaderValue>>,
    ) -> io::Result<bool> {
        let connection = &mut line.connection;
        let page = match asked {
            Ok(asked) => messages::poll(&self.engine, &asked, move |until| connection.outlast(until)).await,
            Err(error) => Err(error),
        };
        let status = page.as_ref().map_or_else(ApiError::status_code, |_| StatusCode::OK);
        served.log(&Method::GET, MESSAGES, status);
        match page {
            Ok(page) if is_plain && line.may_stay() => {
                metrics::count_response(StatusCode::OK);
                let rest = self
                    .plain
                    .send(&line.connection, self.engine.now(), page.length(), |out| page.put(out))?;
                // Not to be kept while the rest is waited for.
                drop(page);
                if let Some(rest) = rest {
                    Box::pin(line.connection.write(&rest)).await?;
                }
                Ok(true)
            }
            Ok(page) => {
                let mut text = BytesMut::with_capacity(page.length());
                page.put(&mut text);
                drop(page);
                let response = messages::json().body(text.freeze());
                Box::pin(self.answer(line, response, listed.map(|listed| *listed))).await
            }
            Err(error) => {
                Box::pin(self.answer(line, error.error_response(), listed.map(|listed| *listed))).await
            }
        }
    }

    /// `GET /messages` that goes on. Nothing comes after it on the same connection.
    async fn stream(
        &self,
        line: &mut Line,
        served: Served,
        request: Request,
        format: Format,
        listed: Option<HeaderValue>,
    ) -> io::Result<bool> {
        let wanted = Wanted::of(request.head(), format, &self.engine, &self.settings, &self.streams);
        // What is kept while a stream goes on is kept for long.
        drop(request);
        let status = wanted.as_ref().map_or_else(ApiError::status_code, |_| StatusCode::OK);
        served.log(&Method::GET, MESSAGES, status);
        match wanted {
            Ok(wanted) => {
                wanted.serve(line, &self.engine, self.settings.streams, listed).await?;
                Ok(false)
            }
            Err(error) => self.answer(line, error.error_response(), listed).await,
        }
    }

    /// `POST /messages`
    pub(super) async fn command(
        &self,
        line: &mut Line,
        served: Served,
        said: Result<Said, ApiError>,
        address: impl FnOnce() -> IpAddr,
        way: Way,
    ) -> io::Result<bool> {
        let Way { is_plain, by_tls, listed } = way;
        let response = match said {
            Ok(said) => messages::command(said, address, &self.engine, &self.limits, &self.passwords).await,
            Err(error) => Err(error),
        };
        let status = response.as_ref().map_or_else(ApiError::status_code, |_| StatusCode::OK);
        served.log(&Method::POST, MESSAGES, status);
        match response {
            Ok(done) if !done.ended && is_plain && line.may_stay() => {
                metrics::count_response(StatusCode::OK);
                let put = |out: &mut BytesMut| out.extend_from_slice(done.json.as_ref());
                if let Some(rest) =
                    self.plain.send(&line.connection, self.engine.now(), done.json.len(), put)?
                {
                    line.connection.write(&rest).await?;
                }
                Ok(true)
            }
            Ok(done) => {
                let mut response = messages::json();
                if done.ended {
                    response.cookie(no_cookie(by_tls));
                }
                self.answer(line, response.body(done.json), listed).await
            }
            Err(error) => self.answer(line, error.error_response(), listed).await,
        }
    }

    /// Everything else.
    async fn route(
        &self,
        line: &mut Line,
        served: Served,
        mut request: Request,
        listed: Option<HeaderValue>,
    ) -> io::Result<bool> {
        if guard::reads_body(request.head()) {
            let read =
                body::read(&mut line.connection, &mut line.codec, request.head(), &self.settings).await;
            match read {
                Ok(body) => *request.payload() = Payload::from(body),
                Err(error) => {
                    served.log(request.method(), request.path(), error.status_code());
                    return self.answer(line, error.error_response(), listed).await;
                }
            }
        } else {
            body::pass_over(&mut line.connection, &mut line.codec);
        }
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let served_by = self.service.call(request).await;
        let response =
            served_by.map_or_else(|error| error.error_response(), |response| response.into_parts().1);
        served.log(&method, uri.path(), response.status());
        self.answer(line, response, listed).await
    }

    /// Sends an answer. Says whether a further request may come.
    pub(super) async fn answer(
        &self,
        line: &mut Line,
        mut response: HttpResponse,
        listed: Option<HeaderValue>,
    ) -> io::Result<bool> {
        line.bring_codec_up();
        headers::dress(response.headers_mut(), listed);
        metrics::count_response(response.status());
        let (mut head, body) = Response::from(response).into_parts();
        // A wish for another protocol is not granted; what comes after it is not read.
        if !line.may_stay() || !line.codec.keep_alive() {
            head.head_mut().set_connection_type(ConnectionType::Close);
        }
        let Line { connection, codec, .. } = line;
        let mut out = BytesMut::new();
        let size = body.size();
        codec.encode(Message::Item((head, size)), &mut out)?;
        if !matches!(size, BodySize::None | BodySize::Sized(0)) {
            let mut body = pin!(body);
            loop {
                let chunk = poll_fn(|context| body.as_mut().poll_next(context)).await;
                let chunk = chunk.transpose().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
                let is_last = chunk.is_none();
                codec.encode(Message::Chunk(chunk), &mut out)?;
                if is_last {
                    break;
                }
                if out.len() >= ANSWER_BYTES {
                    connection.write(&out.split()).await?;
                }
            }
        }
        connection.write(&out).await?;
        Ok(codec.keep_alive())
    }
}
