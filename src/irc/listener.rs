//! Listening: connections are let in, counted for each address, and run on threads of their own.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::IrcSettings;
use super::connection::Connection;
use super::registration::Entry;
use crate::auth::hostname::Resolver;
use crate::auth::password::Passwords;
use crate::auth::token::Token;
use crate::engine::{Engine, RateLimit};
use crate::id::UserId;
use crate::limits::{Limits, group};
use crate::reply::door::Objection;

/// The pause after the system had no connection to give, which is when it is out of files.
const PAUSE: Duration = Duration::from_millis(100);
/// What somebody hears whose address has too many connections, or who is one too many altogether.
const TOO_MANY: &[u8] = b"ERROR :Closing link: too many connections\r\n";
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
    connections: Arc<DashMap<IpAddr, usize>>,
    all: Arc<Semaphore>,
}

/// The running face.
pub struct Irc {
    runtime: Runtime,
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Irc {
    /// Listens, on threads of its own.
    ///
    /// # Errors
    /// When there are no threads to be had, or the socket cannot be used.
    pub fn serve(
        context: IrcContext,
        settings: IrcSettings,
        listener: std::net::TcpListener,
    ) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().thread_name("irc").enable_all().build()?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let IrcContext { engine, passwords, limits } = context;
        let resolver = settings.reverse_dns.then(Resolver::default);
        let (connections, all) = (Arc::default(), Arc::new(Semaphore::new(settings.connections_max)));
        let shared = Arc::new(Shared { engine, passwords, limits, settings, resolver, connections, all });
        let accepting = Arc::clone(&shared);
        runtime.spawn(async move {
            match TcpListener::from_std(listener) {
                Ok(listener) => accept(accepting, listener).await,
                Err(error) => tracing::error!(%error, "IRC cannot be served"),
            }
        });
        Ok(Self { runtime, address, shared })
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until every connection has had its last words, once the engine has begun to stop. Blocks.
    pub fn finish(self) {
        let shared = Arc::clone(&self.shared);
        let gone = async {
            while Arc::strong_count(&shared) > 2 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        drop(self.runtime.block_on(async { tokio::time::timeout(STOP_PATIENCE, gone).await }));
        self.runtime.shutdown_timeout(STOP_PATIENCE);
    }
}

async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    let mut stopping: watch::Receiver<bool> = shared.engine.stopping();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => return,
        };
        match accepted {
            Ok((socket, peer)) => admit(&shared, socket, peer.ip().to_canonical()),
            Err(error) => {
                tracing::warn!(%error, "no connection to be had");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn admit(shared: &Arc<Shared>, socket: TcpStream, address: IpAddr) {
    // Lines are short and somebody waits for each.
    drop(socket.set_nodelay(true));
    let Some(place) = Place::take(shared, address) else {
        shared.engine.stats().rate_limited(RateLimit::Connections);
        drop(socket.try_write(TOO_MANY));
        return;
    };
    let (read, write) = socket.into_split();
    let connection = Connection::new(Arc::clone(shared), address, read, write);
    tokio::spawn(async move {
        connection.run().await;
        drop(place);
    });
}

/// The place of one connection among those of its address.
struct Place {
    connections: Arc<DashMap<IpAddr, usize>>,
    group: IpAddr,
    _among_all: OwnedSemaphorePermit,
}

impl Place {
    fn take(shared: &Shared, address: IpAddr) -> Option<Self> {
        let among_all = Arc::clone(&shared.all).try_acquire_owned().ok()?;
        let (max, group) = (shared.settings.connections_per_address, group(address));
        let mut count = shared.connections.entry(group).or_insert(0);
        if max > 0 && *count >= max {
            return None;
        }
        *count += 1;
        Some(Self { connections: Arc::clone(&shared.connections), group, _among_all: among_all })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.remove_if_mut(&self.group, |_, count| {
            *count -= 1;
            *count == 0
        });
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
