//! What operators of the server ask of the process.

use crate::command::Order;

/// What operators of the server have asked of the process since its start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Orders {
    /// How often the settings were to be read again.
    pub rehashes: u64,
    /// Whether it is to stop.
    pub die: bool,
}

impl Orders {
    pub(super) fn add(&mut self, order: Order) {
        match order {
            Order::Rehash => self.rehashes += 1,
            Order::Die => self.die = true,
        }
    }
}
