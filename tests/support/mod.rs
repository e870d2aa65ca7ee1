//! What every black-box test needs: the real server as a child process, clients that check what they read,
//! and a socket for what no well-behaved client would send.
//!
//! Nothing here knows how the server works inside; it speaks only the published interface.

#![allow(
    dead_code,
    unused_imports,
    reason = "each test binary includes this folder and uses its own part of it"
)]

mod client;
mod curl;
mod envelope;
mod http;
mod irc;
mod launch;
mod process;
mod raw;
mod server;
mod stamp;
mod wait;

pub(crate) use client::{Page, TestClient, pair};
pub(crate) use curl::Curl;
pub(crate) use envelope::{command_of, numerics, refused, texts, without_welcome};
pub(crate) use http::{Answer, Http, plain_client, token_in};
pub(crate) use irc::{IrcClient, command_of_line};
pub(crate) use launch::Launch;
pub(crate) use process::{Ending, Process};
pub(crate) use raw::{RawAnswer, exchange, read_answer, request};
pub(crate) use server::TestServer;
pub(crate) use stamp::{hash_of_lines, mint, mint_lazily, work};
pub(crate) use wait::{PATIENCE, until, until_some};
