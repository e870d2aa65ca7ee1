//! One device of a session.

use std::net::IpAddr;

use jiff::Timestamp;
use uuid::Uuid;

use crate::id::{ClientId, TokenHash, UserId};

/// One device of a session. Its queue is kept by `delivery`, its last request by the directory there.
#[derive(Clone, PartialEq, Debug)]
pub struct Client {
    /// Its number, never given to another.
    pub id: ClientId,
    /// Its public identity.
    pub uuid: Uuid,
    /// Whose device it is.
    pub user: UserId,
    /// SHA-256 of the token in its cookie.
    pub token: TokenHash,
    /// Where it was opened from.
    pub address: IpAddr,
    /// Whether it is a connection, and ends with it; a device that polls comes back.
    pub is_connection: bool,
    /// When it was opened.
    pub created_at: Timestamp,
}
