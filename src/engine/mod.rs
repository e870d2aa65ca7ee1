//! Order: faces submit here, one writer decides, and nothing is told before it is durable.
//!
//! [`Engine`] is the handle that faces hold. Knows order, batches and time; neither HTTP, nor the IRC wire,
//! nor SQL.

mod attempts;
mod batch;
mod clock;
mod commit;
mod entrance;
mod figures;
mod follow;
mod gather;
mod hooks;
mod housekeeping;
mod inbox;
mod listen;
mod orders;
mod past;
mod post;
mod precedence;
mod read;
mod recovery;
mod search;
pub mod settings;
mod stats;
mod unfinished;
mod views;
mod writer;

use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::{oneshot, watch};

use crate::command::{Style, Wish};
use crate::delivery::{Delivery, Directory, Seat};
use crate::entry::{Entry, Posted};
use crate::id::{IdMap, TokenHash, UserId};
use crate::protocol::name::Hostname;
use crate::reply::ServerInfo;
use crate::store::{Loaded, Reader, Store, StoreError};
use attempts::Attempts;
pub use clock::Clock;
pub use figures::Figures;
pub use follow::{Followed, Follower, StreamEnd};
pub use hooks::HookError;
use housekeeping::Housekeeping;
use inbox::Request;
pub use inbox::{LoginError, RegisterError, Registered, Response, Revoked, SubmitError};
pub use listen::{Heard, Listener};
pub use orders::Orders;
use post::by_post;
pub use post::carry as carry_post;
use precedence::Precedence;
pub use search::{Search, SearchError};
pub use settings::EngineSettings;
pub use stats::{Histogram, RateLimit, Stats};
pub use views::HistoryError;
use writer::Writer;

/// The handle that faces hold; cheap to clone.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

struct Shared {
    inbox: SyncSender<Request>,
    precedence: Precedence,
    directory: Arc<Directory>,
    reader: Arc<dyn Reader>,
    server: Arc<ArcSwap<ServerInfo>>,
    settings: EngineSettings,
    clock: Clock,
    stats: Arc<Stats>,
    stopping: watch::Sender<bool>,
    orders: watch::Receiver<Orders>,
    searches: search::Turns,
    counted: figures::Counted,
    thread: Mutex<Option<JoinHandle<()>>>,
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
        let server = Arc::new(ArcSwap::from_pointee(server));
        let (orders_sender, orders) = watch::channel(Orders::default());
        let precedence = Precedence::default();
        let writer = Writer {
            saved_next_id: world.next_id(),
            world,
            delivery,
            server: Arc::clone(&server),
            settings: settings.clone(),
            clock,
            inbox,
            precedence: precedence.clone(),
            next_seq,
            asked_last: 0,
            stats: Arc::clone(&stats),
            spoke_ms: IdMap::default(),
            housekeeping: Housekeeping::new(&settings, now.ms),
            unfinished: std::collections::VecDeque::new(),
            oper_attempts: Attempts::new(settings.oper_attempts_per_minute),
            orders: orders_sender,
            texts: bytes::BytesMut::new(),
            disk_rests_until_ms: None,
            ghosts: Vec::new(),
            world_is_whole: true,
            store,
        };
        let reader = writer.store.reader();
        stats.ready.store(true, Relaxed);
        let thread = spawn(writer)?;
        let stopping = watch::Sender::new(false);
        let thread = Mutex::new(Some(thread));
        let inbox = sender;
        let shared = Shared {
            inbox,
            precedence,
            directory,
            reader,
            server,
            settings,
            clock,
            stats,
            stopping,
            orders,
            searches: search::Turns::new(),
            counted: figures::Counted::default(),
            thread,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// What the server says about itself.
    pub fn server(&self) -> Arc<ServerInfo> {
        self.shared.server.load_full()
    }

    /// From now on the server says this about itself, and goes by these rules.
    pub fn set_server(&self, server: ServerInfo) {
        self.shared.server.store(Arc::new(server));
    }

    /// What operators of the server ask of the process, to be watched.
    pub fn orders(&self) -> watch::Receiver<Orders> {
        self.shared.orders.clone()
    }

    /// Counts since the start.
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// The time.
    pub fn now(&self) -> jiff::Timestamp {
        self.shared.clock.wall()
    }

    /// Whether requests can be served: loaded, writable, not stopping.
    pub fn is_ready(&self) -> bool {
        self.shared.stats.ready.load(Relaxed) && !self.is_stopping()
    }

    /// The client whose token has this hash; its having asked is noted.
    pub fn authenticate(&self, token: &TokenHash) -> Option<Arc<Seat>> {
        let seat = self.shared.directory.find(token)?;
        self.touch(&seat);
        Some(seat)
    }

    /// Whether a client that was authenticated before still is one; it is noted that it has been heard of.
    pub fn is_still_good(&self, seat: &Seat) -> bool {
        self.touch(seat);
        seat.queue.end().is_none()
    }

    /// Notes that a client has been heard of.
    pub fn touch(&self, seat: &Seat) {
        seat.touch(self.shared.clock.ms());
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
        self.ask(|answer| Request::Commands { user: seat.user, client: seat.client, wish, key, answer }).await
    }

    /// What a client was answered under an `Idempotency-Key`, if it asked for something.
    ///
    /// # Errors
    /// [`SubmitError`] when that cannot be told now.
    pub async fn outcome(&self, seat: &Seat, key: String) -> Result<Option<Response>, SubmitError> {
        self.ask(|answer| Request::Outcome { client: seat.client, key, answer }).await
    }

    /// Puts the state of its channels into the queue of a client.
    ///
    /// # Errors
    /// [`SubmitError`] when it was not done.
    pub async fn send_channel_state(&self, seat: &Seat) -> Result<(), SubmitError> {
        let (of, style) = (None, Style::default());
        self.ask(|answer| Request::ChannelState { user: seat.user, client: seat.client, of, style, answer })
            .await
    }

    /// Puts topic and names of one of its channels into the queue of a client that another device has brought there.
    ///
    /// # Errors
    /// [`SubmitError`] when it was not done.
    pub async fn send_state_of(&self, seat: &Seat, channel: String, style: Style) -> Result<(), SubmitError> {
        let of = Some(channel);
        self.ask(|answer| Request::ChannelState { user: seat.user, client: seat.client, of, style, answer })
            .await
    }

    /// Gives a session the name that reverse DNS found. Losing it under load does no harm.
    pub fn set_hostname(&self, user: UserId, hostname: Hostname) {
        let _ = self.send(Request::Hostname { user, hostname });
    }

    /// Whether the end has begun, to be watched.
    pub fn stopping(&self) -> watch::Receiver<bool> {
        self.shared.stopping.subscribe()
    }

    /// Begins the end: polls are answered with what they have, and requests are refused from now on.
    pub fn begin_stop(&self) {
        self.shared.stopping.send_replace(true);
        self.shared.directory.ring_all();
    }

    fn is_stopping(&self) -> bool {
        *self.shared.stopping.borrow()
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

    /// Asks the writer, and waits for its answer, which comes when what it decided is durable.
    async fn ask<T, E: From<SubmitError>>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, E>>) -> Request,
    ) -> Result<T, E> {
        let (answer, answered) = oneshot::channel();
        self.send(request(answer))?;
        by_post(answered).await.unwrap_or_else(|_| Err(SubmitError::Unavailable.into()))
    }

    fn send(&self, request: Request) -> Result<(), SubmitError> {
        if self.is_stopping() {
            return Err(SubmitError::Saturated);
        }
        self.shared.precedence.claim();
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
