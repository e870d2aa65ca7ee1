//! The HTTP face: bytes to commands, receipts to bytes. Thin: a handler extracts, parses, submits, returns.
//! Knows limits, status codes and JSON; neither the world nor the store.

mod body;
mod caller;
pub mod error;
mod health;
mod log;
mod messages;
mod query;
mod registration;
pub mod routes;
mod state;

pub use routes::{HttpSettings, serve};
