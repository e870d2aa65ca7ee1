//! The read and write loop: `GET` and `POST /api/v1/messages`, and `GET /api/v1/history`.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::dev::RequestHead;
use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::{BufMut, BytesMut};
use tokio::time::Instant;
use uuid::Uuid;

use super::caller::Caller;
use super::error::ApiError;
use super::query::{self, Query};
use super::registration::may_register;
use super::routes::HttpSettings;
use super::state;
use crate::auth::password::Passwords;
use crate::command::Wish;
use crate::delivery::{Line, Page};
use crate::engine::{Engine, POLL_TIMEOUT_MAX, RateLimit, Response};
use crate::entry::seq_of_message_id;
use crate::id::Seq;
use crate::limits::Limits;
use crate::protocol::limits::IDEMPOTENCY_KEY_MAX;
use crate::protocol::message::Request;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Messages in one page of history when nothing is asked for, and at most.
pub(super) const HISTORY_PAGE: usize = 50;
pub(super) const HISTORY_PAGE_MAX: usize = 500;

/// `POST /messages`: any command.
#[utoipa::path(
    post, path = "/api/v1/messages", security(("neoirc_auth" = [])), request_body = super::schema::Posted,
    params(("Idempotency-Key" = Option<String>, Header, description = "Under the same key it is done once", pattern = r"^[!-~]([\t -~]{0,62}[!-~])?$")),
    responses(
        (status = 200, description = "What became of the command", body = super::schema::Receipt),
    ),
)]
pub(super) async fn command(
    said: Said,
    address: impl FnOnce() -> IpAddr,
    engine: &Engine,
    limits: &Limits,
    passwords: &Passwords,
) -> Result<Response, ApiError> {
    let Said { caller, mut wish, key } = said;
    if let Some(password) = wish.password(&engine.server().rules) {
        // What was done under this key need neither be hashed nor counted again.
        if let Some(key) = &key
            && let Some(response) = engine.outcome(&caller, key.clone()).await?
        {
            return Ok(response);
        }
        let address = address();
        if wish.registers() {
            may_register(address, limits, engine)?;
        } else {
            // Few are hashed at once, and logins wait for the same: one address has no more of it with many sessions.
            limits.login_from(address).inspect_err(|_| engine.stats().rate_limited(RateLimit::Login))?;
        }
        let hash = passwords.hash(password).await?;
        wish = wish.with_password_hash(hash);
    }
    Ok(engine.submit(&caller, wish, key).await?)
}

/// A command that was sent and may be decided.
pub(super) struct Said {
    caller: Caller,
    wish: Wish,
    key: Option<String>,
}

impl Said {
    /// `key` looks for the `Idempotency-Key`, once whoever asks may ask at all.
    ///
    /// # Errors
    /// `RateLimited`, `BadRequest`.
    pub(super) fn of(
        caller: Caller,
        key: impl FnOnce() -> Result<Option<String>, ApiError>,
        body: &[u8],
        engine: &Engine,
        limits: &Limits,
    ) -> Result<Self, ApiError> {
        may_ask(&caller, limits, engine)?;
        let key = key()?;
        let message = Request::parse(body).map_err(|_| ApiError::BadRequest("invalid request"))?;
        let wish = Wish::parse(message);
        may_pay(&caller, wish.price(), limits, engine)?;
        Ok(Self { caller, wish, key })
    }
}

/// # Errors
/// `BadRequest` when it is none.
pub(super) fn idempotency_key(request: &RequestHead) -> Result<Option<String>, ApiError> {
    let invalid = || ApiError::BadRequest("invalid Idempotency-Key");
    let Some(key) = request.headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = key.to_str().map_err(|_| invalid())?;
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_MAX { Err(invalid()) } else { Ok(Some(key.to_owned())) }
}

/// `GET /messages`: what the client has to read. With `Accept: text/event-stream` or `application/x-ndjson` it goes on, and
/// sends messages as they come; `Last-Event-ID` takes it up again.
#[utoipa::path(
    get, path = "/api/v1/messages", security(("neoirc_auth" = [])),
    params(
        ("after" = Option<u64>, Query, description = "The cursor; it acknowledges", maximum = 9_223_372_036_854_775_807_u64),
        ("timeout" = Option<u64>, Query, description = "Seconds to wait; more than 30 is taken for 30", maximum = 9_223_372_036_854_775_807_u64),
        ("Last-Event-ID" = Option<String>, Header, description = "The cursor of a stream that is taken up again; means nothing to a poll"),
    ),
    responses((
        status = 200, description = "What there is to read; of a stream, what there is and what comes",
        content(
            (super::schema::Page = "application/json"),
            (String = "text/event-stream"),
            (String = "application/x-ndjson"),
        ),
    )),
)]
pub(super) async fn poll<W: Future<Output = ()>>(
    engine: &Engine,
    asked: &Asked,
    wait: impl FnOnce(Instant) -> W,
) -> Result<Told, ApiError> {
    let Asked { caller, after, since, timeout } = asked;
    let wait = async { wait(*since + *timeout).await };
    let page = engine.poll_while(caller, *after, (!timeout.is_zero()).then_some(wait)).await?;
    let notice = match page.dropped {
        Some(dropped) => Some(Box::pin(state::notice_of_dropped(engine, caller, dropped)).await?),
        None => None,
    };
    Ok(Told::new(page, notice))
}

/// A poll: who asks, for what comes after which place, and how long to wait for it.
pub(super) struct Asked {
    caller: Caller,
    after: Seq,
    since: Instant,
    timeout: Duration,
}

impl Asked {
    /// `since` is when it came.
    ///
    /// # Errors
    /// `BadRequest` when a number is none.
    pub(super) fn of(
        caller: Caller,
        query: &Query<'_>,
        settings: &HttpSettings,
        since: Instant,
    ) -> Result<Self, ApiError> {
        let after = Seq::new(query.number("after")?.unwrap_or(0));
        let timeout = query.number("timeout")?.map_or(settings.poll_timeout, Duration::from_secs);
        Ok(Self { caller, after, since, timeout: timeout.min(POLL_TIMEOUT_MAX) })
    }
}

/// What a poll is answered with.
pub(super) struct Told {
    page: Page,
    /// Stands in front where something was lost.
    notice: Option<Line>,
    /// What comes after the messages.
    end: String,
}

/// What comes before them.
const BEGIN: &str = r#"{"messages":["#;

impl Told {
    fn new(page: Page, notice: Option<Line>) -> Self {
        let mut end = format!(r#"],"last_id":{}"#, page.last.get());
        if page.more {
            end.push_str(r#","more":true"#);
        }
        if let Some(dropped) = page.dropped {
            end.push_str(r#","dropped":"#);
            end.push_str(&dropped.entries.to_string());
        }
        end.push('}');
        Self { page, notice, end }
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        self.notice.iter().chain(&self.page.lines)
    }

    /// The length of its JSON, in bytes.
    pub(super) fn length(&self) -> usize {
        let with_commas: usize = self.lines().map(|line| line.json.len() + 1).sum();
        BEGIN.len() + with_commas.saturating_sub(1) + self.end.len()
    }

    /// Writes its JSON, from the texts that the messages already have.
    pub(super) fn put(&self, json: &mut BytesMut) {
        json.put_slice(BEGIN.as_bytes());
        put_lines(json, self.lines());
        json.put_slice(self.end.as_bytes());
    }
}

fn put_lines<'a>(json: &mut BytesMut, lines: impl Iterator<Item = &'a Line>) {
    for (index, line) in lines.enumerate() {
        if index > 0 {
            json.put_u8(b',');
        }
        json.put_slice(&line.json);
    }
}

/// `GET /history`: what was said in a channel or between two sessions.
#[utoipa::path(
    get, path = "/api/v1/history", security(("neoirc_auth" = [])),
    params(
        ("target" = String, Query, description = "A channel or a nick", min_length = 1),
        ("before" = Option<String>, Query, description = "A seq or an id", pattern = "^([0-9]{1,18}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$"),
        ("limit" = Option<u64>, Query, description = "At most 500", maximum = 9_223_372_036_854_775_807_u64),
    ),
    responses(
        (status = 200, description = "The newest before that, oldest first", body = [super::schema::Envelope]),
        (status = 404, description = "No such target", body = super::schema::Problem),
    ),
)]
pub(super) async fn history(
    request: HttpRequest,
    caller: Caller,
    engine: web::Data<Engine>,
    limits: web::Data<Limits>,
) -> Result<HttpResponse, ApiError> {
    may_look(&caller, &limits, &engine)?;
    let query = Query::of(request.head());
    let target = query.text("target")?.filter(|target| !target.is_empty());
    let target = target.ok_or(ApiError::BadRequest("target required"))?.into_owned();
    let before = query.text("before")?.map(|before| place(&before)).transpose()?;
    let limit =
        query.number("limit")?.map_or(HISTORY_PAGE, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let lines = engine.history(caller.user, target, before, limit.min(HISTORY_PAGE_MAX)).await?;
    Ok(array(&lines))
}

/// Whether the caller may give a command now.
///
/// # Errors
/// `RateLimited`
pub(super) fn may_ask(caller: &Caller, limits: &Limits, engine: &Engine) -> Result<(), ApiError> {
    limits.command(caller.user).inspect_err(|_| engine.stats().rate_limited(RateLimit::Command))?;
    Ok(())
}

/// Whether the caller may give a command now that costs so much; the first has been asked about.
///
/// # Errors
/// `RateLimited`
pub(super) fn may_pay(caller: &Caller, price: u32, limits: &Limits, engine: &Engine) -> Result<(), ApiError> {
    limits
        .rest_of_price(caller.user, price)
        .inspect_err(|_| engine.stats().rate_limited(RateLimit::Command))?;
    Ok(())
}

/// Whether the caller may look at something now that it takes work to show.
///
/// # Errors
/// `RateLimited`
pub(super) fn may_look(caller: &Caller, limits: &Limits, engine: &Engine) -> Result<(), ApiError> {
    limits.history(caller.user).inspect_err(|_| engine.stats().rate_limited(RateLimit::History))?;
    Ok(())
}

/// Messages as an array.
pub(super) fn array(lines: &[Line]) -> HttpResponse {
    let mut body = BytesMut::new();
    body.put_u8(b'[');
    put_lines(&mut body, lines.iter());
    body.put_u8(b']');
    json().body(body.freeze())
}

/// A place in the log, as a `seq` or as the `id` of a message.
pub(super) fn place(text: &str) -> Result<Seq, ApiError> {
    let by_id = || Uuid::parse_str(text).ok().map(seq_of_message_id);
    query::number(text).map(Seq::new).or_else(by_id).ok_or(ApiError::BadRequest("invalid query parameter"))
}

/// A JSON answer.
pub(super) fn json() -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response.content_type("application/json");
    response
}
