//! The IRC face: the same people and channels for ordinary IRC clients, over TCP.
//!
//! Knows bytes, lines and capabilities. What a command does it does not know: lines become the requests that HTTP
//! posts, and what comes of them it reads from the queue of its client, as a poll would that never pauses.

mod arrival;
mod capability;
mod commands;
mod connection;
mod departure;
mod frames;
mod incoming;
mod labels;
mod listener;
mod multiline;
mod negotiation;
mod outgoing;
mod past;
mod patience;
mod proxy;
mod registration;
mod render;
mod request;
mod sasl;
mod sending;
mod telling;
mod tls;
mod visitor;
mod webirc;
mod websocket;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::proxies::Proxies;
pub use listener::{Irc, IrcContext, Sockets};
pub use tls::TlsError;
pub use websocket::{Arrival, Room, Subprotocol, WebDoor};

/// What the operator may set about this face.
#[derive(Clone)]
pub struct IrcSettings {
    /// Where it listens; `None` when it does not.
    pub listen_addr: Option<SocketAddr>,
    /// TLS beside that; `None` when there is none.
    pub tls: Option<TlsSettings>,
    /// The password that every connection needs; `None` when none does.
    pub password: Option<SecretString>,
    /// Connections of one address; 0 is no limit.
    pub connections_per_address: usize,
    /// Connections in all.
    pub connections_max: usize,
    /// How long a connection may take to register; zero is for ever, as with the next two.
    pub registration_timeout: Duration,
    /// The silence after which it is asked whether it is still there.
    pub ping_after: Duration,
    /// The silence after which it is closed.
    pub silence_max: Duration,
    /// Bytes that may wait for a client to read them; 0 is no limit.
    pub send_queue_bytes: usize,
    /// The most that a message comes to over HTTP, in bytes.
    pub message_bytes_max: usize,
    /// How long a message of several lines may be.
    pub multiline: Multiline,
    /// Whether the names of addresses are looked up.
    pub reverse_dns: bool,
    /// For how long clients are told to come by TLS alone; zero tells them nothing.
    pub sts_duration: Duration,
    /// Whether connections come over WebSocket too.
    pub has_websocket: bool,
    /// Who begins a connection with a PROXY header.
    pub proxies: Proxies,
    /// Who may say WEBIRC; `None` when nobody may.
    pub webirc: Option<WebIrcSettings>,
}

/// The gateways that tell whose their connections are.
#[derive(Clone, Debug)]
pub struct WebIrcSettings {
    /// Where they are.
    pub gateways: Proxies,
    /// What they know.
    pub password: SecretString,
}

/// How long a message of several lines may be.
#[derive(Clone, Copy, Debug)]
pub struct Multiline {
    /// Bytes of its text, a line feed between any two lines among them.
    pub bytes_max: usize,
    /// Its lines.
    pub lines_max: usize,
}

/// Where TLS is spoken, and as whom.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// Where it listens.
    pub listen_addr: SocketAddr,
    /// The file of the certificate and those above it.
    pub certificate: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

impl fmt::Debug for IrcSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IrcSettings").field("listen_addr", &self.listen_addr).finish_non_exhaustive()
    }
}
