//! Answers that are too long for one batch: the writer gives a piece of each, commits, serves others, and goes on.
//!
//! Whoever asked gets its receipt with the last piece, and its outcome is kept under its `Idempotency-Key` from then on. If
//! the process dies before, it has been promised nothing. If the disk refuses a piece, that piece waits with all that come
//! after it until the disk takes it: what was asked for is done since the first, and nobody may be told otherwise.

use std::collections::VecDeque;

use super::batch::{Desk, Draft, introducing, wire};
use super::inbox::Completion;
use super::writer::Writer;
use crate::command::{Reply, Style};
use crate::entry::Audience;
use crate::id::{ClientId, UserId};
use crate::protocol::message::Message;
use crate::reply::Context;
use crate::reply::answer::{Answer, PIECE_LINES, answer};
use crate::store::KeptOutcome;
use crate::world::User;

/// Answers that go on in one batch.
const PIECES_PER_BATCH: usize = 32;

/// To whom answers go, and how it wants them.
#[derive(Clone, Copy)]
pub(super) struct Recipient {
    pub(super) user: UserId,
    pub(super) client: ClientId,
    pub(super) style: Style,
    /// The device whose command they answer, if they answer one.
    pub(super) by: Option<ClientId>,
}

/// What is still to be answered of a request.
pub(super) struct Unfinished {
    pub(super) to: Recipient,
    pub(super) replies: VecDeque<Reply>,
    /// The receipt, which waits for the end.
    pub(super) completion: Completion,
    /// What is to be kept of it, likewise.
    pub(super) outcome: Option<KeptOutcome>,
}

impl Unfinished {
    /// Whether it answers what this client has asked for under this `Idempotency-Key`.
    pub(super) fn is_under(&self, client: ClientId, key: &str) -> bool {
        self.outcome.as_ref().is_some_and(|outcome| outcome.client == client && outcome.key == key)
    }
}

/// An answer of which a batch has a piece.
pub(super) struct Going {
    /// As it was before.
    pub(super) before: Unfinished,
    /// What is left to be answered after it.
    pub(super) left: VecDeque<Reply>,
}

impl Draft {
    /// Answers until a piece is full. Gives back what is left to be answered.
    pub(super) fn answer(
        &mut self,
        desk: &Desk<'_>,
        to: Recipient,
        mut replies: VecDeque<Reply>,
    ) -> VecDeque<Reply> {
        let Recipient { user, client, style, by } = to;
        let context = Context {
            server: desk.server,
            at: self.now.at,
            users_peak: desk.users_peak,
            unregistered: desk.unregistered,
            style,
            idle_s: desk.idle_s,
            is_secure: desk.is_secure,
            uptime_s: desk.uptime_s,
        };
        let mut lines = 0;
        while lines < PIECE_LINES {
            // Whoever has gone meanwhile hears nothing more.
            let Some(caller) = desk.world.user(user) else { return VecDeque::new() };
            let Some(reply) = replies.pop_front() else { break };
            let Answer { lines: said, then, effort } = answer(&reply, caller, desk.world, &context);
            lines += said.len() + effort;
            for line in &said {
                let source = source_of_answer(desk, caller, line);
                let wire = wire(desk, source, by).map(|wire| introducing(wire, source));
                self.tell(Audience::One(client), line, None, wire);
            }
            then.into_iter().rev().for_each(|next| replies.push_front(next));
        }
        replies
    }

    /// Tells the receipt with the commit, or, where there is more to answer, with the last piece of it.
    /// The outcome is kept then, too.
    pub(super) fn complete(&mut self, to: Recipient, completion: Completion, outcome: Option<KeptOutcome>) {
        let replies = std::mem::take(&mut self.left_to_answer);
        if replies.is_empty() {
            self.batch.outcomes.extend(outcome);
            self.completions.push(completion);
        } else {
            self.unfinished.push(Unfinished { to, replies, completion, outcome });
        }
    }
}

/// The caller, where a line of an answer is its own: JOIN, for a client that learns where it is.
fn source_of_answer<'a>(desk: &Desk<'_>, caller: &'a User, line: &Message) -> Option<&'a User> {
    (line.from != desk.server.name).then_some(caller)
}

impl Writer {
    /// Gives the next piece of each of the oldest unfinished answers.
    pub(super) fn go_on(&mut self, draft: &mut Draft) {
        if self.disk_rests_until_ms.is_some() {
            return;
        }
        for _ in 0..PIECES_PER_BATCH {
            let Some(before) = self.unfinished.pop_front() else { break };
            let to = before.to;
            let is_here = self.world.client(to.client).is_some();
            let replies = if is_here { before.replies.clone() } else { VecDeque::new() };
            let left = self.with_desk(|desk| draft.answer(desk, to, replies));
            if left.is_empty() && is_here {
                draft.batch.outcomes.extend(before.outcome.clone());
            }
            draft.going.push(Going { before, left });
        }
    }

    /// Takes note that pieces are durable. Gives the receipts of those that were the last.
    pub(super) fn went_on(&mut self, going: Vec<Going>) -> Vec<Completion> {
        let mut ended = Vec::new();
        for Going { before, left } in going {
            if left.is_empty() {
                ended.push(before.completion);
            } else {
                self.unfinished.push_back(Unfinished { replies: left, ..before });
            }
        }
        ended
    }

    /// Has pieces that are not durable given again, before any others.
    pub(super) fn go_back(&mut self, going: Vec<Going>) {
        going.into_iter().rev().for_each(|going| self.unfinished.push_front(going.before));
    }
}
