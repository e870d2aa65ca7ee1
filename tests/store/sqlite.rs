//! What `SQLite` promises beyond the contract: batches that are whole or not at all, and durability.

use neoirc::entry::Audience;
use neoirc::id::Seq;
use neoirc::store::sqlite::{Location, SqliteStore};
use neoirc::store::{KeptOutcome, Store as _, StoreError};
use neoirc::world::{Event, Membership};
use rusqlite::Connection;

use crate::story::{Story, at};
use crate::subject::Subject;

/// Adds something of everything to a batch, and gives its first place.
fn something_of_everything(story: &mut Story) -> Seq {
    let (alice, phone) = story.arrive("alice");
    story.found("#c", alice);
    story.batch.outcomes.push(KeptOutcome {
        client: phone,
        key: "k".to_owned(),
        response: "{}".to_owned(),
        at: at(1),
    });
    story.batch.checkpoint = Some(Seq::new(0));
    story.answer(phone)
}

#[test]
fn a_batch_that_fails_leaves_nothing() {
    for subject in [Subject::sqlite_in_a_file, Subject::sqlite_in_memory] {
        let mut story = Story::new(subject());
        let (bob, _) = story.arrive("bob");
        let channel = story.found("#bob", bob);
        story.commit();
        let before = story.world.clone();
        let seq = something_of_everything(&mut story);
        // The same place a second time: the last row of the batch is the one that cannot be written.
        let twice = story.batch.entries.last().unwrap().clone();
        story.batch.entries.push(twice);
        let mut batch = std::mem::take(&mut story.batch);
        batch.next_id = Some(story.world.next_id());
        assert!(matches!(story.store().commit(&batch), Err(StoreError::Sqlite { .. })));
        story.world = before;
        let loaded = story.restart();
        assert_eq!(loaded.next_seq, seq, "the place was never given");
        assert!(loaded.recent.is_empty());

        // A fact that cannot be, behind others that can.
        let mut batch = neoirc::store::Batch::default();
        batch.events.push(Event::AwayChanged { user: bob, text: Some("lost".to_owned()) });
        batch.events.push(Event::Joined { channel, user: bob, membership: Membership::default() });
        assert!(story.store().commit(&batch).is_err());
        story.restart();

        // The store goes on as if nothing had happened.
        story.next_seq = seq;
        something_of_everything(&mut story);
        story.entry(Audience::nobody(), None);
        story.commit();
        assert_eq!(story.restart().recent.len(), 2);
    }
}

#[test]
fn the_file_is_in_wal_mode_marked_as_ours_and_private() {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    story.arrive("alice");
    story.commit();
    let path = story.subject.path();
    let outside = Connection::open(&path).unwrap();
    let text =
        |pragma: &str| outside.pragma_query_value(None, pragma, |row| row.get::<_, String>(0)).unwrap();
    let number = |pragma: &str| outside.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).unwrap();
    // That each commit waits for the disk (synchronous=FULL) is a setting of the writing connection, which
    // refuses to start without it; the file shows the journal alone.
    assert_eq!(text("journal_mode"), "wal");
    assert_eq!(number("application_id"), i64::from(u32::from_be_bytes(*b"nirc")));
    assert!(number("user_version") >= 1);
    assert_eq!(text("integrity_check"), "ok");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "nobody else on the machine reads what people say");
    }
}

#[test]
fn stores_in_memory_have_nothing_in_common() {
    let mut one = Story::new(Subject::sqlite_in_memory());
    one.arrive("alice");
    one.commit();
    let mut other = SqliteStore::open(&Location::Memory).unwrap();
    assert_eq!(other.load().unwrap().world.users().len(), 0);
}

#[test]
fn a_folder_with_awkward_characters_will_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("100% sure? #1/neoirc.db");
    let location = Location::File(path.clone());
    drop(SqliteStore::open(&location).unwrap());
    assert!(path.exists());
    drop(SqliteStore::open(&location).unwrap());
}
