//! Who is at the other end, as far as its socket and those who passed it on can tell.

use std::net::IpAddr;
use std::sync::Arc;

use super::listener::Shared;
use crate::limits::Place;

/// Whoever has come in.
pub(super) struct Visitor {
    /// Its address.
    pub(super) address: IpAddr,
    /// Which way it came.
    pub(super) way: Way,
}

/// The way of a connection to here.
pub(super) struct Way {
    /// Whether all of it is by TLS.
    pub(super) is_secure: bool,
    /// What the client is told of TLS, if anything.
    pub(super) sts: Option<Arc<str>>,
    /// Its place among the connections of its address, given back with it.
    pub(super) place: Option<Place>,
}

/// An address that has as many connections as it may have.
pub(super) struct TooMany;

impl Shared {
    /// A place for a connection from this address; none for a gateway, which brings everybody's.
    ///
    /// # Errors
    /// [`TooMany`]
    pub(super) fn place(&self, address: IpAddr) -> Result<Option<Place>, TooMany> {
        let is_gateway = self.settings.webirc.as_ref().is_some_and(|webirc| webirc.gateways.trusts(address));
        if is_gateway {
            return Ok(None);
        }
        self.connections.enter(address).map(Some).ok_or(TooMany)
    }
}
