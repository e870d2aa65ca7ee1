//! The store in plain memory, for tests: what it does is what every other engine must do.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::{
    Batch, HistoryRequest, KeptOutcome, Loaded, LoadedQueue, Past, Reader, Retention, Store, StoreError,
    Window,
};
use crate::delivery::page::Dropped;
use crate::delivery::{Backlog, BacklogError, Excerpt, Line, PageLimits, Settled, Settlement};
use crate::entry::{Conversation, Entry, Posted};
use crate::id::{ClientId, Seq, UserId};
use crate::protocol::message::told_at_ms;
use crate::protocol::stamp::StampHash;
use crate::world::{Event, World};

/// The store in memory. Clones share what is stored, so that a test can stop one server and start another.
#[derive(Clone, Default)]
pub struct MemoryStore {
    kept: Arc<Mutex<Kept>>,
}

struct Kept {
    world: World,
    log: BTreeMap<Seq, Posted>,
    checkpoint: Seq,
    queues: HashMap<ClientId, KeptQueue>,
    outcomes: Vec<KeptOutcome>,
    ran_until: Option<Timestamp>,
    spent: HashSet<StampHash>,
}

struct KeptQueue {
    loaded: LoadedQueue,
    entries: BTreeSet<Seq>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            world: World::empty(1),
            log: BTreeMap::new(),
            checkpoint: Seq::ZERO,
            queues: HashMap::new(),
            outcomes: Vec::new(),
            ran_until: None,
            spent: HashSet::new(),
        }
    }
}

impl MemoryStore {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        let (world, next_seq) = self.load_world()?;
        let kept = self.kept();
        let queues = kept.queues.values().map(|queue| queue.loaded.clone()).collect();
        let recent = kept.log.range(kept.checkpoint.next()..).map(|(_, posted)| posted.clone()).collect();
        let newest = kept.log.values().next_back().map(|posted| posted.entry.at);
        let seen = kept.queues.values().map(|queue| queue.loaded.seen_at).max();
        let ran_until = kept.ran_until.max(newest).or(seen);
        Ok(Loaded { world, queues, recent, next_seq, ran_until })
    }

    fn load_world(&mut self) -> Result<(World, Seq), StoreError> {
        let kept = self.kept();
        let newest = kept.log.keys().next_back().copied().unwrap_or_default();
        Ok((kept.world.clone(), newest.max(kept.checkpoint).next()))
    }

    fn commit(&mut self, batch: &Batch) -> Result<Vec<Settled>, StoreError> {
        let mut kept = self.kept();
        for event in &batch.events {
            kept.world.apply(event);
            kept.keep(event, batch.kept_at);
        }
        kept.log
            .extend(batch.entries.iter().map(|posted| (posted.entry.seq, kept_at(posted, batch.kept_at))));
        kept.ran_until = batch.ran_until.or(kept.ran_until);
        kept.outcomes.extend(batch.outcomes.iter().cloned());
        kept.checkpoint = kept.checkpoint.max(batch.checkpoint.unwrap_or_default());
        Ok(batch.settlements.iter().map(|settlement| kept.settle(settlement)).collect())
    }

    fn outcome(
        &mut self,
        client: ClientId,
        key: &str,
        since: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let kept = self.kept();
        let same = |kept: &&KeptOutcome| kept.client == client && kept.key == key && kept.at >= since;
        Ok(kept.outcomes.iter().find(same).map(|kept| kept.response.clone()))
    }

    fn is_spent(&mut self, stamp: StampHash) -> Result<bool, StoreError> {
        Ok(self.kept().spent.contains(&stamp))
    }

    fn tidy(&mut self, _: &Retention) -> Result<bool, StoreError> {
        Ok(false)
    }

    fn newest_until(&mut self, at: Timestamp) -> Result<Seq, StoreError> {
        let kept = self.kept();
        let until = kept.log.values().rev().map(|posted| &posted.entry).find(|entry| entry.at <= at);
        Ok(until.map(|entry| entry.seq).unwrap_or_default())
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(self.clone())
    }
}

impl Kept {
    fn keep(&mut self, event: &Event, kept_at: Option<Timestamp>) {
        match event {
            Event::ClientAdded { client, user, token, at, .. } => {
                let disk = Settled::new(*client);
                let loaded =
                    LoadedQueue { user: *user, token: *token, disk, seen_at: kept_at.unwrap_or(*at) };
                self.queues.insert(*client, KeptQueue { loaded, entries: BTreeSet::new() });
            }
            Event::ClientRemoved { client, .. } => {
                self.queues.remove(client);
            }
            Event::StampSpent { stamp, .. } => {
                self.spent.insert(*stamp);
            }
            _ => {}
        }
    }

    fn settle(&mut self, settlement: &Settlement) -> Settled {
        let Some(queue) = self.queues.get_mut(&settlement.client) else { return settlement.before };
        let disk = &mut queue.loaded.disk;
        disk.acked = settlement.acked;
        disk.settled = settlement.settled;
        disk.dropped = disk.dropped.filter(|dropped| dropped.through > settlement.acked);
        queue.entries.retain(|seq| *seq > settlement.acked);
        queue.entries.extend(&settlement.spilled);
        let max = usize::try_from(settlement.entries_max).unwrap_or(usize::MAX);
        let is_too_old = |queue: &BTreeSet<Seq>| queue.first().is_some_and(|seq| *seq <= settlement.expired);
        while (max > 0 && queue.entries.len() > max) || is_too_old(&queue.entries) {
            let through = queue.entries.pop_first().unwrap_or_default();
            let entries = disk.dropped.map_or(0, |dropped| dropped.entries) + 1;
            disk.dropped = Some(Dropped { entries, through, at: settlement.at });
        }
        disk.stored = queue.entries.len() as u64;
        queue.loaded.seen_at = settlement.seen_at;
        *disk
    }
}

impl Backlog for MemoryStore {
    fn read(
        &self,
        client: ClientId,
        after: Seq,
        through: Seq,
        limits: PageLimits,
    ) -> Result<Excerpt, BacklogError> {
        let kept = self.kept();
        let Some(queue) = kept.queues.get(&client) else { return Ok(Excerpt::default()) };
        if after >= through {
            return Ok(Excerpt::default());
        }
        let entries = queue.entries.range(after.next()..=through).filter_map(|seq| kept.log.get(seq));
        let mut excerpt = Excerpt::default();
        for posted in entries {
            let (line, left) = (line(&posted.entry), limits.after(&excerpt.lines));
            if left.entries == 0 || (left.bytes < line.json.len() && !excerpt.lines.is_empty()) {
                excerpt.cut = true;
                break;
            }
            excerpt.lines.push(line);
        }
        Ok(excerpt)
    }
}

/// An entry with the time under which it is kept.
fn kept_at(posted: &Posted, at: Option<Timestamp>) -> Posted {
    let entry = Entry { at: at.unwrap_or(posted.entry.at), ..Entry::clone(&posted.entry) };
    Posted { entry: Arc::new(entry), ..posted.clone() }
}

fn line(entry: &Entry) -> Line {
    Line { seq: entry.seq, json: entry.line.clone() }
}

/// Whether an entry belongs to a talk, whichever of two said it.
fn is_of(entry: &Entry, conversation: Conversation) -> bool {
    match (entry.conversation, conversation) {
        (Some(Conversation::Direct(a, b)), Conversation::Direct(c, d)) => {
            (a, b) == (c, d) || (a, b) == (d, c)
        }
        (entry, wanted) => entry == Some(wanted),
    }
}

impl Past for MemoryStore {
    fn window(&self, window: &Window) -> Result<Vec<Seq>, StoreError> {
        let kept = self.kept();
        let shown = if window.history_max == 0 { usize::MAX } else { window.history_max };
        let talk = kept.log.values().rev().map(|posted| &posted.entry);
        let newest =
            talk.filter(|entry| is_of(entry, window.conversation)).take(shown).map(|entry| entry.seq);
        let is_inside = |seq: &Seq| *seq > window.after && window.before.is_none_or(|before| *seq < before);
        let mut found: Vec<Seq> = newest.filter(is_inside).collect();
        if !window.from_oldest {
            found.truncate(window.limit);
        }
        found.reverse();
        found.truncate(window.limit);
        Ok(found)
    }

    fn entries(&self, seqs: &[Seq]) -> Result<Vec<Arc<Entry>>, StoreError> {
        let kept = self.kept();
        Ok(seqs.iter().filter_map(|seq| kept.log.get(seq)).map(|posted| Arc::clone(&posted.entry)).collect())
    }

    fn told_until(&self, at_ms: i64) -> Result<Seq, StoreError> {
        let kept = self.kept();
        let told = |posted: &&Posted| told_at_ms(&posted.entry.line).is_some_and(|told| told <= at_ms);
        Ok(kept.log.values().rev().find(told).map(|posted| posted.entry.seq).unwrap_or_default())
    }

    fn peers(&self, user: UserId) -> Result<Vec<UserId>, StoreError> {
        let kept = self.kept();
        let talks = kept.log.values().filter_map(|posted| match posted.entry.conversation {
            Some(Conversation::Direct(one, other)) if one == user => Some(other),
            Some(Conversation::Direct(one, other)) if other == user => Some(one),
            _ => None,
        });
        Ok(talks.collect::<BTreeSet<_>>().into_iter().collect())
    }
}

impl Reader for MemoryStore {
    fn history(&self, request: &HistoryRequest) -> Result<Vec<Line>, StoreError> {
        let same = |entry: &Entry| is_of(entry, request.conversation);
        let kept = self.kept();
        let shown = if request.history_max == 0 { usize::MAX } else { request.history_max };
        let newest =
            kept.log.values().rev().map(|posted| &posted.entry).filter(|entry| same(entry)).take(shown);
        let before = newest.filter(|entry| request.before.is_none_or(|before| entry.seq < before));
        let mut lines: Vec<Line> = before.take(request.limit).map(|entry| line(entry)).collect();
        lines.reverse();
        Ok(lines)
    }
}
