//! Rows of the log that are held for one client alone, and go as soon as its queue on disk has them no more.
//!
//! What many may read is held until no queue needs anything so old, for who of them has read what is in their queues and
//! nowhere else. Answers are for the one who asked: did they wait for the slowest of all, too, anybody who asks much and
//! reads it all would fill the disk while somebody else is away. So it is noted between which places a queue on disk has
//! let go of what it had, and what is held there for its client alone goes, a few rows at a time. What was noted and not
//! done when the process ends waits for the slowest after all.

use std::collections::VecDeque;

use rusqlite::{Connection, params};

use super::int;
use crate::delivery::Settled;
use crate::id::{ClientId, Seq};
use crate::store::{Batch, Retention};
use crate::world::Event;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/retention/", $name, ".sql"))
    };
}

/// Gaps that are remembered: more than a thousand busy clients leave between two looks. What is too much waits for
/// the slowest.
const GAPS_MAX: usize = 4_096;

/// Where queues on disk have let go of what they had.
#[derive(Default)]
pub(super) struct LetGo(VecDeque<Gap>);

/// What comes after one place and not after another one was in the queue of a client, and is not any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Gap {
    client: i64,
    after: i64,
    through: i64,
}

impl LetGo {
    /// Takes note of what a commit has let go of: what was settled, and the queues of clients that went.
    pub(super) fn note(&mut self, batch: &Batch, settled: &[Settled], of_removed: Vec<Gap>) {
        let shortened = batch.settlements.iter().map(|settlement| &settlement.before).zip(settled);
        let shortened = shortened.filter(|(before, _)| before.stored > 0).map(|(before, after)| Gap {
            client: int(after.client.get()),
            after: int(begins_after(before).get()),
            through: int(begins_after(after).get()),
        });
        for gap in shortened.chain(of_removed).filter(|gap| gap.through > gap.after) {
            let goes_on = |last: &&mut Gap| last.client == gap.client && last.through == gap.after;
            if let Some(last) = self.0.back_mut().filter(goes_on) {
                last.through = gap.through;
            } else if self.0.len() < GAPS_MAX {
                self.0.push_back(gap);
            }
        }
    }

    /// Lets some of it go, and says how many rows were looked at. What comes after the checkpoint has to wait.
    pub(super) fn step(
        &mut self,
        connection: &Connection,
        checkpoint: i64,
        retention: &Retention,
    ) -> rusqlite::Result<usize> {
        let Some(gap) = self.0.front_mut().filter(|gap| gap.through <= checkpoint) else {
            return Ok(0);
        };
        let rows_max = retention.rows_max;
        let mut held = connection.prepare_cached(sql!("held_for_one"))?;
        let bounds = params![gap.client, gap.after, gap.through, int(rows_max as u64)];
        let rows: Vec<(i64, bool)> =
            held.query_map(bounds, |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        match rows.last() {
            Some((last, _)) if rows.len() >= rows_max => gap.after = *last,
            _ => drop(self.0.pop_front()),
        }
        for (seq, _) in rows.iter().filter(|(_, is_its_own)| *is_its_own) {
            connection.prepare_cached(sql!("delete_log"))?.execute([seq])?;
            connection.prepare_cached(sql!("delete_held"))?.execute([seq])?;
        }
        // There may be a next one, however little there was in this.
        Ok(rows.len().max(1))
    }
}

/// The place after which the queue on disk begins.
fn begins_after(queue: &Settled) -> Seq {
    queue.acked.max(queue.dropped.map_or(Seq::ZERO, |dropped| dropped.through))
}

/// What the queues of clients that are about to be removed have on disk.
pub(super) fn of_removed(connection: &Connection, batch: &Batch) -> rusqlite::Result<Vec<Gap>> {
    let removed = batch.events.iter().filter_map(|event| match event {
        Event::ClientRemoved { client, .. } => Some(*client),
        _ => None,
    });
    removed
        .map(|client: ClientId| {
            let client = int(client.get());
            let mut ends = connection.prepare_cached(sql!("queue_ends"))?;
            let (after, through) = ends.query_row([client], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(Gap { client, after, through })
        })
        .collect()
}
