//! How one server process is to be started: program, words, settings, folder.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::process::Process;

/// The settings every test begins with: a free port, no proof of work, no limits on speed or on how much one address
/// may have, nothing that asks the network. A test that is about one of them overrides it.
const QUIET_SETTINGS: [(&str, &str); 10] = [
    ("HTTP_LISTEN_ADDR", "127.0.0.1:0"),
    ("NEOIRC_HASHCASH_BITS", "0"),
    ("IRC_LISTEN_ADDR", ""),
    ("REVERSE_DNS", "false"),
    ("SESSION_RATE_LIMIT", "0"),
    ("COMMAND_RATE_LIMIT", "0"),
    ("LOGIN_RATE_LIMIT", "0"),
    ("HISTORY_RATE_LIMIT", "0"),
    ("HTTP_CONNECTIONS_PER_IP", "0"),
    ("RUST_BACKTRACE", "1"),
];

/// A description of a process to start. It can be started many times.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    words: Vec<String>,
    settings: Vec<(String, String)>,
    folder: PathBuf,
    file_size_limit_blocks: Option<u64>,
}

impl Launch {
    /// `neoircd serve` with the quiet settings, its database and its log in `folder`.
    pub(crate) fn serve(folder: &Path) -> Self {
        let mut launch = Self::bare(folder, &["serve"]);
        for (name, value) in QUIET_SETTINGS {
            launch = launch.with(name, value);
        }
        launch.with("DBURL", &format!("file:{}", folder.join("neoirc.db").display()))
    }

    /// `neoircd` with these words and no settings at all, run in `folder`.
    pub(crate) fn bare(folder: &Path, words: &[&str]) -> Self {
        Self {
            words: words.iter().map(ToString::to_string).collect(),
            settings: Vec::new(),
            folder: folder.to_path_buf(),
            file_size_limit_blocks: None,
        }
    }

    /// The same with one setting added or replaced.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.settings.push((name.to_string(), value.to_string()));
        self
    }

    /// The same with one setting left to its default.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.settings.retain(|(known, _)| known != name);
        self
    }

    /// The same with one more word on the command line.
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_string());
        self
    }

    /// The same, run in another folder, so that its log lies outside the disk under test.
    pub(crate) fn run_in(mut self, folder: &Path) -> Self {
        self.folder = folder.to_path_buf();
        self
    }

    /// The same under a limit on the size of each file, in the shell's blocks of 1,024 bytes. Only the soft limit
    /// is set, so that it can be lifted again while the server runs.
    pub(crate) fn file_size_limit_blocks(mut self, blocks: u64) -> Self {
        self.file_size_limit_blocks = Some(blocks);
        self
    }

    /// The folder that the process runs in.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file that receives the process's log.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("neoircd.log")
    }

    /// Starts the process. It inherits nothing but `PATH`, since a setting in the developer's own environment
    /// must not decide a test.
    pub(crate) fn start(&self) -> Process {
        let log =
            OpenOptions::new().create(true).append(true).open(self.log()).expect("the log can be opened");
        let mut command = self.command();
        command
            .args(&self.words)
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        Process::of(command.spawn().expect("the server's binary can be started"), self.log())
    }

    fn command(&self) -> Command {
        let binary = env!("CARGO_BIN_EXE_neoircd");
        let Some(blocks) = self.file_size_limit_blocks else { return Command::new(binary) };
        let mut shell = Command::new("bash");
        // The signal is ignored so that a write beyond the limit fails with an error, as on a full disk, instead
        // of ending the process. `exec` keeps the process id the server's own. The log goes through a process
        // outside the limit, since the limit is about the database.
        let limit = format!("trap '' XFSZ; ulimit -S -f {blocks}");
        let script = format!("{limit}; exec \"$0\" \"$@\" 2> >(ulimit -S -f unlimited; exec cat >&2)");
        shell.arg("-c").arg(script).arg(binary);
        shell
    }
}
