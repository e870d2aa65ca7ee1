//! What histories no longer show: found by counting now and then, and cleared away a few rows a step.
//!
//! What talks gain is counted in memory, and a talk is looked at when that is much. What was counted is lost with the process,
//! or when too many talks gain a little each; and less is to be shown where `MAX_HISTORY` was lowered. So there is a round over
//! all talks besides, a few a step: after the start, after such a change, and again when counts were lost meanwhile. Where it
//! is done and nothing is lost, counting is enough, and costs nothing while nobody speaks.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

use super::read::history_floor;
use super::tidy::{delete_history, let_go};
use super::{conversation, int, sides};
use crate::entry::{Conversation, Posted};
use crate::store::Retention;

macro_rules! sql {
    ($name:literal) => {
        include_str!(concat!("../../../sql/sqlite/retention/", $name, ".sql"))
    };
}

/// Conversations whose gain is counted: beyond them those that gained least are no longer.
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
    round: Round,
    /// Whether the next look is at a talk of the round, and not at one that has gained much: neither waits for the other.
    is_turn_of_round: bool,
}

/// A round over all talks that have a history.
#[derive(Default)]
struct Round {
    /// How much histories showed when it began.
    history_max: usize,
    /// The keys of the talk that it has come to; `None` when it is done.
    place: Option<(i64, i64)>,
    /// Whether another one is to follow.
    again: bool,
}

/// Before the keys of any talk.
const BEGINNING: (i64, i64) = (0, 0);

impl Round {
    /// Begins anew where another number of messages is to be shown than when it began.
    fn begin_if_due(&mut self, history_max: usize) {
        if self.history_max != history_max {
            *self = Self { history_max, place: Some(BEGINNING), again: false };
        }
    }

    /// From one talk to the next. A talk of two comes twice, once under each.
    fn next(&mut self, connection: &Connection) -> rusqlite::Result<Option<Conversation>> {
        if self.place.is_none() && std::mem::take(&mut self.again) {
            self.place = Some(BEGINNING);
        }
        let Some((owner, peer)) = self.place else { return Ok(None) };
        let mut statement = connection.prepare_cached(sql!("next_talk"))?;
        self.place = statement.query_row([owner, peer], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        Ok(self.place.map(conversation))
    }
}

impl Excess {
    /// Takes note of what was said.
    pub(super) fn gain(&mut self, entries: &[Posted]) {
        if self.gained.len() > CONVERSATIONS_MAX {
            self.lose_small_counts();
        }
        for conversation in entries.iter().filter_map(|posted| posted.entry.conversation) {
            *self.gained.entry(conversation).or_default() += 1;
        }
    }

    /// Makes room by half. What gains much is still counted, however many others gain a little; what is lost may add up, and is
    /// found by a round.
    fn lose_small_counts(&mut self) {
        let mut small = 1;
        while self.gained.len() > CONVERSATIONS_MAX / 2 {
            self.gained.retain(|_, gained| *gained > small);
            small *= 2;
        }
        self.round.again = true;
    }

    /// Clears away some of it, as far as it is filed: what is not, counts at the next look. Says for how much work that
    /// was, 0 where there is no more.
    pub(super) fn step(&mut self, connection: &Connection, retention: &Retention) -> rusqlite::Result<usize> {
        if retention.history_max == 0 {
            *self = Self::default();
            return Ok(0);
        }
        self.round.begin_if_due(retention.history_max);
        let mut looks = 0;
        while self.shortened.is_none() && looks < LOOKS_PER_STEP {
            let next = self.next(connection, retention.history_max)?;
            let Some(conversation) = next else { return Ok(looks) };
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

    /// The next one to be looked at.
    fn next(
        &mut self,
        connection: &Connection,
        history_max: usize,
    ) -> rusqlite::Result<Option<Conversation>> {
        self.is_turn_of_round = !self.is_turn_of_round;
        if !self.is_turn_of_round
            && let Some(due) = self.due(history_max)
        {
            return Ok(Some(due));
        }
        Ok(self.round.next(connection)?.or_else(|| self.due(history_max)))
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
    let mut statement = connection.prepare_cached(sql!("excess"))?;
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::super::{Location, SqliteStore};
    use super::*;
    use crate::entry::{Audience, Entry};
    use crate::id::{ChannelId, Seq};

    const BUSY: Conversation = Conversation::Channel(ChannelId::new(1));

    fn said(conversation: Conversation) -> Posted {
        let (at, line) = (Timestamp::UNIX_EPOCH, Vec::new().into());
        let conversation = Some(conversation);
        let entry = Entry { seq: Seq::ZERO, at, since_ms: 0, conversation, line, wire: None };
        Posted { audience: Audience::nobody(), entry: Arc::new(entry) }
    }

    /// Something is said in so many talks, once in each.
    fn gain_a_little(excess: &mut Excess, talks: std::ops::Range<u64>) {
        let said: Vec<Posted> =
            talks.map(|number| said(Conversation::Channel(ChannelId::new(2 + number)))).collect();
        said.chunks(100).for_each(|said| excess.gain(said));
    }

    #[test]
    fn a_busy_talk_is_counted_however_many_others_gain_a_little() {
        let mut excess = Excess::default();
        for number in 0..GAIN_MIN as u64 {
            excess.gain(&[said(BUSY)]);
            gain_a_little(&mut excess, number * 400..(number + 1) * 400);
        }
        assert_eq!(excess.due(10), Some(BUSY));
        assert!(excess.gained.len() <= CONVERSATIONS_MAX + 100, "{}", excess.gained.len());
    }

    #[test]
    fn counts_that_are_lost_are_made_up_for_by_a_round() {
        let store = SqliteStore::open(&Location::Memory).unwrap();
        let connection = &store.connection;
        let retention = Retention {
            queues_need: Seq::new(u64::MAX),
            history_max: 10,
            outcomes_since: Timestamp::MIN,
            now: Timestamp::MIN,
            rows_max: 64,
        };
        let file = |places: std::ops::Range<i64>| {
            for seq in places {
                let sql = include_str!("../../../sql/sqlite/filing/file.sql");
                connection.execute(sql, params![1, 0, seq]).unwrap();
            }
        };
        let has_excess = || floor(connection, BUSY, 10).unwrap() > 0;
        let mut excess = Excess::default();
        let clear_away = |excess: &mut Excess| while excess.step(connection, &retention).unwrap() > 0 {};
        file(1..100);
        clear_away(&mut excess);
        assert!(!has_excess());
        file(100..120);
        clear_away(&mut excess);
        assert!(has_excess(), "without a round nobody looks");
        gain_a_little(&mut excess, 0..CONVERSATIONS_MAX as u64 + 101);
        clear_away(&mut excess);
        assert!(!has_excess());
    }
}
