//! Queues on disk: what clients have not acknowledged in time, in runs of a few hundred entries.
//!
//! A run may be damaged, by whatever has damaged the file. Whoever reads it is told that it cannot be read, for as long as it
//! is there. A settlement neither fails of it, since it stands in one commit with what everybody else asked for, nor writes
//! it over, since what it had may yet be saved by hand: nothing is put behind it but in a run of its own, and it goes as a
//! whole, when all of it is acknowledged, too old, or too much. Until then all of its entries count.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::packed::{pack, unpack};
use super::{int, nanoseconds, uint};
use crate::delivery::page::Dropped;
use crate::delivery::{Settled, Settlement};
use crate::id::{ClientId, Seq};
use crate::store::Batch;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/queue/", $name, ".sql"))
    };
}

/// Entries in one run: as many as an answer holds, so that reading one costs about one run.
const RUN_ENTRIES_MAX: usize = 512;

/// A run, as the disk has it.
pub(super) struct Run {
    /// The place of its oldest entry.
    pub(super) first: i64,
    /// The place of its newest entry.
    pub(super) last: i64,
    /// How many it has.
    pub(super) entries: i64,
    packed: Vec<u8>,
}

impl Run {
    /// From the columns of a row that begin with this one.
    pub(super) fn from_row(row: &Row<'_>, column: usize) -> rusqlite::Result<Self> {
        let (first, last) = (row.get(column)?, row.get(column + 1)?);
        Ok(Self { first, last, entries: row.get(column + 2)?, packed: row.get(column + 3)? })
    }

    /// The places of its entries; `None` where it is not what it says of itself.
    pub(super) fn seqs(&self) -> Option<Vec<u64>> {
        let seqs = unpack(&self.packed)?;
        let ends = seqs.first().copied().zip(seqs.last().copied());
        let is_whole = ends == Some((uint(self.first), uint(self.last)));
        (is_whole && seqs.len() as u64 == uint(self.entries)).then_some(seqs)
    }

    /// What is said of it where it is damaged.
    pub(super) fn damage(&self, client: ClientId) -> rusqlite::Error {
        let Self { first, last, .. } = self;
        let damage = format!("client {client}: the run of its queue from {first} to {last} is damaged");
        rusqlite::Error::FromSqlConversionFailure(3, Type::Blob, damage.into())
    }

    /// That of a client which a statement finds.
    fn find(connection: &Connection, sql: &str, client: ClientId) -> rusqlite::Result<Option<Self>> {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_row([int(client.get())], |row| Self::from_row(row, 0)).optional()
    }
}

/// Writes the settlements of a batch, and says what the disk has of each queue then.
pub(super) fn settle(connection: &Connection, batch: &Batch) -> rusqlite::Result<Vec<Settled>> {
    for seq in &batch.held {
        connection.prepare_cached(sql!("hold"))?.execute(params![int(seq.get())])?;
    }
    batch.settlements.iter().map(|settlement| settle_one(connection, settlement)).collect()
}

fn settle_one(connection: &Connection, settlement: &Settlement) -> rusqlite::Result<Settled> {
    let before = settlement.before;
    let mut after = Settled { acked: settlement.acked, settled: settlement.settled, ..before };
    let told = before.dropped.is_some_and(|dropped| dropped.through <= settlement.acked);
    if told {
        after.dropped = None;
    }
    if before.stored > 0 {
        let acked = after.acked;
        remove_until(connection, &mut after, acked)?;
        let (entries, through) = remove_until(connection, &mut after, settlement.expired)?;
        note_dropped(&mut after, entries, through, settlement);
    }
    append(connection, &mut after, &settlement.spilled)?;
    if settlement.entries_max > 0 && after.stored > settlement.entries_max {
        let excess = after.stored - settlement.entries_max;
        let (entries, through) = remove_oldest(connection, &mut after, |_, taken| taken < excess)?;
        note_dropped(&mut after, entries, through, settlement);
    }
    let dropped = after.dropped.unwrap_or(Dropped { entries: 0, through: Seq::ZERO, at: settlement.at });
    connection.prepare_cached(sql!("settle"))?.execute(params![
        int(after.client.get()),
        int(after.acked.get()),
        int(after.settled.get()),
        int(after.stored),
        int(dropped.entries),
        int(dropped.through.get()),
        nanoseconds(dropped.at),
        nanoseconds(settlement.seen_at),
    ])?;
    Ok(after)
}

/// Takes away the entries up to a place. Gives how many there were and the place of the newest of them.
fn remove_until(connection: &Connection, queue: &mut Settled, until: Seq) -> rusqlite::Result<(u64, Seq)> {
    let (whole, through) = remove_through(connection, queue, until)?;
    queue.stored = queue.stored.saturating_sub(whole);
    let (part, newest) = remove_oldest(connection, queue, |seq, _| seq <= until)?;
    Ok((whole + part, newest.max(through)))
}

/// Removes the runs that lie wholly before a place. Gives their entries and the place of the newest.
fn remove_through(connection: &Connection, queue: &Settled, through: Seq) -> rusqlite::Result<(u64, Seq)> {
    let mut statement = connection.prepare_cached(sql!("remove_through"))?;
    let mut rows = statement.query(params![int(queue.client.get()), int(through.get())])?;
    let (mut entries, mut newest) = (0, Seq::ZERO);
    while let Some(row) = rows.next()? {
        entries += uint(row.get(0)?);
        newest = newest.max(Seq::new(uint(row.get(1)?)));
    }
    Ok((entries, newest))
}

/// Takes away the oldest entries while `more(next place, taken so far)` says so. Gives how many were taken
/// and the place of the newest of them.
fn remove_oldest(
    connection: &Connection,
    queue: &mut Settled,
    more: impl Fn(Seq, u64) -> bool,
) -> rusqlite::Result<(u64, Seq)> {
    let client = int(queue.client.get());
    let (mut taken, mut newest) = (0_u64, Seq::ZERO);
    loop {
        let Some(run) = Run::find(connection, sql!("oldest"), queue.client)? else { break };
        let last = Seq::new(uint(run.last));
        let Some(seqs) = run.seqs() else {
            let all = taken.saturating_add(uint(run.entries));
            if !more(last, all.saturating_sub(1)) {
                break;
            }
            remove_through(connection, queue, last)?;
            (taken, newest) = (all, last);
            continue;
        };
        let keep_from = seqs.iter().position(|seq| {
            let goes = more(Seq::new(*seq), taken);
            if goes {
                taken += 1;
                newest = Seq::new(*seq);
            }
            !goes
        });
        let Some(keep_from) = keep_from else {
            remove_through(connection, queue, last)?;
            continue;
        };
        let kept = seqs.get(keep_from..).unwrap_or_default();
        if keep_from > 0 {
            let first = kept.first().copied().unwrap_or_default();
            let (entries, packed) = (int(kept.len() as u64), pack(kept.iter().copied()));
            let mut statement = connection.prepare_cached(sql!("shorten"))?;
            statement.execute(params![client, run.last, int(first), entries, packed])?;
        }
        break;
    }
    queue.stored = queue.stored.saturating_sub(taken);
    Ok((taken, newest))
}

fn note_dropped(after: &mut Settled, entries: u64, through: Seq, settlement: &Settlement) {
    if entries == 0 {
        return;
    }
    let before = after.dropped.map_or(0, |dropped| dropped.entries);
    after.dropped = Some(Dropped { entries: before + entries, through, at: settlement.at });
}

/// Appends entries: behind the newest run while it is short, then in runs of their own. Without the first, a
/// client that is away from a quiet channel would have a row for each message.
fn append(connection: &Connection, queue: &mut Settled, mut spilled: &[Seq]) -> rusqlite::Result<()> {
    if queue.stored > 0 && !spilled.is_empty() {
        let appended = extend_newest(connection, queue, spilled)?;
        spilled = spilled.get(appended..).unwrap_or_default();
        queue.stored += appended as u64;
    }
    for run in spilled.chunks(RUN_ENTRIES_MAX) {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
        let packed = pack(run.iter().map(|seq| seq.get()));
        let (client, entries) = (int(queue.client.get()), int(run.len() as u64));
        let row = params![client, int(last.get()), int(first.get()), entries, packed];
        connection.prepare_cached(sql!("append"))?.execute(row)?;
        queue.stored += run.len() as u64;
    }
    Ok(())
}

/// Puts what there is room for behind the newest run. Says how many entries that were.
fn extend_newest(connection: &Connection, queue: &Settled, spilled: &[Seq]) -> rusqlite::Result<usize> {
    let Some(run) = Run::find(connection, sql!("newest"), queue.client)? else { return Ok(0) };
    let Some(mut seqs) = run.seqs() else { return Ok(0) };
    let room = RUN_ENTRIES_MAX.saturating_sub(seqs.len());
    let fitting = spilled.get(..room.min(spilled.len())).unwrap_or_default();
    let Some(new_last) = fitting.last() else { return Ok(0) };
    seqs.extend(fitting.iter().map(|seq| seq.get()));
    let (entries, packed) = (int(seqs.len() as u64), pack(seqs.into_iter()));
    let row = params![int(queue.client.get()), run.last, int(new_last.get()), entries, packed];
    connection.prepare_cached(sql!("extend"))?.execute(row)?;
    Ok(fitting.len())
}
