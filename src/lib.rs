//! neoirc: a chat server with IRC semantics whose interface is JSON over HTTP with long polling.
//!
//! Clients *wish* (a command); the world decides: a *fact* (an event) or a *reason* (a refusal). Facts are made
//! durable, then told in the *words* of IRC. Faces are thin layers over this one path. The modules in the
//! order in which they are best read:

/// Numbers that stand for users, clients, channels and places in the log.
pub mod id;

/// One row of the log: a message with its place, its time and its audience.
pub mod entry;

/// The language: names, messages, modes, numerics, limits.
pub mod protocol;

/// What is so, and the one way in which it changes.
pub mod world;

/// What may be asked: a file for each IRC command.
pub mod command;

/// What is said: facts, answers and refusals in the words of IRC.
pub mod reply;

/// What each client has yet to read, and who is waiting for it.
pub mod delivery;

/// Durability: what is committed survives.
pub mod store;

/// Order: one writer decides, commits, then tells.
pub mod engine;

/// What is random or slow about identity.
pub mod auth;

/// The HTTP face.
pub mod http;

/// Every setting, and where its value comes from.
pub mod config;
