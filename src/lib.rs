//! neoirc
pub mod command;
pub mod entry;
pub mod id;
pub mod protocol;
pub mod reply;
pub mod world;
