//! The IRC face, tested from outside against the real server.
//!
//! What IRC itself says is proved by the transcripts; here is what only a connection has: bytes and their limits, tags,
//! registration by password, and the ways in which a connection ends.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod accounts;
mod bytes;
mod capabilities;
mod crash;
mod devices;
mod endings;
mod floods;
mod gateways;
mod hostile;
mod lines;
mod passwords;
mod past;
mod people;
mod programs;
#[path = "../support/mod.rs"]
mod support;
mod tls;
mod websocket;
