//! The contract of durability: what every store engine promises, what `SQLite` promises beyond it, and what the
//! engine does when the disk refuses.
//!
//! The contract is written once, in `contract/`, and played against a database in a file, a database in memory,
//! and the store in plain memory.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod broken_files;
mod clocks;
mod contract;
mod damaged_queues;
mod disk_refuses;
mod failing;
mod filing;
mod laws;
mod plans;
mod retention;
mod rounds;
mod sqlite;
mod story;
mod subject;
