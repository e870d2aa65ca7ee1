//! How a batch ends: it is committed, brought to the queues, and told. In this order.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use super::batch::Draft;
use super::inbox::Completion;
use super::post::{Round, When};
use super::writer::Writer;
use crate::delivery::{Bells, Settled};
use crate::world::{Event, Verb};

impl Writer {
    /// Commits, publishes, answers: in this order.
    pub(super) fn finish(&mut self, mut draft: Draft) {
        let next_id = self.world.next_id();
        draft.batch.next_id = (next_id != self.saved_next_id).then_some(next_id);
        // While the disk rests nothing is decided, and what a world that is not whole says of itself is not so.
        let nothing_to_keep = draft.batch.is_empty()
            && draft.unfinished.is_empty()
            && draft.going.is_empty()
            && draft.orders.is_empty();
        if nothing_to_keep || self.disk_rests_until_ms.is_some() {
            return draft.completions.into_iter().for_each(Completion::tell);
        }
        self.note_running_time(&mut draft.batch);
        let begun = Instant::now();
        match self.store.commit(&draft.batch) {
            Ok(settled) => {
                self.stats.committed(begun.elapsed(), draft.completions.len());
                let bells = self.publish(&draft, &settled);
                draft.completions.extend(self.went_on(draft.going));
                tell(draft.completions, bells);
                self.unfinished.extend(draft.unfinished);
                draft
                    .orders
                    .into_iter()
                    .for_each(|order| self.orders.send_modify(|orders| orders.add(order)));
            }
            Err(error) => {
                self.rest_disk();
                draft.completions.into_iter().for_each(Completion::fail);
                draft.unfinished.into_iter().for_each(|unfinished| unfinished.completion.fail());
                self.go_back(draft.going);
                self.give_up_batch(&error);
            }
        }
    }

    /// Brings what is durable now to the queues. Those who came are known before anything is said to them;
    /// those who went are closed after.
    fn publish(&mut self, draft: &Draft, settled: &[Settled]) -> Bells {
        let now_ms = draft.now.ms;
        self.next_seq = draft.next_seq;
        self.saved_next_id = draft.batch.next_id.unwrap_or(self.saved_next_id);
        for event in &draft.batch.events {
            match event {
                Event::ClientAdded { client, user, token, .. } => {
                    self.delivery.open(*client, *user, *token, &Settled::new(*client), now_ms);
                }
                Event::SessionOpened { user, .. } => {
                    self.stats.sessions.fetch_add(1, Relaxed);
                    self.spoke_ms.insert(*user, now_ms);
                }
                Event::Said { by, verb: Verb::Privmsg | Verb::Notice, .. } => {
                    self.spoke_ms.insert(*by, now_ms);
                }
                Event::SessionEnded { user, .. } => {
                    self.spoke_ms.remove(user);
                }
                _ => {}
            }
        }
        self.delivery.settled(settled, draft.batch.checkpoint, now_ms);
        let bells = self.delivery.publish(&draft.batch.entries, now_ms);
        self.close_queues(&draft.batch.events);
        self.housekeeping.note_saved(&draft.batch, now_ms);
        draft.count(&self.stats);
        self.stats.users_peak.fetch_max(self.world.users().len(), Relaxed);
        self.stats.ready.store(true, Relaxed);
        bells
    }

    /// Closes the queues of clients that were removed. Where a session ended with them, they are told why.
    fn close_queues(&mut self, events: &[Event]) {
        let mut ended = None;
        for event in events.iter().rev() {
            match event {
                Event::SessionEnded { user, reason } => ended = Some((*user, reason.as_str())),
                Event::ClientRemoved { client, token } => {
                    self.delivery.close(*client, token, ended);
                }
                _ => {}
            }
        }
    }
}

/// Tells those who asked before those who listen, who may be a thousand: the next message would else wait for all of
/// them to have this one.
fn tell(completions: Vec<Completion>, mut bells: Bells) {
    let at_once = Round::begin(When::AtOnce);
    completions.into_iter().for_each(Completion::tell);
    bells.ring_few();
    drop(at_once);
    let _in_turn = Round::begin(When::InTurn);
    bells.ring();
}
