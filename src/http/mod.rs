//! The HTTP face: bytes to commands, receipts to bytes. Thin: a handler extracts, parses, submits, returns.
//! Knows limits, status codes and JSON; neither the world nor the store.

pub mod address;
mod body;
mod caller;
mod connection;
mod door;
pub mod error;
mod guard;
mod headers;
mod health;
pub mod limits;
mod log;
mod messages;
pub mod origin;
mod query;
mod registration;
pub mod routes;
mod state;

pub use routes::{HttpSettings, serve};
