//! How the writer's answers come to the threads that wait for them: all that one commit has for a thread in one go.
//!
//! To wake a task of another thread is to wake that thread, which the system may well put in the place of whoever woke
//! it. Of eight answers told one after another each would be carried out by itself, with two changes of thread in between.
//! So the writer puts what it has for a thread into a mailbox, and wakes a thread once, when all is in there.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

thread_local! {
    /// The mailbox of this thread, if it has one.
    static MAILBOX: RefCell<Option<Arc<Mailbox>>> = const { RefCell::new(None) };
    /// The mailboxes that this thread has put something into since its round began; `None` while it is on no round.
    static ROUND: RefCell<Option<Vec<Arc<Mailbox>>>> = const { RefCell::new(None) };
}

/// Tasks of one thread that are to be woken.
#[derive(Debug, Default)]
struct Mailbox(Mutex<Mail>);

#[derive(Debug, Default)]
struct Mail {
    tasks: Vec<Waker>,
    /// The task that wakes them.
    carrier: Option<Waker>,
}

impl Mailbox {
    fn mail(&self) -> MutexGuard<'_, Mail> {
        // Every change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let carrier = self.mail().carrier.take();
        carrier.into_iter().for_each(Waker::wake);
    }
}

/// Gives this thread a mailbox, and carries what comes into it to the tasks of this thread, for ever.
pub async fn carry() {
    let mailbox = Arc::new(Mailbox::default());
    MAILBOX.set(Some(Arc::clone(&mailbox)));
    let _until_then = Carrier;
    let mut tasks = Vec::new();
    poll_fn(|context| {
        {
            let mut mail = mailbox.mail();
            std::mem::swap(&mut tasks, &mut mail.tasks);
            mail.carrier = Some(context.waker().clone());
        }
        tasks.drain(..).for_each(Waker::wake);
        Poll::<()>::Pending
    })
    .await;
}

/// Whoever carries. When that ends, the thread has a mailbox no more: nobody would come for what is put in there.
struct Carrier;

impl Drop for Carrier {
    fn drop(&mut self) {
        // At the end of the thread it may be gone before.
        let _gone = MAILBOX.try_with(RefCell::take);
    }
}

/// Waits for what another thread does, which wakes this task by way of the mailbox, if the thread of the task has one.
pub(super) async fn by_post<F: Future>(future: F) -> F::Output {
    let Some(mailbox) = MAILBOX.with_borrow(Clone::clone) else { return future.await };
    let mut future = pin!(future);
    poll_fn(|context| {
        let (task, mailbox) = (context.waker().clone(), Arc::clone(&mailbox));
        let waker = Waker::from(Arc::new(Letter { task, mailbox }));
        future.as_mut().poll(&mut Context::from_waker(&waker))
    })
    .await
}

/// Wakes a task by way of the mailbox of its thread.
struct Letter {
    task: Waker,
    mailbox: Arc<Mailbox>,
}

impl Wake for Letter {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.mailbox.mail().tasks.push(self.task.clone());
        let is_on_round = ROUND.with_borrow_mut(|round| {
            let Some(round) = round else { return false };
            if !round.iter().any(|known| Arc::ptr_eq(known, &self.mailbox)) {
                round.push(Arc::clone(&self.mailbox));
            }
            true
        });
        if !is_on_round {
            self.mailbox.ring();
        }
    }
}

/// While there is one, this thread fills mailboxes; when it is dropped, the threads that they belong to are woken.
pub(super) struct Round;

impl Round {
    pub(super) fn begin() -> Self {
        ROUND.set(Some(Vec::new()));
        Self
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        let mailboxes = ROUND.take();
        mailboxes.into_iter().flatten().for_each(|mailbox| mailbox.ring());
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use tokio::runtime;
    use tokio::sync::oneshot;
    use tokio::task::LocalSet;

    use super::*;

    /// Some tasks of a thread with a mailbox, each with what it waits for.
    fn with_tasks(count: usize, tell: impl FnOnce(Vec<oneshot::Sender<usize>>) + Send + 'static) {
        let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
        LocalSet::new().block_on(&runtime, async move {
            tokio::task::spawn_local(carry());
            tokio::task::yield_now().await;
            let (senders, receivers): (Vec<_>, Vec<_>) = (0..count).map(|_| oneshot::channel()).unzip();
            let waiting: Vec<_> =
                receivers.into_iter().map(|told| tokio::task::spawn_local(by_post(told))).collect();
            let teller = thread::spawn(move || tell(senders));
            for (number, waits) in waiting.into_iter().enumerate() {
                let told = tokio::time::timeout(Duration::from_secs(10), waits).await;
                assert_eq!(told.unwrap().unwrap(), Ok(number));
            }
            teller.join().unwrap();
        });
    }

    fn tell_all(senders: Vec<oneshot::Sender<usize>>) {
        for (number, sender) in senders.into_iter().enumerate() {
            sender.send(number).unwrap();
        }
    }

    #[test]
    fn what_is_told_on_a_round_comes_when_it_ends() {
        with_tasks(20, |senders| {
            let round = Round::begin();
            tell_all(senders);
            assert_eq!(ROUND.with_borrow(|round| round.as_ref().map(Vec::len)), Some(1), "one mailbox");
            drop(round);
            assert!(ROUND.with_borrow(Option::is_none));
        });
    }

    #[test]
    fn what_is_told_by_the_way_comes_at_once() {
        with_tasks(3, tell_all);
    }

    #[test]
    fn what_is_told_before_anybody_waits_is_found_there() {
        for _ in 0..50 {
            with_tasks(2, |senders| {
                let _round = Round::begin();
                tell_all(senders);
            });
        }
    }

    #[test]
    fn a_thread_whose_carrier_has_ended_is_woken_as_ever() {
        with_tasks(1, tell_all);
        assert!(MAILBOX.with_borrow(Option::is_none));
    }

    #[tokio::test]
    async fn a_thread_without_a_mailbox_is_woken_as_ever() {
        let (sender, told) = oneshot::channel();
        let waits = tokio::spawn(by_post(told));
        tokio::task::yield_now().await;
        let _round = Round::begin();
        sender.send(7).unwrap();
        assert_eq!(waits.await.unwrap(), Ok(7));
    }
}
