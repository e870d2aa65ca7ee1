//! How the writer's news come to the threads that wait for them: all that one commit has for a thread in one go.
//!
//! To wake a task of another thread is to wake that thread, which the system may well put in the place of whoever woke
//! it. Of eight answers told one after another each would be carried out by itself, with two changes of thread in between.
//! So the writer puts what it has for a thread into a mailbox, and wakes a thread once, when all is in there.
//!
//! The thread then wakes those who asked at once, and those who listen a few at a time: a channel may have ten thousand,
//! and whatever comes meanwhile, such as the next thing that is said there, is read before all of them have been told the
//! last. Whoever is told later is told more at once.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

thread_local! {
    /// The mailbox of this thread, if it has one.
    static MAILBOX: RefCell<Option<Arc<Mailbox>>> = const { RefCell::new(None) };
    /// The round that this thread is on, if it is on one.
    static ROUND: RefCell<Option<Filled>> = const { RefCell::new(None) };
}

/// Of those whose turn comes, how many are woken before others are looked at: few enough that nobody waits for long, and
/// enough that looking costs little.
const A_TURN: usize = 8;

/// When whoever is told something is woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum When {
    /// As soon as their thread is.
    AtOnce,
    /// Behind those who were told before, a few at a time.
    InTurn,
}

/// What a round has come to.
#[derive(Debug)]
struct Filled {
    when: When,
    /// The mailboxes that something was put into.
    mailboxes: Vec<Arc<Mailbox>>,
}

/// Tasks of one thread that are to be woken.
#[derive(Debug, Default)]
struct Mailbox(Mutex<Mail>);

#[derive(Debug, Default)]
struct Mail {
    at_once: Vec<Waker>,
    in_turn: Vec<Waker>,
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
    let (mut at_once, mut in_turn) = (Vec::new(), VecDeque::new());
    poll_fn(|context| {
        {
            let mut mail = mailbox.mail();
            std::mem::swap(&mut at_once, &mut mail.at_once);
            in_turn.extend(mail.in_turn.drain(..));
            mail.carrier = Some(context.waker().clone());
        }
        at_once.drain(..).for_each(Waker::wake);
        in_turn.drain(..in_turn.len().min(A_TURN)).for_each(Waker::wake);
        if !in_turn.is_empty() {
            // Behind those who were woken, and behind whatever else is to be done.
            context.waker().wake_by_ref();
        }
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
        // Whoever waits in a queue has the only one. The task is then handed on and not looked at: a thousand of them lie
        // far apart in memory.
        match Arc::try_unwrap(self) {
            Ok(Self { task, mailbox }) => post(task, &mailbox),
            Err(shared) => shared.wake_by_ref(),
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        post(self.task.clone(), &self.mailbox);
    }
}

/// Puts a task into a mailbox, whose thread is woken at the end of the round, if this thread is on one.
fn post(task: Waker, mailbox: &Arc<Mailbox>) {
    let when = ROUND.with_borrow_mut(|round| {
        let Filled { when, mailboxes } = round.as_mut()?;
        if !mailboxes.iter().any(|known| Arc::ptr_eq(known, mailbox)) {
            mailboxes.push(Arc::clone(mailbox));
        }
        Some(*when)
    });
    match when {
        Some(When::InTurn) => mailbox.mail().in_turn.push(task),
        Some(When::AtOnce) | None => mailbox.mail().at_once.push(task),
    }
    if when.is_none() {
        mailbox.ring();
    }
}

/// While there is one, this thread fills mailboxes; when it is dropped, the threads that they belong to are woken.
pub(super) struct Round;

impl Round {
    /// One on which everybody is told in the same way.
    pub(super) fn begin(when: When) -> Self {
        ROUND.set(Some(Filled { when, mailboxes: Vec::new() }));
        Self
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        let mailboxes = ROUND.take().map(|round| round.mailboxes);
        mailboxes.into_iter().flatten().for_each(|mailbox| mailbox.ring());
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::thread;
    use std::time::Duration;

    use tokio::runtime;
    use tokio::sync::oneshot;
    use tokio::task::LocalSet;

    use super::*;

    fn on_a_thread_with_a_mailbox(work: impl Future<Output = ()>) {
        let runtime = runtime::Builder::new_current_thread().enable_time().build().unwrap();
        LocalSet::new().block_on(&runtime, async move {
            tokio::task::spawn_local(carry());
            tokio::task::yield_now().await;
            work.await;
        });
    }

    /// Some tasks of a thread with a mailbox, each with what it waits for. They are told once they wait, or at any time.
    fn with_tasks(
        count: usize,
        once_they_wait: bool,
        tell: impl FnOnce(Vec<oneshot::Sender<usize>>) + Send + 'static,
    ) {
        on_a_thread_with_a_mailbox(async move {
            let (senders, receivers): (Vec<_>, Vec<_>) = (0..count).map(|_| oneshot::channel()).unzip();
            let waiting: Vec<_> =
                receivers.into_iter().map(|told| tokio::task::spawn_local(by_post(told))).collect();
            if once_they_wait {
                tokio::task::yield_now().await;
            }
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
        with_tasks(20, true, |senders| {
            let round = Round::begin(When::AtOnce);
            tell_all(senders);
            let filled = ROUND.with_borrow(|round| round.as_ref().map(|round| round.mailboxes.len()));
            assert_eq!(filled, Some(1), "one mailbox");
            drop(round);
            assert!(ROUND.with_borrow(Option::is_none));
        });
    }

    #[test]
    fn many_are_told_in_turn_and_whoever_asked_need_not_wait_for_them() {
        const MANY: usize = 40 * A_TURN;
        on_a_thread_with_a_mailbox(async move {
            let (begun, told) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(Vec::new())));
            let (senders, receivers): (Vec<_>, Vec<_>) = (0..=MANY).map(|_| oneshot::channel()).unzip();
            let waiting = receivers.into_iter().map(|receiver| {
                let (begun, told) = (Rc::clone(&begun), Rc::clone(&told));
                tokio::task::spawn_local(async move {
                    begun.set(begun.get() + 1);
                    let number = by_post(receiver).await.unwrap();
                    told.borrow_mut().push(number);
                })
            });
            let waiting: Vec<_> = waiting.collect();
            while begun.get() <= MANY {
                tokio::task::yield_now().await;
            }
            let mut senders: Vec<_> = senders.into_iter().enumerate().collect();
            let (asked, asks) = senders.pop().unwrap();
            let round = Round::begin(When::InTurn);
            for (number, sender) in senders {
                sender.send(number).unwrap();
            }
            drop(round);
            // The first of them are woken, and then somebody is answered.
            while told.borrow().is_empty() {
                tokio::task::yield_now().await;
            }
            let round = Round::begin(When::AtOnce);
            asks.send(asked).unwrap();
            drop(round);
            for waits in waiting {
                tokio::time::timeout(Duration::from_secs(10), waits).await.unwrap().unwrap();
            }
            let told = told.borrow();
            let place = told.iter().position(|number| *number == asked).unwrap();
            assert!(place < MANY / 2, "after {place} others");
            let listeners: Vec<usize> = told.iter().copied().filter(|number| *number != asked).collect();
            assert_eq!(listeners, (0..MANY).collect::<Vec<_>>(), "each in its turn");
        });
    }

    #[test]
    fn what_is_told_by_the_way_comes_at_once() {
        with_tasks(3, true, tell_all);
    }

    #[test]
    fn what_is_told_before_anybody_waits_is_found_there() {
        for _ in 0..50 {
            with_tasks(2, false, |senders| {
                let _round = Round::begin(When::AtOnce);
                tell_all(senders);
            });
        }
    }

    #[test]
    fn a_thread_whose_carrier_has_ended_is_woken_as_ever() {
        with_tasks(1, true, tell_all);
        assert!(MAILBOX.with_borrow(Option::is_none));
    }

    #[tokio::test]
    async fn a_thread_without_a_mailbox_is_woken_as_ever() {
        let (sender, told) = oneshot::channel();
        let waits = tokio::spawn(by_post(told));
        tokio::task::yield_now().await;
        let _round = Round::begin(When::AtOnce);
        sender.send(7).unwrap();
        assert_eq!(waits.await.unwrap(), Ok(7));
    }
}
