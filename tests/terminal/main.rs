//! `neoirc`, the program for people and scripts: its words as a script uses them, and its screen in a real terminal.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod hostile;
mod profiles;
mod program;
mod screen;
mod scripts;
#[path = "../support/mod.rs"]
mod support;
mod tail;
mod tmux;
