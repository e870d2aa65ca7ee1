//! Order: faces submit here, one writer decides, and nothing is told before it is durable.
//!
//! [`Engine`] is the handle that faces hold. Knows order, batches and time; neither HTTP, nor the IRC wire,
//! nor SQL.

mod batch;
mod clock;
mod figures;
mod housekeeping;
mod inbox;
mod read;
pub mod settings;
mod stats;
mod writer;

use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use crate::command::Wish;
use crate::command::registration::Registration;
use crate::delivery::{Delivery, Directory, Line, Seat};
use crate::entry::{Entry, Posted};
use crate::id::{Seq, TokenHash, UserId};
use crate::protocol::name::Hostname;
use crate::reply::ServerInfo;
use crate::reply::view::{self, ChannelView, Counts, HistoryRefusal, MemberView, StateView};
use crate::store::{HistoryRequest, Loaded, Reader, Store, StoreError};
pub use clock::Clock;
pub use figures::Figures;
use housekeeping::Housekeeping;
use inbox::{Glance, Request, Tell};
pub use inbox::{RegisterError, Registered, Response, SubmitError};
pub use settings::EngineSettings;
pub use stats::{Histogram, RateLimit, Stats};
use writer::Writer;

/// The handle that faces hold; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    inbox: SyncSender<Request>,
    directory: Arc<Directory>,
    reader: Arc<dyn Reader>,
    server: Arc<ServerInfo>,
    settings: EngineSettings,
    clock: Clock,
    stats: Arc<Stats>,
    stopping: watch::Sender<bool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Why a history is not shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HistoryError {
    /// The world says no.
    #[error("{0:?}")]
    Refused(HistoryRefusal),
    /// It was not decided.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

impl Engine {
    /// Loads what the store has and starts the writer.
    ///
    /// # Errors
    /// When the store cannot be loaded, or there is no thread to be had.
    pub fn start(
        store: Box<dyn Store>,
        server: ServerInfo,
        settings: EngineSettings,
    ) -> Result<Self, StoreError> {
        Self::start_by(Clock::system(), store, server, settings)
    }

    /// The same by other clocks than those of the system.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_by(
        clock: Clock,
        mut store: Box<dyn Store>,
        server: ServerInfo,
        settings: EngineSettings,
    ) -> Result<Self, StoreError> {
        let Loaded { world, queues, recent, next_seq, ran_until } = store.load()?;
        let clock = clock.resume(ran_until);
        let directory = Arc::new(Directory::default());
        let mut delivery = Delivery::new(Arc::clone(&directory), settings.queues);
        let now = clock.now();
        for queue in &queues {
            let silent_ms = clock.running().duration_since(queue.seen_at).as_millis().max(0);
            let silent_ms = u64::try_from(silent_ms).unwrap_or(0);
            let seen_ms = now.ms.saturating_sub(silent_ms);
            delivery.open(queue.disk.client, queue.user, queue.token, &queue.disk, seen_ms);
        }
        for Posted { audience, entry } in recent {
            let entry = Arc::new(Entry { since_ms: now.ms, ..Entry::clone(&entry) });
            delivery.restore(&Posted { audience, entry });
        }
        let stats = Arc::new(Stats::default());
        stats.users_peak.store(world.users().len(), Relaxed);
        let (sender, inbox) = sync_channel(settings.inbox_max.max(1));
        let server = Arc::new(server);
        let writer = Writer {
            saved_next_id: world.next_id(),
            world,
            delivery,
            server: Arc::clone(&server),
            settings: settings.clone(),
            clock,
            inbox,
            next_seq,
            stats: Arc::clone(&stats),
            spoke_ms: std::collections::HashMap::new(),
            housekeeping: Housekeeping::new(&settings, now.ms),
            texts: bytes::BytesMut::new(),
            disk_rests_until_ms: None,
            world_is_whole: true,
            store,
        };
        let reader = writer.store.reader();
        stats.ready.store(true, Relaxed);
        let thread = spawn(writer)?;
        let stopping = watch::Sender::new(false);
        let thread = Mutex::new(Some(thread));
        let shared =
            Shared { inbox: sender, directory, reader, server, settings, clock, stats, stopping, thread };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What the server says about itself.
    pub fn server(&self) -> &ServerInfo {
        &self.shared.server
    }

    /// Counts since the start.
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// The time.
    pub fn now(&self) -> jiff::Timestamp {
        self.shared.clock.now().at
    }

    /// Whether requests can be served: loaded, writable, not stopping.
    pub fn is_ready(&self) -> bool {
        self.shared.stats.ready.load(Relaxed) && !*self.shared.stopping.borrow()
    }

    /// The client whose token has this hash; its having asked is noted.
    pub fn authenticate(&self, token: &TokenHash) -> Option<Arc<Seat>> {
        let seat = self.shared.directory.find(token)?;
        seat.touch(self.shared.clock.ms());
        Some(seat)
    }

    /// Decides commands of a client. The answer comes when what was decided is durable.
    ///
    /// # Errors
    /// [`SubmitError`] when nothing was decided.
    pub async fn submit(
        &self,
        seat: &Seat,
        wish: Wish,
        key: Option<String>,
    ) -> Result<Response, SubmitError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Commands { user: seat.user, client: seat.client, wish, key, answer })?;
        answered.await.unwrap_or(Err(SubmitError::Unavailable))
    }

    /// Opens a session.
    ///
    /// # Errors
    /// [`RegisterError`] when it was not opened.
    pub async fn register(&self, registration: Registration) -> Result<Registered, RegisterError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Register { registration: Box::new(registration), answer })?;
        answered.await.unwrap_or(Err(SubmitError::Unavailable.into()))
    }

    /// Puts the state of its channels into the queue of a client.
    ///
    /// # Errors
    /// [`SubmitError`] when it was not done.
    pub async fn send_channel_state(&self, seat: &Seat) -> Result<(), SubmitError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::ChannelState { user: seat.user, client: seat.client, answer })?;
        answered.await.unwrap_or(Err(SubmitError::Unavailable))
    }

    /// Logs a client out; the last one takes its session with it.
    ///
    /// # Errors
    /// [`SubmitError`] when it was not done.
    pub async fn log_out(&self, seat: &Seat) -> Result<(), SubmitError> {
        let (answer, answered) = oneshot::channel();
        self.send(Request::Logout { client: seat.client, answer })?;
        answered.await.unwrap_or(Err(SubmitError::Unavailable))
    }

    /// Gives a session the name that reverse DNS found. Losing it under load does no harm.
    pub fn set_hostname(&self, user: UserId, hostname: Hostname) {
        let _ = self.send(Request::Hostname { user, hostname });
    }

    /// The session itself; `None` when it has just ended.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn state(&self, user: UserId) -> Result<Option<StateView>, SubmitError> {
        self.view(move |glance| view::state(glance.world, user)).await
    }

    /// The nick of a session; `None` when it has just ended.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn nick(&self, user: UserId) -> Result<Option<String>, SubmitError> {
        self.view(move |glance| glance.world.user(user).map(|user| user.nick.to_string())).await
    }

    /// The channels that a user may see.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn channels(&self, user: UserId) -> Result<Vec<ChannelView>, SubmitError> {
        self.view(move |glance| view::channels(glance.world, user)).await
    }

    /// The members of a channel; `None` when it is missing or hidden from the user.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn members(&self, user: UserId, name: String) -> Result<Option<Vec<MemberView>>, SubmitError> {
        self.view(move |glance| view::members(glance.world, user, &name)).await
    }

    /// How many there are of what.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn counts(&self) -> Result<Counts, SubmitError> {
        self.view(|glance| view::counts(glance.world)).await
    }

    /// How many entries are not acknowledged yet, over all queues.
    ///
    /// # Errors
    /// [`SubmitError`] when there is no answer to be had now.
    pub async fn unacknowledged(&self) -> Result<u64, SubmitError> {
        self.view(|glance| glance.delivery.unacknowledged()).await
    }

    /// What was said in a conversation before a place, oldest first.
    ///
    /// # Errors
    /// [`HistoryError`] when the user may not read it, or nobody can now.
    pub async fn history(
        &self,
        user: UserId,
        target: String,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Line>, HistoryError> {
        let conversation = self.view(move |glance| view::conversation(glance.world, user, &target)).await?;
        let conversation = conversation.map_err(HistoryError::Refused)?;
        let history_max = self.shared.settings.history_max;
        let request = HistoryRequest { conversation, before, limit, history_max };
        let reader = Arc::clone(&self.shared.reader);
        let read = tokio::task::spawn_blocking(move || reader.history(&request)).await;
        let lines = read.map_err(|_| SubmitError::Unavailable)?;
        lines.map_err(|error| {
            tracing::error!(%error, "a history cannot be read");
            SubmitError::Unavailable.into()
        })
    }

    /// Begins the end: polls are answered with what they have, and requests are refused from now on.
    pub fn begin_stop(&self) {
        self.shared.stopping.send_replace(true);
    }

    /// Decides and commits what is queued, and ends the writer. Blocks until that is done.
    pub fn finish_stop(&self) {
        // A full inbox is being emptied; there is room for the last request soon.
        drop(self.shared.inbox.send(Request::Stop));
        let thread = self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }

    async fn view<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Glance<'_>) -> T + Send + 'static,
    ) -> Result<T, SubmitError> {
        let (answer, answered) = oneshot::channel();
        let look = move |glance: &Glance<'_>| -> Tell {
            let seen = look(glance);
            Box::new(move || drop(answer.send(seen)))
        };
        self.send(Request::View(Box::new(look)))?;
        answered.await.map_err(|_| SubmitError::Unavailable)
    }

    fn send(&self, request: Request) -> Result<(), SubmitError> {
        if *self.shared.stopping.borrow() {
            return Err(SubmitError::Saturated);
        }
        self.shared.inbox.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => SubmitError::Saturated,
            TrySendError::Disconnected(_) => SubmitError::Unavailable,
        })
    }
}

fn spawn(writer: Writer) -> Result<JoinHandle<()>, StoreError> {
    let body = move || {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| writer.run()));
        if outcome.is_err() {
            // What is on disk is whole; a world that half a fact was applied to is not.
            tracing::error!("the writer died; the process ends, for its supervisor to start it again");
            std::process::abort();
        }
    };
    std::thread::Builder::new()
        .name("writer".to_owned())
        .spawn(body)
        .map_err(|cause| StoreError::Io { doing: "start the writer".to_owned(), cause })
}

/// The longest that a poll waits, whatever it asks for.
pub const POLL_TIMEOUT_MAX: Duration = Duration::from_secs(30);
