//! IRC over WebSocket: one line a message, without its end. HTTP lets them in; from there they are connections like all
//! others, on the threads of this face.
//! Source: <https://ircv3.net/specs/extensions/websocket>, RFC 6455

use std::net::IpAddr;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::connection::Connection;
use super::frames::Frames;
use super::listener::Shared;
use super::visitor::{Visitor, Way};
use crate::engine::RateLimit;
use crate::limits::Place;
use crate::protocol::wire::WHOLE_LINE_BYTES;

/// Longest message, in bytes: the longest line, which is then refused or not like any other. Ends of lines that
/// somebody sends all the same have room too.
const MESSAGE_BYTES_MAX: usize = WHOLE_LINE_BYTES + 2;
/// Room that a read has, in bytes: a connection that says little costs little.
const READ_BYTES: usize = 1_024;
/// What is put together before it is sent, in bytes.
const WRITE_BYTES: usize = 4 * 1_024;

/// How lines are carried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subprotocol {
    /// As text.
    Text,
    /// As they are.
    Binary,
}

impl Subprotocol {
    /// The first of a list, as a header has it, that is known.
    pub fn first_of(list: &str) -> Option<Self> {
        list.split(',')
            .find_map(|name| [Self::Text, Self::Binary].into_iter().find(|known| known.name() == name.trim()))
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text.ircv3.net",
            Self::Binary => "binary.ircv3.net",
        }
    }
}

/// Where connections come in that begin with HTTP. Cheap to clone; keeps nothing alive.
#[derive(Clone)]
pub struct WebDoor {
    shared: Weak<Shared>,
    runtime: Handle,
}

/// A place that is kept for a connection.
pub struct Room {
    shared: Arc<Shared>,
    among_all: OwnedSemaphorePermit,
    place: Option<Place>,
}

/// Whoever comes in.
pub struct Arrival {
    /// Its socket, on which WebSocket is spoken from now on.
    pub socket: std::net::TcpStream,
    /// What was read of it already.
    pub unread: Bytes,
    /// How it carries lines.
    pub subprotocol: Subprotocol,
    /// Its address.
    pub address: IpAddr,
    /// Whether it came by TLS.
    pub is_secure: bool,
    /// Its place among the connections of HTTP.
    pub place: Option<Place>,
}

impl WebDoor {
    pub(super) fn new(shared: &Arc<Shared>, runtime: Handle) -> Self {
        Self { shared: Arc::downgrade(shared), runtime }
    }

    /// What is answered to this key of a handshake.
    pub fn accept_key(key: &[u8]) -> String {
        derive_accept_key(key)
    }

    /// Room for one more from this address; `None` when it has too many, or there are too many altogether.
    pub fn room(&self, address: IpAddr) -> Option<Room> {
        let shared = self.shared.upgrade()?;
        if *shared.engine.stopping().borrow() {
            return None;
        }
        let among_all = Arc::clone(&shared.all).try_acquire_owned().ok();
        let place = among_all.zip(shared.connections.enter(address));
        let Some((among_all, place)) = place else {
            shared.engine.stats().rate_limited(RateLimit::Connections);
            return None;
        };
        Some(Room { shared, among_all, place: Some(place) })
    }

    /// Serves a connection that was told to speak WebSocket.
    pub fn admit(&self, room: Room, arrival: Arrival) {
        let Room { shared, among_all, place } = room;
        let Arrival { socket, unread, subprotocol, address, is_secure, place: place_of_http } = arrival;
        self.runtime.spawn(async move {
            // It may fail only when the system is out of memory for it; the connection is then closed.
            let Ok(socket) = TcpStream::from_std(socket) else { return };
            let config = WebSocketConfig::default()
                .read_buffer_size(READ_BYTES)
                .write_buffer_size(WRITE_BYTES)
                .max_message_size(Some(MESSAGE_BYTES_MAX))
                .max_frame_size(Some(MESSAGE_BYTES_MAX));
            let role = Role::Server;
            let socket =
                WebSocketStream::from_partially_read(socket, unread.to_vec(), role, Some(config)).await;
            let frames = Frames::new(socket, subprotocol, shared.engine.stopping());
            let (read, write) = tokio::io::split(frames);
            let visitor = Visitor { address, way: Way { is_secure, sts: None, place } };
            Box::pin(Connection::new(shared, visitor, read, write).run()).await;
            drop((among_all, place_of_http));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_the_client_counts() {
        let of = Subprotocol::first_of;
        assert_eq!(of("binary.ircv3.net, text.ircv3.net"), Some(Subprotocol::Binary));
        assert_eq!(of("soap,text.ircv3.net"), Some(Subprotocol::Text));
        assert_eq!((of("irc"), of("")), (None, None));
    }
}
