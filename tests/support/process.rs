//! One running server process: its announcement, its signals, its end.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::wait::until_some;

/// What the server prints on its standard output when it is ready, before its address.
const ANNOUNCEMENT: &str = "neoircd listening on ";

/// How long a start may take. A debug build on a busy machine needs well under a second.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// A process that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    // Behind a lock so that a test may share its server among threads.
    stdout: Mutex<Receiver<String>>,
    log: PathBuf,
}

/// How a process ended, with everything it said.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<String>,
    pub(crate) log: String,
}

impl Process {
    /// Takes over a child whose standard output is a pipe and whose errors go to the file `log`.
    pub(crate) fn of(mut child: Child, log: PathBuf) -> Self {
        let output = child.stdout.take().expect("the launch pipes the standard output");
        let (lines, stdout) = channel();
        // The pipe is read to its end, since a full pipe would stop a server that prints more than it should.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if lines.send(line).is_err() {
                    break;
                }
            }
        });
        Self { child, stdout: Mutex::new(stdout), log }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for the announcement and returns the address in it, such as `http://127.0.0.1:41234`.
    pub(crate) fn address(&mut self) -> String {
        match self.stdout().recv_timeout(START_PATIENCE) {
            Ok(line) => match line.strip_prefix(ANNOUNCEMENT) {
                Some(address) => address.trim_end().to_string(),
                None => panic!("the first line must be the announcement, not {line:?}"),
            },
            Err(RecvTimeoutError::Timeout) => {
                panic!("no announcement within {START_PATIENCE:?}\n{}", self.log())
            }
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the server ended before it was ready\n{}", self.log())
            }
        }
    }

    /// Sends a signal by its name, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.id());
        let status = Command::new("sh").arg("-c").arg(&script).status().expect("a shell can be started");
        assert!(status.success(), "{script} failed");
    }

    /// Ends the process the hard way and waits until it is gone.
    pub(crate) fn kill9(mut self) {
        self.child.kill().expect("the process can be killed");
        self.child.wait().expect("a killed process can be waited for");
    }

    /// Waits for the process to end by itself.
    #[track_caller]
    pub(crate) fn ending(mut self) -> Ending {
        let status = until_some("the process ends", || self.child.try_wait().expect("a child can be asked"));
        // The reader thread drops its end of the channel at the end of the pipe, which ends this iteration.
        let deadline = Instant::now() + Duration::from_secs(2);
        let mut stdout = Vec::new();
        while let Ok(line) = self.stdout().recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            stdout.push(line);
        }
        Ending { status, stdout, log: self.log() }
    }

    fn stdout(&mut self) -> &Receiver<String> {
        self.stdout.get_mut().expect("nobody panics while reading")
    }

    /// Whether the process still runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        self.child.try_wait().expect("a child can be asked").is_none()
    }

    /// Everything the process wrote to its log, and what earlier processes of the same folder wrote.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // An already ended child answers with an error, which is what is wanted here.
        drop(self.child.kill());
        drop(self.child.wait());
        if thread::panicking() {
            eprintln!("--- the server's log ---\n{}", self.log());
        } else {
            assert!(!self.log().contains("panicked at"), "the server panicked:\n{}", self.log());
        }
    }
}
