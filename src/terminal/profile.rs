//! What is remembered between two runs: the session of each server and profile, and how far each reader has read.
//!
//! Below `$XDG_STATE_HOME/neoirc`, a folder for each server and in it one for each profile. A cookie is as good as a
//! password, so the folders are the owner's alone, and the files too.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

use clap::ArgMatches;
use neoirc::client::{Client, Error, Options, Place};
use tempfile::NamedTempFile;

use crate::exit::Failure;

/// The file with the cookie. Its cursor says nothing: each reader has its own.
const SESSION: &str = "session";

/// More than the file of a session has, in bytes.
const PLACE_BYTES_MAX: usize = 256;

/// One user of one server.
pub(crate) struct Profile {
    /// The address of the server.
    pub(crate) server: String,
    /// The nick of a session that is opened where there is none.
    pub(crate) nick: Option<String>,
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
        Ok(Self { server, nick: word("nick"), folder })
    }

    /// The session that is kept here, or a new one where a nick says so.
    ///
    /// # Errors
    /// [`Failure::NotLoggedIn`] when there is none and there is not to be one; any other.
    pub(crate) async fn client(&self, patience: std::time::Duration) -> Result<Client, Failure> {
        self.client_after(0, patience).await
    }

    /// The same, reading on where this reader was.
    pub(crate) async fn reader(&self, name: &str, patience: std::time::Duration) -> Result<Client, Failure> {
        let cursor = match (self.load(SESSION)?, self.load(name)?) {
            // A cursor is worth something in its own session only.
            (Some(session), Some(reader)) if session.token == reader.token => reader.cursor,
            _ => 0,
        };
        self.client_after(cursor, patience).await
    }

    /// The same, reading after this place.
    pub(crate) async fn client_after(
        &self,
        cursor: u64,
        patience: std::time::Duration,
    ) -> Result<Client, Failure> {
        let options = Options::new(&self.server, self.nick.clone().unwrap_or_default()).patience(patience);
        let place = self.load(SESSION)?.map(|place| Place { cursor, ..place });
        match Client::resume(options.clone().resume(place)).await {
            Err(Error::Unauthorized) if self.nick.is_some() => self.keep(Client::connect(options)).await,
            Err(Error::Unauthorized) => Err(Failure::NotLoggedIn),
            client => Ok(client?),
        }
    }

    /// The session that is kept here and still is one. None is opened in its stead.
    pub(crate) async fn kept(&self, patience: std::time::Duration) -> Result<Option<Client>, Failure> {
        let options = Options::new(&self.server, "").patience(patience);
        match Client::resume(options.resume(self.load(SESSION)?)).await {
            Err(Error::Unauthorized) => Ok(None),
            client => Ok(Some(client?)),
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
        let kept = self.save(SESSION, &Place { token: client.token().clone(), cursor: 0 });
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
