//! The table of routes, and the server that answers them.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::error::InternalError;
use actix_web::http::KeepAlive;
use actix_web::web::{self, ServiceConfig, get, post, resource};
use actix_web::{App, HttpServer, ResponseError};

use super::error::ApiError;
use super::metrics::{self, MetricsSettings};
use super::{health, messages, registration, state};
use crate::auth::hostname::Resolver;
use crate::engine::Engine;

/// What the operator may set about the HTTP face, with units.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Longest body of a request, in bytes.
    pub message_bytes_max: usize,
    /// How long a poll waits that does not say.
    pub poll_timeout: Duration,
    /// How long the head of a request may take.
    pub header_timeout: Duration,
    /// How long its body may take; zero is for ever.
    pub body_timeout: Duration,
    /// Connections at once; a further one waits.
    pub connections_max: usize,
    /// Threads that serve requests; 0 is one a core.
    pub workers: usize,
    /// Whether names are looked up for addresses.
    pub reverse_dns: bool,
    /// Who may read metrics, and where.
    pub metrics: MetricsSettings,
}

/// How long a connection without a request stays open: longer than the longest poll, so that a client that
/// polls keeps its connection.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long requests may take to end once the server stops.
const SHUTDOWN_TIMEOUT_S: u64 = 5;
/// Connections that the system keeps waiting for us to take: a restart meets all clients at once.
const BACKLOG: u32 = 4_096;

/// Connections to the listener for metrics alone: a few collectors, and room for their reconnecting.
const METRICS_CONNECTIONS_MAX: usize = 64;

/// The paths whose POST reads a body.
pub(super) const BODY_PATHS: [&str; 2] = ["/api/v1/session", "/api/v1/messages"];

fn routes(config: &mut ServiceConfig) {
    let only =
        |allow: &'static str| move || async move { Err::<String, _>(ApiError::MethodNotAllowed(allow)) };
    let (get_only, post_only) = (only("GET"), only("POST"));
    let route = |path: &str| resource(path.to_owned());
    config
        .service(
            route("/api/v1/session").route(post().to(registration::open)).default_service(web::to(post_only)),
        )
        .service(
            route("/api/v1/logout")
                .route(post().to(registration::log_out))
                .default_service(web::to(post_only)),
        )
        .service(
            route("/api/v1/messages")
                .route(get().to(messages::get))
                .route(post().to(messages::post))
                .default_service(web::to(only("GET, POST"))),
        )
        .service(
            route("/api/v1/history").route(get().to(messages::history)).default_service(web::to(get_only)),
        )
        .service(route("/api/v1/state").route(get().to(state::session)).default_service(web::to(get_only)))
        .service(route("/api/v1/users/me").route(get().to(state::session)).default_service(web::to(get_only)))
        .service(
            route("/api/v1/channels").route(get().to(state::channels)).default_service(web::to(get_only)),
        )
        .service(
            route("/api/v1/channels/{name}/members")
                .route(get().to(state::members))
                .default_service(web::to(get_only)),
        )
        .service(route("/api/v1/server").route(get().to(state::server)).default_service(web::to(get_only)))
        .service(
            route("/.well-known/healthcheck.json")
                .route(get().to(health::healthcheck))
                .default_service(web::to(get_only)),
        )
        .service(route("/livez").route(get().to(health::live)).default_service(web::to(get_only)))
        .service(route("/readyz").route(get().to(health::ready)).default_service(web::to(get_only)))
        .default_service(web::to(nothing));
}

fn metrics_route(config: &mut ServiceConfig) {
    let get_only = || async { Err::<String, _>(ApiError::MethodNotAllowed("GET")) };
    let route = resource("/metrics").route(get().to(metrics::show));
    config.service(route.default_service(web::to(get_only)));
}

async fn nothing() -> Result<String, ApiError> {
    Err(ApiError::NotFound("not found"))
}

/// Serves HTTP on a listener until the server is told to stop.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    engine: Engine,
    settings: &HttpSettings,
    listener: TcpListener,
) -> std::io::Result<(Server, SocketAddr)> {
    let address = listener.local_addr()?;
    let engine = web::Data::new(engine);
    let stats = engine.clone();
    let resolver = settings.reverse_dns.then(|| web::Data::new(Resolver::default()));
    let shared = web::Data::new(settings.clone());
    let has_metrics = settings.metrics.access.is_some() && settings.metrics.listen_addr.is_none();
    let app = move || {
        let app = App::new().app_data(engine.clone()).app_data(shared.clone()).app_data(path_config());
        let app = match &resolver {
            Some(resolver) => app.app_data(resolver.clone()),
            None => app,
        };
        // Before the others, of which the last answers whatever has no route.
        let app = if has_metrics { app.configure(metrics_route) } else { app };
        app.configure(routes).wrap_fn(super::log::log)
    };
    let mut server = HttpServer::new(app)
        .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
        .client_request_timeout(settings.header_timeout)
        .max_connections(settings.connections_max)
        .backlog(BACKLOG)
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_TIMEOUT_S)
        .on_connect(move |_, _| {
            stats.stats().connections.fetch_add(1, Relaxed);
        });
    if settings.workers > 0 {
        server = server.workers(settings.workers);
    }
    Ok((server.listen(listener)?.run(), address))
}

/// Serves metrics, and nothing else, on a listener of their own until the server is told to stop.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve_metrics(
    engine: Engine,
    settings: &HttpSettings,
    listener: TcpListener,
) -> std::io::Result<Server> {
    let (engine, shared) = (web::Data::new(engine), web::Data::new(settings.clone()));
    let app = move || {
        let app = App::new().app_data(engine.clone()).app_data(shared.clone());
        app.configure(metrics_route).default_service(web::to(nothing)).wrap_fn(super::log::log)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .client_request_timeout(settings.header_timeout)
        .max_connections(METRICS_CONNECTIONS_MAX)
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_TIMEOUT_S);
    Ok(server.listen(listener)?.run())
}

/// A path that cannot be decoded names nothing.
fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|error, _| {
        let response = ApiError::NotFound("not found").error_response();
        InternalError::from_response(error, response).into()
    })
}
