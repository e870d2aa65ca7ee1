//! The program `curl`, as a script has it: what it prints comes line by line, as it comes.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::wait::{PATIENCE, until_some};

/// A running `curl`, which is killed with this value.
#[derive(Debug)]
pub(crate) struct Curl {
    child: Child,
    lines: Receiver<String>,
}

impl Curl {
    /// `curl -sN` with these words.
    #[track_caller]
    pub(crate) fn start(words: &[&str]) -> Self {
        let mut command = Command::new("curl");
        command.arg("-sN").args(words).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("curl can be started");
        let stdout = BufReader::new(child.stdout.take().expect("its output is piped"));
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// The next line; `None` when there is none any more.
    #[track_caller]
    pub(crate) fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("curl printed nothing for {PATIENCE:?}"),
        }
    }

    /// Whether nothing comes for as long as this.
    pub(crate) fn is_silent_for(&self, time: Duration) -> bool {
        matches!(self.lines.recv_timeout(time), Err(RecvTimeoutError::Timeout))
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn ending(&mut self) -> ExitStatus {
        until_some("curl ends", || self.child.try_wait().expect("a child can be asked"))
    }
}

impl Drop for Curl {
    fn drop(&mut self) {
        // One that has ended already says so.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
