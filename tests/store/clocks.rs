//! Clocks that jump. Nobody is logged out, nothing is dropped and nothing is done twice because the wall clock was
//! set, or because the server was off for a while; and what is really too old still goes.

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use neoirc::command::Wish;
use neoirc::engine::{Clock, Engine, EngineSettings};
use neoirc::id::{Seq, TokenHash};
use neoirc::protocol::message::Request;
use neoirc::store::sqlite::{Location, SqliteStore};
use tempfile::TempDir;

use crate::disk_refuses::{info, registration};

const DAY_S: i64 = 24 * 60 * 60;
const HOUR: Duration = Duration::from_hours(1);

/// The two clocks that tests set. They belong to the process, so the tests take turns.
static WALL_S: AtomicI64 = AtomicI64::new(0);
static MONOTONIC_MS: AtomicU64 = AtomicU64::new(0);
static TURN: Mutex<()> = Mutex::new(());

const ALICE: TokenHash = TokenHash::new([1; 32]);
const BOB: TokenHash = TokenHash::new([2; 32]);

fn clock() -> Clock {
    Clock::of(
        || Timestamp::from_second(1_800_000_000 + WALL_S.load(SeqCst)).unwrap(),
        || Duration::from_millis(MONOTONIC_MS.load(SeqCst)),
    )
}

/// A server whose clients may be silent, and whose queues may be unread, for thirty days.
struct House {
    folder: TempDir,
    engine: Option<Engine>,
}

impl House {
    fn new() -> Self {
        WALL_S.store(0, SeqCst);
        MONOTONIC_MS.store(1_000, SeqCst);
        let mut house = Self { folder: tempfile::tempdir().unwrap(), engine: None };
        house.start();
        house
    }

    fn start(&mut self) {
        let store = SqliteStore::open(&Location::File(self.folder.path().join("neoirc.db"))).unwrap();
        let queues = neoirc::delivery::QueueLimits {
            tail_entries: 100,
            entries_max: 0,
            kept_ms: 1,
            polls_max: 4,
            streams_max: 4,
        };
        let settings = EngineSettings {
            inbox_max: 64,
            queues,
            queue_memory_bytes: 0,
            settle_after: Duration::from_millis(30),
            queue_age_max: 30 * 24 * HOUR,
            history_max: 0,
            search_timeout: Duration::ZERO,
            oper_attempts_per_minute: 0,
            idle_timeout: 30 * 24 * HOUR,
        };
        self.engine = Some(Engine::start_by(clock(), Box::new(store), info(), settings).unwrap());
    }

    fn engine(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }

    /// Both clocks go on, as they do on a machine that is well.
    fn pass(time: Duration) {
        WALL_S.fetch_add(i64::try_from(time.as_secs()).unwrap(), SeqCst);
        MONOTONIC_MS.fetch_add(u64::try_from(time.as_millis()).unwrap(), SeqCst);
    }

    /// The writer looks at its clocks whenever it is asked for anything. It is asked until what it found has been
    /// to the disk and back.
    async fn keep_house(&self) {
        for _ in 0..30 {
            self.engine().counts().await.unwrap();
            // What is due by the monotonic clock alone: sweeps and looks every minute.
            MONOTONIC_MS.fetch_add(5_000, SeqCst);
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn say(&self, text: &str, key: Option<&str>) {
        let seat = self.engine().authenticate(&ALICE).unwrap();
        let json = format!(r#"{{"command":"PRIVMSG","to":"bob","body":["{text}"]}}"#);
        let wish = Wish::parse(Request::parse(json.as_bytes()).unwrap());
        let response = self.engine().submit(&seat, wish, key.map(str::to_owned)).await.unwrap();
        assert!(response.json.contains("sent"), "{}", response.json);
    }

    /// What bob has to read, without his asking being noted as a request: he is away.
    async fn bob_reads(&self) -> (Vec<String>, u64) {
        let seat = self.engine().authenticate(&BOB).expect("bob is logged in");
        let page = self.engine().poll(&seat, Seq::ZERO, Duration::ZERO).await.unwrap();
        let said = page.lines.iter().map(|line| String::from_utf8(line.json.to_vec()).unwrap());
        let said = said.filter(|line| line.contains(r#""command":"PRIVMSG""#)).collect();
        (said, page.dropped.map_or(0, |dropped| dropped.entries))
    }

    async fn stop(&mut self) {
        let engine = self.engine.take().unwrap();
        engine.begin_stop();
        tokio::task::spawn_blocking(move || engine.finish_stop()).await.unwrap();
        // The store closes with its writer, which has ended.
    }
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(House) -> F) {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let house = House::new();
        house.engine().register(registration("alice", 1)).await.unwrap();
        house.engine().register(registration("bob", 2)).await.unwrap();
        house.say("hello", None).await;
        house.keep_house().await;
        test(house).await;
    });
}

/// "clock stepping back and forth by a day", and by two months.
#[test]
fn a_wall_clock_that_jumps_drops_nothing_and_logs_nobody_out() {
    run(|mut house| async move {
        for jump_s in [60 * DAY_S, -61 * DAY_S, DAY_S, -DAY_S, 400 * DAY_S] {
            WALL_S.fetch_add(jump_s, SeqCst);
            house.say("during", None).await;
            house.keep_house().await;
            let (said, dropped) = house.bob_reads().await;
            assert_eq!(dropped, 0, "after {jump_s} s");
            assert!(said[0].contains("hello"), "after {jump_s} s: {said:?}");
            // A start in the middle of it finds the same.
            house.stop().await;
            house.start();
            house.keep_house().await;
            let (again, dropped) = house.bob_reads().await;
            assert_eq!((again, dropped), (said, 0), "after a start, {jump_s} s later");
            assert!(house.engine().authenticate(&ALICE).is_some());
        }
        house.stop().await;
    });
}

/// A retry under its `Idempotency-Key` is not done a second time because a day seems to have passed.
#[test]
fn a_jump_repeats_nothing() {
    run(|mut house| async move {
        house.say("once", Some("key")).await;
        for jump_s in [DAY_S, -2 * DAY_S] {
            WALL_S.fetch_add(jump_s, SeqCst);
            house.keep_house().await;
            house.say("once", Some("key")).await;
        }
        let (said, _) = house.bob_reads().await;
        assert_eq!(said.iter().filter(|line| line.contains("once")).count(), 1, "{said:?}");
        house.stop().await;
    });
}

/// The machine was off: nobody could have read or asked for anything, so nobody is the worse for it.
#[test]
fn time_that_the_server_was_off_counts_against_nobody() {
    run(|mut house| async move {
        house.stop().await;
        House::pass(40 * 24 * HOUR);
        house.start();
        house.keep_house().await;
        let (said, dropped) = house.bob_reads().await;
        assert_eq!((said.len(), dropped), (1, 0));
        house.stop().await;
    });
}

/// Thirty days of running are thirty days, whatever the wall clock did meanwhile.
#[test]
fn what_is_really_old_goes() {
    run(|mut house| async move {
        for _ in 0..6 {
            MONOTONIC_MS.fetch_add(u64::try_from((5 * 24 * HOUR).as_millis()).unwrap(), SeqCst);
            // A clock that is set back every time hides nothing.
            WALL_S.fetch_sub(DAY_S, SeqCst);
            assert!(house.engine().authenticate(&BOB).is_some(), "bob asks now and then");
            assert!(house.engine().authenticate(&ALICE).is_some());
            house.keep_house().await;
        }
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            house.keep_house().await;
            let (said, dropped) = house.bob_reads().await;
            if dropped > 0 {
                assert!(said.is_empty(), "{said:?}");
                break;
            }
            assert!(Instant::now() < deadline, "what is thirty days old is still there");
        }
        MONOTONIC_MS.fetch_add(u64::try_from((31 * 24 * HOUR).as_millis()).unwrap(), SeqCst);
        house.keep_house().await;
        assert!(house.engine().authenticate(&ALICE).is_none(), "silent for thirty-one days");
        house.stop().await;
    });
}
