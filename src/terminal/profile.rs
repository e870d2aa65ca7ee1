//! What is remembered between two runs: the session of each server and profile, and how far each reader has read.
//!
//! Below `$XDG_STATE_HOME/neoirc`, a folder for each server and in it one for each profile. A cookie is as good as a
//! password, so the folders are the owner's alone, and the files too.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgMatches;
use clap::parser::ValueSource;
use neoirc::client::{Client, Error, Options, Place};
use tempfile::NamedTempFile;

use crate::account::is_of;
use crate::exit::Failure;

/// The file with the cookie. Its cursor says nothing: each reader has its own.
const SESSION: &str = "session";

/// More than the file of a session has, in bytes.
const PLACE_BYTES_MAX: usize = 512;

/// What a file is called while it is written; what was killed then leaves it behind, with a cookie in it.
const UNFINISHED: &str = ".tmp";

/// Nobody writes a file for so long.
const UNFINISHED_AGE_MIN: Duration = Duration::from_mins(1);

/// One user of one server.
pub(crate) struct Profile {
    /// The address of the server.
    pub(crate) server: String,
    /// The nick of a session that is opened where there is none.
    pub(crate) nick: Option<String>,
    /// Whether the nick stands on the command line, and not among the variables of all programs.
    is_nick_meant: bool,
    folder: PathBuf,
}

impl Profile {
    /// The one that the command line names.
    pub(crate) fn of(matches: &ArgMatches) -> Result<Self, Failure> {
        let word = |name| matches.get_one::<String>(name).cloned();
        let server = word("server").unwrap_or_default().trim_end_matches('/').to_owned();
        let name = word("profile").unwrap_or_default();
        let is_good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_good) {
            return Err(Failure::Usage(
                "a profile has a name of letters, digits, '-', '_' and '.'".to_owned(),
            ));
        }
        let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".local/state"));
        // The specification of these folders has what is not absolute passed over.
        let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let Some(state) = state.or_else(home) else {
            return Err(Failure::Usage(
                "neither XDG_STATE_HOME nor HOME says where to keep a session".to_owned(),
            ));
        };
        let folder = state.join("neoirc").join(folder_of(&server)).join(name);
        let is_nick_meant = matches.value_source("nick") == Some(ValueSource::CommandLine);
        let profile = Self { server, nick: word("nick"), is_nick_meant, folder };
        profile.sweep();
        Ok(profile)
    }

    /// The session that is kept here, or a new one where a nick says so.
    ///
    /// # Errors
    /// [`Failure::NotLoggedIn`] when there is none and there is not to be one; any other.
    pub(crate) async fn client(&self, patience: Duration) -> Result<Client, Failure> {
        self.client_of(SESSION, patience).await
    }

    /// The same, reading on where this reader was.
    pub(crate) async fn reader(&self, name: &str, patience: Duration) -> Result<Client, Failure> {
        self.client_of(name, patience).await
    }

    async fn client_of(&self, reader: &str, patience: Duration) -> Result<Client, Failure> {
        let kept = match (self.found(reader, patience).await?, &self.nick) {
            (Some(kept), _) => kept,
            (None, Some(nick)) => return self.open(nick, patience).await,
            (None, None) => return Err(Failure::NotLoggedIn),
        };
        // Under the nick that it was opened with it is the same one, whatever it is called by now.
        let opened = self.load(SESSION)?.and_then(|session| session.nick);
        if let Some(nick) = self.nick.as_ref().filter(|_| self.is_nick_meant)
            && opened.is_none_or(|opened| !opened.eq_ignore_ascii_case(nick))
        {
            is_of(&kept, nick)?;
        }
        Ok(kept)
    }

    /// Opens a session under this nick, and keeps it; or takes the one that another process has opened here just now.
    pub(crate) async fn open(&self, nick: &str, patience: Duration) -> Result<Client, Failure> {
        let _lock = self.lock().map_err(|error| self.named(&error))?;
        if let Some(kept) = self.kept(patience).await? {
            is_of(&kept, nick)?;
            return Ok(kept);
        }
        self.keep(Client::connect(Options::new(&self.server, nick).patience(patience))).await
    }

    /// The session that is kept here and still is one. None is opened in its stead.
    pub(crate) async fn kept(&self, patience: Duration) -> Result<Option<Client>, Failure> {
        self.found(SESSION, patience).await
    }

    /// The same, reading on where this reader was.
    async fn found(&self, reader: &str, patience: Duration) -> Result<Option<Client>, Failure> {
        let place = match (self.load(SESSION)?, self.load(reader)?) {
            // A cursor is worth something in its own session only.
            (Some(session), Some(place)) if session.token == place.token => Some(place),
            (session, _) => session,
        };
        match Client::resume(Options::new(&self.server, "").patience(patience).resume(place)).await {
            Err(Error::Unauthorized) => Ok(None),
            client => Ok(Some(client?)),
        }
    }

    /// Nobody else opens a session here until this is dropped. It is the folder that is locked, so that no file
    /// comes of it; where folders cannot be, nothing is.
    fn lock(&self) -> io::Result<File> {
        self.make_folder()?;
        let folder = File::open(&self.folder)?;
        match folder.lock() {
            Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(error),
            _ => Ok(folder),
        }
    }

    /// Deletes what was left unfinished here. What cannot be deleted harms nobody but its owner.
    fn sweep(&self) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let is_old = || {
                let age = entry.metadata().ok()?.modified().ok()?.elapsed().ok()?;
                Some(age > UNFINISHED_AGE_MIN)
            };
            if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
                && is_old() == Some(true)
            {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }

    /// Opens or enters a session in this way, and keeps it. Where nothing can be kept none is opened: nobody could come
    /// back to it, and it would have the nick for days.
    pub(crate) async fn keep(
        &self,
        opening: impl Future<Output = Result<Client, Error>>,
    ) -> Result<Client, Failure> {
        self.try_to_write().map_err(|error| self.named(&error))?;
        let client = opening.await?;
        let (token, nick) = (client.token().clone(), Some(client.nick()));
        let kept = self.save(SESSION, &Place { token, cursor: 0, nick });
        if kept.is_err() {
            // Why nothing was kept is what is told.
            let _ = client.log_out().await;
        }
        kept.map(|()| client)
    }

    /// Writes into the folder what goes by itself.
    fn try_to_write(&self) -> io::Result<()> {
        self.make_folder()?;
        NamedTempFile::new_in(&self.folder)?.write_all(&[0; PLACE_BYTES_MAX])
    }

    fn make_folder(&self) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }

    /// Forgets the session.
    pub(crate) fn leave(&self) -> Result<(), Failure> {
        match std::fs::remove_file(self.folder.join(SESSION)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::Local(error)),
            _ => Ok(()),
        }
    }

    /// Keeps how far a reader has read.
    pub(crate) fn save(&self, name: &str, place: &Place) -> Result<(), Failure> {
        let saved = self.make_folder().and_then(|()| place.save(self.folder.join(name)));
        saved.map_err(|error| self.named(&error))
    }

    fn load(&self, name: &str) -> Result<Option<Place>, Failure> {
        Place::load(self.folder.join(name)).map_err(|error| self.named(&error))
    }

    fn named(&self, error: &io::Error) -> Failure {
        Failure::Local(io::Error::new(error.kind(), format!("{}: {error}", self.folder.display())))
    }
}

/// The name of the folder of a server: its address, with whatever is no plain character written in hex, so that no
/// two have the same.
fn folder_of(server: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    server
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("_{byte:02x}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_server_has_a_folder_of_its_own() {
        assert_eq!(folder_of("https://irc.example.org"), "https_3a_2f_2firc.example.org");
        assert_ne!(folder_of("http://a/b"), folder_of("http://a_2fb"));
    }
}
