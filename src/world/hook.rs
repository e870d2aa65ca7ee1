//! Hooks: secret addresses by which programs without a session speak in a channel.

use jiff::Timestamp;
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::World;
use super::channel::Channel;
use super::event::Event;
use crate::entry::Audience;
use crate::id::TokenHash;
use crate::protocol::name::Nickname;

/// One hook. It belongs to one life of a channel, and goes with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hook {
    /// Its public identity.
    pub id: Uuid,
    /// What it is called; not a nick, though it looks like one.
    pub name: Nickname,
    /// What is kept of its secret.
    pub secret: TokenHash,
    /// The nick of whoever made it, as it was then.
    pub made_by: String,
    /// When it was made.
    pub made_at: Timestamp,
}

impl Hook {
    /// Who speaks when the hook does. No nick has a `/`, so nobody can be taken for a hook.
    pub fn source(name: &Nickname) -> String {
        format!("{name}/hook")
    }

    /// Whether this is its secret. Takes equally long for one that is nearly right.
    pub fn is_opened_by(&self, secret: TokenHash) -> bool {
        self.secret.as_bytes().ct_eq(secret.as_bytes()).into()
    }
}

impl World {
    /// A hook with its channel.
    pub fn hook(&self, id: Uuid) -> Option<(&Channel, &Hook)> {
        let channel = self.channel(*self.hooks.get(&id)?)?;
        Some((channel, channel.hooks.get(&id)?))
    }

    pub(super) fn apply_to_hooks(&mut self, event: &Event) -> Audience {
        match event {
            Event::HookMade { channel, hook } => {
                self.hooks.insert(hook.id, *channel);
                self.channel_mut(*channel).hooks.insert(hook.id, hook.clone());
                Audience::nobody()
            }
            Event::HookRevoked { channel, hook } => {
                self.hooks.remove(hook);
                self.channel_mut(*channel).hooks.remove(hook);
                Audience::nobody()
            }
            Event::HookSpoke { channel, .. } => self.audience_of(*channel),
            _ => unreachable!("called for the events above alone"),
        }
    }
}
