//! Queues on disk: what clients have not acknowledged in time, in runs of a few hundred entries.

use rusqlite::{Connection, OptionalExtension, params};

use super::packed::{pack, unpack};
use super::{int, nanoseconds, uint};
use crate::delivery::page::Dropped;
use crate::delivery::{Settled, Settlement};
use crate::id::Seq;
use crate::store::Batch;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/queue/", $name, ".sql"))
    };
}

/// Entries in one run: as many as an answer holds, so that reading one costs about one run.
const RUN_ENTRIES_MAX: usize = 512;

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
    let (mut taken, mut newest) = (0, Seq::ZERO);
    loop {
        let oldest: Option<(i64, Vec<u8>)> = connection
            .prepare_cached(sql!("oldest"))?
            .query_row(params![client], |row| Ok((row.get(0)?, row.get(2)?)))
            .optional()?;
        let Some((last, packed)) = oldest else { break };
        let seqs = unpack(&packed).unwrap_or_default();
        let keep_from = seqs.iter().position(|seq| {
            let goes = more(Seq::new(*seq), taken);
            if goes {
                taken += 1;
                newest = Seq::new(*seq);
            }
            !goes
        });
        let Some(keep_from) = keep_from else {
            remove_through(connection, queue, Seq::new(uint(last)))?;
            continue;
        };
        let kept = seqs.get(keep_from..).unwrap_or_default();
        if keep_from > 0 {
            let first = kept.first().copied().unwrap_or_default();
            let (entries, packed) = (int(kept.len() as u64), pack(kept.iter().copied()));
            let mut statement = connection.prepare_cached(sql!("shorten"))?;
            statement.execute(params![client, last, int(first), entries, packed])?;
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
    let client = int(queue.client.get());
    let newest: Option<(i64, i64, Vec<u8>)> = connection
        .prepare_cached(sql!("newest"))?
        .query_row(params![client], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((last, entries, packed)) = newest else { return Ok(0) };
    let room = RUN_ENTRIES_MAX.saturating_sub(usize::try_from(entries).unwrap_or(usize::MAX));
    let fitting = spilled.get(..room.min(spilled.len())).unwrap_or_default();
    let Some(new_last) = fitting.last() else { return Ok(0) };
    let mut seqs = unpack(&packed).unwrap_or_default();
    seqs.extend(fitting.iter().map(|seq| seq.get()));
    let (entries, packed) = (int(seqs.len() as u64), pack(seqs.into_iter()));
    let row = params![client, last, int(new_last.get()), entries, packed];
    connection.prepare_cached(sql!("extend"))?.execute(row)?;
    Ok(fitting.len())
}
