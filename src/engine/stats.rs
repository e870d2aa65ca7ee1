//! Counts that faces show and the writer keeps.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub struct Stats {
    /// Whether the last commit succeeded: the store is loaded and takes writes.
    pub ready: AtomicBool,
    /// TCP connections.
    pub connections: AtomicU64,
    /// Sessions opened.
    pub sessions: AtomicU64,
    /// Messages said, by PRIVMSG or NOTICE.
    pub messages: AtomicU64,
    /// Most users at once.
    pub users_peak: AtomicUsize,
}
