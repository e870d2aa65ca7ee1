//! What the writer does when the disk refuses: throw away what was not committed, rest, try again.

use std::sync::atomic::Ordering::Relaxed;

use super::inbox::{Request, SubmitError};
use super::writer::Writer;
use crate::delivery::Settled;
use crate::store::StoreError;

/// How long the writer waits after a failed commit before it tries the disk again.
const RETRY_AFTER_MS: u64 = 1_000;

impl Writer {
    /// Nothing of the batch is durable: the world that it changed is thrown away, never patched.
    pub(super) fn give_up_batch(&mut self, error: &StoreError) {
        self.stats.commit_failures.fetch_add(1, Relaxed);
        tracing::error!(%error, "a commit failed; nothing of it was done, and the world is loaded again");
        self.delivery.unsettled();
        self.housekeeping.forget_sweep();
        self.world_is_whole = false;
        self.reload();
    }

    pub(super) fn rest_disk(&mut self) {
        self.stats.ready.store(false, Relaxed);
        self.disk_rests_until_ms = Some(self.clock.ms() + RETRY_AFTER_MS);
    }

    fn reload(&mut self) {
        match self.store.load_world() {
            Ok((world, next_seq)) => {
                self.saved_next_id = world.next_id();
                self.world = world;
                self.next_seq = next_seq;
                self.world_is_whole = true;
                self.bring_tokens_in_step();
            }
            Err(error) => {
                tracing::error!(%error, "the world cannot be loaded");
            }
        }
    }

    /// A commit that failed may be on disk all the same, when it was only not known to be: then the world has clients
    /// that nobody was told of, or has lost some. What tokens are good for goes by the world.
    fn bring_tokens_in_step(&mut self) {
        for client in self.delivery.clients() {
            if self.world.client(client).is_none() {
                self.delivery.close_unknown(client);
            }
        }
        for client in self.world.clients() {
            if self.delivery.seen_ms(client.id).is_some() {
                continue;
            }
            let now_ms = self.clock.ms();
            self.delivery.open(client.id, client.user, client.token, &Settled::new(client.id), now_ms);
            // The face that it came by was told that nothing came of it.
            if client.is_connection && !self.ghosts.contains(&client.id) {
                self.ghosts.push(client.id);
            }
        }
    }

    /// After a rest, tries whether the disk takes writes again.
    pub(super) fn try_disk(&mut self) {
        let due = self.disk_rests_until_ms.is_some_and(|until| self.clock.ms() >= until);
        if !due {
            return;
        }
        self.reload();
        if !self.world_is_whole {
            return self.rest_disk();
        }
        let probe = crate::store::Batch { next_id: Some(self.world.next_id()), ..Default::default() };
        match self.store.commit(&probe) {
            Ok(_) => {
                tracing::info!("the disk takes writes again");
                self.disk_rests_until_ms = None;
                self.stats.ready.store(true, Relaxed);
            }
            Err(error) => {
                tracing::warn!(%error, "the disk still refuses");
                self.rest_disk();
            }
        }
    }
}

impl Request {
    /// Answers a request while the disk rests.
    pub(super) fn refuse_for_now(self) {
        match self {
            Self::Commands { answer, .. } => drop(answer.send(Err(SubmitError::Unavailable))),
            Self::Outcome { answer, .. } => drop(answer.send(Err(SubmitError::Unavailable))),
            Self::Register { answer, .. } => drop(answer.send(Err(SubmitError::Unavailable.into()))),
            Self::LogIn { answer, .. } => drop(answer.send(Err(SubmitError::Unavailable.into()))),
            Self::Revoke { answer, .. } => drop(answer.send(Err(SubmitError::Unavailable))),
            Self::Hook { answer, .. } => drop(answer.send(Err(SubmitError::Unavailable.into()))),
            Self::ChannelState { answer, .. } | Self::Logout { answer, .. } => {
                let _ = answer.send(Err(SubmitError::Unavailable));
            }
            Self::Hostname { .. } | Self::View(_) | Self::Stop => {}
        }
    }
}
