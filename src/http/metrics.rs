//! `GET /metrics`: how the server is, in figures, for Prometheus. Behind a name and a password; without a name in
//! the settings there is no such path.
//!
//! Nothing here is labelled with a nick or a channel: how many series there are does not depend on who comes.

use std::net::SocketAddr;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::error::ApiError;
use super::exposition::Exposition;
use super::routes::HttpSettings;
use crate::engine::Engine;

/// What the operator may set about metrics.
#[derive(Clone, Debug, Default)]
pub struct MetricsSettings {
    /// Who may read them; `None` for nobody.
    pub access: Option<MetricsAccess>,
    /// A listener for them alone; `None` puts them where everything else is.
    pub listen_addr: Option<SocketAddr>,
}

/// The name and the password that metrics are read with.
#[derive(Clone, Debug)]
pub struct MetricsAccess {
    /// The name.
    pub username: String,
    /// The password.
    pub password: SecretString,
}

/// How long the writer is waited for. What it alone could count is then left out, and the rest is told.
const WRITER_TIMEOUT: Duration = Duration::from_secs(2);

/// Responses by the first digit of their status; 0 is for what is none.
static RESPONSES: [AtomicU64; 6] = [const { AtomicU64::new(0) }; 6];

/// Counts a response.
pub(super) fn count_response(status: StatusCode) {
    if let Some(count) = RESPONSES.get(usize::from(status.as_u16() / 100)) {
        count.fetch_add(1, Relaxed);
    }
}

impl MetricsAccess {
    /// Whether a request carries them. Takes equally long for a name that is nearly right and one that is not:
    /// digests are compared, which are all of one length.
    fn allows(&self, request: &HttpRequest) -> bool {
        let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let encoded = header.and_then(|header| header.split_once(' '));
        let encoded = encoded.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let given = encoded.and_then(|(_, encoded)| BASE64.decode(encoded.trim().as_bytes()).ok());
        let wanted = format!("{}:{}", self.username, self.password.expose_secret());
        let digest = |bytes: &[u8]| Sha256::digest(bytes);
        given.is_some_and(|given| digest(&given).ct_eq(&digest(wanted.as_bytes())).into())
    }
}

/// `GET /metrics`
pub(super) async fn show(
    request: HttpRequest,
    engine: web::Data<Engine>,
    settings: web::Data<HttpSettings>,
) -> Result<HttpResponse, ApiError> {
    let access = settings.metrics.access.as_ref().ok_or(ApiError::NotFound("not found"))?;
    if !access.allows(&request) {
        let mut refusal = ApiError::Unauthorized.error_response();
        let ask = HeaderValue::from_static("Basic realm=\"metrics\", charset=\"UTF-8\"");
        refusal.headers_mut().insert(WWW_AUTHENTICATE, ask);
        return Ok(refusal);
    }
    let text = render(&engine).await;
    let mut response = HttpResponse::Ok();
    response.content_type("text/plain; version=0.0.4; charset=utf-8");
    Ok(response.insert_header((CACHE_CONTROL, "no-store")).body(text))
}

async fn render(engine: &Engine) -> String {
    let mut page = Exposition::default();
    let server = engine.server();
    page.family("neoirc_build_info", "gauge", "The version that runs, always 1")
        .labelled(&[("version", &server.version)], 1);
    page.gauge("neoirc_ready", "Whether requests are served: 1, or 0", u8::from(engine.is_ready()));
    if let Ok(Ok(figures)) = tokio::time::timeout(WRITER_TIMEOUT, engine.figures()).await {
        let (counts, queues) = (figures.counts, figures.queues);
        page.gauge("neoirc_sessions", "Sessions", counts.users);
        page.gauge("neoirc_clients", "Clients of all sessions", counts.clients);
        page.gauge("neoirc_channels", "Channels", counts.channels);
        page.gauge(
            "neoirc_waiting_polls",
            "Long polls, streams and IRC connections that wait",
            queues.waiting,
        );
        page.gauge(
            "neoirc_queued_entries",
            "Messages not acknowledged, over all queues",
            queues.unacknowledged,
        );
        page.gauge("neoirc_queue_memory_bytes", "Messages in memory, at most", queues.in_memory_bytes);
    }
    traffic(&mut page, engine);
    commits(&mut page, engine);
    if let Some(disk) = engine.disk_bytes() {
        page.family("neoirc_database_bytes", "gauge", "Size of the database on disk, by file")
            .labelled(&[("file", "database")], disk.database)
            .labelled(&[("file", "wal")], disk.write_ahead_log);
    }
    super::process::describe(&mut page);
    page.finish()
}

fn traffic(page: &mut Exposition, engine: &Engine) {
    let stats = engine.stats();
    let count = |count: &AtomicU64| count.load(Relaxed);
    page.counter("neoirc_connections_total", "Connections, of HTTP and of IRC", count(&stats.connections));
    page.gauge("neoirc_streams", "Streams of messages that go on", stats.streams.load(Relaxed));
    page.counter("neoirc_streams_begun_total", "Streams of messages", count(&stats.streams_begun));
    page.counter("neoirc_sessions_opened_total", "Sessions that were opened", count(&stats.sessions));
    page.counter("neoirc_messages_total", "Messages said, by PRIVMSG or NOTICE", count(&stats.messages));
    page.counter("neoirc_entries_total", "Messages of every kind, each once", count(&stats.entries));
    page.counter(
        "neoirc_deliveries_total",
        "Messages put into queues, once a client",
        count(&stats.deliveries),
    );
    page.family("neoirc_refusals_total", "counter", "What IRC refused, by numeric");
    for (numeric, count) in stats.refusals() {
        page.labelled(&[("numeric", &format!("{numeric:03}"))], count);
    }
    page.family("neoirc_rate_limited_total", "counter", "Requests that came too soon, by limit");
    for (limit, count) in stats.rate_limits() {
        page.labelled(&[("limit", limit.name())], count);
    }
    page.family("neoirc_http_responses_total", "counter", "Responses, by the class of their status");
    for (class, responses) in (1..).zip(RESPONSES.iter().skip(1)) {
        page.labelled(&[("class", &format!("{class}xx"))], count(responses));
    }
}

fn commits(page: &mut Exposition, engine: &Engine) {
    let stats = engine.stats();
    let failures = stats.commit_failures.load(Relaxed);
    page.counter("neoirc_commit_failures_total", "Commits that the disk refused", failures);
    let help = "How long commits took";
    page.histogram("neoirc_commit_seconds", help, &stats.commit_us, |microseconds| {
        Duration::from_micros(microseconds).as_secs_f64()
    });
    #[expect(clippy::cast_precision_loss, reason = "a batch has at most a thousand requests")]
    let whole = |number: u64| number as f64;
    let help = "How many requests shared a commit";
    page.histogram("neoirc_batch_requests", help, &stats.batch_requests, whole);
}
