//! A server on a folder of its own, which can be killed, stopped and started again.

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::client::TestClient;
use super::http::Http;
use super::launch::Launch;
use super::process::Process;

/// The real binary, running on a temporary folder that goes away with this value.
#[derive(Debug)]
pub(crate) struct TestServer {
    // Before the folder, so that the process ends before its files go.
    process: Option<Process>,
    launch: Launch,
    // Clients hold the same cell, so that they find the server again on its fresh port after a restart.
    address: Arc<Mutex<String>>,
    folder: TempDir,
}

impl TestServer {
    /// A server with the quiet settings.
    pub(crate) fn spawn() -> Self {
        Self::spawn_with(&[])
    }

    /// A server with the quiet settings that serves IRC too, and these beside or instead.
    pub(crate) fn spawn_irc(settings: &[(&str, &str)]) -> Self {
        let irc =
            [("IRC_LISTEN_ADDR", "127.0.0.1:0"), ("SERVER_NAME", "irc.test"), ("CONNECTIONS_PER_IP", "0")];
        Self::spawn_with(&[&irc, settings].concat())
    }

    /// A server with the quiet settings and these beside or instead.
    pub(crate) fn spawn_with(settings: &[(&str, &str)]) -> Self {
        Self::launch(|launch| settings.iter().fold(launch, |launch, (name, value)| launch.with(name, value)))
    }

    /// A server started the way `change` makes of the usual one.
    pub(crate) fn launch(change: impl FnOnce(Launch) -> Launch) -> Self {
        let folder = TempDir::new().expect("a temporary folder can be made");
        let launch = change(Launch::serve(folder.path()));
        let mut server = Self { process: None, launch, address: Arc::default(), folder };
        server.start();
        server
    }

    /// Starts the stopped server again: the same folder, the same settings, a fresh port.
    pub(crate) fn start(&mut self) {
        assert!(self.process.is_none(), "the server runs already");
        let mut process = self.launch.start();
        *self.address.lock().expect("no test panics while it holds the address") = process.address();
        self.process = Some(process);
    }

    /// Stops the server cleanly and starts it again.
    #[track_caller]
    pub(crate) fn restart(&mut self) {
        let status = self.terminate();
        assert!(status.success(), "a clean stop exits with 0, not {status}");
        self.start();
    }

    /// Kills the server without warning, as a power button would kill the process.
    pub(crate) fn kill9(&mut self) {
        self.process.take().expect("the server runs").kill9();
    }

    /// Asks the server to stop and waits until it has; it may have said one line in its life.
    #[track_caller]
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        let ending = self.process.take().expect("the server runs").ending();
        assert!(ending.stdout.is_empty(), "only the announcement belongs on stdout: {:?}", ending.stdout);
        ending.status
    }

    /// The exit status of a server that was signalled before and has ended.
    #[track_caller]
    pub(crate) fn reap(&mut self) -> ExitStatus {
        self.process.take().expect("the server was started").ending().status
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        self.process.as_ref().expect("the server runs").signal(name);
    }

    /// Whether the process still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(Process::is_alive)
    }

    /// The process id of the running server.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.as_ref().expect("the server runs").id()
    }

    /// Where the server listens now, such as `http://127.0.0.1:41234`.
    pub(crate) fn url(&self) -> String {
        self.address.lock().expect("no test panics while it holds the address").clone()
    }

    /// The same without the scheme, as a socket wants it.
    pub(crate) fn socket_address(&self) -> String {
        self.url().trim_start_matches("http://").to_string()
    }

    /// Where it listens for IRC now, as its newest start has logged.
    #[track_caller]
    pub(crate) fn irc_address(&self) -> String {
        let log = self.log();
        let newest = log.lines().rev().find(|line| line.contains(r#""serving IRC""#));
        let line: serde_json::Value =
            newest.and_then(|line| serde_json::from_str(line).ok()).expect("the server serves IRC");
        line["address"].as_str().expect("it says where").to_string()
    }

    /// The folder of the database and the log.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What the server has logged so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.launch.log()).expect("the log can be read")
    }

    /// The database file of the usual launch.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder().join("neoirc.db")
    }

    /// How this server is started, for a test that starts a second one like it.
    pub(crate) fn how(&self) -> Launch {
        self.launch.clone()
    }

    /// Changes how the server will be started the next time.
    pub(crate) fn change(&mut self, change: impl FnOnce(Launch) -> Launch) {
        self.launch = change(self.launch.clone());
    }

    /// Somebody without a cookie.
    pub(crate) fn nobody(&self) -> Http {
        Http::new(Arc::clone(&self.address), None)
    }

    /// Opens a session and reads its welcome.
    #[track_caller]
    pub(crate) fn open(&self, nick: &str) -> TestClient {
        let mut client = TestClient::open(&self.nobody(), nick);
        client.drain();
        client
    }

    /// Opens a session and leaves its welcome in the queue.
    #[track_caller]
    pub(crate) fn open_unread(&self, nick: &str) -> TestClient {
        TestClient::open(&self.nobody(), nick)
    }
}
