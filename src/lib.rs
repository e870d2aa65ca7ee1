//! neoirc: a chat server with IRC semantics whose interface is JSON over HTTP with long polling.
//!
//! Clients *wish* (a command); the world decides: a *fact* (an event) or a *reason* (a refusal). Facts are made
//! durable, then told in the *words* of IRC. Faces are thin layers over this one path. The modules, in the
//! order in which they are best read:
//!
//! - [`id`]: numbers that stand for users, clients, channels and places in the log
//! - [`entry`]: one row of the log: a message with its place and its time
//! - [`protocol`]: the language: names, messages, modes, numerics, limits
//! - [`world`]: what is so, and the one way in which it changes
//! - [`command`]: what may be asked: a file for each IRC command
//! - [`reply`]: what is said: facts, answers and refusals in the words of IRC
//! - [`delivery`]: what each client has yet to read, and who is waiting for it
//! - [`store`]: durability: what is committed survives
//! - [`engine`]: order: one writer decides, commits, then tells
//! - [`auth`]: what is random or slow about identity
//! - [`limits`]: how often one may ask, over whichever face
//! - [`proxies`]: who may say from where somebody else comes
//! - [`http`]: the HTTP face
//! - [`irc`]: the IRC face
//! - [`config`]: every setting, and where its value comes from
//! - `client`: the other end, a library for the authors of bots and clients, which knows none of the above

pub mod id;

pub mod entry;

pub mod protocol;

pub mod world;

pub mod command;

pub mod reply;

pub mod delivery;

pub mod store;

pub mod engine;

pub mod auth;

pub mod limits;
pub mod proxies;

pub mod http;

pub mod irc;

pub mod config;

#[cfg(feature = "client")]
pub mod client;
