//! Clearing away what nobody can ask for any more, a few rows a step, so that the writer is never held up.

use rusqlite::{Connection, TransactionBehavior, params};

use super::excess::Excess;
use super::filing::Filing;
use super::held::{Gap, LetGo};
use super::{int, nanoseconds, uint};
use crate::delivery::Settled;
use crate::id::Seq;
use crate::store::{Batch, Retention};

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/retention/", $name, ".sql"))
    };
}

/// Clears away some rows of one kind, and says how many.
type Step<'a> = dyn FnMut(&Connection, &Retention) -> rusqlite::Result<usize> + 'a;

/// What clearing away knows from one step to the next.
#[derive(Default)]
pub(super) struct Tidying {
    excess: Excess,
    let_go: LetGo,
    /// Which kind of rows is the first of the next step. Whoever always has something to clear away, such as channels that
    /// come and go, has its turn and no more.
    turn: usize,
    /// Whether the last step has left some for a next one.
    goes_on: bool,
}

impl Tidying {
    /// Takes note of what a commit has done.
    pub(super) fn note(&mut self, batch: &Batch, settled: &[Settled], of_removed: Vec<Gap>) {
        self.excess.gain(&batch.entries);
        self.let_go.note(batch, settled, of_removed);
    }

    /// Goes round the kinds of rows until it has cleared away enough for one step, and takes a step of what queues have let
    /// go of. Says whether there may be more.
    pub(super) fn step(
        &mut self,
        connection: &mut Connection,
        filing: &mut Filing,
        retention: &Retention,
    ) -> rusqlite::Result<bool> {
        let is_first = !std::mem::take(&mut self.goes_on);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // What is not in a history cannot leave it. That is so of what was said since the first step, too, and it has time:
        // the steps come every few milliseconds, and filing writes a page for each talk, however little was said there.
        if is_first {
            filing.file(&transaction)?;
        }
        // What comes after the checkpoint is in queues that are in memory alone, and may yet come to disk.
        let checkpoint: i64 =
            transaction.prepare_cached(sql!("checkpoint"))?.query_row([], |row| row.get(0))?;
        let queues_need = retention.queues_need.min(Seq::new(uint(checkpoint)).next());
        let retention = Retention { queues_need, ..*retention };
        let mut rows = self.go_round(&transaction, filing, &retention)?;
        // Beside it: where something leaves histories all the time, there would else be no turn for this.
        rows += self.let_go.step(&transaction, checkpoint, &retention)?;
        transaction.commit()?;
        self.goes_on = rows > 0;
        Ok(self.goes_on)
    }

    fn go_round(
        &mut self,
        connection: &Connection,
        filing: &mut Filing,
        retention: &Retention,
    ) -> rusqlite::Result<usize> {
        let excess = &mut self.excess;
        let mut steps: [&mut Step<'_>; 7] = [
            &mut audiences,
            &mut prune,
            &mut release,
            &mut |connection, retention| forget(connection, filing, retention),
            &mut outcomes,
            &mut stamps,
            &mut |connection, retention| excess.step(connection, retention),
        ];
        let kinds = steps.len();
        steps.rotate_left(self.turn);
        let mut left = retention.rows_max;
        for step in steps {
            // Before it is taken: where it fails, the next one goes on behind it all the same.
            self.turn = (self.turn + 1) % kinds;
            left = left.saturating_sub(step(connection, &Retention { rows_max: left, ..*retention })?);
            if left == 0 {
                break;
            }
        }
        Ok(retention.rows_max - left)
    }
}

fn rows_max(retention: &Retention) -> i64 {
    int(retention.rows_max as u64)
}

fn audiences(connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql!("audiences"))?.execute([rows_max(retention)])
}

fn prune(connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(sql!("prune_limit"))?;
    let (through, rows): (i64, i64) =
        statement.query_row([rows_max(retention)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if through == 0 {
        return Ok(0);
    }
    connection.prepare_cached(sql!("prune"))?.execute([through])?;
    let state = include_str!("../../../sql/sqlite/event/server_state.sql");
    connection.prepare_cached(state)?.execute(params!["pruned", through])?;
    Ok(usize::try_from(rows).unwrap_or(usize::MAX))
}

fn release(connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(sql!("released"))?;
    let bounds = params![int(retention.queues_need.get()), rows_max(retention)];
    let released: Vec<i64> = statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
    for seq in &released {
        connection.prepare_cached(sql!("delete_log"))?.execute([seq])?;
        connection.prepare_cached(sql!("delete_held"))?.execute([seq])?;
    }
    Ok(released.len())
}

fn forget(connection: &Connection, filing: &mut Filing, retention: &Retention) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(sql!("forgotten"))?;
    let owners: Vec<i64> =
        statement.query_map([rows_max(retention)], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut is_filed = false;
    let mut left = retention.rows_max;
    for owner in owners {
        let mut rows = forgotten_rows(connection, owner, left)?;
        if rows.len() < left && !std::mem::replace(&mut is_filed, true) {
            // What of it is not filed yet would come to a history that is nobody's any more.
            filing.file(connection)?;
            rows = forgotten_rows(connection, owner, left)?;
        }
        for (peer, seq) in &rows {
            delete_history(connection, (owner, *peer), *seq)?;
            delete_history(connection, (*peer, owner), *seq)?;
            let_go(connection, *seq, retention)?;
        }
        left -= rows.len();
        if left == 0 {
            break;
        }
        connection.prepare_cached(sql!("not_forgotten"))?.execute([owner])?;
        left -= 1;
    }
    Ok(retention.rows_max - left)
}

/// Messages of a talk that has ended, each with its peer, so many at most.
fn forgotten_rows(connection: &Connection, owner: i64, max: usize) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut statement = connection.prepare_cached(sql!("forgotten_rows"))?;
    let bounds = params![owner, int(max as u64)];
    statement.query_map(bounds, |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Takes a message out of the history of a talk.
pub(super) fn delete_history(
    connection: &Connection,
    (owner, peer): (i64, i64),
    seq: i64,
) -> rusqlite::Result<()> {
    connection.prepare_cached(sql!("delete_history"))?.execute([owner, peer, seq]).map(|_| ())
}

/// Deletes a row of the log that has left its history, or keeps it for the queues that may still name it.
pub(super) fn let_go(connection: &Connection, seq: i64, retention: &Retention) -> rusqlite::Result<()> {
    let needed = seq >= int(retention.queues_need.get());
    let sql = if needed { sql!("hold") } else { sql!("delete_log") };
    connection.prepare_cached(sql)?.execute([seq]).map(|_| ())
}

fn outcomes(connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
    let bounds = params![nanoseconds(retention.outcomes_since), rows_max(retention)];
    connection.prepare_cached(sql!("outcomes"))?.execute(bounds)
}

fn stamps(connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
    let bounds = params![nanoseconds(retention.now), rows_max(retention)];
    connection.prepare_cached(sql!("stamps"))?.execute(bounds)
}
