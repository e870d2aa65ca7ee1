//! neoirc
pub mod auth;
pub mod command;
pub mod config;
pub mod delivery;
pub mod engine;
pub mod entry;
pub mod http;
pub mod id;
pub mod protocol;
pub mod reply;
pub mod world;
pub mod store;
