//! What histories no longer show: found by counting now and then, and cleared away a few rows a step.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::read::history_floor;
use super::tidy::{delete_history, let_go};
use super::{int, sides};
use crate::entry::{Conversation, Posted};
use crate::store::Retention;

/// Conversations whose gain is counted: beyond them counting begins anew.
const CONVERSATIONS_MAX: usize = 10_000;
/// A conversation's excess is looked for when it has gained this share of what its history shows, and so many messages at
/// least: where a history is full, looking is counting through all of it, some tenths of a millisecond.
const SHARE: usize = 16;
const GAIN_MIN: usize = 64;
/// Conversations whose excess one step looks for. Most have none, and a step for each would be a transaction for each.
const LOOKS_PER_STEP: usize = 4;

/// What is known of it.
#[derive(Default)]
pub(super) struct Excess {
    /// Messages that conversations have gained since their excess was last looked for.
    gained: HashMap<Conversation, usize>,
    /// The conversation that is being shortened, and the newest message that its history no longer shows.
    shortened: Option<(Conversation, i64)>,
}

impl Excess {
    /// Takes note of what was said.
    pub(super) fn gain(&mut self, entries: &[Posted]) {
        if self.gained.len() > CONVERSATIONS_MAX {
            // Whoever goes on talking is counted again; whoever does not has little to be cleared away.
            self.gained.clear();
        }
        for conversation in entries.iter().filter_map(|posted| posted.entry.conversation) {
            *self.gained.entry(conversation).or_default() += 1;
        }
    }

    /// Clears away some of it, as far as it is filed: what is not, counts at the next look. Says for how much work that
    /// was, 0 where there is no more.
    pub(super) fn step(&mut self, connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
        if retention.history_max == 0 {
            *self = Self::default();
            return Ok(0);
        }
        let mut looks = 0;
        while self.shortened.is_none() && looks < LOOKS_PER_STEP {
            let Some(conversation) = self.due(retention.history_max) else { return Ok(looks) };
            looks += 1;
            let floor = floor(connection, conversation, retention.history_max)?;
            self.gained.remove(&conversation);
            self.shortened = (floor > 0).then_some((conversation, floor));
        }
        let Some((conversation, floor)) = self.shortened else { return Ok(looks) };
        let rows = shorten(connection, conversation, floor, retention)?;
        if rows < retention.rows_max {
            self.shortened = None;
        }
        Ok(rows.max(1))
    }

    /// One that has gained enough to be looked at.
    fn due(&self, history_max: usize) -> Option<Conversation> {
        let enough = (history_max / SHARE).max(GAIN_MIN);
        self.gained.iter().find(|(_, gained)| **gained >= enough).map(|(conversation, _)| *conversation)
    }
}

fn floor(connection: &Connection, conversation: Conversation, history_max: usize) -> rusqlite::Result<i64> {
    let Some(keys) = sides(conversation).next() else { return Ok(0) };
    history_floor(connection, keys, &[], history_max)
}

fn shorten(
    connection: &Connection,
    conversation: Conversation,
    floor: i64,
    retention: &Retention,
) -> rusqlite::Result<usize> {
    let keys: Vec<(i64, i64)> = sides(conversation).collect();
    let Some((owner, peer)) = keys.first().copied() else { return Ok(0) };
    let mut statement =
        connection.prepare_cached(include_str!("../../../sql/sqlite/retention/excess.sql"))?;
    let bounds = params![owner, peer, floor, int(retention.rows_max as u64)];
    let excess: Vec<i64> = statement.query_map(bounds, |row| row.get(0))?.collect::<Result<_, _>>()?;
    for seq in &excess {
        for (owner, peer) in &keys {
            delete_history(connection, (*owner, *peer), *seq)?;
        }
        let_go(connection, *seq, retention)?;
    }
    Ok(excess.len())
}
