//! The client library, tested against the real server, and against one that breaks connections.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod account;
mod faults;
mod lost;
mod people;
mod refusals;
mod resume;
mod signing;
mod strays;
#[path = "../support/mod.rs"]
mod support;
mod talk;
mod vectors;
mod work;
