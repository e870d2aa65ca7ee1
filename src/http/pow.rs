//! What a session costs: a stamp of hashcash, checked here as far as no state is needed for it.

use std::sync::atomic::Ordering::Relaxed;

use jiff::Timestamp;
use serde_json::json;

use super::error::ApiError;
use super::price::{Bits, Price};
use crate::engine::Engine;
use crate::protocol::stamp::{Accepted, Demand, Stamp, StampError};
use crate::reply::ServerInfo;

/// How a stamp for a session looks.
const FORMAT: &str = "1:bits:YYMMDD:resource::counter";

/// A session was not paid for; with what is to be paid.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unpaid {
    /// What is wrong with the stamp; `None` when there was none.
    why: Option<StampError>,
    bits: u32,
    resource: String,
}

impl Unpaid {
    /// What there is to be said.
    pub(super) fn text(&self) -> String {
        match self.why {
            None => "hashcash proof-of-work required".to_owned(),
            Some(why) => format!("invalid hashcash stamp: {why}"),
        }
    }

    /// What a client has to know in order to compute a stamp.
    pub(super) fn demand(&self) -> serde_json::Value {
        json!({"bits": self.bits, "resource": self.resource, "format": FORMAT})
    }
}

/// What a session costs now.
pub(super) fn price(engine: &Engine, price: &Price) -> Bits {
    let rules = &engine.server().rules;
    let opened = engine.stats().sessions.load(Relaxed);
    price.now(opened, rules.session_hashcash_bits, rules.session_hashcash_bits_max)
}

/// The refusal of a stamp, or of its absence, with what is asked for instead.
pub(super) fn unpaid(server: &ServerInfo, price: Bits, why: Option<StampError>) -> ApiError {
    ApiError::Unpaid(Box::new(Unpaid { why, bits: price.asked, resource: server.name.clone() }))
}

/// Checks the stamp for a session; `None` where sessions cost nothing.
///
/// # Errors
/// `Unpaid` when it is missing or not good. Whether it was spent before, the engine finds out.
pub(super) fn check(
    server: &ServerInfo,
    price: Bits,
    stamp: Option<&str>,
    at: Timestamp,
) -> Result<Option<Accepted>, ApiError> {
    if price.enough == 0 {
        return Ok(None);
    }
    let stamp = stamp.ok_or_else(|| unpaid(server, price, None))?;
    let demand = Demand { bits: price.enough, resource: &server.name, extension: "", at };
    Stamp::accept(stamp, &demand).map(Some).map_err(|why| unpaid(server, price, Some(why)))
}
