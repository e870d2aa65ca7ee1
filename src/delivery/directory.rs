//! From tokens to clients. Faces look here before they ask the engine for anything.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use dashmap::DashMap;
use rustc_hash::FxBuildHasher;

use super::queue::Queue;
use crate::id::{ClientId, TokenHash, UserId};

/// Every good token, and whose it is.
#[derive(Debug, Default)]
pub struct Directory {
    /// Keys are digests and numbers of our own making, which nobody can choose to collide.
    seats: DashMap<TokenHash, Arc<Seat>, FxBuildHasher>,
    by_client: DashMap<ClientId, Arc<Seat>, FxBuildHasher>,
}

/// A client as the faces know it.
#[derive(Debug)]
pub struct Seat {
    /// The device.
    pub client: ClientId,
    /// The session.
    pub user: UserId,
    /// What it has yet to read.
    pub queue: Arc<Queue>,
    /// Milliseconds of the server's monotonic clock at its last request.
    seen_ms: AtomicU64,
    /// The same, as the disk has it.
    saved_ms: AtomicU64,
    /// The same clock when a poll last had something to tell.
    told_ms: AtomicU64,
    /// Whether it is known that all its way to here is by TLS.
    is_secure: AtomicBool,
}

impl Seat {
    pub(super) const fn new(client: ClientId, user: UserId, queue: Arc<Queue>, now_ms: u64) -> Self {
        let (seen_ms, saved_ms) = (AtomicU64::new(now_ms), AtomicU64::new(now_ms));
        Self {
            client,
            user,
            queue,
            seen_ms,
            saved_ms,
            told_ms: AtomicU64::new(0),
            is_secure: AtomicBool::new(false),
        }
    }

    /// How much later the last request was than the disk knows, in milliseconds.
    pub(super) fn unsaved_ms(&self) -> u64 {
        self.seen_ms().saturating_sub(self.saved_ms.load(Ordering::Relaxed))
    }

    pub(super) fn note_saved(&self) {
        self.saved_ms.store(self.seen_ms(), Ordering::Relaxed);
    }

    /// Notes a request.
    pub fn touch(&self, now_ms: u64) {
        self.seen_ms.fetch_max(now_ms, Ordering::Relaxed);
    }

    /// When the client last asked for anything, in milliseconds of the server's monotonic clock.
    pub fn seen_ms(&self) -> u64 {
        self.seen_ms.load(Ordering::Relaxed)
    }

    /// Notes which way its connection came.
    pub fn note_way(&self, is_secure: bool) {
        self.is_secure.store(is_secure, Ordering::Relaxed);
    }

    /// Whether it has a connection, and all its way to here is by TLS.
    pub fn is_secure(&self) -> bool {
        self.is_secure.load(Ordering::Relaxed)
    }

    /// Notes that a poll has something to tell.
    pub fn note_told(&self, now_ms: u64) {
        self.told_ms.store(now_ms, Ordering::Relaxed);
    }

    /// When that was last so, in milliseconds of the server's monotonic clock; 0 for never.
    pub fn told_ms(&self) -> u64 {
        self.told_ms.load(Ordering::Relaxed)
    }
}

impl Directory {
    /// The client whose token has this hash. The entry is cloned out: no guard outlives the call.
    pub fn find(&self, token: &TokenHash) -> Option<Arc<Seat>> {
        self.seats.get(token).map(|seat| Arc::clone(&seat))
    }

    /// The client with this number.
    pub fn seat(&self, client: ClientId) -> Option<Arc<Seat>> {
        self.by_client.get(&client).map(|seat| Arc::clone(&seat))
    }

    /// Rings every client's bell: who waits looks again.
    pub fn ring_all(&self) {
        for seat in &self.by_client {
            seat.queue.wake();
        }
    }

    pub(super) fn insert(&self, token: TokenHash, seat: Seat) {
        let seat = Arc::new(seat);
        self.by_client.insert(seat.client, Arc::clone(&seat));
        self.seats.insert(token, seat);
    }

    /// Removes a client by its number: rarely, for the whole directory is gone through.
    pub(super) fn forget(&self, client: ClientId) {
        self.by_client.remove(&client);
        self.seats.retain(|_, seat| seat.client != client);
    }

    pub(super) fn remove(&self, token: &TokenHash) {
        if let Some((_, seat)) = self.seats.remove(token) {
            self.by_client.remove(&seat.client);
        }
    }
}
