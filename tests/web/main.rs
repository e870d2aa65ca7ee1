//! The page in a real browser: Chromium, driven by a script of Node for each scenario, against the real server.
//!
//! The scripts stand in `scenarios/` and use the page as people do. What only this side can do, which is to stop and
//! start the server, they ask for by a line on their standard output. `README.md` tells how to run one of them.

#[path = "../support/mod.rs"]
mod support;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use support::TestServer;

/// How long a scenario may take. Its script gives up earlier, since it can tell more about why.
const LIMIT: Duration = Duration::from_mins(4);

/// How long a script that was asked to end may take to close its browser.
const FAREWELL: Duration = Duration::from_secs(20);

/// One browser at a time, where the tests of this file are threads of one process. Under nextest, where each is a
/// process, its configuration sees to that.
static ONE_BROWSER: Mutex<()> = Mutex::new(());

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web")
}

/// A running script, which is ended when it is dropped.
struct Script {
    child: Child,
    lines: Receiver<String>,
}

impl Script {
    fn start(words: &[&str]) -> Self {
        let mut child = Command::new("node")
            .args(words)
            .current_dir(folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("node can be started; `make test-tools` installs it");
        let (sender, lines) = channel();
        let (stdout, stderr) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        let errors = sender.clone();
        thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| errors.send(line))
        });
        Self { child, lines }
    }

    /// Tells the script that what it asked for is done.
    fn answer(&mut self) {
        let stdin = self.child.stdin.as_mut().expect("piped");
        writeln!(stdin, "done").expect("the script waits for an answer");
    }

    /// Reads lines until there are no more, and waits for the end. Orders go to `obey`, other lines are kept.
    fn finish(mut self, mut obey: impl FnMut(&str)) -> (ExitStatus, String) {
        let deadline = Instant::now() + LIMIT;
        let mut said = String::new();
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            if let Some(order) = line.strip_prefix('@') {
                obey(order);
                self.answer();
            } else {
                said.push_str(&line);
                said.push('\n');
            }
        }
        // Either both ends are closed, or the time is over.
        self.ask_to_end();
        (self.child.wait().expect("the script was started"), said)
    }

    /// The end of its input tells a script to close its browser and to go.
    fn ask_to_end(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + FAREWELL;
        while self.child.try_wait().expect("the script was started").is_none() {
            if Instant::now() > deadline {
                self.child.kill().expect("a running script can be killed");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.ask_to_end();
        }
    }
}

/// Plays one scenario against a server of its own with these settings.
#[track_caller]
fn play(name: &str, settings: &[(&str, &str)]) {
    let _one = ONE_BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let usual = [("SERVER_NAME", "web.test"), ("MOTD", "Welcome to the test.\nBe kind.")];
    let mut server = TestServer::spawn_with(&[&usual, settings].concat());
    // A page finds its server again only where it was.
    let address = server.socket_address();
    server.change(|launch| launch.with("HTTP_LISTEN_ADDR", &address));
    let script = Script::start(&["run.mjs", name, &server.url()]);
    let (status, said) = script.finish(|order| match order {
        "stop" => assert!(server.terminate().success(), "a clean stop exits with 0"),
        "kill" => server.kill9(),
        "start" => server.start(),
        other => panic!("the script asks for {other:?}"),
    });
    println!("{said}");
    assert!(status.success(), "{name}: {status}; screenshots are below target/web-artefacts");
    assert!(said.contains(&format!("{name}: played")), "{name} says that it came to its end");
}

/// A test for each scenario, and one that none was forgotten.
macro_rules! scenarios {
    ($($name:ident $settings:expr;)*) => {
        $(
            #[test]
            fn $name() {
                play(stringify!($name), &$settings);
            }
        )*

        #[test]
        fn every_scenario_is_played() {
            let played = [$(concat!(stringify!($name), ".mjs")),*];
            let there = std::fs::read_dir(folder().join("scenarios")).expect("there are scenarios");
            for entry in there {
                let name = entry.expect("the folder can be read").file_name();
                assert!(played.iter().any(|played| name == *played), "{} is played", name.display());
            }
        }
    };
}

scenarios! {
    talk [];
    restart [];
    devices [];
    mobile [];
    keyboard [];
    accessible [];
    hostile [];
    long_log [("QUEUE_MAX_ENTRIES", "100000")];
    first_load [];
    tabs [];
    back [];
    door [];
    logout [];
    work [("NEOIRC_HASHCASH_BITS", "18")];
    account [];
    markers [];
    search [];
    rows [];
    signed [];
}

#[test]
fn scripts_of_the_page_do_what_they_should() {
    let tests = std::fs::read_dir(folder()).expect("there is this folder");
    let names = tests.map(|entry| entry.expect("the folder can be read").file_name());
    let names: Vec<String> =
        names.filter_map(|name| name.into_string().ok()).filter(|name| name.ends_with(".test.mjs")).collect();
    assert!(!names.is_empty(), "there are tests for node");
    let words: Vec<&str> =
        ["--test", "--test-reporter=tap"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let (status, said) = Script::start(&words).finish(|order| panic!("no test of node orders {order:?}"));
    println!("{said}");
    assert!(status.success(), "{status}");
    let count = |what: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(&format!("# {what} ")));
        line.and_then(|count| count.trim().parse::<u32>().ok()).unwrap_or_else(|| panic!("# {what}: {said}"))
    };
    assert!(count("pass") > 0 && count("skipped") == 0 && count("todo") == 0, "all were run");
}
