//! The program, run as one user with a state folder of their own.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::TestServer;

/// A server that comes back on the port that it had, as servers do outside of tests.
pub(crate) fn on_one_port() -> TestServer {
    let mut server = TestServer::spawn();
    let address = server.socket_address();
    server.change(|launch| launch.with("HTTP_LISTEN_ADDR", &address));
    server
}

/// Somebody with a home.
pub(crate) struct User {
    home: TempDir,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) errors: String,
}

impl User {
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().unwrap() }
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// The program with these words. It ends by itself after a minute.
    pub(crate) fn command(&self, server: &str, words: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", "60", env!("CARGO_BIN_EXE_neoirc")]).args(words);
        command.env("XDG_STATE_HOME", self.state()).env("NEOIRC_SERVER", server).env("TZ", "UTC");
        command.env_remove("NEOIRC_NICK").env_remove("NEOIRC_PROFILE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, server: &TestServer, words: &[&str]) -> Ran {
        Ran::of(self.command(&server.url(), words).output().unwrap())
    }

    /// The same with something on its standard input.
    pub(crate) fn run_with(&self, server: &TestServer, words: &[&str], input: &str) -> Ran {
        let mut child = self.command(&server.url(), words).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Runs what must succeed, and gives what it prints.
    #[track_caller]
    pub(crate) fn does(&self, server: &TestServer, words: &[&str]) -> String {
        let ran = self.run(server, words);
        assert_eq!((ran.code, ran.errors.as_str()), (Some(0), ""), "{words:?}: {ran:?}");
        ran.out
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), errors: text(output.stderr) }
    }
}
