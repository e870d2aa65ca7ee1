//! The one writer: takes what is waiting, decides it in order, commits it once, then tells.
//!
//! It runs on a thread of its own. Nothing here is asynchronous, and nothing that it decided is told before
//! the commit that makes it durable. When a commit fails, everything since the last one is thrown away with
//! the world itself, which is loaded again from disk.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use tokio::sync::oneshot;

use super::batch::{Desk, Draft};
use super::clock::Clock;
use super::housekeeping::Housekeeping;
use super::inbox::{Completion, Glance, RegisterError, Registered, Request, Response, SubmitError};
use super::settings::EngineSettings;
use super::stats::Stats;
use crate::command::logout::Logout;
use crate::command::registration::Registration;
use crate::command::{Decision, Reply, Wish};
use crate::delivery::{Delivery, Settled};
use crate::id::{ClientId, Seq, UserId};
use crate::reply::ServerInfo;
use crate::store::{KeptOutcome, Store, StoreError};
use crate::world::{Event, Verb, World};

/// Requests that one commit takes at most: enough to make a commit cheap for each, few enough that the first
/// of them does not wait for long.
const REQUESTS_PER_BATCH: usize = 1_024;
/// Log entries past which a batch takes no further request, for the same cause.
const ENTRIES_PER_BATCH: usize = 8_192;
/// How long the writer waits after a failed commit before it tries the disk again.
const RETRY_AFTER_MS: u64 = 1_000;
/// How long an outcome is repeated under its `Idempotency-Key`.
pub(super) const OUTCOME_KEPT: Duration = Duration::from_mins(10);

/// The writer and all that it owns.
pub(super) struct Writer {
    pub(super) world: World,
    pub(super) store: Box<dyn Store>,
    pub(super) delivery: Delivery,
    pub(super) server: Arc<ServerInfo>,
    pub(super) settings: EngineSettings,
    pub(super) clock: Clock,
    pub(super) inbox: Receiver<Request>,
    pub(super) next_seq: Seq,
    /// The number that the next user, client or channel gets, as the disk has it.
    pub(super) saved_next_id: u64,
    pub(super) stats: Arc<Stats>,
    /// The rest of a block for the texts of messages.
    pub(super) texts: BytesMut,
    /// When each user last said something, in milliseconds of the monotonic clock.
    pub(super) spoke_ms: HashMap<UserId, u64>,
    pub(super) housekeeping: Housekeeping,
    /// Until when the disk is given a rest after it refused, in milliseconds of the monotonic clock.
    pub(super) disk_rests_until_ms: Option<u64>,
    /// Whether the world equals the disk; not so from a failed commit until it is loaded again.
    pub(super) world_is_whole: bool,
}

impl Writer {
    /// Works until it is told to stop.
    pub(super) fn run(mut self) {
        loop {
            let wait = self.housekeeping_wait();
            let texts = std::mem::take(&mut self.texts);
            let mut draft = Draft::new(self.next_seq, self.clock.now()).with_texts(texts);
            let stop = match self.inbox.recv_timeout(wait) {
                Ok(first) => self.take(first, &mut draft),
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            self.keep_house(&mut draft);
            self.texts = draft.take_texts();
            self.finish(draft);
            if stop {
                self.save_last_requests();
                return;
            }
        }
    }

    /// Takes the first request and all that wait behind it. Says whether the end has come.
    fn take(&mut self, first: Request, draft: &mut Draft) -> bool {
        draft.now = self.clock.now();
        let mut next = Some(first);
        for _ in 0..REQUESTS_PER_BATCH {
            let Some(request) = next.take().or_else(|| self.inbox.try_recv().ok()) else { break };
            if matches!(request, Request::Stop) {
                return true;
            }
            self.handle(request, draft);
            if draft.batch.entries.len() >= ENTRIES_PER_BATCH {
                break;
            }
        }
        false
    }

    fn handle(&mut self, request: Request, draft: &mut Draft) {
        // While the disk rests there is still much to be seen, but only in a world that equals the disk.
        let can_be_seen = self.world_is_whole && matches!(request, Request::View(_));
        if self.disk_rests_until_ms.is_some() && !can_be_seen {
            return refuse_for_now(request);
        }
        match request {
            Request::Commands { user, client, wish, key, answer } => {
                let response = self.commands(draft, user, client, wish, key);
                draft.completions.push(Completion::Commands(answer, response));
            }
            Request::Register { registration, answer } => self.register(draft, *registration, answer),
            Request::ChannelState { user, client, answer } => {
                let decision = Decision::answer(Reply::ChannelState);
                self.with_desk(|desk| draft.carry_out(desk, user, client, decision, true));
                draft.completions.push(Completion::Done(answer));
            }
            Request::Logout { client, answer } => {
                self.log_out(draft, client, "Logged out");
                draft.completions.push(Completion::Done(answer));
            }
            Request::Hostname { user, hostname } => {
                if self.world.user(user).is_some() {
                    let event = Event::HostnameResolved { user, hostname };
                    self.with_desk(|desk| draft.apply(desk, vec![event]));
                }
            }
            Request::View(look) => {
                let tell = look(&Glance { world: &self.world, delivery: &self.delivery });
                draft.completions.push(Completion::View(tell));
            }
            Request::Stop => {}
        }
    }

    fn commands(
        &mut self,
        draft: &mut Draft,
        user: UserId,
        client: ClientId,
        wish: Wish,
        key: Option<String>,
    ) -> Result<Response, SubmitError> {
        if self.world.client(client).is_none() {
            return Err(SubmitError::Gone);
        }
        if let Some(key) = &key
            && let Some(json) = self.outcome(draft, client, key)?
        {
            return Ok(Response { json, ended: false });
        }
        let (json, ended) = self.with_desk(|desk| draft.decide(desk, user, client, wish));
        if let Some(key) = key.filter(|_| !ended) {
            let at = self.clock.running();
            draft.batch.outcomes.push(KeptOutcome { client, key, response: json.clone(), at });
        }
        Ok(Response { json, ended })
    }

    /// What the same request was answered before: in this batch, or on disk.
    fn outcome(&mut self, draft: &Draft, client: ClientId, key: &str) -> Result<Option<String>, SubmitError> {
        let same = |kept: &&KeptOutcome| kept.client == client && kept.key == key;
        if let Some(kept) = draft.batch.outcomes.iter().find(same) {
            return Ok(Some(kept.response.clone()));
        }
        let now = self.clock.running();
        let since = now.checked_sub(OUTCOME_KEPT).unwrap_or(now);
        self.store.outcome(client, key, since).map_err(|error| {
            tracing::error!(%error, "cannot look up an idempotency key");
            SubmitError::Unavailable
        })
    }

    fn register(
        &mut self,
        draft: &mut Draft,
        registration: Registration,
        answer: oneshot::Sender<Result<Registered, RegisterError>>,
    ) {
        let nick = registration.nick.to_string();
        let result = match registration.decide(&self.world, draft.now.at) {
            Err(_) => Err(RegisterError::NicknameInUse),
            Ok(mut decision) => {
                let replies = std::mem::take(&mut decision.replies);
                self.with_desk(|desk| draft.apply(desk, decision.events));
                let newest = draft.batch.events.last();
                if let Some(&Event::ClientAdded { client, user, .. }) = newest {
                    let welcome = Decision { replies, ..Decision::nothing() };
                    self.with_desk(|desk| draft.carry_out(desk, user, client, welcome, true));
                    Ok(Registered { user, nick })
                } else {
                    Err(SubmitError::Gone.into())
                }
            }
        };
        draft.completions.push(Completion::Register(answer, result));
    }

    pub(super) fn log_out(&mut self, draft: &mut Draft, client: ClientId, reason: &'static str) {
        let decision = Logout { client, reason }.decide(&self.world);
        self.with_desk(|desk| draft.apply(desk, decision.events));
    }

    fn with_desk<T>(&mut self, work: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let (clock, spoke_ms) = (self.clock, &self.spoke_ms);
        let idle_ms = move |user| match spoke_ms.get(&user) {
            Some(spoke) => clock.ms().saturating_sub(*spoke),
            None => clock.uptime_ms(),
        };
        let idle_s = move |user| idle_ms(user) / 1_000;
        let users_peak = self.stats.users_peak.load(Relaxed);
        let mut desk = Desk { world: &mut self.world, server: &self.server, users_peak, idle_s: &idle_s };
        work(&mut desk)
    }

    /// Commits, publishes, answers: in this order.
    fn finish(&mut self, mut draft: Draft) {
        let next_id = self.world.next_id();
        draft.batch.next_id = (next_id != self.saved_next_id).then_some(next_id);
        // While the disk rests nothing is decided, and what a world that is not whole says of itself is not so.
        if draft.batch.is_empty() || self.disk_rests_until_ms.is_some() {
            return draft.completions.into_iter().for_each(Completion::tell);
        }
        self.note_running_time(&mut draft.batch);
        let begun = Instant::now();
        match self.store.commit(&draft.batch) {
            Ok(settled) => {
                self.stats.committed(begun.elapsed(), draft.completions.len());
                self.publish(&draft, &settled);
                draft.completions.into_iter().for_each(Completion::tell);
            }
            Err(error) => {
                self.rest_disk();
                draft.completions.into_iter().for_each(Completion::fail);
                self.give_up_batch(&error);
            }
        }
    }

    /// Brings what is durable now to the queues. Those who came are known before anything is said to them;
    /// those who went are closed after.
    fn publish(&mut self, draft: &Draft, settled: &[Settled]) {
        let now_ms = draft.now.ms;
        self.next_seq = draft.next_seq;
        self.saved_next_id = draft.batch.next_id.unwrap_or(self.saved_next_id);
        for event in &draft.batch.events {
            match event {
                Event::ClientAdded { client, user, token, .. } => {
                    self.delivery.open(*client, *user, *token, &Settled::new(*client), now_ms);
                }
                Event::SessionOpened { user, .. } => {
                    self.stats.sessions.fetch_add(1, Relaxed);
                    self.spoke_ms.insert(*user, now_ms);
                }
                Event::Said { by, verb: Verb::Privmsg | Verb::Notice, .. } => {
                    self.spoke_ms.insert(*by, now_ms);
                }
                Event::SessionEnded { user, .. } => {
                    self.spoke_ms.remove(user);
                }
                _ => {}
            }
        }
        self.delivery.settled(settled, draft.batch.checkpoint, now_ms);
        self.delivery.publish(&draft.batch.entries, now_ms);
        for event in &draft.batch.events {
            if let Event::ClientRemoved { client, token } = event {
                self.delivery.close(*client, token);
            }
        }
        self.housekeeping.note_saved(&draft.batch, now_ms);
        draft.count(&self.stats);
        self.stats.users_peak.fetch_max(self.world.users().len(), Relaxed);
        self.stats.ready.store(true, Relaxed);
    }

    /// Nothing of the batch is durable: the world that it changed is thrown away, never patched.
    fn give_up_batch(&mut self, error: &StoreError) {
        self.stats.commit_failures.fetch_add(1, Relaxed);
        tracing::error!(%error, "a commit failed; nothing of it was done, and the world is loaded again");
        self.delivery.unsettled();
        self.housekeeping.forget_sweep();
        self.world_is_whole = false;
        self.reload();
    }

    fn rest_disk(&mut self) {
        self.stats.ready.store(false, Relaxed);
        self.disk_rests_until_ms = Some(self.clock.ms() + RETRY_AFTER_MS);
    }

    fn reload(&mut self) {
        match self.store.load_world() {
            Ok((world, next_seq)) => {
                self.saved_next_id = world.next_id();
                self.world = world;
                self.next_seq = next_seq;
                self.world_is_whole = true;
            }
            Err(error) => {
                tracing::error!(%error, "the world cannot be loaded");
            }
        }
    }

    /// After a rest, tries whether the disk takes writes again.
    pub(super) fn try_disk(&mut self) {
        let due = self.disk_rests_until_ms.is_some_and(|until| self.clock.ms() >= until);
        if !due {
            return;
        }
        self.reload();
        if !self.world_is_whole {
            return self.rest_disk();
        }
        let probe = crate::store::Batch { next_id: Some(self.world.next_id()), ..Default::default() };
        match self.store.commit(&probe) {
            Ok(_) => {
                tracing::info!("the disk takes writes again");
                self.disk_rests_until_ms = None;
                self.stats.ready.store(true, Relaxed);
            }
            Err(error) => {
                tracing::warn!(%error, "the disk still refuses");
                self.rest_disk();
            }
        }
    }
}

/// Answers a request while the disk rests.
fn refuse_for_now(request: Request) {
    match request {
        Request::Commands { answer, .. } => drop(answer.send(Err(SubmitError::Unavailable))),
        Request::Register { answer, .. } => drop(answer.send(Err(SubmitError::Unavailable.into()))),
        Request::ChannelState { answer, .. } | Request::Logout { answer, .. } => {
            let _ = answer.send(Err(SubmitError::Unavailable));
        }
        Request::Hostname { .. } | Request::View(_) | Request::Stop => {}
    }
}
