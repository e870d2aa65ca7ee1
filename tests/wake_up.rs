//! The protocol of waiting, in every order in which its steps can meet, by `loom`.
//!
//! What is modelled is what we own: the order of the steps. `delivery/queue.rs` pushes and rings under a lock, and who is
//! to be woken for that is woken afterwards; `engine/read.rs` takes the bell, looks,
//! joins the line, and only then waits; a poll too many pushes the oldest out of the line and rings. The bell is that of
//! `delivery/bell.rs`, a count and the wakers of those who wait, behind the lock of the queue; a waker is here what a
//! thread sleeps on. The steps below have the names that they have in those files. A wake-up that is lost is a thread
//! that waits for ever, which `loom` reports.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::VecDeque;

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// What a task sleeps on. Being woken counts, whether it sleeps yet or not.
#[derive(Default)]
struct Waker {
    woken: Mutex<bool>,
    is_woken: Condvar,
}

impl Waker {
    fn wake(&self) {
        *self.woken.lock().unwrap() = true;
        self.is_woken.notify_all();
    }

    fn sleep(&self) {
        let mut woken = self.woken.lock().unwrap();
        while !std::mem::take(&mut *woken) {
            woken = self.is_woken.wait(woken).unwrap();
        }
    }
}

/// Has heard of so many rings.
struct Bell<'a> {
    queue: &'a Queue,
    heard: u64,
    waker: Arc<Waker>,
}

impl Bell<'_> {
    fn rang(&mut self) {
        loop {
            let mut state = self.queue.state.lock().unwrap();
            if state.count != self.heard {
                self.heard = state.count;
                return;
            }
            state.waiting.push(Arc::clone(&self.waker));
            drop(state);
            self.waker.sleep();
        }
    }
}

#[derive(Default)]
struct State {
    tail: Vec<u64>,
    closed: bool,
    tickets: VecDeque<u64>,
    next_ticket: u64,
    /// How often the bell rang, and who waits for it.
    count: u64,
    waiting: Vec<Arc<Waker>>,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
}

/// How a poll ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Read(Vec<u64>),
    Displaced,
    Closed,
}

impl Queue {
    /// Gives those who are to be woken.
    fn push(&self, seq: u64) -> Vec<Arc<Waker>> {
        let mut state = self.state.lock().unwrap();
        state.tail.push(seq);
        state.count += 1;
        std::mem::take(&mut state.waiting)
    }

    fn wake(&self) {
        let mut state = self.state.lock().unwrap();
        state.count += 1;
        let woken = std::mem::take(&mut state.waiting);
        drop(state);
        for waker in woken {
            waker.wake();
        }
    }

    fn bell(&self) -> Bell<'_> {
        let heard = self.state.lock().unwrap().count;
        Bell { queue: self, heard, waker: Arc::default() }
    }

    /// `Delivery::publish`: all entries of a batch first, then those are woken who waited for any of them.
    fn publish(&self, seqs: &[u64]) {
        let due: Vec<_> = seqs.iter().flat_map(|seq| self.push(*seq)).collect();
        for waker in due {
            waker.wake();
        }
    }

    fn close(&self) {
        self.state.lock().unwrap().closed = true;
        self.wake();
    }

    fn look(&self, after: u64) -> Option<Ended> {
        let state = self.state.lock().unwrap();
        if state.closed {
            return Some(Ended::Closed);
        }
        let read: Vec<u64> = state.tail.iter().copied().filter(|seq| *seq > after).collect();
        (!read.is_empty()).then_some(Ended::Read(read))
    }

    fn wait_in_line(&self, polls_max: usize) -> u64 {
        let mut state = self.state.lock().unwrap();
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.tickets.push_back(ticket);
        let displaced = state.tickets.len() > polls_max;
        if displaced {
            state.tickets.pop_front();
        }
        drop(state);
        if displaced {
            self.wake();
        }
        ticket
    }

    fn is_in_line(&self, ticket: u64) -> bool {
        self.state.lock().unwrap().tickets.contains(&ticket)
    }

    fn leave_line(&self, ticket: u64) {
        self.state.lock().unwrap().tickets.retain(|waiting| *waiting != ticket);
    }

    /// `Engine::poll` without its deadline, which would hide a lost wake-up.
    fn poll(&self, after: u64, polls_max: usize) -> Ended {
        let mut bell = self.bell();
        if let Some(ended) = self.look(after) {
            return ended;
        }
        let ticket = self.wait_in_line(polls_max);
        let ended = loop {
            bell.rang();
            if let Some(ended) = self.look(after) {
                break ended;
            }
            if !self.is_in_line(ticket) {
                break Ended::Displaced;
            }
        };
        self.leave_line(ticket);
        ended
    }
}

/// Explores with at most so many switches of threads that are not forced: more find nothing new here and take minutes.
fn explore(model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

#[test]
fn what_is_published_wakes_who_waits() {
    explore(|| {
        let queue = Arc::new(Queue::default());
        let poll = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.poll(0, 4))
        };
        queue.publish(&[1, 2]);
        let Ended::Read(read) = poll.join().unwrap() else { panic!("there is something to read") };
        assert!(read.starts_with(&[1]), "from the first on: {read:?}");
    });
}

/// One writer, two batches, a reader that goes on where it was: both come, once each and in order.
#[test]
fn a_reader_hears_every_batch_once() {
    explore(|| {
        let queue = Arc::new(Queue::default());
        let reader = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || {
                let mut heard = Vec::new();
                while heard.len() < 2 {
                    let after = heard.last().copied().unwrap_or(0);
                    let Ended::Read(read) = queue.poll(after, 4) else { panic!("nobody else is here") };
                    heard.extend(read);
                }
                heard
            })
        };
        queue.publish(&[1]);
        queue.publish(&[2]);
        assert_eq!(reader.join().unwrap(), [1, 2]);
    });
}

#[test]
fn a_log_out_ends_whoever_waits() {
    explore(|| {
        let queue = Arc::new(Queue::default());
        let poll = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || queue.poll(0, 4))
        };
        queue.close();
        assert_eq!(poll.join().unwrap(), Ended::Closed);
    });
}

/// Two polls where one may wait: one is displaced, the other hears what comes.
#[test]
fn a_poll_too_many_ends_the_oldest_and_nobody_is_forgotten() {
    explore(|| {
        let queue = Arc::new(Queue::default());
        let polls: Vec<_> = (0..2)
            .map(|_| {
                let queue = Arc::clone(&queue);
                thread::spawn(move || queue.poll(0, 1))
            })
            .collect();
        queue.publish(&[1]);
        let ended: Vec<Ended> = polls.into_iter().map(|poll| poll.join().unwrap()).collect();
        assert!(ended.contains(&Ended::Read(vec![1])), "{ended:?}");
    });
}
