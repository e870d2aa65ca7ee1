//! The remembered audience of a channel.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::id::ClientId;

/// Remembers who hears a channel, from its first message on: a message costs one shared pointer instead of a walk
/// through a thousand members, and a change of members a copy.
#[derive(Clone, Debug, Default)]
pub(super) struct AudienceCache(OnceCell<Arc<[ClientId]>>);

impl AudienceCache {
    /// The remembered audience, or the one that `collect` gathers, sorted and from then on remembered.
    pub(super) fn get(&self, collect: impl FnOnce() -> Vec<ClientId>) -> Arc<[ClientId]> {
        let fill = || {
            let mut clients = collect();
            clients.sort_unstable();
            clients.into()
        };
        Arc::clone(self.0.get_or_init(fill))
    }

    /// Takes clients up that came, without gathering those that were there.
    pub(super) fn add(&mut self, came: &BTreeSet<ClientId>) {
        if let Some(clients) = self.0.take() {
            // Two sorted runs: the stable sort merges them.
            let mut clients: Vec<ClientId> = clients.iter().chain(came).copied().collect();
            clients.sort();
            clients.dedup();
            self.0 = OnceCell::from(Arc::from(clients));
        }
    }

    /// Lets clients go that left.
    pub(super) fn remove(&mut self, left: &BTreeSet<ClientId>) {
        if let Some(clients) = self.0.take() {
            let stayed = clients.iter().filter(|client| !left.contains(client)).copied();
            self.0 = OnceCell::from(stayed.collect::<Arc<[ClientId]>>());
        }
    }
}

impl PartialEq for AudienceCache {
    /// What is remembered follows from the rest of the world and is no part of what is so.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
