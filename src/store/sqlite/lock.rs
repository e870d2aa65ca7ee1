//! One process a database: an advisory lock on a file beside it.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::store::StoreError;

/// The lock; the system lets it go with the process, however that ends.
#[derive(Debug)]
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// # Errors
    /// [`StoreError::Refused`] when another process has it.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let io = |cause| StoreError::Io { doing: format!("lock {}", database.display()), cause };
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Refused(format!(
                "the database {} is in use by another process",
                database.display()
            ))),
            Err(TryLockError::Error(cause)) => Err(io(cause)),
        }
    }
}
