//! The language: names, messages, modes, numerics and limits of IRC, stamps of hashcash, and
//! passwords.
//!
//! Knows the grammar alone; nothing here knows the world, the clock or any I/O.

pub mod hostmask;
pub mod household;
pub mod isupport;
pub mod json;
pub mod limits;
pub mod mask;
pub mod message;
pub mod mode;
pub mod name;
pub mod numeric;
pub mod password;
pub mod past;
pub mod stamp;
pub mod wire;
