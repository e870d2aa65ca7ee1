//! The remembered audience of a channel.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::id::ClientId;

/// Remembers who hears a channel, from the first message after a change of members until the next change:
/// a message costs one shared pointer instead of a walk through a thousand members.
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

    /// Forgets it, because members or their clients changed.
    pub(super) fn forget(&mut self) {
        self.0.take();
    }
}

impl PartialEq for AudienceCache {
    /// What is remembered follows from the rest of the world and is no part of what is so.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
