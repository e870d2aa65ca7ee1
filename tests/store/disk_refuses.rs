//! The engine on a disk that refuses: what was not made durable was not done, nobody was told of it, and the server
//! recovers by itself.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use neoirc::command::login::{Holder, Login, NewSession};
use neoirc::command::registration::Registration;
use neoirc::command::{Rules, Wish};
use neoirc::delivery::{QueueLimits, Seat};
use neoirc::engine::{Engine, EngineSettings, LoginError, RegisterError, Response, SubmitError};
use neoirc::id::{Seq, TokenHash};
use neoirc::protocol::message::Request;
use neoirc::protocol::name::Nickname;
use neoirc::protocol::password::PasswordHash;
use neoirc::protocol::stamp::{Accepted, StampHash};
use neoirc::reply::ServerInfo;
use neoirc::store::Store;
use neoirc::store::memory::MemoryStore;
use neoirc::store::sqlite::{Location, SqliteStore};
use neoirc::world::World;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::failing::{Breaker, FailingStore};

/// Far longer than the second that the writer gives the disk to rest.
const PATIENCE: Duration = Duration::from_secs(20);

/// What the server says about itself.
pub(crate) fn info() -> ServerInfo {
    ServerInfo {
        name: "irc.test".to_owned(),
        network: "test".to_owned(),
        description: "a test".to_owned(),
        version: "neoirc-test".to_owned(),
        started_at: Timestamp::UNIX_EPOCH,
        motd: vec![],
        admin_email: String::new(),
        settings_file: String::new(),
        rules: Rules::default(),
    }
}

fn start(store: impl Store + 'static, breaker: &Breaker) -> Engine {
    let queues =
        QueueLimits { tail_entries: 100, entries_max: 0, kept_ms: 60_000, polls_max: 4, streams_max: 4 };
    let settings = EngineSettings {
        inbox_max: 64,
        queues,
        queue_memory_bytes: 0,
        // Nothing is settled by time here: a commit is one that the test asked for.
        settle_after: Duration::from_hours(1),
        queue_age_max: Duration::ZERO,
        history_max: 0,
        search_timeout: Duration::ZERO,
        oper_attempts_per_minute: 0,
        idle_timeout: Duration::ZERO,
    };
    Engine::start(Box::new(FailingStore::new(store, breaker.clone())), info(), settings).unwrap()
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
}

/// Somebody who wants to come in; the number makes token and ids.
pub(crate) fn registration(nick: &str, number: u8) -> Registration {
    Registration {
        nick: Nickname::parse(nick).unwrap(),
        username: None,
        realname: None,
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        user_uuid: Uuid::from_u128(u128::from(number)),
        client_uuid: Uuid::from_u128(1_000 + u128::from(number)),
        token: TokenHash::new([number; 32]),
        is_connection: false,
        password: None,
        lasts: false,
        stamp: None,
    }
}

async fn arrive(engine: &Engine, nick: &str, number: u8) -> Arc<Seat> {
    engine.register(registration(nick, number)).await.unwrap();
    engine.authenticate(&TokenHash::new([number; 32])).unwrap()
}

fn wish(json: &str) -> Wish {
    Wish::parse(Request::parse(json.as_bytes()).unwrap())
}

/// Puts a request into the inbox and lets its answer be awaited later.
async fn begin(
    engine: &Engine,
    seat: &Arc<Seat>,
    json: &str,
    key: Option<&str>,
) -> JoinHandle<Result<Response, SubmitError>> {
    let (engine, seat, wish) = (engine.clone(), Arc::clone(seat), wish(json));
    let key = key.map(str::to_owned);
    let task = tokio::spawn(async move { engine.submit(&seat, wish, key).await });
    tokio::task::yield_now().await;
    task
}

/// Everything that a client has to read.
async fn heard(engine: &Engine, seat: &Arc<Seat>) -> Vec<String> {
    let page = engine.poll(seat, Seq::ZERO, Duration::ZERO).await.unwrap();
    page.lines.iter().map(|line| String::from_utf8(line.json.to_vec()).unwrap()).collect()
}

async fn recover(engine: &Engine) {
    let deadline = Instant::now() + PATIENCE;
    while !engine.is_ready() {
        assert!(Instant::now() < deadline, "the engine does not recover");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn on_disk(store: &MemoryStore) -> (World, Seq) {
    store.clone().load_world().unwrap()
}

#[test]
fn a_failed_commit_fails_everybody_in_it_and_changes_nothing() {
    run(async {
        let (store, breaker) = (MemoryStore::default(), Breaker::default());
        let engine = start(store.clone(), &breaker);
        let alice = arrive(&engine, "alice", 1).await;
        let bob = arrive(&engine, "bob", 2).await;
        let joined = r##"{"command":"JOIN","to":"#c"}"##;
        engine.submit(&alice, wish(joined), None).await.unwrap();
        engine.submit(&bob, wish(joined), None).await.unwrap();

        // While one commit stands at the gate, the next batch comes together behind it.
        breaker.close_gate();
        let passes =
            begin(&engine, &alice, r##"{"command":"PRIVMSG","to":"#c","body":["durable"]}"##, None).await;
        breaker.wait_for_commit();
        breaker.fail_commit(2, 1);
        let fails = [
            begin(&engine, &alice, r##"{"command":"PRIVMSG","to":"#c","body":["lost"]}"##, None).await,
            begin(&engine, &bob, r##"{"command":"TOPIC","to":"#c","body":["lost"]}"##, Some("key")).await,
            begin(&engine, &bob, r#"{"command":"NICK","body":["lost"]}"#, None).await,
            begin(&engine, &bob, r#"{"command":"NOSUCH"}"#, None).await,
            begin(&engine, &bob, r#"{"command":"QUIT"}"#, None).await,
        ];
        let stranger = engine.clone();
        let stranger = tokio::spawn(async move { stranger.register(registration("carol", 3)).await });
        tokio::task::yield_now().await;
        breaker.open_gate();
        assert!(passes.await.unwrap().is_ok());
        for failed in fails {
            assert_eq!(failed.await.unwrap().err(), Some(SubmitError::Unavailable));
        }
        let error = stranger.await.unwrap().err();
        assert_eq!(error, Some(RegisterError::Submit(SubmitError::Unavailable)));
        assert!(!engine.is_ready(), "whoever asks is told to try again");
        assert!(engine.authenticate(&TokenHash::new([3; 32])).is_none(), "nobody was let in");

        for seat in [&alice, &bob] {
            let heard = heard(&engine, seat).await;
            assert!(heard.iter().any(|line| line.contains("durable")), "{heard:?}");
            assert!(!heard.iter().any(|line| line.contains("lost") || line.contains("421")), "{heard:?}");
        }
        let (world, next_seq) = on_disk(&store);
        assert_eq!(world.users().len(), 2);
        assert!(world.user_by_nick("bob").is_ok() && world.user_by_nick("lost").is_err());

        recover(&engine).await;
        let said = r##"{"command":"PRIVMSG","to":"#c","body":["again"]}"##;
        let response = engine.submit(&bob, wish(said), None).await.unwrap();
        let receipt: serde_json::Value = serde_json::from_str(&response.json).unwrap();
        assert_eq!(receipt["seq"], next_seq.get(), "the place of what was lost was never given");
        // The key that failed is as good as new.
        let topic = r##"{"command":"TOPIC","to":"#c","body":["kept"]}"##;
        let response = engine.submit(&alice, wish(topic), Some("key".to_owned())).await.unwrap();
        assert!(response.json.contains("ok"), "{}", response.json);
        let last = heard(&engine, &alice).await;
        assert!(last.iter().any(|line| line.contains("again")), "{last:?}");
        engine.begin_stop();
        engine.finish_stop();
    });
}

/// Everything that a client has to read after a place, and the place after which there is more to come.
async fn heard_after(engine: &Engine, seat: &Arc<Seat>, mut after: Seq) -> (Vec<String>, Seq) {
    let mut heard = Vec::new();
    loop {
        let page = engine.poll(seat, after, Duration::ZERO).await.unwrap();
        if page.lines.is_empty() {
            return (heard, after);
        }
        heard.extend(page.lines.iter().map(|line| String::from_utf8(line.json.to_vec()).unwrap()));
        after = page.last;
    }
}

/// What this process has used of processors so far.
fn processor_time() -> Duration {
    let all = std::fs::read_to_string("/proc/self/stat").unwrap();
    // Behind the name, which may have blanks: what the 14th and 15th field say is in hundredths of a second.
    let fields: Vec<&str> = all.rsplit_once(')').unwrap().1.split_ascii_whitespace().collect();
    let hundredths: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(hundredths * 10)
}

/// A long answer comes in pieces, each with a commit of its own. When the first is durable, so is what was asked for.
#[test]
fn an_answer_that_has_begun_is_given_to_its_end() {
    run(async {
        let (store, breaker) = (MemoryStore::default(), Breaker::default());
        let engine = start(store, &breaker);
        let alice = arrive(&engine, "alice", 1).await;
        for fifty in 0..6 {
            let names: Vec<String> = (0..50).map(|number| format!("#c{fifty}x{number}")).collect();
            let join = format!(r#"{{"command":"JOIN","to":"{}"}}"#, names.join(","));
            engine.submit(&alice, wish(&join), None).await.unwrap();
        }
        let (_, cursor) = heard_after(&engine, &alice, Seq::ZERO).await;

        let list = r#"{"command":"LIST"}"#;
        breaker.fail_commit(2, 3);
        let listing = begin(&engine, &alice, list, Some("key")).await;
        // Neither done nor refused: whoever asks again is put off.
        let again = begin(&engine, &alice, list, Some("key")).await.await.unwrap();
        assert!(matches!(again, Err(SubmitError::Saturated | SubmitError::Unavailable)), "{again:?}");
        let before = processor_time();
        let receipt = listing.await.unwrap().unwrap();
        let used = processor_time().saturating_sub(before);
        assert!(used < Duration::from_millis(700), "nothing is tried while the disk rests: {used:?}");
        let count = |lines: &[String], numeric: &str| {
            lines.iter().filter(|line| line.contains(&format!(r#""command":"{numeric}""#))).count()
        };
        let (lines, cursor) = heard_after(&engine, &alice, cursor).await;
        let counts = ["321", "322", "323"].map(|numeric| count(&lines, numeric));
        assert_eq!((counts, lines.len()), ([1, 300, 1], 302), "each once");

        let kept = engine.submit(&alice, wish(list), Some("key".to_owned())).await.unwrap();
        assert_eq!(kept.json, receipt.json);
        assert!(heard_after(&engine, &alice, cursor).await.0.is_empty(), "done once");
    });
}

#[test]
fn the_engine_recovers_after_the_disk_refused_several_times() {
    run(async {
        let (store, breaker) = (MemoryStore::default(), Breaker::default());
        let engine = start(store.clone(), &breaker);
        let alice = arrive(&engine, "alice", 1).await;
        let before = on_disk(&store);
        breaker.fail_commit(1, 3);
        let join = r##"{"command":"JOIN","to":"#c"}"##;
        let refused = engine.submit(&alice, wish(join), None).await.err();
        assert_eq!(refused, Some(SubmitError::Unavailable));
        let refused = engine.submit(&alice, wish(join), None).await.err();
        assert_eq!(refused, Some(SubmitError::Unavailable), "the disk has its rest");
        assert_eq!(on_disk(&store), before);
        recover(&engine).await;
        engine.submit(&alice, wish(join), None).await.unwrap();
        assert_eq!(on_disk(&store).0.channels().len(), 1);
    });
}

/// It is not known of a commit that it was done: what is so goes by the disk, and tokens are good for that.
#[test]
fn what_was_done_unbeknown_is_brought_in_step() {
    run(async {
        let (store, breaker) = (MemoryStore::default(), Breaker::default());
        let engine = start(store.clone(), &breaker);
        let alice = arrive(&engine, "alice", 1).await;
        breaker.fail_behind_commit();
        assert!(engine.register(registration("bob", 2)).await.is_err());
        assert!(on_disk(&store).0.user_by_nick("bob").is_ok(), "it came to disk");
        recover(&engine).await;
        let bob = engine.authenticate(&TokenHash::new([2; 32])).unwrap();
        engine
            .submit(&bob, wish(r#"{"command":"PRIVMSG","to":"alice","body":["here"]}"#), None)
            .await
            .unwrap();
        assert!(heard(&engine, &alice).await.iter().any(|line| line.contains("here")));

        breaker.fail_behind_commit();
        assert!(engine.submit(&bob, wish(r#"{"command":"QUIT"}"#), None).await.is_err());
        recover(&engine).await;
        assert!(engine.authenticate(&TokenHash::new([2; 32])).is_none(), "it is gone");

        // Nobody stays as a connection that does not know of it.
        breaker.fail_behind_commit();
        let ghost = Registration { is_connection: true, ..registration("ghost", 3) };
        assert!(engine.register(ghost).await.is_err());
        recover(&engine).await;
        gone(&engine, "ghost").await;
    });
}

/// Connections of a process that was killed are logged out by the next, also when the disk refuses at first.
#[test]
fn no_connection_outlives_a_disk_that_refuses_at_the_start() {
    run(async {
        let (store, breaker) = (MemoryStore::default(), Breaker::default());
        let engine = start(store.clone(), &breaker);
        arrive(&engine, "alice", 1).await;
        let wire = Registration { is_connection: true, ..registration("wire", 2) };
        engine.register(wire).await.unwrap();
        // It ends as if it were killed: what it would say at the end does not come to disk.
        breaker.fail_commit(1, u64::MAX);
        engine.begin_stop();
        engine.finish_stop();
        let breaker = Breaker::default();
        breaker.fail_commit(1, 2);
        let engine = start(store.clone(), &breaker);
        recover(&engine).await;
        gone(&engine, "wire").await;
        assert!(engine.holder("alice".to_owned()).await.unwrap().is_some());
    });
}

async fn gone(engine: &Engine, nick: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !matches!(engine.holder(nick.to_owned()).await, Ok(None)) {
        assert!(Instant::now() < deadline, "{nick} is still here");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The commit fails, and so does loading the world again: what was decided last is in memory, but not on disk.
#[test]
fn what_is_not_durable_is_not_shown_even_while_nothing_can_be_loaded() {
    run(async {
        let (store, breaker) = (MemoryStore::default(), Breaker::default());
        let engine = start(store.clone(), &breaker);
        let alice = arrive(&engine, "alice", 1).await;
        breaker.fail_commit(1, 1);
        breaker.fail_loads(true);
        let join = r##"{"command":"JOIN","to":"#c"}"##;
        assert!(engine.submit(&alice, wish(join), None).await.is_err());
        // To say that there is no answer now would be as good.
        if let Ok(channels) = engine.channels(alice.user).await {
            assert!(channels.is_empty(), "the channel was never made: {channels:?}");
        }
        breaker.fail_loads(false);
        recover(&engine).await;
        assert!(engine.channels(alice.user).await.unwrap().is_empty());
        engine.submit(&alice, wish(join), None).await.unwrap();
        assert_eq!(engine.channels(alice.user).await.unwrap().len(), 1);
    });
}

/// Somebody speaks under an `Idempotency-Key` and leaves at once: both requests come into one batch, and neither
/// may fail the batch of everybody else.
#[test]
fn whoever_speaks_under_a_key_and_leaves_at_once_disturbs_nobody() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&Location::File(folder.path().join("neoirc.db"))).unwrap();
        let breaker = Breaker::default();
        let engine = start(store, &breaker);
        let alice = arrive(&engine, "alice", 1).await;
        let bob = arrive(&engine, "bob", 2).await;
        breaker.close_gate();
        let first = begin(&engine, &bob, r#"{"command":"AWAY"}"#, None).await;
        breaker.wait_for_commit();
        let rest = [
            begin(&engine, &alice, r#"{"command":"PRIVMSG","to":"bob","body":["hi"]}"#, Some("k")).await,
            begin(&engine, &alice, r#"{"command":"QUIT"}"#, None).await,
            begin(&engine, &bob, r#"{"command":"AWAY","body":["tea"]}"#, None).await,
        ];
        breaker.open_gate();
        first.await.unwrap().unwrap();
        for request in rest {
            request.await.unwrap().unwrap();
        }
        assert!(engine.is_ready());
        let heard = heard(&engine, &bob).await;
        assert!(heard.iter().any(|line| line.contains("PRIVMSG")), "{heard:?}");
    });
}

/// A stamp is spent with what it pays for, or not at all; and a device comes in, or not at all.
#[test]
fn what_the_disk_refuses_spends_no_stamp_and_lets_nobody_in() {
    run(async {
        let (store, breaker) = (MemoryStore::default(), Breaker::default());
        let engine = start(store.clone(), &breaker);
        let until = "2026-11-27T00:00:00Z".parse().unwrap();
        let stamp = Some(Accepted { stamp: StampHash([7; 32]), until });
        let password = Some(PasswordHash::new("hash"));
        let paid = |nick: &str, number| Registration {
            stamp,
            password: password.clone(),
            ..registration(nick, number)
        };
        let unavailable = SubmitError::Unavailable;

        breaker.fail_commit(1, 1);
        let error = engine.register(paid("alice", 1)).await.err();
        assert_eq!(error, Some(RegisterError::Submit(unavailable)));
        recover(&engine).await;
        let alice = engine.register(paid("alice", 1)).await.unwrap();
        assert_eq!(engine.register(paid("bob", 2)).await.err(), Some(RegisterError::StampSpent));
        assert_eq!(engine.register(paid("ALICE", 2)).await.err(), Some(RegisterError::NicknameInUse));

        let login = || Login {
            holder: Holder::Session(alice.user),
            verified: PasswordHash::new("hash"),
            rehashed: Some(PasswordHash::new("another")),
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            client_uuid: Uuid::from_u128(99),
            token: TokenHash::new([99; 32]),
            connection: None,
            session: NewSession { uuid: Uuid::from_u128(98), username: None, realname: None },
        };
        breaker.fail_commit(1, 1);
        assert_eq!(engine.log_in(login()).await.err(), Some(LoginError::Submit(unavailable)));
        assert!(engine.authenticate(&TokenHash::new([99; 32])).is_none(), "nobody was let in");
        recover(&engine).await;
        assert_eq!(engine.log_in(login()).await.unwrap().nick, "alice", "and the old hash is good still");
        assert!(engine.authenticate(&TokenHash::new([99; 32])).is_some());
        let (world, _) = on_disk(&store);
        assert_eq!(world.user(alice.user).unwrap().password, Some(PasswordHash::new("another")));
        assert_eq!(world.clients().len(), 2);
        engine.begin_stop();
        engine.finish_stop();
    });
}
