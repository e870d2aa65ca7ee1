//! The HTTP face: bytes to commands, receipts to bytes. Thin: a handler extracts, parses, submits, returns.
//! Knows limits, status codes and JSON; neither the world nor the store.

mod accounts;
pub mod address;
mod body;
mod brief;
mod caller;
mod clients;
mod closing;
mod connection;
mod door;
pub mod error;
mod exchange;
mod exposition;
mod guard;
mod headers;
mod health;
mod hooks;
mod line;
mod log;
mod login;
mod markers;
mod messages;
pub mod metrics;
mod openapi;
pub mod origin;
mod pages;
mod plain;
mod pow;
mod price;
mod process;
mod query;
mod registration;
pub mod routes;
mod schema;
mod search;
mod server;
mod state;
mod stream;
mod target;
mod upgrade;

pub use metrics::{MetricsAccess, MetricsSettings};
pub use routes::HttpSettings;
pub use server::{serve, serve_metrics};
pub use stream::StreamSettings;
