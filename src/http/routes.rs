//! The table of routes, and the server that answers them.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive};
use actix_service::{ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::{AppConfig, Server};
use actix_web::error::InternalError;
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, ServiceConfig, delete, get, post, resource};
use actix_web::{App, HttpServer, ResponseError};
use socket2::SockRef;

use super::address::Proxies;
use super::connection::Connection;
use super::door::Door;
use super::error::ApiError;
use super::guard::Guard;
use super::metrics::{self, MetricsSettings};
use super::origin::Origins;
use super::price::Price;
use super::{clients, health, login, messages, openapi, registration, state};
use crate::auth::hostname::Resolver;
use crate::auth::password::Passwords;
use crate::engine::{Engine, RateLimit};
use crate::limits::{FORGET_EVERY, Limits, Rates};

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
    /// How long a client may leave an answer unread; zero is for ever.
    pub write_timeout: Duration,
    /// Connections at once; a further one waits.
    pub connections_max: usize,
    /// Connections of one address at once; 0 is no limit.
    pub connections_per_address: usize,
    /// Proxies that are believed about addresses and TLS.
    pub trusted_proxies: Proxies,
    /// Other origins whose pages may use the interface.
    pub cors_origins: Origins,
    /// How often one may ask.
    pub rates: Rates,
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
const BACKLOG: i32 = 4_096;
/// How long a connection that is being closed may take to end.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// More threads than this the framework does not know how to use.
const WORKERS_MAX: usize = 512;

/// Connections to the listener for metrics alone: a few collectors, and room for their reconnecting.
const METRICS_CONNECTIONS_MAX: usize = 64;

/// The paths whose POST reads a body.
pub(super) const BODY_PATHS: [&str; 3] = ["/api/v1/session", "/api/v1/login", "/api/v1/messages"];

fn routes(config: &mut ServiceConfig) {
    let only =
        |allow: &'static str| move || async move { Err::<String, _>(ApiError::MethodNotAllowed(allow)) };
    let (get_only, post_only) = (only("GET"), only("POST"));
    let route = |path: &str| resource(path.to_owned());
    // Routes are tried in this order, those with a part in braces by a regular expression: the two that nearly all
    // requests take stand in front.
    config
        .service(
            route("/api/v1/messages")
                .route(get().to(messages::get))
                .route(post().to(messages::post))
                .default_service(web::to(only("GET, POST"))),
        )
        .service(
            route("/api/v1/session").route(post().to(registration::open)).default_service(web::to(post_only)),
        )
        .service(route("/api/v1/login").route(post().to(login::log_in)).default_service(web::to(post_only)))
        .service(route("/api/v1/clients").route(get().to(clients::list)).default_service(web::to(get_only)))
        .service(
            route("/api/v1/clients/{uuid}")
                .route(delete().to(clients::revoke))
                .default_service(web::to(only("DELETE"))),
        )
        .service(
            route("/api/v1/logout")
                .route(post().to(registration::log_out))
                .default_service(web::to(post_only)),
        )
        .service(
            route("/api/v1/history").route(get().to(messages::history)).default_service(web::to(get_only)),
        )
        .service(route("/api/v1/state").route(get().to(state::session)).default_service(web::to(get_only)))
        .service(route("/api/v1/users/me").route(get().to(state::myself)).default_service(web::to(get_only)))
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
        .service(
            route("/api/v1/openapi.json").route(get().to(openapi::show)).default_service(web::to(get_only)),
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
/// The pieces are put together here and not by `HttpServer`, which has no place for what happens to a connection
/// before and beneath HTTP.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    engine: Engine,
    passwords: Passwords,
    limits: Arc<Limits>,
    settings: &HttpSettings,
    listener: TcpListener,
) -> std::io::Result<(Server, SocketAddr)> {
    let address = listener.local_addr()?;
    // It listens already, with the 128 places that the standard library asks for; the system lets it ask again.
    SockRef::from(&listener).listen(BACKLOG)?;
    let (engine, passwords) = (web::Data::new(engine), web::Data::new(passwords));
    let stats = engine.clone();
    let resolver = settings.reverse_dns.then(|| web::Data::new(Resolver::default()));
    let shared = web::Data::new(settings.clone());
    let has_metrics = settings.metrics.access.is_some() && settings.metrics.listen_addr.is_none();
    let limits = web::Data::from(limits);
    let price = web::Data::new(Price::default());
    forget_idle(&limits);
    let guard = Guard::new(settings);
    let app = move || {
        let guard = guard.clone();
        let app = App::new().app_data(engine.clone()).app_data(shared.clone()).app_data(path_config());
        let app = app.app_data(limits.clone()).app_data(passwords.clone()).app_data(price.clone());
        let app = match &resolver {
            Some(resolver) => app.app_data(resolver.clone()),
            None => app,
        };
        // Before the others, of which the last answers whatever has no route.
        let app = if has_metrics { app.configure(metrics_route) } else { app };
        app.configure(routes).wrap_fn(move |request, service| guard.serve(request, service))
    };
    let workers = if settings.workers > 0 {
        settings.workers
    } else {
        std::thread::available_parallelism().map_or(1, NonZero::get)
    };
    let workers = workers.min(WORKERS_MAX);
    let builder = Server::build()
        .workers(workers)
        .max_concurrent_connections(settings.connections_max.div_ceil(workers))
        .disable_signals()
        .shutdown_timeout(SHUTDOWN_TIMEOUT_S);
    let stopping = builder.graceful_shutdown_signal();
    let (door, header_timeout) = (Door::new(settings), settings.header_timeout);
    let server = builder.listen("http", listener, move || {
        let (stats, door, stopping) = (stats.clone(), door.clone(), stopping.clone());
        let http = HttpService::build()
            .keep_alive(KeepAlive::Timeout(KEEP_ALIVE))
            .client_request_timeout(header_timeout)
            .client_disconnect_timeout(DISCONNECT_TIMEOUT)
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .on_connect_ext(|connection: &Connection, data| drop(data.insert(connection.head())))
            .h1(map_config(app(), |()| AppConfig::default()));
        let admit = move |socket: TcpStream| {
            stats.stats().connections.fetch_add(1, Relaxed);
            let admitted = door.admit(socket).ok_or(());
            if admitted.is_err() {
                stats.stats().rate_limited(RateLimit::Connections);
            }
            std::future::ready(admitted)
        };
        fn_service(admit).and_then(http.map_err(drop))
    })?;
    Ok((server.run(), address))
}

/// Has the limits forget, now and then, those whom they need not remember.
fn forget_idle(limits: &web::Data<Limits>) {
    let limits = limits.clone();
    actix_web::rt::spawn(async move {
        let mut now_and_then = tokio::time::interval(FORGET_EVERY);
        loop {
            now_and_then.tick().await;
            limits.forget_idle();
        }
    });
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
    let guard = Guard::new(settings);
    let app = move || {
        let guard = guard.clone();
        let app = App::new().app_data(engine.clone()).app_data(shared.clone());
        let app = app.configure(metrics_route).default_service(web::to(nothing));
        app.wrap_fn(move |request, service| guard.serve(request, service))
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
