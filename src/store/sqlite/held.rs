//! Rows of the log that are held for one client alone, and go as soon as its queue on disk has them no more.
//!
//! What many may read is held until no queue needs anything so old, for who of them has read what is in their queues and
//! nowhere else. Answers are for the one who asked: did they wait for the slowest of all, too, anybody who asks much and
//! reads it all would fill the disk while somebody else is away. So all that is held is walked through, a stretch at a
//! time, whenever a queue on disk has let go of something.

use rusqlite::{Connection, params};

use super::int;
use crate::delivery::Settlement;
use crate::store::{Batch, Retention};
use crate::world::Event;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/retention/", $name, ".sql"))
    };
}

/// Where the walk is.
pub(super) struct Walk {
    /// The last row that was looked at, while there is one to come.
    after: Option<i64>,
    /// Whether a queue has let go of something since it began.
    is_due: bool,
}

impl Default for Walk {
    /// After a start nobody knows what was let go of before.
    fn default() -> Self {
        Self { after: None, is_due: true }
    }
}

impl Walk {
    /// Takes note of what queues let go of in a commit.
    pub(super) fn note(&mut self, batch: &Batch) {
        let reads = |settlement: &Settlement| settlement.before.stored > 0;
        let goes = |event: &Event| matches!(event, Event::ClientRemoved { .. });
        self.is_due |= batch.settlements.iter().any(reads) || batch.events.iter().any(goes);
    }

    /// Looks at the next stretch, and says how many rows that were.
    pub(super) fn step(&mut self, connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
        let after = match self.after {
            Some(after) => after,
            None if std::mem::take(&mut self.is_due) => i64::MIN,
            None => return Ok(0),
        };
        let mut stretch = connection.prepare_cached(sql!("held_for_one"))?;
        let bounds = params![after, int(retention.rows_max as u64)];
        let rows: Vec<(i64, bool)> =
            stretch.query_map(bounds, |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
        self.after = rows.last().map(|(seq, _)| *seq);
        for (seq, _) in rows.iter().filter(|(_, is_done_with)| *is_done_with) {
            connection.prepare_cached(sql!("delete_log"))?.execute([seq])?;
            connection.prepare_cached(sql!("delete_held"))?.execute([seq])?;
        }
        Ok(rows.len())
    }
}
