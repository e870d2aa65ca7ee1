//! Files that must not be served: in use, foreign, too new, damaged. Each is refused with a reason and left as it is.

use std::fs;
use std::path::{Path, PathBuf};

use neoirc::store::StoreError;
use neoirc::store::sqlite::{Location, SqliteStore};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::story::Story;
use crate::subject::Subject;

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(&Location::File(path.to_owned()))
}

/// A folder with a file that holds `bytes`.
fn file_of(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neoirc.db");
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// A database of our own with people in it, closed, as bytes.
fn good_database() -> Vec<u8> {
    let mut story = Story::new(Subject::sqlite_in_a_file());
    for n in 0..200 {
        let (_, client) = story.arrive(&format!("nick{n}"));
        story.answers(client, 5);
    }
    story.commit();
    story.restart();
    let path = story.subject.path();
    Connection::open(&path).unwrap().pragma_query(None, "wal_checkpoint", |_| Ok(())).unwrap();
    fs::read(&path).unwrap()
}

/// The file is refused and not a byte of it is changed. Gives what is said of it.
#[track_caller]
fn refused(path: &Path) -> String {
    let before = fs::read(path).unwrap();
    let error = open(path).err().expect("no server runs on this file");
    assert!(fs::read(path).unwrap() == before, "the file is left as it was");
    error.to_string()
}

#[test]
fn a_file_in_use_is_refused_and_free_again_when_it_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neoirc.db");
    let first = open(&path).unwrap();
    let why = open(&path).err().expect("one process a database").to_string();
    assert!(why.contains("in use"), "{why}");
    drop(first);
    open(&path).unwrap();
}

#[test]
fn a_newer_schema_is_refused() {
    let (_folder, path) = file_of(&good_database());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 9_999).unwrap();
    let why = refused(&path);
    assert!(why.contains("9999") && why.contains("newer"), "{why}");
}

#[test]
fn the_database_of_another_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("neoirc.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup');").unwrap();
    drop(other);
    let why = refused(&path);
    assert!(why.contains("another program"), "{why}");
}

#[test]
fn what_is_no_database_is_refused() {
    let (_folder, path) = file_of(&b"Dear diary, today nobody said anything. ".repeat(200));
    refused(&path);
    let (_folder, path) = file_of(b"short");
    refused(&path);
}

#[test]
fn a_database_that_was_cut_off_is_refused() {
    let good = good_database();
    for part in [good.len() / 2, good.len() / 4] {
        let (_folder, path) = file_of(&good[..part]);
        refused(&path);
    }
}

#[test]
fn a_database_with_garbage_in_the_middle_is_refused() {
    let mut bytes = good_database();
    let pages = bytes.len() / 4096;
    assert!(pages > 8, "too small to be damaged in the middle: {pages} pages");
    // Everything after the schema, which lies in front: no table can have come through whole.
    for byte in &mut bytes[4096 * 4..] {
        *byte = 0xa5;
    }
    let (_folder, path) = file_of(&bytes);
    refused(&path);
}

#[test]
fn a_folder_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    assert!(open(folder.path()).is_err());
}
