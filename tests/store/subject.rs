//! The engines that the contract is played against, and what a restart means for each.

use std::path::PathBuf;

use neoirc::store::memory::MemoryStore;
use neoirc::store::sqlite::{Location, SqliteStore};
use neoirc::store::{Loaded, Store};
use tempfile::TempDir;

/// One store, open.
pub(crate) struct Subject {
    store: Option<Box<dyn Store>>,
    origin: Origin,
}

enum Origin {
    /// Closed and opened again from the file; the folder goes with the subject.
    File(TempDir),
    /// Lives as long as it is open, so that a restart only loads again.
    Connection,
    /// Clones share what is stored.
    Plain(MemoryStore),
}

impl Subject {
    pub(crate) fn sqlite_in_a_file() -> Self {
        Self::open(Origin::File(tempfile::tempdir().unwrap()))
    }

    pub(crate) fn sqlite_in_memory() -> Self {
        Self::open(Origin::Connection)
    }

    pub(crate) fn plain_memory() -> Self {
        Self::open(Origin::Plain(MemoryStore::default()))
    }

    fn open(origin: Origin) -> Self {
        let store: Box<dyn Store> = match &origin {
            Origin::File(folder) => Box::new(SqliteStore::open(&location(folder)).unwrap()),
            Origin::Connection => Box::new(SqliteStore::open(&Location::Memory).unwrap()),
            Origin::Plain(shared) => Box::new(shared.clone()),
        };
        Self { store: Some(store), origin }
    }

    /// The store itself.
    pub(crate) fn store(&mut self) -> &mut dyn Store {
        self.store.as_deref_mut().unwrap()
    }

    /// What a server would find that stopped here and started again.
    pub(crate) fn restart(&mut self) -> Loaded {
        match &self.origin {
            Origin::File(folder) => {
                self.store = None;
                self.store = Some(Box::new(SqliteStore::open(&location(folder)).unwrap()));
            }
            Origin::Connection => {}
            Origin::Plain(shared) => self.store = Some(Box::new(shared.clone())),
        }
        self.store().load().unwrap()
    }

    /// Closes the store; the file stays as long as the subject.
    pub(crate) fn close(&mut self) {
        self.store = None;
    }

    /// The database file, for looking into it from outside.
    pub(crate) fn path(&self) -> PathBuf {
        match &self.origin {
            Origin::File(folder) => folder.path().join("neoirc.db"),
            _ => panic!("only one of the engines has a file"),
        }
    }
}

fn location(folder: &TempDir) -> Location {
    Location::File(folder.path().join("neoirc.db"))
}
