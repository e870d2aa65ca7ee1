//! The table of routes, and what the operator may set about them.

use std::time::Duration;

use actix_web::web::{self, ServiceConfig, delete, get, head, post, put, resource};

use super::error::ApiError;
use super::hooks::HOOKS;
use super::metrics::{self, MetricsSettings};
use super::origin::Origins;
use super::stream::StreamSettings;
use super::{
    accounts, clients, health, hooks, login, markers, messages, openapi, pages, registration, search, state,
    upgrade,
};
use crate::limits::Rates;
use crate::proxies::Proxies;

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
    /// Streams of messages.
    pub streams: StreamSettings,
    /// Threads that serve requests; 0 is one a core.
    pub workers: usize,
    /// Whether names are looked up for addresses.
    pub reverse_dns: bool,
    /// Who may read metrics, and where.
    pub metrics: MetricsSettings,
}

/// The paths whose POST reads a body.
pub(super) const BODY_PATHS: [&str; 5] =
    ["/api/v1/session", "/api/v1/login", "/api/v1/register", MESSAGES, HOOKS];
/// Where nearly all requests go. They are found before the table is looked at: `exchange.rs`.
pub(super) const MESSAGES: &str = "/api/v1/messages";

/// The files that the page at `/` loads, and the licences of what others wrote of them.
const PAGE_PARTS: &str =
    r"/{name:((ui/)?[a-z-]+\.(js|css|svg|webmanifest)|vendor/(htm-preact\.js|LICENSE-[a-z]+))}";

pub(super) fn routes(config: &mut ServiceConfig) {
    let only =
        |allow: &'static str| move || async move { Err::<String, _>(ApiError::MethodNotAllowed(allow)) };
    let (get_only, post_only, read_only) = (only("GET"), only("POST"), only("GET, HEAD"));
    let route = |path: &str| resource(path.to_owned());
    // GET and POST do not come this far.
    config
        .service(route("/api/v1/messages").default_service(web::to(only("GET, POST"))))
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
        .service(route("/api/v1/search").route(get().to(search::search)).default_service(web::to(get_only)))
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
        .service(
            route("/docs")
                .route(get().to(pages::docs))
                .route(head().to(pages::docs))
                .default_service(web::to(read_only)),
        )
        .service(
            route("/docs/{name:.*}")
                .route(get().to(pages::docs_file))
                .route(head().to(pages::docs_file))
                .default_service(web::to(read_only)),
        )
        .configure(hook_routes)
        .configure(account_routes)
        // Where WebSocket is on, GET does not come this far.
        .service(route("/irc").route(get().to(upgrade::nowhere)).default_service(web::to(get_only)))
        .configure(page_routes)
        .service(route("/livez").route(get().to(health::live)).default_service(web::to(get_only)))
        .service(route("/readyz").route(get().to(health::ready)).default_service(web::to(get_only)))
        .default_service(web::to(nothing));
}

fn hook_routes(config: &mut ServiceConfig) {
    let only =
        |allow: &'static str| move || async move { Err::<String, _>(ApiError::MethodNotAllowed(allow)) };
    let route = |path: &str| resource(path.to_owned());
    config
        .service(
            route("/api/v1/hooks")
                .route(get().to(hooks::list))
                .route(post().to(hooks::make))
                .default_service(web::to(only("GET, POST"))),
        )
        .service(
            route("/api/v1/hooks/{id}")
                .route(delete().to(hooks::revoke))
                .default_service(web::to(only("DELETE"))),
        )
        .service(
            route("/api/v1/hooks/{id}/{secret}")
                .route(post().to(hooks::speak))
                .default_service(web::to(only("POST"))),
        );
}

fn account_routes(config: &mut ServiceConfig) {
    let only =
        |allow: &'static str| move || async move { Err::<String, _>(ApiError::MethodNotAllowed(allow)) };
    let route = |path: &str| resource(path.to_owned());
    config
        .service(
            route("/api/v1/register")
                .route(post().to(accounts::register))
                .default_service(web::to(only("POST"))),
        )
        .service(
            route("/api/v1/markers/{target}")
                .route(get().to(markers::show))
                .route(put().to(markers::put))
                .default_service(web::to(only("GET, PUT"))),
        );
}

/// The client for people.
fn page_routes(config: &mut ServiceConfig) {
    let read_only = || async { Err::<String, _>(ApiError::MethodNotAllowed("GET, HEAD")) };
    let route = |path: &str| resource(path.to_owned());
    config
        .service(
            route("/")
                .route(get().to(pages::page))
                .route(head().to(pages::page))
                .default_service(web::to(read_only)),
        )
        .service(
            route(PAGE_PARTS)
                .route(get().to(pages::page_part))
                .route(head().to(pages::page_part))
                .default_service(web::to(read_only)),
        );
}

pub(super) fn metrics_route(config: &mut ServiceConfig) {
    let get_only = || async { Err::<String, _>(ApiError::MethodNotAllowed("GET")) };
    let route = resource("/metrics").route(get().to(metrics::show));
    config.service(route.default_service(web::to(get_only)));
}

pub(super) async fn nothing() -> Result<String, ApiError> {
    Err(ApiError::NotFound("not found"))
}
