//! Listening: connections are let in, counted for each address, and run on threads of their own.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::io::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::connection::Connection;
use super::registration::Entry;
use super::tls::{Tls, TlsError};
use super::visitor::{Visitor, Way};
use super::websocket::WebDoor;
use super::{IrcSettings, proxy};
use crate::auth::hostname::Resolver;
use crate::auth::password::Passwords;
use crate::auth::token::Token;
use crate::engine::{Engine, RateLimit};
use crate::id::UserId;
use crate::limits::{Connections, Limits, Place};
use crate::reply::door::Objection;

/// The pause after the system had no connection to give, which is when it is out of files.
const PAUSE: Duration = Duration::from_millis(100);
/// What somebody hears whose address has too many connections, or who is one too many altogether.
const TOO_MANY: &[u8] = b"ERROR :Closing link: too many connections\r\n";
/// What a proxy hears that does not say whose connection it passes on.
const BAD_PROXY: &[u8] = b"ERROR :Closing link: bad PROXY header\r\n";
/// How long the header of a proxy may take, and the beginning of TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long connections have for their last words when the server stops.
const STOP_PATIENCE: Duration = Duration::from_secs(3);

/// What this face shares with others.
pub struct IrcContext {
    /// What decides.
    pub engine: Engine,
    /// What hashes passwords.
    pub passwords: Passwords,
    /// How often one may ask, here and over HTTP together.
    pub limits: Arc<Limits>,
}

/// What all connections share.
pub(super) struct Shared {
    pub(super) engine: Engine,
    pub(super) passwords: Passwords,
    pub(super) limits: Arc<Limits>,
    pub(super) settings: IrcSettings,
    resolver: Option<Resolver>,
    pub(super) connections: Connections,
    pub(super) all: Arc<Semaphore>,
}

/// The running face.
pub struct Irc {
    /// There until it ends.
    runtime: Option<Runtime>,
    shared: Arc<Shared>,
    tls: Option<Arc<Tls>>,
}

/// The sockets that it listens on.
#[derive(Debug, Default)]
pub struct Sockets {
    /// For lines as they are.
    pub plain: Option<std::net::TcpListener>,
    /// For TLS.
    pub tls: Option<std::net::TcpListener>,
}

impl Irc {
    /// Serves on sockets that listen already, with threads of its own.
    ///
    /// # Errors
    /// When there are no threads to be had, or a socket cannot be used, or the files for TLS cannot.
    pub fn serve(context: IrcContext, settings: IrcSettings, sockets: Sockets) -> io::Result<Self> {
        let sts = Sts::of(&settings, &sockets)?;
        let tls = settings.tls.clone().map(Tls::load).transpose().map_err(io::Error::other)?.map(Arc::new);
        let IrcContext { engine, passwords, limits } = context;
        let resolver = settings.reverse_dns.then(Resolver::default);
        let connections = Connections::new(settings.connections_per_address);
        let all = Arc::new(Semaphore::new(settings.connections_max));
        let shared = Arc::new(Shared { engine, passwords, limits, settings, resolver, connections, all });
        let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("irc").enable_all().build()?;
        let irc = Self { runtime: Some(runtime), shared, tls };
        irc.listen(sockets, &sts)?;
        Ok(irc)
    }

    fn listen(&self, sockets: Sockets, sts: &Sts) -> io::Result<()> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        for (socket, tls) in [(sockets.plain, None), (sockets.tls, self.tls.clone())] {
            let Some(socket) = socket else { continue };
            socket.set_nonblocking(true)?;
            let _context = runtime.enter();
            let listener = TcpListener::from_std(socket)?;
            let entrance = Entrance { shared: Arc::clone(&self.shared), tls, sts: sts.clone() };
            runtime.spawn(accept(Arc::new(entrance), listener));
        }
        Ok(())
    }

    /// Where connections come in over WebSocket, if they may.
    pub fn web_door(&self) -> Option<WebDoor> {
        let runtime = self.runtime.as_ref().filter(|_| self.shared.settings.has_websocket)?;
        Some(WebDoor::new(&self.shared, runtime.handle().clone()))
    }

    /// Reads certificate and key again, where there are any. Those that cannot be used change nothing.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn reload(&self) -> Result<(), TlsError> {
        self.tls.as_ref().map_or(Ok(()), |tls| tls.reload())
    }

    /// Waits until every connection has had its last words, once the engine has begun to stop. Blocks.
    pub fn finish(mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        let shared = Arc::clone(&self.shared);
        let gone = async {
            // This one, and the one in `self`.
            while Arc::strong_count(&shared) > 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        drop(runtime.block_on(async { tokio::time::timeout(STOP_PATIENCE, gone).await }));
        runtime.shutdown_timeout(STOP_PATIENCE);
    }
}

impl Drop for Irc {
    /// When something else fails at the start, nobody waits for connections.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A connection by TLS.
type Secure = Connection<ReadHalf<TlsStream<TcpStream>>, WriteHalf<TlsStream<TcpStream>>>;

/// What one socket that listens needs to know.
struct Entrance {
    shared: Arc<Shared>,
    tls: Option<Arc<Tls>>,
    sts: Sts,
}

/// What clients are told of TLS. Source: <https://ircv3.net/specs/extensions/sts>
#[derive(Clone, Default)]
struct Sts {
    /// Those who come without it: where it is spoken.
    plain: Option<Arc<str>>,
    /// Those who come by it: for how long they have to.
    secure: Option<Arc<str>>,
}

impl Sts {
    fn of(settings: &IrcSettings, sockets: &Sockets) -> io::Result<Self> {
        let seconds = settings.sts_duration.as_secs();
        if seconds == 0 {
            return Ok(Self::default());
        }
        let address = sockets.tls.as_ref().map(std::net::TcpListener::local_addr).transpose()?;
        if address.is_none() && sockets.plain.is_some() {
            tracing::warn!(
                "STS_DURATION is set without IRC_TLS_LISTEN_ADDR: clients that come without TLS are not told where it is"
            );
        }
        Ok(Self {
            plain: address.map(|address| format!("port={}", address.port()).into()),
            // A proxy may speak it where this process does not.
            secure: Some(format!("duration={seconds}").into()),
        })
    }
}

async fn accept(entrance: Arc<Entrance>, listener: TcpListener) {
    let mut stopping: watch::Receiver<bool> = entrance.shared.engine.stopping();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        match accepted {
            Ok((socket, peer)) => admit(&entrance, socket, peer.ip().to_canonical()),
            Err(error) => {
                tracing::warn!(%error, "no connection to be had");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn admit(entrance: &Arc<Entrance>, socket: TcpStream, address: IpAddr) {
    let shared = &entrance.shared;
    shared.engine.stats().connections.fetch_add(1, Relaxed);
    // Lines are short and somebody waits for each.
    drop(socket.set_nodelay(true));
    let Ok(among_all) = Arc::clone(&shared.all).try_acquire_owned() else {
        return turn_away(shared, &socket);
    };
    let is_secure = entrance.tls.is_some();
    let visitor = |place| entrance.visitor(address, is_secure, place);
    if shared.settings.proxies.trusts(address) {
        let (entrance, visitor) = (Arc::clone(entrance), visitor(None));
        tokio::spawn(async move {
            Box::pin(entrance.pass_on(socket, visitor)).await;
            drop(among_all);
        });
        return;
    }
    let Ok(place) = shared.place(address) else { return turn_away(shared, &socket) };
    let (entrance, visitor) = (Arc::clone(entrance), visitor(place));
    tokio::spawn(async move {
        entrance.serve(socket, visitor).await;
        drop(among_all);
    });
}

fn turn_away(shared: &Shared, socket: &TcpStream) {
    shared.engine.stats().rate_limited(RateLimit::Connections);
    drop(socket.try_write(TOO_MANY));
}

impl Entrance {
    fn visitor(&self, address: IpAddr, is_secure: bool, place: Option<Place>) -> Visitor {
        let sts = if is_secure { self.sts.secure.clone() } else { self.sts.plain.clone() };
        Visitor { address, way: Way { is_secure, sts, place } }
    }

    /// Serves a connection that a proxy passes on, once it has said whose it is.
    async fn pass_on(&self, mut socket: TcpStream, visitor: Visitor) {
        let Some(Ok(passed)) = self.in_time(proxy::read(&mut socket)).await else {
            tracing::warn!(proxy = %visitor.address, "a proxy does not say whose connection it passes on");
            drop(socket.try_write(BAD_PROXY));
            return;
        };
        let address = passed.address.unwrap_or(visitor.address);
        let Ok(place) = self.shared.place(address) else { return turn_away(&self.shared, &socket) };
        let is_secure = visitor.way.is_secure || passed.by_tls;
        self.serve(socket, self.visitor(address, is_secure, place)).await;
    }

    /// What comes of something that nobody is waited for with for long, nor when the server stops.
    async fn in_time<T>(&self, beginning: impl Future<Output = T>) -> Option<T> {
        let mut stopping = self.shared.engine.stopping();
        tokio::select! {
            begun = timeout(HANDSHAKE, beginning) => begun.ok(),
            _ = stopping.wait_for(|stopping| *stopping) => None,
        }
    }

    /// What a connection needs for its beginning alone stands in boxes: as long as it lasts, it holds its own state.
    async fn serve(&self, socket: TcpStream, visitor: Visitor) {
        match self.tls.as_deref().map(Tls::acceptor) {
            None => {
                let (read, write) = socket.into_split();
                let connection = Connection::new(Arc::clone(&self.shared), visitor, read, write);
                Box::pin(connection.run()).await;
            }
            Some(acceptor) => {
                if let Some(connection) = Box::pin(self.secure(acceptor, socket, visitor)).await {
                    Box::pin(connection.run()).await;
                }
            }
        }
    }

    /// Begins with TLS.
    async fn secure(
        &self,
        acceptor: TlsAcceptor,
        socket: TcpStream,
        visitor: Visitor,
    ) -> Option<Box<Secure>> {
        match self.in_time(acceptor.accept(socket)).await {
            Some(Ok(stream)) => {
                let (read, write) = tokio::io::split(stream);
                Some(Connection::new(Arc::clone(&self.shared), visitor, read, write))
            }
            failed => {
                let error = failed.and_then(Result::err);
                tracing::debug!(address = %visitor.address, ?error, "no TLS came about");
                None
            }
        }
    }
}

impl Shared {
    /// The client whose token was just made. Nobody else ever learns the token.
    pub(super) fn seat(&self, token: &Token, nick: String) -> Entry {
        match self.engine.authenticate(&token.hash()) {
            Some(seat) => Entry::In(seat, nick),
            // It has been logged out since, by another device.
            None => Entry::Never(Objection::TryAgain("NICK".to_owned())),
        }
    }

    /// Looks the name of an address up, off the critical path.
    pub(super) fn look_up(&self, user: UserId, address: IpAddr) {
        let Some(resolver) = self.resolver.clone() else { return };
        let engine = self.engine.clone();
        tokio::spawn(async move {
            if let Some(hostname) = resolver.name_of(address).await {
                engine.set_hostname(user, hostname);
            }
        });
    }
}
