//! The bell of a queue. It rings when the queue has something new or is closed; whoever holds one hears every ring since
//! it took it, as one.
//!
//! All of it stands behind the lock of the queue, which is taken for each of its steps anyway. `tokio::sync::watch`
//! promises the same, with a lock and eight lists of its own: some 350 bytes for each client.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::queue::Queue;

/// How often a bell rang, and who is to be woken when it rings again. Small, since every client has one and a message to
/// ten thousand goes through them all; nobody sleeps while it rings four billion times.
#[derive(Debug, Default)]
pub(super) struct Rings {
    count: u32,
    next_place: u32,
    waiters: Waiters,
}

/// Whoever waits, each in a place of its own. Mostly one, or nobody, for whom there is no list.
#[must_use = "whoever waits is to be woken"]
#[derive(Debug, Default)]
pub(super) struct Waiters {
    first: Option<Waits>,
    others: Option<Box<Others>>,
}

/// Behind one pointer instead of three words, which nearly nobody needs.
#[derive(Debug, Default)]
struct Others(Vec<Waits>);

#[derive(Debug)]
struct Waits {
    place: u32,
    waker: Waker,
}

impl Rings {
    /// Rings. Gives those who are to be woken, once the lock is let go of; whoever comes meanwhile does not wait any more.
    pub(super) fn ring(&mut self) -> Waiters {
        self.count = self.count.wrapping_add(1);
        std::mem::take(&mut self.waiters)
    }

    pub(super) const fn count(&self) -> u32 {
        self.count
    }

    /// Whether it rang since `heard`, which is brought up to date. Otherwise `context` is woken when it does.
    fn poll(&mut self, heard: &mut u32, place: &mut Option<u32>, context: &Context<'_>) -> Poll<()> {
        if self.count != *heard {
            *heard = self.count;
            return Poll::Ready(());
        }
        let place = *place.get_or_insert_with(|| {
            self.next_place = self.next_place.wrapping_add(1);
            self.next_place
        });
        self.waiters.wait(place, context.waker());
        Poll::Pending
    }
}

impl Waiters {
    fn wait(&mut self, place: u32, waker: &Waker) {
        if let Some(waits) = self.all().find(|waits| waits.place == place) {
            waits.waker.clone_from(waker);
            return;
        }
        let waits = Waits { place, waker: waker.clone() };
        if self.first.is_none() {
            self.first = Some(waits);
        } else {
            self.others.get_or_insert_default().0.push(waits);
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Waits> {
        self.first.iter_mut().chain(self.others.iter_mut().flat_map(|others| others.0.iter_mut()))
    }

    fn leave(&mut self, place: u32) {
        self.first.take_if(|waits| waits.place == place);
        if let Some(others) = &mut self.others {
            others.0.retain(|waits| waits.place != place);
        }
    }

    /// What each of them is to be woken with.
    pub(super) fn wakers(self) -> impl Iterator<Item = Waker> {
        let others = self.others.into_iter().flat_map(|others| others.0);
        self.first.into_iter().chain(others).map(|waits| waits.waker)
    }
}

/// Hears the bell of a queue.
#[derive(Debug)]
pub struct Bell {
    queue: Arc<Queue>,
    /// What it has heard of: rings up to this one.
    heard: u32,
    place: Option<u32>,
}

impl Bell {
    pub(super) const fn new(queue: Arc<Queue>, heard: u32) -> Self {
        Self { queue, heard, place: None }
    }

    /// Waits for the next ring; none that was not heard of yet is missed. May be dropped half-way.
    pub fn rang(&mut self) -> impl Future<Output = ()> + '_ {
        let Self { queue, heard, place } = self;
        poll_fn(|context| queue.with_rings(|rings| rings.poll(heard, place, context)))
    }

    /// Takes the rings until now for heard.
    pub fn hear(&mut self) {
        self.heard = self.queue.with_rings(|rings| rings.count());
    }
}

impl Drop for Bell {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.queue.with_rings(|rings| rings.waiters.leave(place));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::delivery::Settled;
    use crate::id::ClientId;

    fn queue() -> Arc<Queue> {
        let client = ClientId::new(1);
        Arc::new(Queue::new(client, &Settled::new(client)))
    }

    async fn rings(bell: &mut Bell) -> bool {
        tokio::time::timeout(Duration::from_millis(1), bell.rang()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn every_ring_since_it_was_taken_is_heard_once() {
        let queue = queue();
        queue.wake();
        let mut bell = queue.bell();
        assert!(!rings(&mut bell).await, "it rang before");
        queue.wake();
        queue.wake();
        assert!(rings(&mut bell).await);
        assert!(!rings(&mut bell).await, "both were one");
        queue.wake();
        bell.hear();
        assert!(!rings(&mut bell).await, "it was taken for heard");
    }

    #[tokio::test]
    async fn everybody_who_waits_is_woken() {
        let queue = queue();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let mut bell = queue.bell();
                tokio::spawn(async move { bell.rang().await })
            })
            .collect();
        tokio::task::yield_now().await;
        queue.wake();
        for waits in waiting {
            tokio::time::timeout(Duration::from_secs(5), waits).await.unwrap().unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_leaves_nothing_behind() {
        let queue = queue();
        let (mut one, mut other) = (queue.bell(), queue.bell());
        for _ in 0..3 {
            assert!(!rings(&mut one).await && !rings(&mut other).await);
        }
        assert_eq!(queue.with_rings(|rings| rings.waiters.all().count()), 2, "one place each");
        drop(one);
        assert_eq!(queue.with_rings(|rings| rings.waiters.all().count()), 1);
        queue.wake();
        assert!(rings(&mut other).await);
        drop(other);
        assert_eq!(queue.with_rings(|rings| rings.waiters.all().count()), 0);
    }
}
