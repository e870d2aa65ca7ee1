//! The pieces of the server, driven by hand: what the writer does and what a poll does, without threads or clocks.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use jiff::Timestamp;
use neoirc::command::login::{Holder, Login, NewSession, client_of};
use neoirc::command::logout::Logout;
use neoirc::command::registration::Registration;
use neoirc::command::{Caller, Decision, OperBlock, Reply, Rules, Style, Wish};
use neoirc::delivery::queue::Look;
use neoirc::delivery::sweep::Now;
use neoirc::delivery::{Delivery, Directory, Page, PageLimits, QueueLimits, Settled};
use neoirc::entry::{Audience, Conversation, Entry, Posted, message_id};
use neoirc::id::{ClientId, Seq, TokenHash, UserId};
use neoirc::protocol::message::{Message, Request};
use neoirc::protocol::name::Nickname;
use neoirc::protocol::password::PasswordHash;
use neoirc::reply::announce::{announce, conversation};
use neoirc::reply::answer::{Answer, answer};
use neoirc::reply::presence::heralds;
use neoirc::reply::refuse::refuse;
use neoirc::reply::{Context, ServerInfo};
use neoirc::store::sqlite::{Location, SqliteStore};
use neoirc::store::{Batch, KeptOutcome, Loaded, Retention, Store as _};
use neoirc::world::{Event, World};
use tempfile::TempDir;
use uuid::Uuid;

use crate::steps::Limits;

pub(crate) struct Server {
    folder: TempDir,
    limits: QueueLimits,
    swept_per_commit: usize,
    info: ServerInfo,
    /// Milliseconds of a clock that moves with each commit.
    ms: u64,
    arrivals: u8,
    running: Option<Running>,
}

/// What ends with the process.
struct Running {
    store: SqliteStore,
    world: World,
    next_seq: Seq,
    delivery: Delivery,
    directory: Arc<Directory>,
    /// What is decided and not committed, with the place that follows it.
    draft: Batch,
    draft_seq: Seq,
}

impl Server {
    pub(crate) fn start(limits: Limits, entries_max: u64) -> Self {
        let info = ServerInfo {
            name: "irc.test".to_owned(),
            network: "test".to_owned(),
            description: "a model".to_owned(),
            version: "neoirc-test".to_owned(),
            started_at: Timestamp::UNIX_EPOCH,
            motd: vec![],
            admin_email: String::new(),
            settings_file: String::new(),
            rules: Rules {
                server_name: "irc.test".to_owned(),
                channels_max: 3,
                clients_max: 3,
                accounts_max: 3,
                markers_max: 2,
                away_without_device: "Not connected".to_owned(),
                oper: Some(OperBlock::new("root", "secret")),
                ..Rules::default()
            },
        };
        let Limits { tail_entries, swept_per_commit } = limits;
        let limits = QueueLimits { tail_entries, entries_max, kept_ms: 7, polls_max: 4, streams_max: 4 };
        let folder = tempfile::tempdir().unwrap();
        let mut server =
            Self { folder, limits, swept_per_commit, info, ms: 1_000, arrivals: 0, running: None };
        server.restart();
        server
    }

    /// Ends what is running, as a crash would, and begins again from the file.
    pub(crate) fn restart(&mut self) {
        let before = self.running.take().map(|running| (running.world, running.next_seq));
        let location = Location::File(self.folder.path().join("neoirc.db"));
        let mut store = SqliteStore::open(&location).unwrap();
        let Loaded { world, queues, recent, next_seq, .. } = store.load().unwrap();
        if let Some(before) = before {
            assert_eq!((&world, next_seq), (&before.0, before.1), "a restart finds what there was");
        }
        let directory = Arc::new(Directory::default());
        let mut delivery = Delivery::new(Arc::clone(&directory), self.limits);
        for queue in &queues {
            delivery.open(queue.disk.client, queue.user, queue.token, &queue.disk, self.ms);
        }
        for entry in &recent {
            delivery.restore(entry);
        }
        let (draft, draft_seq) = (Batch::default(), next_seq);
        self.running = Some(Running { store, world, next_seq, delivery, directory, draft, draft_seq });
    }

    fn running(&mut self) -> &mut Running {
        self.running.as_mut().unwrap()
    }

    pub(crate) fn world(&self) -> &World {
        &self.running.as_ref().unwrap().world
    }

    /// What is decided and not committed yet.
    pub(crate) fn draft(&self) -> &Batch {
        &self.running.as_ref().unwrap().draft
    }

    fn at(&self) -> Timestamp {
        Timestamp::from_millisecond(i64::try_from(self.ms).unwrap()).unwrap()
    }

    /// A new session, unless the nick is taken: its client and token.
    pub(crate) fn register(&mut self, nick: &str) -> Option<(ClientId, TokenHash)> {
        let (number, token) = self.next_token();
        let registration = Registration {
            nick: Nickname::parse(nick).unwrap(),
            username: None,
            realname: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_uuid: Uuid::from_u128(2 * number),
            client_uuid: Uuid::from_u128(2 * number + 1),
            token,
            is_connection: false,
            password: None,
            lasts: false,
            stamp: None,
        };
        let decision = registration.decide(self.world(), &self.info.rules, self.at(), false).ok()?;
        let Some(&Event::ClientAdded { client, user, .. }) = decision.events.last() else { unreachable!() };
        self.carry_out(user, client, decision);
        Some((client, token))
    }

    /// A further device of whoever has the nick, or a session of the account that it is kept for, unless the password is
    /// wrong or there is no room: its client and token.
    pub(crate) fn log_in(&mut self, nick: &str, password: &str) -> Option<(ClientId, TokenHash)> {
        let holder = Holder::of(self.world(), nick)?.holder;
        let (number, token) = self.next_token();
        let login = Login {
            holder,
            verified: hash(password),
            rehashed: None,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            client_uuid: Uuid::from_u128(2 * number + 1),
            token,
            connection: None,
            session: NewSession { uuid: Uuid::from_u128(2 * number), username: None, realname: None },
        };
        let (user, client, decision) = login.decide(self.world(), &self.info.rules, self.at()).ok()?;
        self.carry_out(user, client, decision);
        Some((client, token))
    }

    /// One device logs another one out, which may be of another session, or have gone earlier in the same batch.
    pub(crate) fn revoke(&mut self, client: ClientId, other: ClientId) {
        let (Some(client), Some(other)) = (self.world().client(client), self.world().client(other)) else {
            return;
        };
        let found = client_of(self.world(), client.user, other.uuid).map(|found| found.id);
        assert_eq!(found, (client.user == other.user).then_some(other.id), "its own session's alone");
        if let Some(found) = found {
            self.log_out(found);
        }
    }

    fn next_token(&mut self) -> (u128, TokenHash) {
        self.arrivals = self.arrivals.wrapping_add(1);
        let number = u128::from(self.arrivals) + u128::from(self.ms) * 256;
        let mut token = [self.arrivals; 32];
        token[..16].copy_from_slice(&number.to_be_bytes());
        (number, TokenHash::new(token))
    }

    /// A request of a client, which may have gone earlier in the same batch.
    pub(crate) fn wish(&mut self, client: ClientId, json: &str, key: Option<&str>) {
        let at = self.at();
        if self.world().client(client).is_none() {
            return;
        }
        let user = self.world().client(client).unwrap().user;
        if let Some(key) = key {
            let same = |kept: &KeptOutcome| kept.client == client && kept.key == key;
            let running = self.running();
            let known = running.store.outcome(client, key, Timestamp::MIN).unwrap();
            if known.is_some() || running.draft.outcomes.iter().any(same) {
                return;
            }
        }
        let mut wish = Wish::parse(Request::parse(json.as_bytes()).unwrap());
        if let Some(password) = wish.password(&self.info.rules) {
            let hash = hash(std::str::from_utf8(password.as_bytes()).unwrap());
            wish = wish.with_password_hash(hash);
        }
        let mut ended = false;
        for command in wish.commands.unwrap_or_default() {
            let caller = Caller {
                user,
                client,
                at,
                running: at,
                rules: &self.info.rules,
                stamp_is_spent: false,
                must_wait_for_oper: false,
            };
            match command.decide(self.world(), &caller) {
                Ok(decision) => {
                    ended |= decision.outcome == neoirc::command::Outcome::Quit;
                    self.carry_out(user, client, decision);
                }
                Err(refusal) if wish.quiet => drop(refusal),
                Err(refusal) => self.tell_refusal(user, client, &refusal),
            }
        }
        if let Some(key) = key.filter(|_| !ended) {
            let (key, response) = (key.to_owned(), "{}".to_owned());
            self.running().draft.outcomes.push(KeptOutcome { client, key, response, at });
        }
    }

    pub(crate) fn log_out(&mut self, client: ClientId) {
        let logout = Logout { client, reason: "Logged out".into() };
        let decision = logout.decide(self.world(), &self.info.rules, self.at(), self.at());
        for event in decision.events {
            self.apply(event);
        }
    }

    fn carry_out(&mut self, user: UserId, client: ClientId, decision: Decision) {
        for event in decision.events {
            self.apply(event);
        }
        for refusal in &decision.refusals {
            self.tell_refusal(user, client, refusal);
        }
        let mut replies: VecDeque<Reply> = decision.replies.into();
        while let Some(reply) = replies.pop_front() {
            let Some(caller) = self.world().user(user) else { return };
            let context = Context {
                server: &self.info,
                at: self.at(),
                users_peak: 0,
                unregistered: 0,
                style: Style::default(),
                idle_s: &|_| 0,
                is_secure: &|_| false,
                uptime_s: 0,
            };
            let Answer { lines, then, .. } = answer(&reply, caller, self.world(), &context);
            then.into_iter().rev().for_each(|next| replies.push_front(next));
            for line in lines {
                self.tell(Audience::One(client), &line, None);
            }
        }
    }

    fn tell_refusal(&mut self, user: UserId, client: ClientId, refusal: &neoirc::world::Refusal) {
        let Some(caller) = self.world().user(user) else { return };
        let line = refuse(&self.info, caller.nick.as_str(), refusal);
        self.tell(Audience::One(client), &line, None);
    }

    fn apply(&mut self, event: Event) {
        let running = self.running();
        let line = announce(&running.world, &event);
        let told = {
            let running = self.running.as_ref().unwrap();
            heralds(&running.world, &event, &self.info)
        };
        let witnesses = self.running().world.apply(&event);
        if let Some(line) = line {
            self.tell(witnesses, &line, conversation(&event));
        }
        for (watcher, line) in told {
            let audience = self.world().clients_of(watcher);
            self.tell(audience, &line, None);
        }
        self.running().draft.events.push(event);
    }

    fn tell(&mut self, audience: Audience, message: &Message, conversation: Option<Conversation>) {
        if audience.clients().is_empty() && conversation.is_none() {
            return;
        }
        let (at, since_ms) = (self.at(), self.ms);
        let running = self.running();
        let seq = running.draft_seq;
        running.draft_seq = seq.next();
        let line = message.to_json(message_id(at, seq, 0), seq, at).into();
        let entry = Arc::new(Entry { seq, at, since_ms, conversation, line, wire: None });
        running.draft.entries.push(Posted { audience, entry });
    }

    /// Commits the draft with what the queues have for the disk, and brings it to the queues. Says whether the
    /// disk took it.
    pub(crate) fn commit(&mut self, fails: bool) -> bool {
        self.ms += 1;
        let now = Now { at: self.at(), running: self.at(), ms: self.ms };
        let running = self.running.as_mut().unwrap();
        let collected = running.delivery.collect(self.swept_per_commit, now);
        let mut batch = std::mem::take(&mut running.draft);
        batch.settlements = collected.settlements;
        batch.held = collected.held;
        batch.checkpoint = collected.checkpoint;
        batch.next_id = Some(running.world.next_id());
        if fails {
            // A row that is there twice cannot be written, after everything else has been.
            let (at, line) = (now.at, bytes::Bytes::from_static(b"{}"));
            let audience = Audience::nobody();
            let seq = running.draft_seq;
            let entry = Arc::new(Entry { seq, at, since_ms: now.ms, conversation: None, line, wire: None });
            let row = Posted { audience, entry };
            batch.entries.extend([row.clone(), row]);
        }
        let committed = running.store.commit(&batch);
        assert_eq!(committed.is_err(), fails, "{:?}", committed.err());
        if let Ok(settled) = &committed {
            running.publish(&batch, settled, now.ms);
        } else {
            running.delivery.unsettled();
            (running.world, running.next_seq) = running.store.load_world().unwrap();
            running.draft_seq = running.next_seq;
        }
        committed.is_ok()
    }

    /// What is older than the newest `back` entries begins to go to disk, also where more of it went before.
    pub(crate) fn begin_sweep(&mut self, back: u64) {
        let running = self.running();
        let horizon = Seq::new(running.next_seq.get().saturating_sub(1 + back));
        if horizon > Seq::ZERO {
            running.delivery.begin_sweep(horizon, Seq::ZERO, false);
        }
    }

    pub(crate) fn tidy(&mut self) {
        let running = self.running();
        let retention = Retention {
            now: Timestamp::MIN,
            queues_need: running.delivery.lowest_stored().unwrap_or(running.next_seq),
            history_max: 5,
            outcomes_since: Timestamp::MIN,
            rows_max: 50,
        };
        // A few steps at once: the first have other things to clear than what the last reach.
        while running.store.tidy(&retention).unwrap() {}
    }

    /// The disk holds what is in memory.
    pub(crate) fn check(&mut self) {
        let running = self.running();
        let (world, next_seq) = running.store.load_world().unwrap();
        assert_eq!(world, running.world, "memory equals disk");
        assert_eq!(running.store.check().unwrap(), [""; 0], "the laws of the database hold");
        assert_eq!(next_seq, running.next_seq, "the next place is the same");
        for user in running.world.users() {
            // Nicks are equal whatever their case; their owners chose one.
            assert_eq!(world.user(user.id).unwrap().nick.as_str(), user.nick.as_str());
        }
    }

    /// What a poll answers that does not wait.
    pub(crate) fn poll(&mut self, token: &TokenHash, after: Seq, entries: usize) -> Page {
        let limits = PageLimits { entries, bytes: 1 << 20 };
        let running = self.running();
        let seat = running.directory.find(token).expect("the device is logged in");
        let reader = running.store.reader();
        let mut look = seat.queue.look(after, limits);
        loop {
            let (mut page, through) = match look {
                Look::Page(page) => return page,
                Look::Closed => panic!("the device is logged in"),
                Look::Disk { page, through } => (page, through),
            };
            let left = limits.after(&page.lines);
            let stretch = reader.read(seat.client, page.last, through, left).unwrap();
            page.last = stretch.lines.last().filter(|_| stretch.cut).map_or(through, |newest| newest.seq);
            page.lines.extend(stretch.lines);
            page.more = stretch.cut;
            if stretch.cut {
                return page;
            }
            look = seat.queue.look_on(page, limits);
        }
    }
}

/// What stands for the hash of a password here, where nobody has to be kept from guessing it.
fn hash(password: &str) -> PasswordHash {
    PasswordHash::new(format!("hash of {password}"))
}

impl Running {
    /// In the order of the writer: those who came, what was said, those who went, what was settled.
    fn publish(&mut self, batch: &Batch, settled: &[Settled], now_ms: u64) {
        self.next_seq = self.draft_seq;
        for event in &batch.events {
            if let Event::ClientAdded { client, user, token, .. } = event {
                self.delivery.open(*client, *user, *token, &Settled::new(*client), now_ms);
            }
        }
        self.delivery.publish(&batch.entries, now_ms).ring();
        for event in &batch.events {
            if let Event::ClientRemoved { client, token } = event {
                self.delivery.close(*client, token, None);
            }
        }
        self.delivery.settled(settled, batch.checkpoint, now_ms);
    }
}
