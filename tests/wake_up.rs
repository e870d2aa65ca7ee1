//! The protocol of waiting, in every order in which its steps can meet, by `loom`.
//!
//! What is modelled is what we own: the order of the steps. `delivery/queue.rs` pushes under a lock, notes whether a
//! wake-up is due, and rings afterwards, unless nobody has the bell; `engine/read.rs` subscribes to the bell, looks,
//! joins the line, and only then waits; a poll too many pushes the oldest out of the line and rings. The bell itself is
//! tokio's `watch`, which is tested where it is made: here it is a counter that a waiter compares with what it last saw,
//! which is what `watch` promises. The steps below have the names that they have in those files. A wake-up that is lost
//! is a thread that waits for ever, which `loom` reports.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::VecDeque;

use loom::sync::atomic::AtomicUsize;
use loom::sync::atomic::Ordering::Relaxed;
use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;

/// A `watch` of a counter.
#[derive(Default)]
struct Bell {
    count: Mutex<u64>,
    changed: Condvar,
    /// Without any order of its own, as in `watch`.
    receivers: AtomicUsize,
}

/// Its receiver: what it has seen counts from its subscription.
struct Receiver<'a> {
    bell: &'a Bell,
    seen: u64,
}

impl Bell {
    fn subscribe(&self) -> Receiver<'_> {
        self.receivers.fetch_add(1, Relaxed);
        let seen = *self.count.lock().unwrap();
        Receiver { bell: self, seen }
    }

    fn receiver_count(&self) -> usize {
        self.receivers.load(Relaxed)
    }

    fn send_modify(&self) {
        *self.count.lock().unwrap() += 1;
        self.changed.notify_all();
    }
}

impl Drop for Receiver<'_> {
    fn drop(&mut self) {
        self.bell.receivers.fetch_sub(1, Relaxed);
    }
}

impl Receiver<'_> {
    fn changed(&mut self) {
        let mut count = self.bell.count.lock().unwrap();
        while *count == self.seen {
            count = self.bell.changed.wait(count).unwrap();
        }
        self.seen = *count;
    }
}

#[derive(Default)]
struct State {
    tail: Vec<u64>,
    woken: bool,
    closed: bool,
    tickets: VecDeque<u64>,
    next_ticket: u64,
}

#[derive(Default)]
struct Queue {
    state: Mutex<State>,
    bell: Bell,
}

/// How a poll ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Read(Vec<u64>),
    Displaced,
    Closed,
}

impl Queue {
    /// Gives whether the queue was not already due to be woken.
    fn push(&self, seq: u64) -> bool {
        let mut state = self.state.lock().unwrap();
        state.tail.push(seq);
        !std::mem::replace(&mut state.woken, true)
    }

    fn wake(&self) {
        self.state.lock().unwrap().woken = false;
        if self.bell.receiver_count() == 0 {
            return;
        }
        self.bell.send_modify();
    }

    /// `Delivery::publish`: all entries of a batch first, then one ring.
    fn publish(&self, seqs: &[u64]) {
        let mut due = false;
        for seq in seqs {
            due |= self.push(*seq);
        }
        if due {
            self.wake();
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
        let mut bell = self.bell.subscribe();
        if let Some(ended) = self.look(after) {
            return ended;
        }
        let ticket = self.wait_in_line(polls_max);
        let ended = loop {
            bell.changed();
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
