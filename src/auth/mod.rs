//! What is random or slow about identity, done before the engine is asked.

pub mod hostname;
pub mod password;
pub mod pow;
pub mod token;
