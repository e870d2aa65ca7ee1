//! A store that refuses when it is told to, and waits when it is told to, around any other store.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use jiff::Timestamp;
use neoirc::delivery::Settled;
use neoirc::id::{ClientId, Seq};
use neoirc::protocol::stamp::StampHash;
use neoirc::store::{Batch, Loaded, Reader, Retention, Store, StoreError};
use neoirc::world::World;

/// The store that fails.
pub(crate) struct FailingStore<S> {
    inner: S,
    breaker: Breaker,
}

/// Decides, from the test's thread, what the store does on the writer's.
#[derive(Clone, Default)]
pub(crate) struct Breaker {
    shared: Arc<(Mutex<Plan>, Condvar)>,
}

#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is another way to fail, and all combinations occur")]
struct Plan {
    /// Commits until one fails; 1 is the next one.
    fails_in: Option<u64>,
    /// How many commits fail in a row from there.
    failures: u64,
    /// Whether what fails is on disk all the same.
    fails_behind: bool,
    loads_fail: bool,
    /// Whether a commit waits before it does anything.
    gate_closed: bool,
    /// Whether a commit is waiting now.
    waits: bool,
}

impl<S> FailingStore<S> {
    pub(crate) fn new(inner: S, breaker: Breaker) -> Self {
        Self { inner, breaker }
    }
}

impl Breaker {
    /// The `n`-th commit from now on fails, and `failures - 1` after it.
    pub(crate) fn fail_commit(&self, n: u64, failures: u64) {
        let mut plan = self.plan();
        plan.fails_in = Some(n);
        plan.failures = failures;
    }

    /// The next commit is done, and fails when it is to be told.
    pub(crate) fn fail_behind_commit(&self) {
        self.fail_commit(1, 1);
        self.plan().fails_behind = true;
    }

    /// Whether loading fails from now on.
    pub(crate) fn fail_loads(&self, fails: bool) {
        self.plan().loads_fail = fails;
    }

    /// The next commit waits until the gate is opened.
    pub(crate) fn close_gate(&self) {
        self.plan().gate_closed = true;
    }

    /// Blocks until a commit stands at the gate.
    pub(crate) fn wait_for_commit(&self) {
        let (_, changed) = &*self.shared;
        drop(changed.wait_while(self.plan(), |plan| !plan.waits).unwrap());
    }

    /// Lets commits pass.
    pub(crate) fn open_gate(&self) {
        self.plan().gate_closed = false;
        self.shared.1.notify_all();
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.shared.0.lock().unwrap()
    }

    fn pass_gate(&self) {
        let (_, changed) = &*self.shared;
        let mut plan = self.plan();
        plan.waits = true;
        changed.notify_all();
        let mut plan = changed.wait_while(plan, |plan| plan.gate_closed).unwrap();
        plan.waits = false;
    }

    fn commit_fails(&self) -> bool {
        let mut plan = self.plan();
        let Some(left) = plan.fails_in else { return false };
        if left > 1 {
            plan.fails_in = Some(left - 1);
            return false;
        }
        plan.failures = plan.failures.saturating_sub(1);
        if plan.failures == 0 {
            plan.fails_in = None;
        }
        true
    }
}

fn planned() -> StoreError {
    let cause = std::io::Error::from(std::io::ErrorKind::StorageFull);
    StoreError::Io { doing: "fail as planned".to_owned(), cause }
}

impl<S: Store> Store for FailingStore<S> {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        if self.breaker.plan().loads_fail { Err(planned()) } else { self.inner.load() }
    }

    fn load_world(&mut self) -> Result<(World, Seq), StoreError> {
        if self.breaker.plan().loads_fail { Err(planned()) } else { self.inner.load_world() }
    }

    fn commit(&mut self, batch: &Batch) -> Result<Vec<Settled>, StoreError> {
        self.breaker.pass_gate();
        if !self.breaker.commit_fails() {
            return self.inner.commit(batch);
        }
        if std::mem::take(&mut self.breaker.plan().fails_behind) {
            self.inner.commit(batch)?;
        }
        Err(planned())
    }

    fn newest_until(&mut self, at: Timestamp) -> Result<Seq, StoreError> {
        self.inner.newest_until(at)
    }

    fn outcome(
        &mut self,
        client: ClientId,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        self.inner.outcome(client, key, since)
    }

    fn is_spent(&mut self, stamp: StampHash) -> Result<bool, StoreError> {
        self.inner.is_spent(stamp)
    }

    fn tidy(&mut self, retention: &Retention) -> Result<bool, StoreError> {
        self.inner.tidy(retention)
    }

    fn reader(&self) -> Arc<dyn Reader> {
        self.inner.reader()
    }
}
