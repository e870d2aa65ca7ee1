//! The interface over HTTP, tested from outside against the real server.
//!
//! What IRC itself says is proved by the transcripts; here is what only HTTP has: sessions and cookies, cursors
//! and polls, the REST lists, bad input, and the life of the process.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod about;
mod accounts;
mod addresses;
mod bad_commands;
mod bad_http;
mod bad_json;
mod clients;
mod connections;
mod crowds;
mod directory;
mod docs;
mod edges;
mod exchanges;
mod expiry;
mod full_disk;
mod headers;
mod heads;
mod history;
mod hooks;
mod idempotency;
mod leaving;
mod lifecycle;
mod limits;
mod login;
mod metrics;
mod openapi;
mod operations;
mod operators;
mod origins;
mod page;
mod paging;
mod passwords;
mod polling;
mod pow;
mod pow_channel;
mod pow_programs;
mod pressure;
mod query_numbers;
mod rates;
mod receipts;
mod restart;
mod retention;
mod search;
mod secrets;
mod session;
mod settings;
mod settings_shown;
mod state;
mod storage;
mod streams;
mod supervised;
#[path = "../support/mod.rs"]
mod support;
mod upgrade;
mod welcome;
