//! What a session costs: a stamp of hashcash, checked here as far as no state is needed for it.

use jiff::Timestamp;
use serde_json::json;

use super::error::ApiError;
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

/// The refusal of a stamp, or of its absence.
pub(super) fn unpaid(server: &ServerInfo, why: Option<StampError>) -> ApiError {
    let bits = server.rules.session_hashcash_bits;
    ApiError::Unpaid(Box::new(Unpaid { why, bits, resource: server.name.clone() }))
}

/// Checks the stamp for a session; `None` where sessions cost nothing.
///
/// # Errors
/// `Unpaid` when it is missing or not good. Whether it was spent before, the engine finds out.
pub(super) fn check(
    server: &ServerInfo,
    stamp: Option<&str>,
    at: Timestamp,
) -> Result<Option<Accepted>, ApiError> {
    let bits = server.rules.session_hashcash_bits;
    if bits == 0 {
        return Ok(None);
    }
    let stamp = stamp.ok_or_else(|| unpaid(server, None))?;
    let demand = Demand { bits, resource: &server.name, extension: "", at };
    Stamp::accept(stamp, &demand).map(Some).map_err(|why| unpaid(server, Some(why)))
}
