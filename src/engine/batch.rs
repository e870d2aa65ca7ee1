//! A batch in the making: decisions are applied to the world and turned into log entries.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::BytesMut;
use uuid::Uuid;

use super::inbox::Completion;
use super::stats::Stats;
use crate::command::{Caller, Command, Decision, Outcome, Wish};
use crate::delivery::sweep::{Collected, Now};
use crate::entry::{Audience, Conversation, Entry, Posted, message_id};
use crate::id::{ClientId, Seq, UserId};
use crate::protocol::message::Message;
use crate::reply::announce::{announce, conversation};
use crate::reply::answer::answer;
use crate::reply::receipt::{Receipt, response};
use crate::reply::refuse::refuse;
use crate::reply::{Context, ServerInfo};
use crate::store::Batch;
use crate::world::{Event, Refusal, World};

/// Size of a block of texts: some two hundred messages.
const TEXT_BLOCK_BYTES: usize = 64 * 1024;
/// A new block is begun when there is less room than this: a message that is longer still makes room for itself.
const TEXT_ROOM_BYTES: usize = 1_024;

/// What has been decided since the last commit, and the answers that wait for the next.
pub(super) struct Draft {
    pub(super) batch: Batch,
    pub(super) completions: Vec<Completion>,
    pub(super) next_seq: Seq,
    pub(super) now: Now,
    /// Room for the texts of messages. They lie one behind the other in blocks, which come and go as wholes.
    texts: BytesMut,
    /// Messages said, for the count since the start.
    pub(super) said: u64,
    /// The numerics of refusals, for the same.
    pub(super) refused: Vec<&'static str>,
}

/// What decisions are made with, apart from the draft.
pub(super) struct Desk<'a> {
    pub(super) world: &'a mut World,
    pub(super) server: &'a ServerInfo,
    pub(super) users_peak: usize,
    pub(super) idle_s: &'a dyn Fn(UserId) -> u64,
}

impl Draft {
    pub(super) fn new(next_seq: Seq, now: Now) -> Self {
        let (batch, completions, texts) = (Batch::default(), Vec::new(), BytesMut::new());
        Self { batch, completions, next_seq, now, texts, said: 0, refused: Vec::new() }
    }

    /// Adds what queues have for the disk.
    pub(super) fn settle(&mut self, collected: Collected) {
        self.batch.settlements.extend(collected.settlements);
        self.batch.held.extend(collected.held);
        self.batch.checkpoint = collected.checkpoint.or(self.batch.checkpoint);
    }

    /// Counts what is durable now.
    pub(super) fn count(&self, stats: &Stats) {
        let heard = self.batch.entries.iter().map(|posted| posted.audience.clients().len() as u64);
        stats.deliveries.fetch_add(heard.sum(), Relaxed);
        stats.entries.fetch_add(self.batch.entries.len() as u64, Relaxed);
        stats.messages.fetch_add(self.said, Relaxed);
        self.refused.iter().for_each(|numeric| stats.refused(numeric));
    }

    /// Uses the rest of a block of texts.
    pub(super) fn with_texts(mut self, texts: BytesMut) -> Self {
        self.texts = texts;
        self
    }

    /// What is left of the block of texts.
    pub(super) fn take_texts(&mut self) -> BytesMut {
        std::mem::take(&mut self.texts)
    }

    /// Decides the commands of one request, in order. Gives the JSON of the response and whether the session
    /// ended.
    pub(super) fn decide(
        &mut self,
        desk: &mut Desk<'_>,
        user: UserId,
        client: ClientId,
        wish: Wish,
    ) -> (String, bool) {
        let quiet = wish.quiet;
        let commands = match wish.commands {
            Ok(commands) => commands,
            Err(refusal) => return (response(&[self.refuse(desk, user, client, &refusal, quiet)]), false),
        };
        let mut ended = false;
        let mut receipts = Vec::with_capacity(commands.len());
        for command in commands {
            let (receipt, quit) = self.decide_one(desk, user, client, command, quiet);
            receipts.push(receipt);
            ended |= quit;
        }
        (response(&receipts), ended)
    }

    fn decide_one(
        &mut self,
        desk: &mut Desk<'_>,
        user: UserId,
        client: ClientId,
        command: Command,
        quiet: bool,
    ) -> (Receipt, bool) {
        let caller = Caller { user, client, at: self.now.at, channels_max: desk.server.channels_max };
        match command.decide(desk.world, &caller) {
            Ok(decision) => self.carry_out(desk, user, client, decision, quiet),
            Err(refusal) => (self.refuse(desk, user, client, &refusal, quiet), false),
        }
    }

    /// Makes a decision so: facts first, then what was refused of it, then answers.
    pub(super) fn carry_out(
        &mut self,
        desk: &mut Desk<'_>,
        user: UserId,
        client: ClientId,
        decision: Decision,
        quiet: bool,
    ) -> (Receipt, bool) {
        let said = self.apply(desk, decision.events);
        let mut refused = None;
        for refusal in &decision.refusals {
            let receipt = self.refuse(desk, user, client, refusal, quiet);
            refused.get_or_insert(receipt);
        }
        if let Some(caller) = desk.world.user(user) {
            let context = Context {
                server: desk.server,
                at: self.now.at,
                users_peak: desk.users_peak,
                idle_s: desk.idle_s,
            };
            let lines = decision.replies.iter().flat_map(|reply| answer(reply, caller, desk.world, &context));
            for line in lines.collect::<Vec<_>>() {
                self.tell(Audience::One(client), &line, None);
            }
        }
        let ended = decision.outcome == Outcome::Quit;
        let receipt = match (refused, said) {
            (Some(refused), _) => refused,
            (None, Some((id, seq))) => Receipt::sent(id, seq),
            (None, None) => Receipt::granted(&desk.server.name, decision.outcome),
        };
        (receipt, ended)
    }

    /// Applies facts to the world and tells their witnesses. Gives id and place of what was said, if
    /// anything was.
    pub(super) fn apply(&mut self, desk: &mut Desk<'_>, events: Vec<Event>) -> Option<(Uuid, Seq)> {
        let mut said = None;
        for event in events {
            let line = announce(desk.world, &event);
            let witnesses = desk.world.apply(&event);
            let conversation = conversation(&event);
            if let Some(line) = line {
                let place = self.tell(witnesses, &line, conversation);
                if conversation.is_some() {
                    self.said += 1;
                    said = place;
                }
            }
            self.batch.events.push(event);
        }
        said
    }

    /// Gives a message its place. One that nobody hears has none.
    fn tell(
        &mut self,
        audience: Audience,
        message: &Message,
        conversation: Option<Conversation>,
    ) -> Option<(Uuid, Seq)> {
        if audience.clients().is_empty() {
            return None;
        }
        let (seq, Now { at, ms: since_ms }) = (self.next_seq, self.now);
        self.next_seq = seq.next();
        let id = message_id(at, seq, rand::random());
        if self.texts.capacity() - self.texts.len() < TEXT_ROOM_BYTES {
            self.texts = BytesMut::with_capacity(TEXT_BLOCK_BYTES);
        }
        message.write_json(&mut self.texts, id, seq, at);
        let line = self.texts.split().freeze();
        let entry = Arc::new(Entry { seq, at, since_ms, conversation, line });
        self.batch.entries.push(Posted { audience, entry });
        Some((id, seq))
    }

    fn refuse(
        &mut self,
        desk: &Desk<'_>,
        user: UserId,
        client: ClientId,
        refusal: &Refusal,
        quiet: bool,
    ) -> Receipt {
        if !quiet && let Some(caller) = desk.world.user(user) {
            let line = refuse(desk.server, caller.nick.as_str(), refusal);
            self.tell(Audience::One(client), &line, None);
        }
        let receipt = Receipt::refused(refusal);
        self.refused.extend(receipt.numeric());
        receipt
    }
}
