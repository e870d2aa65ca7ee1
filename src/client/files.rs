//! Small files for the owner's eyes alone: keys, pins, tokens.

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// What becomes of a file that is already there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Existing {
    /// It stays, and writing fails.
    Kept,
    /// The new one takes its place, in one step.
    Replaced,
}

/// Writes a file with mode 0600. Whatever happens meanwhile, the file is there whole or not at all.
///
/// # Errors
/// When the folder or the disk refuses, or the file is there and to be kept.
pub(super) fn write_private(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // In the same folder, since only there it can be renamed; with mode 0600 from the beginning.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    match existing {
        Existing::Kept => file.persist_noclobber(path)?,
        Existing::Replaced => file.persist(path)?,
    };
    Ok(())
}

/// Whether somebody else than its owner may read the file. Where files have no such modes, nobody may.
///
/// # Errors
/// When the file is not there.
#[cfg(unix)]
pub(super) fn is_readable_by_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o077 != 0)
}

/// Whether somebody else than its owner may read the file. Where files have no such modes, nobody may.
///
/// # Errors
/// Never here.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it has to look elsewhere")]
pub(super) fn is_readable_by_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}
