//! A batch in the making: decisions are applied to the world and turned into log entries.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use bytes::BytesMut;
use jiff::Timestamp;
use uuid::Uuid;

use super::inbox::Completion;
use super::stats::Stats;
use super::unfinished::{Going, Recipient, Unfinished};
use crate::command::{Caller, Command, Decision, Order, Outcome, Reply, Style, Wish};
use crate::delivery::sweep::{Collected, Now};
use crate::entry::{Audience, Conversation, Entry, Posted, Wire, message_id};
use crate::id::{ClientId, Seq, UserId};
use crate::protocol::message::{Message, time_text};
use crate::protocol::stamp::StampHash;
use crate::reply::ServerInfo;
use crate::reply::announce::{announce, conversation, source};
use crate::reply::aside::{Aside, asides};
use crate::reply::presence::heralds;
use crate::reply::receipt::{Receipt, response};
use crate::reply::refuse::refuse;
use crate::store::Batch;
use crate::world::{Event, Refusal, User, Verb, World};

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
    /// The time that was last written into a message, with its text.
    written_at: (Timestamp, String),
    /// Room for the texts of messages. They lie one behind the other in blocks, which come and go as wholes.
    texts: BytesMut,
    /// Messages said, for the count since the start.
    pub(super) said: u64,
    /// The numerics of refusals, for the same.
    pub(super) refused: Vec<&'static str>,
    /// What is left to be answered of the request that is being decided.
    pub(super) left_to_answer: VecDeque<Reply>,
    /// Answers that begin in this batch and go on in a later one.
    pub(super) unfinished: Vec<Unfinished>,
    /// Those that go on in this one.
    pub(super) going: Vec<Going>,
    /// Stamps that are spent in this batch.
    pub(super) spent: HashSet<StampHash>,
    /// What operators of the server ask of the process.
    pub(super) orders: Vec<Order>,
}

/// What decisions are made with, apart from the draft.
pub(super) struct Desk<'a> {
    pub(super) world: &'a mut World,
    pub(super) server: &'a ServerInfo,
    pub(super) users_peak: usize,
    pub(super) unregistered: usize,
    pub(super) idle_s: &'a dyn Fn(UserId) -> u64,
    pub(super) is_secure: &'a dyn Fn(ClientId) -> bool,
    pub(super) uptime_s: u64,
}

/// Who asks for something, with what is known of it besides.
#[derive(Clone, Copy)]
pub(super) struct Asker {
    pub(super) user: UserId,
    pub(super) client: ClientId,
    /// How it wants its answers.
    pub(super) style: Style,
    /// Whether a refusal stands in the receipt alone.
    pub(super) quiet: bool,
    /// The stamp that came with the request, and whether the store has it among those that were spent.
    pub(super) stamp: Option<StampHash>,
    pub(super) stamp_is_spent: bool,
    /// Whether it has tried OPER too often lately.
    pub(super) must_wait_for_oper: bool,
    /// The device whose command is answered: this one; none where it has given no command.
    pub(super) by: Option<ClientId>,
}

impl Asker {
    /// Somebody who is answered and decides nothing.
    pub(super) const fn new(user: UserId, client: ClientId) -> Self {
        let style = Style {
            multi_prefix: false,
            userhost_in_names: false,
            no_implicit_names: false,
            read_marker: false,
        };
        let (quiet, stamp_is_spent, must_wait_for_oper, by) = (false, false, false, Some(client));
        Self { user, client, style, quiet, stamp: None, stamp_is_spent, must_wait_for_oper, by }
    }

    /// To whom answers go, and how.
    pub(super) const fn recipient(&self) -> Recipient {
        let Self { user, client, style, by, .. } = *self;
        Recipient { user, client, style, by }
    }
}

impl Draft {
    pub(super) fn new(next_seq: Seq, now: Now) -> Self {
        let texts = BytesMut::new();
        Self {
            batch: Batch::default(),
            completions: Vec::new(),
            next_seq,
            now,
            written_at: (Timestamp::MIN, String::new()),
            texts,
            said: 0,
            refused: Vec::new(),
            left_to_answer: VecDeque::new(),
            unfinished: Vec::new(),
            going: Vec::new(),
            spent: HashSet::new(),
            orders: Vec::new(),
        }
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
    pub(super) fn decide(&mut self, desk: &mut Desk<'_>, asker: Asker, wish: Wish) -> (String, bool) {
        let commands = match wish.commands {
            Ok(commands) => commands,
            Err(refusal) => return (response(&[self.refuse(desk, asker, &refusal)]), false),
        };
        let mut ended = false;
        let mut receipts = Vec::with_capacity(commands.len());
        for command in commands {
            let (receipt, quit) = self.decide_one(desk, asker, command);
            receipts.push(receipt);
            ended |= quit;
        }
        (response(&receipts), ended)
    }

    fn decide_one(&mut self, desk: &mut Desk<'_>, asker: Asker, command: Command) -> (Receipt, bool) {
        let caller = Caller {
            user: asker.user,
            client: asker.client,
            at: self.now.at,
            running: self.now.running,
            rules: &desk.server.rules,
            stamp_is_spent: asker.stamp_is_spent
                || asker.stamp.is_some_and(|stamp| self.spent.contains(&stamp)),
            must_wait_for_oper: asker.must_wait_for_oper,
        };
        match command.decide(desk.world, &caller) {
            Ok(decision) => self.carry_out(desk, asker, decision),
            Err(refusal) => (self.refuse(desk, asker, &refusal), false),
        }
    }

    /// Makes a decision so: facts first, then what was refused of it, then answers.
    pub(super) fn carry_out(
        &mut self,
        desk: &mut Desk<'_>,
        asker: Asker,
        decision: Decision,
    ) -> (Receipt, bool) {
        let said = self.apply(desk, Some(asker.client), decision.events);
        self.orders.extend(decision.order);
        let mut refused = None;
        for refusal in &decision.refusals {
            let receipt = self.refuse(desk, asker, refusal);
            refused.get_or_insert(receipt);
        }
        let left = self.answer(desk, asker.recipient(), decision.replies.into());
        self.left_to_answer.extend(left);
        let ended = decision.outcome == Outcome::Quit;
        let receipt = match (refused, said) {
            (Some(refused), _) => refused,
            (None, Some((id, seq))) => Receipt::sent(id, seq),
            (None, None) => Receipt::granted(&desk.server.name, decision.outcome),
        };
        (receipt, ended)
    }

    /// Applies facts to the world and tells their witnesses; `by` is the device that asked for them. Gives id and
    /// place of what was said, if anything was.
    pub(super) fn apply(
        &mut self,
        desk: &mut Desk<'_>,
        by: Option<ClientId>,
        events: Vec<Event>,
    ) -> Option<(Uuid, Seq)> {
        let mut said = None;
        for event in events {
            let line = announce(desk.world, &event);
            let source = source(desk.world, &event);
            let wire = wire(desk, source, by)
                .map(|wire| introducing(wire, source.filter(|_| matches!(event, Event::Joined { .. }))));
            let has_connections = desk.world.tally().connections > 0;
            let asides = if has_connections { asides(desk.world, &event) } else { Vec::new() };
            let heralds = heralds(desk.world, &event, desk.server);
            let witnesses = desk.world.apply(&event);
            if let Some(line) = line {
                let place = self.tell(witnesses, &line, conversation(&event), wire.clone());
                if let Event::Said { .. } | Event::HookSpoke { .. } = &event {
                    let is_tags_alone = matches!(event, Event::Said { verb: Verb::Tagmsg, .. });
                    self.said += u64::from(!is_tags_alone);
                    said = place;
                }
            }
            for Aside { audience, line, is_for_watchers } in asides {
                let wire = wire.as_deref().map(|wire| Arc::new(wire.again(is_for_watchers)));
                self.tell(audience, &line, None, wire);
            }
            for (watcher, line) in heralds {
                self.tell(desk.world.clients_of(watcher), &line, None, self::wire(desk, None, by));
            }
            if let Event::StampSpent { stamp, .. } = &event {
                self.spent.insert(*stamp);
            }
            self.batch.events.push(event);
        }
        said
    }

    /// Gives a message its place. One that nobody hears has none.
    pub(super) fn tell(
        &mut self,
        audience: Audience,
        message: &Message,
        conversation: Option<Conversation>,
        wire: Option<Arc<Wire>>,
    ) -> Option<(Uuid, Seq)> {
        // What was said to those who stay without a device is theirs to read later.
        if audience.clients().is_empty() && conversation.is_none() {
            return None;
        }
        let (seq, Now { at, ms: since_ms, .. }) = (self.next_seq, self.now);
        self.next_seq = seq.next();
        let id = message_id(at, seq, rand::random());
        if self.texts.capacity() - self.texts.len() < TEXT_ROOM_BYTES {
            self.texts = BytesMut::with_capacity(TEXT_BLOCK_BYTES);
        }
        if self.written_at.0 != at {
            self.written_at = (at, time_text(at));
        }
        message.write_json(&mut self.texts, id, seq, &self.written_at.1);
        let line = self.texts.split().freeze();
        let entry = Arc::new(Entry { seq, at, since_ms, conversation, line, wire });
        self.batch.entries.push(Posted { audience, entry });
        Some((id, seq))
    }

    fn refuse(&mut self, desk: &Desk<'_>, asker: Asker, refusal: &Refusal) -> Receipt {
        if !asker.quiet
            && let Some(caller) = desk.world.user(asker.user)
        {
            let line = refuse(desk.server, caller.nick.as_str(), refusal);
            self.tell(Audience::One(asker.client), &line, None, wire(desk, None, Some(asker.client)));
        }
        let receipt = Receipt::refused(refusal);
        self.refused.extend(receipt.numeric());
        receipt
    }
}

/// What connections need of an entry, those of a later time too, who read what people said; nothing where the server
/// speaks to nobody of them.
pub(super) fn wire(desk: &Desk<'_>, source: Option<&User>, by: Option<ClientId>) -> Option<Arc<Wire>> {
    let is_awaited = desk.world.tally().connections > 0;
    if !is_awaited && source.is_none() {
        return None;
    }
    let is_bot = source.is_some_and(|user| user.modes.bot);
    let account = source.and_then(|user| desk.world.account_of(user.id));
    let account = account.map(|account| account.name.as_str().into());
    let source = source.map(|user| user.hostmask().into_boxed_str());
    Some(Arc::new(Wire { source, account, is_bot, by, is_awaited, ..Wire::default() }))
}

/// The same with what is told besides of somebody who comes into a channel, to those who asked for it.
pub(super) fn introducing(mut wire: Arc<Wire>, who: Option<&User>) -> Arc<Wire> {
    // It has just been made, and nobody else has it.
    if let (Some(who), Some(wire)) = (who, Arc::get_mut(&mut wire)) {
        wire.realname = Some(who.realname.as_str().into());
    }
    wire
}
