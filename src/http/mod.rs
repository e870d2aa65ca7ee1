//! The HTTP face: bytes to commands, receipts to bytes. Thin: a handler extracts, parses, submits, returns.
//! Knows limits, status codes and JSON; neither the world nor the store.

pub mod address;
mod body;
mod caller;
mod connection;
mod door;
pub mod error;
mod exposition;
mod guard;
mod headers;
mod health;
pub mod limits;
mod log;
mod messages;
pub mod metrics;
pub mod origin;
mod process;
mod query;
mod registration;
pub mod routes;
mod state;

pub use metrics::{MetricsAccess, MetricsSettings};
pub use routes::{HttpSettings, serve, serve_metrics};
