//! Answers that are too long for one batch: the writer gives a piece of each, commits, serves others, and goes on.
//!
//! Whoever asked gets its receipt with the last piece. If the process dies before, it has been promised nothing.

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
use crate::world::User;

/// Answers that go on in one batch.
const PIECES_PER_BATCH: usize = 32;

/// What is still to be answered of a request.
pub(super) struct Unfinished {
    pub(super) user: UserId,
    pub(super) client: ClientId,
    pub(super) style: Style,
    pub(super) replies: VecDeque<Reply>,
    /// The receipt, which waits for the end.
    pub(super) completion: Completion,
}

impl Draft {
    /// Answers until a piece is full. Gives back what is left to be answered.
    pub(super) fn answer(
        &mut self,
        desk: &Desk<'_>,
        user: UserId,
        client: ClientId,
        style: Style,
        mut replies: VecDeque<Reply>,
    ) -> VecDeque<Reply> {
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
            let Answer { lines: said, then } = answer(&reply, caller, desk.world, &context);
            lines += said.len();
            for line in &said {
                let source = source_of_answer(desk, caller, line);
                let wire = wire(desk, source, Some(client)).map(|wire| introducing(wire, source));
                self.tell(Audience::One(client), line, None, wire);
            }
            then.into_iter().rev().for_each(|next| replies.push_front(next));
        }
        replies
    }

    /// Tells the receipt with the commit, or, where there is more to answer, with the last piece of it.
    pub(super) fn complete(&mut self, user: UserId, client: ClientId, style: Style, completion: Completion) {
        let replies = std::mem::take(&mut self.left_to_answer);
        if replies.is_empty() {
            self.completions.push(completion);
        } else {
            self.unfinished.push(Unfinished { user, client, style, replies, completion });
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
            let Some(Unfinished { user, client, style, replies, completion }) = self.unfinished.pop_front()
            else {
                break;
            };
            let is_here = self.world.client(client).is_some();
            let replies = if is_here { replies } else { VecDeque::new() };
            draft.left_to_answer = self.with_desk(|desk| draft.answer(desk, user, client, style, replies));
            draft.complete(user, client, style, completion);
        }
    }
}
