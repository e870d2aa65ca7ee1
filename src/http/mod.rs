//! The HTTP face: bytes to commands, receipts to bytes. Thin: a handler extracts, parses, submits, returns.
//! Knows limits, status codes and JSON; neither the world nor the store.

mod body;
mod caller;
pub mod error;
mod exposition;
mod health;
mod log;
mod messages;
pub mod metrics;
mod process;
mod query;
mod registration;
pub mod routes;
mod state;

pub use metrics::{MetricsAccess, MetricsSettings};
pub use routes::{HttpSettings, serve, serve_metrics};
