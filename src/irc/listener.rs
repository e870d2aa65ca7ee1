//! Listening: connections are let in, counted for each address, and run on threads of their own.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

use super::IrcSettings;
use super::connection::Connection;
use super::registration::Entry;
use super::tls::{Tls, TlsError};
use crate::auth::hostname::Resolver;
use crate::auth::password::Passwords;
use crate::auth::token::Token;
use crate::engine::{Engine, RateLimit};
use crate::id::UserId;
use crate::limits::{Connections, Limits};
use crate::reply::door::Objection;

/// The pause after the system had no connection to give, which is when it is out of files.
const PAUSE: Duration = Duration::from_millis(100);
/// What somebody hears whose address has too many connections, or who is one too many altogether.
const TOO_MANY: &[u8] = b"ERROR :Closing link: too many connections\r\n";
/// How long the beginning of TLS may take.
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
    connections: Connections,
    all: Arc<Semaphore>,
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
        let tls = settings.tls.clone().map(Tls::load).transpose().map_err(io::Error::other)?.map(Arc::new);
        let IrcContext { engine, passwords, limits } = context;
        let resolver = settings.reverse_dns.then(Resolver::default);
        let connections = Connections::new(settings.connections_per_address);
        let all = Arc::new(Semaphore::new(settings.connections_max));
        let shared = Arc::new(Shared { engine, passwords, limits, settings, resolver, connections, all });
        let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("irc").enable_all().build()?;
        let irc = Self { runtime: Some(runtime), shared, tls };
        irc.listen(sockets)?;
        Ok(irc)
    }

    fn listen(&self, sockets: Sockets) -> io::Result<()> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        for (socket, tls) in [(sockets.plain, None), (sockets.tls, self.tls.clone())] {
            let Some(socket) = socket else { continue };
            socket.set_nonblocking(true)?;
            let _context = runtime.enter();
            let listener = TcpListener::from_std(socket)?;
            runtime.spawn(accept(Arc::clone(&self.shared), listener, tls));
        }
        Ok(())
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

async fn accept(shared: Arc<Shared>, listener: TcpListener, tls: Option<Arc<Tls>>) {
    let mut stopping: watch::Receiver<bool> = shared.engine.stopping();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        match accepted {
            Ok((socket, peer)) => admit(&shared, socket, peer.ip().to_canonical(), tls.as_deref()),
            Err(error) => {
                tracing::warn!(%error, "no connection to be had");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn admit(shared: &Arc<Shared>, socket: TcpStream, address: IpAddr, tls: Option<&Tls>) {
    shared.engine.stats().connections.fetch_add(1, Relaxed);
    // Lines are short and somebody waits for each.
    drop(socket.set_nodelay(true));
    let among_all = Arc::clone(&shared.all).try_acquire_owned().ok();
    let Some(place) = among_all.zip(shared.connections.enter(address)) else {
        shared.engine.stats().rate_limited(RateLimit::Connections);
        drop(socket.try_write(TOO_MANY));
        return;
    };
    let (shared, acceptor) = (Arc::clone(shared), tls.map(Tls::acceptor));
    tokio::spawn(async move {
        match acceptor {
            None => {
                let (read, write) = socket.into_split();
                Connection::new(shared, address, read, write).run().await;
            }
            Some(acceptor) => match timeout(HANDSHAKE, acceptor.accept(socket)).await {
                Ok(Ok(stream)) => {
                    let (read, write) = tokio::io::split(stream);
                    Connection::new(shared, address, read, write).run().await;
                }
                failed => tracing::debug!(%address, error = ?failed.err(), "no TLS came about"),
            },
        }
        drop(place);
    });
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
