//! What a queue knows: its tail in memory, and what the disk has of the rest.

use std::collections::VecDeque;
use std::sync::Arc;

use super::bell::Rings;
use super::page::{Line, Page, PageLimits};
use super::queue::{Look, QueueLimits};
use super::settlement::Settled;
use super::waiting::Waiting;
use crate::entry::Entry;
use crate::id::Seq;

/// Entries at the end of a tail that are looked at one by one.
const NEAR_THE_END: usize = 16;

/// The share of the maximum by which a queue may exceed it between two sweeps.
const SLACK_SHARE: u64 = 64;

#[derive(Debug)]
pub(super) struct State {
    /// All of the client's entries after `floor`, ascending.
    pub(super) tail: VecDeque<Arc<Entry>>,
    /// Entries up to here are not in the tail: they are on disk, or acknowledged and gone.
    pub(super) floor: Seq,
    /// The newest entry that was ever in the queue.
    pub(super) newest: Seq,
    pub(super) acked: Seq,
    pub(super) disk: Settled,
    pub(super) closed: bool,
    /// Why the session ended, when it did.
    pub(super) farewell: Option<Arc<str>>,
    /// Whether the writer has a settlement of this queue that is not committed yet.
    pub(super) settling: bool,
    /// Whether the writer knows that the tail has outgrown its limit.
    pub(super) overflow_told: bool,
    pub(super) waiting: Waiting,
    pub(super) streams: Waiting,
    pub(super) rings: Rings,
}

impl State {
    pub(super) fn append(&mut self, entry: &Arc<Entry>) {
        self.newest = self.newest.max(entry.seq);
        self.tail.push_back(Arc::clone(entry));
    }

    /// Lets go of the oldest entries: those that are acknowledged or on disk, once they have been kept for
    /// long enough or the tail is full.
    pub(super) fn trim(&mut self, now_ms: u64, limits: &QueueLimits) {
        let safe = self.acked.max(self.disk.settled);
        while let Some(front) = self.tail.front() {
            let full = self.tail.len() > limits.tail_entries;
            let old = now_ms.saturating_sub(front.since_ms) >= limits.kept_ms;
            if front.seq > safe || !(full || old) {
                break;
            }
            self.floor = front.seq;
            self.tail.pop_front();
        }
        if self.tail.len() < self.tail.capacity() / 4 {
            self.tail.shrink_to(self.tail.len() * 2);
        }
    }

    /// Lets go of what is acknowledged, for a client that reads nothing twice.
    pub(super) fn let_go_of_acknowledged(&mut self) {
        while let Some(front) = self.tail.front().filter(|front| front.seq <= self.acked) {
            self.floor = front.seq;
            self.tail.pop_front();
        }
        if self.tail.capacity() > NEAR_THE_END && self.tail.len() < self.tail.capacity() / 4 {
            self.tail.shrink_to(self.tail.len() * 2);
        }
    }

    pub(super) fn overflows(&self, limits: &QueueLimits) -> bool {
        self.tail.len() > limits.tail_entries || self.exceeds_maximum(limits)
    }

    /// A little more than the maximum is let pass until the next sweep cuts it off: a queue that is full
    /// would else be settled anew with every message.
    pub(super) fn exceeds_maximum(&self, limits: &QueueLimits) -> bool {
        let max = limits.entries_max;
        let at_most = self.disk.stored + self.tail.len() as u64;
        max > 0 && at_most > max + max / SLACK_SHARE && self.unacknowledged() > max + max / SLACK_SHARE
    }

    /// Where in the tail the entries after a place begin. Nearly always that is close to the end, where the
    /// entries are still in the processor's cache; halving the whole tail would fetch ten that are not.
    pub(super) fn first_after(&self, seq: Seq) -> usize {
        let near = self.tail.iter().rev().take(NEAR_THE_END).take_while(|kept| kept.seq > seq).count();
        if near < NEAR_THE_END {
            self.tail.len() - near
        } else {
            self.tail.partition_point(|kept| kept.seq <= seq)
        }
    }

    pub(super) fn unacknowledged(&self) -> u64 {
        let from = self.acked.max(self.disk.settled);
        let first = self.first_after(from);
        self.disk.stored + (self.tail.len() - first) as u64
    }

    /// What comes behind a place, or where on disk that begins.
    pub(super) fn look(&self, after: Seq, limits: PageLimits) -> Look {
        let dropped = self.disk.dropped.filter(|dropped| after < dropped.through);
        let last = dropped.map_or(after, |dropped| dropped.through);
        let page = Page { last, dropped, ..Page::default() };
        if self.disk.stored > 0 && last < self.floor {
            return Look::Disk { page, through: self.floor };
        }
        Look::Page(self.fill(page, limits))
    }

    pub(super) fn fill(&self, mut page: Page, limits: PageLimits) -> Page {
        let mut left = limits.after(&page.lines);
        let start = self.first_after(page.last);
        page.lines.reserve((self.tail.len() - start).min(left.entries));
        for kept in self.tail.iter().skip(start) {
            let line = Line { seq: kept.seq, json: kept.line.clone() };
            if left.entries == 0 || (left.bytes < line.json.len() && !page.lines.is_empty()) {
                page.more = true;
                break;
            }
            left = left.after(std::slice::from_ref(&line));
            page.last = line.seq;
            page.lines.push(line);
        }
        page
    }
}
