//! Who is let in: connections are counted for each address, so that nobody can take them all.

use std::io::{Read, Write};
use std::sync::Arc;

use actix_web::ResponseError;
use actix_web::rt::net::TcpStream;

use super::connection::{Connection, Patience};
use super::error::ApiError;
use super::routes::HttpSettings;
use super::{headers, metrics};
use crate::limits::Connections;
use crate::proxies::Proxies;

/// What of a request is read before its connection is closed on it: closing over unread bytes would make the system
/// throw away the answer.
const READ_BYTES: usize = 4 * 1024;

/// Lets connections in. Cheap to clone; all clones count together.
#[derive(Clone, Debug)]
pub(super) struct Door {
    proxies: Proxies,
    patience: Arc<Patience>,
    connections: Connections,
    refusal: Arc<[u8]>,
}

impl Door {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        Self {
            proxies: settings.trusted_proxies.clone(),
            patience: Arc::new(Patience { head: settings.header_timeout, write: settings.write_timeout }),
            connections: Connections::new(settings.connections_per_address),
            refusal: refusal().into(),
        }
    }

    /// A connection; `None` when its address has too many.
    pub(super) fn admit(&self, socket: TcpStream) -> Option<Connection> {
        let peer = socket.peer_addr().ok();
        let address = peer.map(|peer| peer.ip().to_canonical());
        let place = address
            .filter(|address| self.proxies.may_be_counted(*address))
            .map(|address| self.connections.enter(address));
        if let Some(None) = place {
            tracing::debug!(?address, "an address has too many connections");
            self.turn_away(socket);
            return None;
        }
        Some(Connection::new(socket, peer, Arc::clone(&self.patience), place.flatten()))
    }

    /// Says no without waiting for the request, nor for the answer to be taken.
    fn turn_away(&self, socket: TcpStream) {
        let Ok(mut socket) = socket.into_std() else { return };
        metrics::count_response(ApiError::TooManyConnections.status_code());
        let _nothing_yet = socket.read(&mut [0; READ_BYTES]);
        let _not_wanted = socket.write(&self.refusal);
    }
}

/// The answer to whoever has too many connections, made once.
fn refusal() -> Vec<u8> {
    let error = ApiError::TooManyConnections;
    let mut response = error.error_response();
    headers::dress(response.headers_mut(), None);
    let body = error.body();
    let mut bytes = format!("HTTP/1.1 {}\r\n", error.status_code()).into_bytes();
    headers::write(response.headers(), &mut bytes);
    bytes.extend(format!("content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_is_an_answer() {
        let text = String::from_utf8(refusal()).unwrap();
        assert!(text.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, r#"{"error":"too many connections"}"#);
        for header in ["content-type: application/json", "retry-after: 1", "content-length: 32"] {
            assert!(head.contains(header), "{header} in {head}");
        }
    }
}
