//! Runs of queues that are damaged on disk: nobody is told that there was nothing, nothing is written over them, and
//! everybody else is served.

use std::sync::Arc;
use std::time::{Duration, Instant};

use neoirc::command::Wish;
use neoirc::delivery::page::Dropped;
use neoirc::delivery::{PageLimits, QueueLimits, Seat, Settled};
use neoirc::engine::{Engine, EngineSettings, SubmitError};
use neoirc::id::{ClientId, Seq};
use neoirc::protocol::message::Request;
use neoirc::store::sqlite::{Location, SqliteStore};
use rusqlite::Connection;

use crate::disk_refuses::info;
use crate::story::{ALL, Story, at, spill, token};
use crate::subject::Subject;

/// Far longer than a queue takes to be settled.
const PATIENCE: Duration = Duration::from_secs(20);

/// A story with a client that has so many entries on disk.
fn with_queue(entries: usize) -> (Story, ClientId, Vec<Seq>, Settled) {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    let (_, phone) = story.arrive("alice");
    let seqs = story.answers(phone, entries);
    story.commit();
    let settled = story.settle(spill(Settled::new(phone), &seqs));
    (story, phone, seqs, settled)
}

fn outside(story: &Story) -> Connection {
    Connection::open(story.subject.path()).unwrap()
}

/// Damages the run that ends at a place.
fn damage(story: &Story, last: Seq) {
    let changed = outside(story)
        .execute("UPDATE client_queues SET seqs = x'ff' WHERE last_seq = ?1", [last.get().cast_signed()])
        .unwrap();
    assert_eq!(changed, 1, "there is such a run");
}

/// Every run: its last place, its entries, and whether it is the damaged one.
fn runs(connection: &Connection, client: ClientId) -> Vec<(u64, u64, bool)> {
    let mut runs = connection
        .prepare("SELECT last_seq, entries, seqs = x'ff' FROM client_queues WHERE client_id = ?1 ORDER BY 1")
        .unwrap();
    let rows = runs.query_map([client.get().cast_signed()], |row| {
        Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get::<_, i64>(1)?.cast_unsigned(), row.get(2)?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn what_is_damaged_is_told_and_never_passed_over() {
    let (mut story, phone, seqs, settled) = with_queue(1_300);
    damage(&story, seqs[1_023]);
    let reader = story.store().reader();
    let read = |after: Seq, limits: PageLimits| reader.read(phone, after, settled.settled, limits);
    let before = read(Seq::ZERO, ALL).unwrap();
    let before: (Vec<Seq>, bool) = (before.lines.iter().map(|line| line.seq).collect(), before.cut);
    assert_eq!(
        before,
        (seqs[..512].to_vec(), true),
        "what comes before it is told first, and that there is more"
    );
    for after in [seqs[511], seqs[800], seqs[1_022]] {
        let why = read(after, ALL).unwrap_err().to_string();
        let which = format!("client {phone}: the run of its queue from {} to {}", seqs[512], seqs[1_023]);
        assert!(why.contains(&which), "{why}");
    }
    assert_eq!(story.read(phone, seqs[1_023], settled.settled), seqs[1_024..]);
}

#[test]
fn a_run_that_is_not_what_it_says_of_itself_is_damaged() {
    for change in ["first_seq = 2", "entries = 9", "seqs = x''", "seqs = x'0109'"] {
        let (mut story, phone, _, settled) = with_queue(10);
        outside(&story).execute(&format!("UPDATE client_queues SET {change}"), []).unwrap();
        let is_told = story.store().reader().read(phone, Seq::ZERO, settled.settled, ALL).is_err();
        // The last is what it was.
        assert_eq!(is_told, !change.contains("0109"), "{change}");
    }
}

#[test]
fn what_comes_later_is_put_behind_a_damaged_run_which_goes_as_a_whole() {
    let (mut story, phone, seqs, settled) = with_queue(10);
    damage(&story, seqs[9]);
    let more = story.answers(phone, 10);
    story.commit();
    let settled = story.settle(spill(settled, &more));
    assert_eq!(settled.stored, 20);
    let both = [(seqs[9].get(), 10, true), (more[9].get(), 10, false)];
    assert_eq!(runs(&outside(&story), phone), both);
    assert_eq!(story.read(phone, seqs[9], settled.settled), more);

    // Not while some of it may be unread, and then all of it.
    let mut settlement = spill(settled, &[]);
    settlement.acked = seqs[8];
    let settled = story.settle(settlement);
    assert_eq!((settled.stored, settled.acked), (20, seqs[8]));
    assert_eq!(runs(&outside(&story), phone), both);
    let mut settlement = spill(settled, &[]);
    settlement.acked = more[1];
    let settled = story.settle(settlement);
    assert_eq!((settled.stored, settled.dropped), (8, None));
    assert_eq!(story.read(phone, more[1], settled.settled), more[2..]);
}

#[test]
fn a_damaged_run_that_is_too_old_or_too_much_is_dropped_and_told_of() {
    let dropped = |entries: u64, through: Seq| Some(Dropped { entries, through, at: at(5_001) });
    let (mut story, phone, seqs, settled) = with_queue(10);
    damage(&story, seqs[9]);
    let mut settlement = spill(settled, &[]);
    settlement.expired = seqs[9];
    let settled = story.settle(settlement);
    assert_eq!((settled.stored, settled.dropped), (0, dropped(10, seqs[9])));
    assert_eq!(runs(&outside(&story), phone), []);

    let (mut story, phone, seqs, settled) = with_queue(10);
    damage(&story, seqs[9]);
    let more = story.answers(phone, 10);
    story.commit();
    let mut settlement = spill(settled, &more);
    settlement.entries_max = 15;
    let settled = story.settle(settlement);
    assert_eq!((settled.stored, settled.dropped), (20, None), "five of it cannot go without the rest");
    let mut settlement = spill(settled, &[]);
    settlement.entries_max = 8;
    let settled = story.settle(settlement);
    assert_eq!((settled.stored, settled.dropped), (8, dropped(12, more[1])));
    assert_eq!(story.read(phone, more[1], settled.settled), more[2..]);
}

fn start(story: Story) -> (Engine, Subject) {
    let mut subject = story.subject;
    let path = subject.path();
    subject.close();
    let queues = QueueLimits { tail_entries: 100, entries_max: 0, kept_ms: 1, polls_max: 4, streams_max: 4 };
    let settings = EngineSettings {
        inbox_max: 64,
        queues,
        queue_memory_bytes: 0,
        settle_after: Duration::from_millis(30),
        queue_age_max: Duration::ZERO,
        history_max: 0,
        search_timeout: Duration::ZERO,
        oper_attempts_per_minute: 0,
        idle_timeout: Duration::ZERO,
    };
    let store = SqliteStore::open(&Location::File(path)).unwrap();
    (Engine::start(Box::new(store), info(), settings).unwrap(), subject)
}

async fn say_to_alice(engine: &Engine, seat: &Arc<Seat>) -> Result<(), SubmitError> {
    let wish = Wish::parse(Request::parse(br#"{"command":"PRIVMSG","to":"alice","body":["hi"]}"#).unwrap());
    engine.submit(seat, wish, None).await.map(drop)
}

/// Her polls are refused at once, however long they would wait. What is settled for her stands in one commit with what
/// others asked for.
#[test]
fn nobody_else_notices_a_damaged_run() {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    let (alice, _) = story.arrive("alice");
    let of_alice = story.add_client(alice);
    let (_, of_bob) = story.arrive("bob");
    assert!(!of_alice.get().is_multiple_of(2) && !of_bob.get().is_multiple_of(2), "connections do not last");
    let seqs = story.answers(of_alice, 10);
    story.commit();
    story.batch.checkpoint = Some(seqs[9]);
    story.settle(spill(Settled::new(of_alice), &seqs));
    damage(&story, seqs[9]);

    let (engine, subject) = start(story);
    let looking = Connection::open(subject.path()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let seat = engine.authenticate(&token(of_alice)).unwrap();
        let other = engine.authenticate(&token(of_bob)).unwrap();
        for timeout in [Duration::ZERO, Duration::from_hours(1)] {
            let refused = engine.poll(&seat, Seq::ZERO, timeout).await;
            assert!(matches!(refused, Err(SubmitError::Unavailable)), "{refused:?}");
        }
        let deadline = Instant::now() + PATIENCE;
        while runs(&looking, of_alice).len() < 2 {
            assert!(Instant::now() < deadline, "nothing is settled behind it");
            say_to_alice(&engine, &other).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(runs(&looking, of_alice)[0], (seqs[9].get(), 10, true));
        say_to_alice(&engine, &other).await.unwrap();
        let page = engine.poll(&seat, seqs[9], Duration::ZERO).await.unwrap();
        assert!(!page.lines.is_empty(), "what comes after it is there for whoever goes past it");
    });
}
