//! Clearing away what nobody can ask for any more, a few rows a step, so that the writer is never held up.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::excess::Excess;
use super::filing::Filing;
use super::held::LetGo;
use super::{int, nanoseconds, uint};
use crate::id::Seq;
use crate::store::Retention;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/retention/", $name, ".sql"))
    };
}

/// Clears away some rows, and says how many.
type Step<'a> = dyn FnMut(&Connection, &Retention) -> rusqlite::Result<usize> + 'a;

/// Takes the first step there is to take, and one of what queues have let go of. Says whether there may be more.
/// `is_first` is a step that does not go on where another has left off.
pub(super) fn step(
    connection: &mut Connection,
    filing: &mut Filing,
    (excess, let_go): (&mut Excess, &mut LetGo),
    retention: &Retention,
    is_first: bool,
) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // What is not in a history cannot leave it. That is so of what was said since the first step, too, and it has time:
    // the steps come every few milliseconds, and filing writes a page for each talk, however little was said there.
    if is_first {
        filing.file(&transaction)?;
    }
    // What comes after the checkpoint is in queues that are in memory alone, and may yet come to disk.
    let checkpoint: i64 = transaction.prepare_cached(sql!("checkpoint"))?.query_row([], |row| row.get(0))?;
    let queues_need = retention.queues_need.min(Seq::new(uint(checkpoint)).next());
    let retention = &Retention { queues_need, ..*retention };
    let steps: [&mut Step<'_>; 7] = [
        &mut audiences,
        &mut prune,
        &mut release,
        &mut |connection, retention| forget(connection, filing, retention),
        &mut outcomes,
        &mut stamps,
        &mut |connection, retention| excess.step(connection, retention),
    ];
    let mut rows = 0;
    for step in steps {
        rows = step(&transaction, retention)?;
        if rows > 0 {
            break;
        }
    }
    // Beside it: where something leaves histories all the time, there would else be no turn for this.
    rows += let_go.step(&transaction, checkpoint, retention)?;
    transaction.commit()?;
    Ok(rows > 0)
}

fn rows_max(retention: &Retention) -> i64 {
    int(retention.rows_max as u64)
}

fn audiences(connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql!("audiences"))?.execute([rows_max(retention)])
}

fn prune(connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
    let mut statement = connection.prepare_cached(sql!("prune_limit"))?;
    let through: i64 = statement.query_row([rows_max(retention)], |row| row.get(0))?;
    if through == 0 {
        return Ok(0);
    }
    connection.prepare_cached(sql!("prune"))?.execute([through])?;
    let state = include_str!("../../../sql/sqlite/event/server_state.sql");
    connection.prepare_cached(state)?.execute(params!["pruned", through])
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
    let Some(owner) = statement.query_row([], |row| row.get::<_, i64>(0)).optional()? else { return Ok(0) };
    let mut rows = forgotten_rows(connection, owner, retention)?;
    if rows.is_empty() {
        // What of it is not filed yet would come to a history that is nobody's any more.
        filing.file(connection)?;
        rows = forgotten_rows(connection, owner, retention)?;
    }
    for (peer, seq) in &rows {
        delete_history(connection, (owner, *peer), *seq)?;
        delete_history(connection, (*peer, owner), *seq)?;
        let_go(connection, *seq, retention)?;
    }
    if rows.is_empty() {
        connection.prepare_cached(sql!("not_forgotten"))?.execute([owner])?;
        return Ok(1);
    }
    Ok(rows.len())
}

/// Messages of a talk that has ended, each with its peer.
fn forgotten_rows(
    connection: &Connection,
    owner: i64,
    retention: &Retention,
) -> rusqlite::Result<Vec<(i64, i64)>> {
    let mut statement = connection.prepare_cached(sql!("forgotten_rows"))?;
    let bounds = params![owner, rows_max(retention)];
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
