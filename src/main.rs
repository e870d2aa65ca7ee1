//! `neoircd`, the server: reads the settings, starts logging, opens the store, starts engine and face.

mod cli;
mod operate;
mod supervisor;

use std::io::{ErrorKind, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use anyhow::{Context, Result};
use neoirc::auth::password::Passwords;
use neoirc::auth::pow;
use neoirc::command::Rules;
use neoirc::config::{LogFormat, Settings};
use neoirc::engine::Engine;
use neoirc::http;
use neoirc::irc::{Irc, IrcContext, Sockets};
use neoirc::limits::Limits;
use neoirc::protocol::stamp::front;
use neoirc::reply::ServerInfo;
use neoirc::store::StoreError;
use neoirc::store::sqlite::SqliteStore;
use socket2::{Domain, Socket, Type};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;

use cli::{Invocation, Source, Work};

/// The writer makes what the workers let go of, and an idle server should give back what a busy hour took. The
/// system's allocator has a heap for each thread and does neither well: measured with it, an idle client costs
/// a quarter more memory and a delivery a tenth more time (docs/performance.md).
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Connections that wait to be taken: clients whose server was gone come back all at once.
const BACKLOG: i32 = 1_024;

/// What somebody can do whose database is damaged.
const DAMAGE_HINT: &str =
    " (nothing was changed in it; `neoircd check` tells more, `neoircd restore` puts a backup in its place)";

fn main() -> ExitCode {
    let outcome = cli::read().and_then(|invocation| match invocation {
        Invocation::Print(text) => print(&text),
        Invocation::Show(text, usable) => print(&text).and(usable),
        Invocation::Operate(operation, database) => operate::run(operation, &database, now()),
        Invocation::Health(address) => operate::health(address),
        Invocation::Mint(Work { bits, resource, extension }) => {
            let stamp = pow::mint(&front(bits, now(), &resource, &extension), bits);
            writeln!(std::io::stdout(), "{stamp}").context("cannot write")
        }
        Invocation::Serve(settings, source, folder) => {
            start_logging(&settings);
            let served = actix_web::rt::System::new().block_on(serve(*settings, source));
            drop(folder);
            served
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("neoircd: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> Result<()> {
    write!(std::io::stdout(), "{text}").context("cannot write")
}

fn start_logging(settings: &Settings) {
    // What libraries say on every start is of no use to an operator, nor is what they say of each malformed request,
    // with which anybody could fill the log.
    let quiet = "refinery_core=warn,actix_server=warn,actix_http::h1=off";
    let default = if settings.debug { "debug".to_owned() } else { format!("info,{quiet}") };
    let asked = std::env::var_os(EnvFilter::DEFAULT_ENV).unwrap_or_default();
    let asked = asked.to_string_lossy();
    let wanted: &str = if asked.is_empty() { &default } else { &asked };
    // A slip in what is only about the log is no reason to stay down.
    let (filter, refused) = match EnvFilter::try_new(wanted) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new(&default), Some(error)),
    };
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log on a full disk, or whose reader has gone, must not end who writes it: telling of that would be written there, too.
    let logs = logs.log_internal_errors(false);
    let on_terminal = std::io::stderr().is_terminal();
    match settings.log_format {
        LogFormat::Auto if on_terminal => logs.init(),
        LogFormat::Text => logs.with_ansi(on_terminal).init(),
        LogFormat::Auto | LogFormat::Json => logs.json().flatten_event(true).init(),
    }
    if let Some(error) = refused {
        tracing::warn!(%error, value = %asked, "RUST_LOG cannot be used, the log is as without it");
    }
}

async fn serve(settings: Settings, source: Source) -> Result<()> {
    // Every waiting poll is an open file; the system's soft limit is meant for programs with few.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files stays as it was");
    }
    let _file_too_large = outlive_file_size_limit();
    let unusable = |error: StoreError, what: &str| {
        let hint = if error.is_damage() { DAMAGE_HINT } else { "" };
        anyhow::Error::new(error).context(format!("cannot {what} the database {}{hint}", settings.dburl))
    };
    let mut store = SqliteStore::open(&settings.dburl).map_err(|error| unusable(error, "open"))?;
    // A chat without it is better than none.
    if settings.search
        && let Err(error) = store.make_searchable()
    {
        tracing::error!(%error, "nothing can be searched");
    }
    let info = server_info(&settings, &source);
    let engine = Engine::start(Box::new(store), info, settings.engine.clone());
    let engine = engine.map_err(|error| unusable(error, "read"))?;
    // Before anybody is told that the server is there. Until now they end the process at once, as in a long upgrade they should.
    let signals = Signals::catch()?;
    let listener = TcpListener::bind(settings.http_listen_addr)
        .with_context(|| format!("cannot listen on {}", settings.http_listen_addr))?;
    let passwords = Passwords::default();
    let limits = Arc::new(Limits::new(settings.http.rates));
    let irc = serve_irc(&engine, &passwords, &limits, &settings, source.is_trial())?;
    let web_door = irc.as_ref().and_then(Irc::web_door);
    let (server, address) =
        http::serve(engine.clone(), passwords, Arc::clone(&limits), &settings.http, web_door, listener)?;
    let handle = server.handle();
    let metrics = match settings.http.metrics.listen_addr {
        Some(address) => Some(serve_metrics(&engine, &settings, address)?),
        None => None,
    };
    let serving = actix_web::rt::spawn(server);
    // The one line on standard output: scripts wait for it and read the port from it.
    writeln!(std::io::stdout(), "neoircd listening on http://{address}")?;
    std::io::stdout().flush()?;
    tracing::info!(%address, version = engine.server().version, "serving");
    supervisor::ready(&engine);
    wait_for_the_end(signals, &engine, &limits, irc.as_ref(), &source).await;
    tracing::info!("stopping");
    supervisor::stopping();
    engine.begin_stop();
    handle.stop(true).await;
    serving.await??;
    if let Some(metrics) = metrics {
        metrics.stop(false).await;
    }
    actix_web::rt::task::spawn_blocking(move || {
        if let Some(irc) = irc {
            irc.finish();
        }
        engine.finish_stop();
    })
    .await?;
    tracing::info!("stopped");
    Ok(())
}

/// Serves IRC beside HTTP, where the operator wants it.
fn serve_irc(
    engine: &Engine,
    passwords: &Passwords,
    limits: &Arc<Limits>,
    settings: &Settings,
    is_trial: bool,
) -> Result<Option<Irc>> {
    let mut sockets = Sockets::default();
    if let Some(wanted) = settings.irc.listen_addr {
        sockets.plain = Some(listen_for_irc(wanted, is_trial, "serving IRC")?);
    }
    if let Some(tls) = &settings.irc.tls {
        sockets.tls = Some(listen_for_irc(tls.listen_addr, is_trial, "serving IRC over TLS")?);
    }
    let has_sockets = sockets.plain.is_some() || sockets.tls.is_some();
    if !has_sockets && !settings.irc.has_websocket {
        return Ok(None);
    }
    if has_sockets && !settings.server_name.contains('.') {
        tracing::warn!(
            name = settings.server_name,
            "IRC clients tell a server from a nick by the dot in its name: SERVER_NAME has none"
        );
    }
    let (passwords, limits) = (passwords.clone(), Arc::clone(limits));
    let context = IrcContext { engine: engine.clone(), passwords, limits };
    Irc::serve(context, settings.irc.clone(), sockets).context("cannot serve IRC").map(Some)
}

/// Listens for IRC clients. In a trial any port will do when the usual one is taken.
fn listen_for_irc(wanted: SocketAddr, is_trial: bool, message: &str) -> Result<TcpListener> {
    let cannot = || format!("cannot listen for IRC on {wanted}; with IRC_LISTEN_ADDR empty, nobody does");
    let listener = match listen(wanted) {
        Err(error) if is_trial && error.kind() == ErrorKind::AddrInUse => {
            listen(SocketAddr::new(wanted.ip(), 0))
        }
        listener => listener,
    };
    let listener = listener.with_context(cannot)?;
    let address = listener.local_addr().with_context(cannot)?;
    tracing::info!(%address, "{message}");
    Ok(listener)
}

/// A socket that listens, with room for a crowd that comes back at once.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A server that is started again need not wait for what is left of its old connections.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves metrics on an address of their own, beside everything else.
fn serve_metrics(engine: &Engine, settings: &Settings, address: SocketAddr) -> Result<ServerHandle> {
    let cannot = || format!("cannot listen for metrics on {address}");
    let listener = TcpListener::bind(address).with_context(cannot)?;
    let address = listener.local_addr().with_context(cannot)?;
    let server = http::serve_metrics(engine.clone(), &settings.http, listener).with_context(cannot)?;
    let handle = server.handle();
    actix_web::rt::spawn(server);
    tracing::info!(%address, "serving metrics");
    Ok(handle)
}

#[expect(clippy::disallowed_methods, reason = "the start of the process is told once, here")]
fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

fn server_info(settings: &Settings, source: &Source) -> ServerInfo {
    ServerInfo {
        name: settings.server_name.clone(),
        network: settings.network_name.clone(),
        description: settings.server_description.clone(),
        version: concat!("neoirc-", env!("CARGO_PKG_VERSION")).to_owned(),
        started_at: now(),
        motd: settings.motd.clone(),
        admin_email: settings.admin_email.clone(),
        settings_file: source.name(),
        rules: Rules {
            server_name: settings.server_name.clone(),
            channels_max: settings.channels_per_session,
            hooks_max: settings.hooks_per_channel,
            clients_max: settings.clients_per_session,
            password_chars_min: settings.min_password_length,
            accounts_max: settings.accounts_max,
            accounts_stay: settings.accounts_stay,
            away_without_device: settings.away_without_device.clone(),
            markers_max: settings.markers_max,
            history_page_max: settings.history_page_max,
            session_hashcash_bits: settings.hashcash_bits,
            session_hashcash_bits_max: settings.hashcash_bits_max,
            oper: settings.oper.clone(),
        },
    }
}

/// A write past a limit of file size raises a signal whose default is to kill the process. With a handler it
/// fails like a full disk instead, which the store survives.
fn outlive_file_size_limit() -> Option<Signal> {
    const SIGXFSZ: i32 = 25;
    signal(SignalKind::from_raw(SIGXFSZ)).ok()
}

/// What the process may be told from outside.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    /// From now on they are kept until they are asked for.
    fn catch() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }
}

/// Waits for a signal, or an operator of the server, to end it. Until then reads the settings again when asked to.
async fn wait_for_the_end(
    signals: Signals,
    engine: &Engine,
    limits: &Limits,
    irc: Option<&Irc>,
    source: &Source,
) {
    let Signals { mut terminate, mut interrupt, mut hang_up } = signals;
    let mut orders = engine.orders();
    loop {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = interrupt.recv() => return,
            _ = hang_up.recv() => rehash(engine, limits, irc, source),
            changed = orders.changed() => {
                if changed.is_err() || orders.borrow_and_update().die {
                    return;
                }
                rehash(engine, limits, irc, source);
            }
        }
    }
}

/// Reads the settings again. What the server says about itself, the rules that commands go by and how often one may
/// ask change at once; the rest at the next start. Settings that cannot be used change nothing.
fn rehash(engine: &Engine, limits: &Limits, irc: Option<&Irc>, source: &Source) {
    if let Some(Err(error)) = irc.map(Irc::reload) {
        tracing::error!(%error, "the certificate for TLS stays as it is: it cannot be read again");
    }
    match source.read() {
        Ok(settings) => {
            let started_at = engine.server().started_at;
            engine.set_server(ServerInfo { started_at, ..server_info(&settings, source) });
            limits.set(settings.http.rates);
            tracing::info!("the settings were read again");
        }
        Err(error) => tracing::error!(%error, "the settings stay as they are: they cannot be read again"),
    }
}
