//! The HTTP face: bytes to commands, receipts to bytes. Thin: a handler extracts, parses, submits, returns.
//! Knows limits, status codes and JSON; neither the world nor the store.

mod body;
mod caller;
mod clients;
pub mod error;
mod health;
mod log;
mod login;
mod messages;
mod pow;
mod query;
mod registration;
pub mod routes;
mod state;

pub use routes::{HttpSettings, serve};
