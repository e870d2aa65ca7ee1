//! The server that answers: threads, connections, and what they share.

use std::future::ready;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use actix_http::Request;
use actix_service::{Service, ServiceFactory, fn_factory, fn_service, map_config};
use actix_web::dev::{AppConfig, Server, ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, Error, ResponseError};
use socket2::SockRef;

use super::door::Door;
use super::error::ApiError;
use super::exchange::Desk;
use super::guard::Guard;
use super::line;
use super::openapi::Described;
use super::plain::Plain;
use super::price::Price;
use super::routes::{HttpSettings, metrics_route, nothing, routes};
use crate::auth::hostname::Resolver;
use crate::auth::password::Passwords;
use crate::engine::{Engine, RateLimit, carry_post};
use crate::irc::WebDoor;
use crate::limits::{Connections, FORGET_EVERY, Limits};

/// How long requests may take to end once the server stops.
const SHUTDOWN_TIMEOUT_S: u64 = 5;
/// Connections that the system keeps waiting for us to take: a restart meets all clients at once.
const BACKLOG: i32 = 4_096;
/// More threads than this the framework does not know how to use.
const WORKERS_MAX: usize = 512;
/// Connections to the listener for metrics alone: a few collectors, and room for their reconnecting.
const METRICS_CONNECTIONS_MAX: usize = 64;

/// Serves HTTP on a listener until the server is told to stop.
///
/// # Errors
/// When the listener cannot be used.
pub fn serve(
    engine: Engine,
    passwords: Passwords,
    limits: Arc<Limits>,
    settings: &HttpSettings,
    web_door: Option<WebDoor>,
    listener: TcpListener,
) -> std::io::Result<(Server, SocketAddr)> {
    let address = listener.local_addr()?;
    // It listens already, with the 128 places that the standard library asks for; the system lets it ask again.
    SockRef::from(&listener).listen(BACKLOG)?;
    let has_metrics = settings.metrics.access.is_some() && settings.metrics.listen_addr.is_none();
    let shared = Shared { web_door, ..Shared::new(engine, passwords, limits, settings) };
    forget_idle(&shared.limits);
    let workers = if settings.workers > 0 {
        settings.workers
    } else {
        std::thread::available_parallelism().map_or(1, NonZero::get)
    };
    let workers = workers.min(WORKERS_MAX);
    let connections_max = settings.connections_max.div_ceil(workers);
    let server = shared.serve(listener, workers, connections_max, move |config| {
        // Before the others, of which the last answers whatever has no route.
        if has_metrics {
            metrics_route(config);
        }
        routes(config);
    })?;
    Ok((server, address))
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
    let limits = Arc::new(Limits::new(settings.rates));
    let shared = Shared::new(engine, Passwords::default(), limits, settings);
    let shared = Shared { serves_messages: false, ..shared };
    shared.serve(listener, 1, METRICS_CONNECTIONS_MAX, |config| {
        metrics_route(config);
        config.default_service(web::to(nothing));
    })
}

/// What all threads share.
#[derive(Clone)]
struct Shared {
    engine: web::Data<Engine>,
    passwords: web::Data<Passwords>,
    limits: web::Data<Limits>,
    settings: web::Data<HttpSettings>,
    price: web::Data<Price>,
    described: web::Data<Described>,
    resolver: Option<web::Data<Resolver>>,
    door: Door,
    streams: Connections,
    web_door: Option<WebDoor>,
    serves_messages: bool,
}

impl Shared {
    fn new(engine: Engine, passwords: Passwords, limits: Arc<Limits>, settings: &HttpSettings) -> Self {
        Self {
            engine: web::Data::new(engine),
            passwords: web::Data::new(passwords),
            limits: web::Data::from(limits),
            settings: web::Data::new(settings.clone()),
            price: web::Data::default(),
            described: web::Data::new(Described::new(settings.poll_timeout)),
            resolver: settings.reverse_dns.then(|| web::Data::new(Resolver::default())),
            door: Door::new(settings),
            streams: Connections::new(settings.streams.per_address),
            web_door: None,
            serves_messages: true,
        }
    }

    /// The server is put together here and not by `HttpServer`, which has no place for what happens to a connection
    /// before and beneath HTTP.
    fn serve(
        self,
        listener: TcpListener,
        workers: usize,
        connections_max: usize,
        routes: impl Fn(&mut ServiceConfig) + Clone + Send + 'static,
    ) -> std::io::Result<Server> {
        let builder = Server::build()
            .workers(workers)
            .max_concurrent_connections(connections_max)
            .disable_signals()
            .shutdown_timeout(SHUTDOWN_TIMEOUT_S);
        let stopping = builder.graceful_shutdown_signal();
        let server = builder.listen("http", listener, move || {
            let (shared, routes, stopping) = (self.clone(), routes.clone(), stopping.clone());
            fn_factory(move || {
                let (shared, routes, stopping) = (shared.clone(), routes.clone(), stopping.clone());
                async move {
                    let app = map_config(shared.app(routes), |()| AppConfig::default());
                    let desk = Rc::new(shared.desk(app.new_service(()).await?));
                    let closing = Rc::clone(&desk.closing);
                    actix_web::rt::spawn(carry_post());
                    actix_web::rt::spawn(async move {
                        stopping.notified().await;
                        closing.begin();
                    });
                    Ok::<_, ()>(fn_service(move |socket: TcpStream| {
                        accept(Rc::clone(&desk), &shared.door, socket)
                    }))
                }
            })
        })?;
        Ok(server.run())
    }

    /// The table of routes with what its handlers use.
    fn app<R: FnOnce(&mut ServiceConfig)>(
        &self,
        routes: R,
    ) -> App<
        impl ServiceFactory<
            ServiceRequest,
            Config = (),
            Response = ServiceResponse,
            Error = Error,
            InitError = (),
        > + use<R>,
    > {
        let app =
            App::new().app_data(self.engine.clone()).app_data(self.settings.clone()).app_data(path_config());
        let app = app.app_data(self.limits.clone()).app_data(self.passwords.clone());
        let app = app.app_data(self.described.clone());
        // Bodies are read before, within their limit.
        let app = app.app_data(self.price.clone()).app_data(web::PayloadConfig::new(usize::MAX));
        let app = match &self.resolver {
            Some(resolver) => app.app_data(resolver.clone()),
            None => app,
        };
        app.configure(routes)
    }

    fn desk<S>(&self, service: S) -> Desk<S> {
        Desk {
            service,
            guard: Guard::new(&self.settings),
            engine: self.engine.clone(),
            settings: self.settings.clone(),
            limits: self.limits.clone(),
            passwords: self.passwords.clone(),
            config: line::codec_config(),
            plain: Plain::default(),
            closing: Rc::default(),
            streams: self.streams.clone(),
            web_door: self.web_door.clone(),
            serves_messages: self.serves_messages,
        }
    }
}

/// What is done with a connection. Boxed, since whoever awaits it keeps twice the room that it takes itself: first for
/// what it was given, then for what it awaits.
type Served = Pin<Box<dyn Future<Output = Result<(), ()>>>>;

/// Serves a connection, if it may come in.
fn accept<S>(desk: Rc<Desk<S>>, door: &Door, socket: TcpStream) -> Served
where
    S: Service<Request, Response = ServiceResponse, Error = Error> + 'static,
{
    let stats = desk.engine.stats();
    stats.connections.fetch_add(1, Relaxed);
    if let Some(connection) = door.admit(socket) {
        return Box::pin(desk.serve(connection));
    }
    stats.rate_limited(RateLimit::Connections);
    Box::pin(ready(Ok(())))
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

/// A path that cannot be decoded names nothing.
fn path_config() -> web::PathConfig {
    web::PathConfig::default().error_handler(|error, _| {
        let response = ApiError::NotFound("not found").error_response();
        InternalError::from_response(error, response).into()
    })
}
