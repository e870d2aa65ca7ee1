//! The one writer: takes what is waiting, decides it in order, commits it once, then tells.
//!
//! It runs on a thread of its own. Nothing here is asynchronous, and nothing that it decided is told before
//! the commit that makes it durable. When a commit fails, everything since the last one is thrown away with
//! the world itself, which is loaded again from disk.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::BytesMut;
use tokio::sync::watch;

use super::Orders;
use super::attempts::Attempts;
use super::batch::{Asker, Desk, Draft};
use super::clock::Clock;
use super::housekeeping::Housekeeping;
use super::inbox::{Completion, Glance, Request, Response, SubmitError};
use super::precedence::Precedence;
use super::settings::EngineSettings;
use super::stats::{RateLimit, Stats};
use super::unfinished::Unfinished;
use crate::command::{Decision, Reply, Wish};
use crate::delivery::Delivery;
use crate::id::{ClientId, IdMap, Seq, UserId};
use crate::reply::ServerInfo;
use crate::store::{KeptOutcome, Store, StoreError};
use crate::world::{Event, World};

/// Requests that one commit takes at most: enough to make a commit cheap for each, few enough that the first
/// of them does not wait for long.
const REQUESTS_PER_BATCH: usize = 1_024;
/// Log entries past which a batch takes no further request, for the same cause.
const ENTRIES_PER_BATCH: usize = 8_192;
/// How long an outcome is repeated under its `Idempotency-Key`.
pub(super) const OUTCOME_KEPT: Duration = Duration::from_mins(10);

/// The writer and all that it owns.
pub(super) struct Writer {
    pub(super) world: World,
    pub(super) store: Box<dyn Store>,
    pub(super) delivery: Delivery,
    pub(super) server: Arc<ArcSwap<ServerInfo>>,
    pub(super) settings: EngineSettings,
    pub(super) clock: Clock,
    pub(super) inbox: Receiver<Request>,
    pub(super) precedence: Precedence,
    pub(super) next_seq: Seq,
    /// Requests of the last batch that had any.
    pub(super) asked_last: usize,
    /// The number that the next user, client or channel gets, as the disk has it.
    pub(super) saved_next_id: u64,
    pub(super) stats: Arc<Stats>,
    /// The rest of a block for the texts of messages.
    pub(super) texts: BytesMut,
    /// When each user last said something, in milliseconds of the monotonic clock.
    pub(super) spoke_ms: IdMap<UserId, u64>,
    pub(super) housekeeping: Housekeeping,
    /// Answers that go on in the next batch, the oldest first.
    pub(super) unfinished: VecDeque<Unfinished>,
    /// Attempts to become an operator of the server.
    pub(super) oper_attempts: Attempts,
    /// What operators of the server ask of the process.
    pub(super) orders: watch::Sender<Orders>,
    /// Until when the disk is given a rest after it refused, in milliseconds of the monotonic clock.
    pub(super) disk_rests_until_ms: Option<u64>,
    /// Connections of which nobody knows any more, and that are still to be logged out.
    pub(super) ghosts: Vec<ClientId>,
    /// Whether the world equals the disk; not so from a failed commit until it is loaded again.
    pub(super) world_is_whole: bool,
}

impl Writer {
    /// Works until it is told to stop.
    pub(super) fn run(mut self) {
        // Those that the last process could not log out itself, because it was killed.
        self.ghosts = self.connections();
        loop {
            self.end_ghosts("Connection lost");
            // What goes on at once goes on once the disk has had its rest.
            let goes_on = !self.unfinished.is_empty() && self.disk_rests_until_ms.is_none();
            let wait = if goes_on { Duration::ZERO } else { self.housekeeping_wait() };
            let texts = std::mem::take(&mut self.texts);
            let mut draft = Draft::new(self.next_seq, self.clock.now()).with_texts(texts);
            self.precedence.waive();
            let came = self.inbox.recv_timeout(wait);
            self.precedence.claim();
            let stop = match came {
                Ok(first) => self.take(first, &mut draft),
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            self.go_on(&mut draft);
            self.keep_house(&mut draft);
            self.texts = draft.take_texts();
            self.finish(draft);
            self.tidy();
            if stop {
                self.finish_answers();
                self.ghosts = self.connections();
                self.end_ghosts("Server shutting down");
                self.save_last_requests();
                return;
            }
        }
    }

    /// Before the end, gives what is left of long answers.
    fn finish_answers(&mut self) {
        while !self.unfinished.is_empty() && self.disk_rests_until_ms.is_none() {
            let mut draft = Draft::new(self.next_seq, self.clock.now());
            self.go_on(&mut draft);
            self.finish(draft);
        }
        // Where the disk refuses to the end, nobody waits for it any longer.
        self.unfinished.drain(..).for_each(|unfinished| unfinished.completion.fail());
    }

    /// Takes the first request and all that wait behind it. Says whether the end has come.
    fn take(&mut self, first: Request, draft: &mut Draft) -> bool {
        // A commit costs the same for one as for many. So where several asked the last time, whoever of them is about to
        // ask again and waits for this core goes first; where a core is free, this is over at once. One who asks alone
        // need not wait until everybody has been told what it asked before.
        if self.asked_last > 1 {
            std::thread::yield_now();
        }
        draft.now = self.clock.now();
        let mut next = Some(first);
        self.asked_last = 0;
        for _ in 0..REQUESTS_PER_BATCH {
            let Some(request) = next.take().or_else(|| self.inbox.try_recv().ok()) else { break };
            self.asked_last += 1;
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
            return request.refuse_for_now();
        }
        match request {
            Request::Commands { user, client, wish, key, answer } => {
                let style = wish.style;
                let decided = self.commands(draft, user, client, wish, key);
                let (response, outcome) = match decided {
                    Ok((response, outcome)) => (Ok(response), outcome),
                    Err(error) => (Err(error), None),
                };
                let to = Asker { style, ..Asker::new(user, client) }.recipient();
                draft.complete(to, Completion::Commands(answer, response), outcome);
            }
            Request::Outcome { client, key, answer } => {
                let found = self.outcome(draft, client, &key);
                let response = found.map(|json| json.map(|json| Response { json, ended: false }));
                draft.completions.push(Completion::Outcome(answer, response));
            }
            Request::Register { registration, answer } => self.register(draft, *registration, answer),
            Request::ChannelState { user, client, of, style, answer } => {
                let decision = self.state_of_channels(user, of.as_deref());
                // Topic and names of one channel are nobody's command: a face asks, as soon as it hears of the channel.
                let by = of.is_none().then_some(client);
                let asker = Asker { style, by, ..Asker::new(user, client) };
                self.with_desk(|desk| draft.carry_out(desk, asker, decision));
                draft.complete(asker.recipient(), Completion::Done(answer), None);
            }
            Request::LogIn { login, answer } => self.log_in(draft, *login, answer),
            Request::Revoke { client, uuid, answer } => {
                let revoked = self.revoke(draft, client, uuid);
                draft.completions.push(Completion::Revoke(answer, revoked));
            }
            Request::Logout { client, reason, answer } => {
                self.log_out(draft, client, reason);
                draft.completions.push(Completion::Done(answer));
            }
            Request::Hook { wish, answer } => self.hook(draft, wish, answer),
            Request::Hostname { user, hostname } => {
                if self.world.user(user).is_some() {
                    let event = Event::HostnameResolved { user, hostname };
                    self.with_desk(|desk| draft.apply(desk, None, vec![event]));
                }
            }
            Request::View(look) => {
                let glance =
                    Glance { world: &self.world, delivery: &self.delivery, next_seq: draft.next_seq };
                let tell = look(&glance);
                draft.completions.push(Completion::View(tell));
            }
            Request::Stop => {}
        }
    }

    /// The state of all channels of a user, or of the one of this name that it is in.
    fn state_of_channels(&self, user: UserId, of: Option<&str>) -> Decision {
        let Some(name) = of else { return Decision::answer(Reply::ChannelState) };
        let channel = self.world.channel_by_name(name).ok().filter(|channel| channel.has(user));
        channel.map_or_else(Decision::nothing, |channel| Decision::answer(Reply::Entered(channel.id)))
    }

    fn commands(
        &mut self,
        draft: &mut Draft,
        user: UserId,
        client: ClientId,
        wish: Wish,
        key: Option<String>,
    ) -> Result<(Response, Option<KeptOutcome>), SubmitError> {
        if self.world.client(client).is_none() {
            return Err(SubmitError::Gone);
        }
        if let Some(key) = &key
            && let Some(json) = self.outcome(draft, client, key)?
        {
            return Ok((Response { json, ended: false }, None));
        }
        let stamp_is_spent = match wish.stamp {
            Some(stamp) => self.store.is_spent(stamp).map_err(|error| unreadable(&error))?,
            None => false,
        };
        let (tries_oper, privileged) = (wish.tries_oper(), wish.privileged());
        let address = self.world.client(client).map(|client| client.address);
        let must_wait_for_oper = tries_oper && self.oper_attempts.are_used_up_by(user, address, draft.now.ms);
        if must_wait_for_oper {
            self.stats.rate_limited(RateLimit::Oper);
        }
        let (quiet, stamp, style) = (wish.quiet, wish.stamp, wish.style);
        let asker =
            Asker { style, quiet, stamp, stamp_is_spent, must_wait_for_oper, ..Asker::new(user, client) };
        let nick = self.world.user(user).filter(|_| tries_oper || privileged.is_some());
        let nick = nick.map(|user| user.nick.to_string()).unwrap_or_default();
        let refused_before = draft.refused.len();
        let (json, ended) = self.with_desk(|desk| draft.decide(desk, asker, wish));
        let granted = draft.refused.len() == refused_before;
        if tries_oper {
            tracing::warn!(nick, granted, "somebody tried to become an operator of the server");
        }
        if let Some(command) = privileged.filter(|_| granted) {
            tracing::warn!(nick, command, "an operator of the server has given a command");
        }
        let at = self.clock.running();
        let outcome =
            key.filter(|_| !ended).map(|key| KeptOutcome { client, key, response: json.clone(), at });
        Ok((Response { json, ended }, outcome))
    }

    /// What the same request was answered before: in this batch, or on disk. `Saturated` while it is being answered.
    fn outcome(&mut self, draft: &Draft, client: ClientId, key: &str) -> Result<Option<String>, SubmitError> {
        let mut unfinished = self.unfinished.iter().chain(&draft.unfinished);
        if unfinished.any(|unfinished| unfinished.is_under(client, key)) {
            return Err(SubmitError::Saturated);
        }
        let same = |kept: &&KeptOutcome| kept.client == client && kept.key == key;
        if let Some(kept) = draft.batch.outcomes.iter().find(same) {
            return Ok(Some(kept.response.clone()));
        }
        let now = self.clock.running();
        let since = now.checked_sub(OUTCOME_KEPT).unwrap_or(now);
        self.store.outcome(client, key, since).map_err(|error| unreadable(&error))
    }

    pub(super) fn with_desk<T>(&mut self, work: impl FnOnce(&mut Desk<'_>) -> T) -> T {
        let (clock, spoke_ms) = (self.clock, &self.spoke_ms);
        let idle_ms = move |user| match spoke_ms.get(&user) {
            Some(spoke) => clock.ms().saturating_sub(*spoke),
            None => clock.uptime_ms(),
        };
        let idle_s = move |user| idle_ms(user) / 1_000;
        let users_peak = self.stats.users_peak.load(Relaxed);
        let uptime_s = clock.uptime_ms() / 1_000;
        let server = self.server.load();
        let unregistered = self.stats.unregistered.load(Relaxed);
        let world = &mut self.world;
        let delivery = &self.delivery;
        let (idle_s, is_secure) = (&idle_s, &|client| delivery.is_secure(client));
        let mut desk = Desk { world, server: &server, users_peak, unregistered, idle_s, is_secure, uptime_s };
        work(&mut desk)
    }
}

/// The disk cannot be asked what was done before.
pub(super) fn unreadable(error: &StoreError) -> SubmitError {
    tracing::error!(%error, "cannot look up what was done before");
    SubmitError::Unavailable
}
