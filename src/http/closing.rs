//! Who is to be woken when the server stops: a connection that waits for its next request need not wait for that.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::Waker;

/// Whether the server stops, and the connections of one thread that want to know.
#[derive(Debug, Default)]
pub(super) struct Closing {
    begun: Cell<bool>,
    next_ticket: Cell<u64>,
    /// The task of a connection is one and the same for as long as it lives, so its waker is taken once and not at
    /// every wait.
    tasks: RefCell<BTreeMap<u64, Waker>>,
}

/// One connection among those to be woken, until this is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    closing: Rc<Closing>,
    ticket: u64,
}

impl Closing {
    /// Notes the task of a connection.
    pub(super) fn watch(self: &Rc<Self>, task: Waker) -> Watch {
        let ticket = self.next_ticket.get();
        self.next_ticket.set(ticket + 1);
        self.tasks.borrow_mut().insert(ticket, task);
        Watch { closing: Rc::clone(self), ticket }
    }

    /// From now on the server stops.
    pub(super) fn begin(&self) {
        self.begun.set(true);
        for task in self.tasks.borrow().values() {
            task.wake_by_ref();
        }
    }
}

impl Watch {
    /// Whether the server stops.
    pub(super) fn has_begun(&self) -> bool {
        self.closing.begun.get()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.closing.tasks.borrow_mut().remove(&self.ticket);
    }
}
