//! The laws of a database, each broken by hand: the check finds it and says so.

use std::fs;
use std::path::Path;

use neoirc::delivery::Settled;
use neoirc::entry::Conversation;
use neoirc::id::Seq;
use neoirc::store::sqlite::{Location, check};
use neoirc::world::{Event, Membership};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::story::{Story, spill};
use crate::subject::Subject;

/// A file with something of everything: two sessions in a channel, one invited to another, talk of both kinds,
/// a queue on disk, a checkpoint in the middle of the log.
fn good() -> (TempDir, std::path::PathBuf) {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    let (alice, phone) = story.arrive("alice");
    let (bob, laptop) = story.arrive("bob");
    let tea = story.found("#tea", alice);
    story.fact(Event::Joined { channel: tea, user: bob, membership: Membership::default() });
    let milk = story.found("#milk", bob);
    story.fact(Event::Invited { channel: milk, user: alice, by: bob, passes: true });
    let mut seqs: Vec<Seq> =
        (0..5).map(|_| story.say(&[phone, laptop], Conversation::Channel(tea))).collect();
    seqs.extend(story.answers(phone, 3));
    story.say(&[phone, laptop], Conversation::Direct(alice, bob));
    story.commit();
    let mut settlement = spill(Settled::new(phone), &seqs);
    settlement.transient = seqs[5..].to_vec();
    story.batch.checkpoint = Some(seqs[7]);
    story.settle(settlement);
    story.say(&[phone, laptop], Conversation::Channel(tea));
    story.commit();
    story.restart();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("good.db");
    neoirc::store::sqlite::backup(&Location::File(story.subject.path()), &path).unwrap();
    (folder, path)
}

fn violations(path: &Path) -> Vec<String> {
    // What cannot even be read is found, too.
    check(&Location::File(path.to_owned())).map_or_else(|error| vec![error.to_string()], |found| found.1)
}

#[test]
fn a_database_of_ours_breaks_no_law() {
    let (_folder, path) = good();
    let (summary, violations) = check(&Location::File(path)).unwrap();
    assert_eq!(violations, [""; 0]);
    assert_eq!((summary.sessions, summary.clients, summary.channels, summary.messages), (2, 2, 2, 10));
}

#[test]
fn each_law_is_found_broken() {
    let broken = [
        ("DELETE FROM memberships WHERE user_id = 3", "has no member"),
        ("UPDATE memberships SET user_id = 99 WHERE user_id = 3", "membership of session 99"),
        ("UPDATE invitations SET channel_id = 99", "invitation of session 1 in channel 99"),
        ("DELETE FROM clients WHERE user_id = 1", "has no client"),
        ("UPDATE clients SET user_id = 99 WHERE user_id = 1", "a row of clients names a row of users"),
        ("UPDATE users SET uuid = x'00' WHERE id = 1", "its uuid has 1 bytes"),
        ("UPDATE clients SET token_hash = x'00' WHERE user_id = 1", "hash of 1"),
        ("UPDATE clients SET token_hash = (SELECT min(token_hash) FROM clients)", "have the same token"),
        ("UPDATE users SET nick = '1x' WHERE id = 1", "\"1x\" is no nick"),
        ("UPDATE users SET username = 'a b' WHERE id = 1", "\"a b\" is no username"),
        ("UPDATE channels SET name = 'tea' WHERE name = '#tea'", "\"tea\" is no channel"),
        ("UPDATE clients SET address = 'home'", "\"home\" is no address"),
        ("INSERT INTO watches VALUES (1, 'a b')", "\"a b\" is no nick that is watched"),
        ("INSERT INTO past_nicks VALUES (1, '1x', 'u', 'h', 'r', 0)", "\"1x\" is no nick of the past"),
        ("INSERT INTO channel_masks VALUES (5, 'b', '', 'a', 0)", "\"\" is no mask"),
        ("INSERT INTO spent_stamps VALUES (x'00', 0)", "a hash of 1 bytes"),
        ("DELETE FROM server_state WHERE name = 'checkpoint'", "server_state has no checkpoint"),
        ("UPDATE server_state SET value = 4 WHERE name = 'next_id'", "next_id is 4"),
        ("UPDATE server_state SET value = 99 WHERE name = 'pruned'", "pruned up to 99"),
        ("UPDATE clients SET acked_seq = 99 WHERE user_id = 3", "acknowledged 99"),
        ("UPDATE clients SET settled_seq = 7 WHERE user_id = 1", "settled up to 7"),
        ("UPDATE clients SET acked_seq = 1 WHERE user_id = 1", "its queue begins with 1"),
        ("UPDATE clients SET stored_entries = 9 WHERE user_id = 1", "9 entries are counted, 8 are there"),
        ("UPDATE client_queues SET first_seq = 2", "the run from 2 to 8 is damaged"),
        ("UPDATE client_queues SET seqs = x'ff'", "the run from 1 to 8 is damaged"),
        ("DELETE FROM log WHERE seq = 6; DELETE FROM held WHERE seq = 6", "message 6 of its queue"),
        ("DELETE FROM log WHERE seq = 7", "message 7 is held, but not in the log"),
        ("DELETE FROM log WHERE seq = 1", "message 1 is not in the log"),
        ("UPDATE log SET lasting = 0 WHERE seq = 1", "message 1 is not in the log"),
        ("DELETE FROM history WHERE owner = 1 AND peer = 3", "under one of them alone"),
        ("UPDATE history SET owner = 98 WHERE peer = 0", "history of 98"),
        ("UPDATE log SET clients = NULL WHERE seq = 10", "message 10: nobody knows whom it was for"),
        ("UPDATE log SET owner = NULL WHERE seq = 10", "message 10 is to last, but nobody knows"),
        ("UPDATE log SET clients = x'ff' WHERE seq = 10", "an audience in the log"),
        ("UPDATE log SET line = x'7b7b' WHERE seq = 1", "message 1 is no JSON"),
        ("UPDATE server_state SET value = 99 WHERE name = 'filed'", "filed up to 99"),
        (
            "INSERT INTO accounts VALUES (2, 'alice', 'x', NULL, 0); UPDATE users SET account_id = 2 WHERE id = 1",
            "session 1 (alice) has another password or key than its account",
        ),
        ("INSERT INTO accounts VALUES (2, 'alice', 'x', NULL, 0)", "session 1 goes by alice, which is kept"),
        ("INSERT INTO markers VALUES (99, '#tea', 0)", "a marker of 99 is nobody's"),
        ("INSERT INTO markers VALUES (1, 'a b', 0)", "\"a b\" is no channel or nick"),
        ("INSERT INTO accounts VALUES (2, '1x', 'x', NULL, 0)", "\"1x\" is no nick that is kept"),
        ("INSERT INTO hooks VALUES (x'00', 5, 'n', x'00', 'alice', 0)", "the hook 00 is not whole"),
    ];
    let (_folder, path) = good();
    for (sql, expected) in broken {
        let copy = path.with_extension("broken");
        fs::copy(&path, &copy).unwrap();
        let connection = Connection::open(&copy).unwrap();
        connection.execute_batch(&format!("PRAGMA foreign_keys = OFF; {sql}")).unwrap();
        drop(connection);
        let found = violations(&copy);
        assert!(found.iter().any(|violation| violation.contains(expected)), "{sql}: {found:?}");
    }
}

/// Damage below the level of tables, in any page.
#[test]
fn damaged_pages_are_found() {
    let (_folder, path) = good();
    let bytes = fs::read(&path).unwrap();
    let pages = bytes.len() / 4096;
    let mut found = 0;
    for page in 1..pages {
        let mut damaged = bytes.clone();
        // The head of a page and what it says of its cells; a page that is not in use may hold anything.
        damaged[page * 4096..page * 4096 + 64].fill(0xa5);
        let copy = path.with_extension("damaged");
        fs::write(&copy, damaged).unwrap();
        found += usize::from(!violations(&copy).is_empty());
    }
    assert!(found * 10 >= pages * 9, "{found} of {pages} pages");
}
