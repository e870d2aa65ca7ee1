//! Starting and stopping the server under load, each time with an empty folder of its own.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::machine;
use crate::plan::Bench;

/// A server that does not say it is ready by then has failed.
const START_TIMEOUT: Duration = Duration::from_mins(1);
/// The server promises to end within 10 s of SIGTERM.
const STOP_TIMEOUT: Duration = Duration::from_secs(15);

/// Folders are named after this and the process that made them.
const FOLDER_PREFIX: &str = "load-";

/// Which server is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Neoirc,
    Bare,
    Nchan,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Kind::Neoirc => "neoirc",
            Kind::Bare => "bare",
            Kind::Nchan => "nchan",
        })
    }
}

/// The folder of one round, removed with everything in it afterwards.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new(bench: &Bench) -> Result<Folder> {
        Folder::within(&bench.options.data_dir)
    }

    /// A folder somewhere else.
    pub(crate) fn within(within: &Path) -> Result<Folder> {
        let within = std::path::absolute(within)?;
        let prefix = format!("{FOLDER_PREFIX}{}-", std::process::id());
        let made = tempfile::Builder::new().prefix(&prefix).tempdir_in(&within);
        made.map(Folder).with_context(|| format!("cannot make a folder in {}", within.display()))
    }

    /// Removes what runs left behind that were killed; a million messages would be missed on a small disk.
    pub(crate) fn remove_old(within: &Path) {
        let Ok(entries) = std::fs::read_dir(within) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let rest = name.to_str().and_then(|name| name.strip_prefix(FOLDER_PREFIX));
            let maker = rest.and_then(|rest| rest.split('-').next()?.parse::<u32>().ok());
            // What has ended but was never waited for still has an entry there, without a command line.
            let runs = |pid| std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty());
            if maker.is_some_and(|pid| !runs(pid)) {
                let _another_run_was_faster = std::fs::remove_dir_all(entry.path());
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// What the folder holds, in MiB.
    pub(crate) fn mib(&self) -> f64 {
        let Ok(entries) = std::fs::read_dir(self.path()) else { return 0.0 };
        let bytes: u64 =
            entries.flatten().filter_map(|entry| entry.metadata().ok()).map(|data| data.len()).sum();
        bytes as f64 / f64::from(1 << 20)
    }
}

/// A running server; dropping it kills it.
pub(crate) struct Server {
    child: Child,
    log: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) kind: Kind,
    /// From starting the process until it said it listens.
    pub(crate) announced_after: Duration,
    started: Instant,
}

impl Server {
    /// Starts a server on `folder` and waits until it listens. `settings` are further environment variables.
    pub(crate) fn start(
        bench: &Bench,
        kind: Kind,
        folder: &Folder,
        settings: &[(&str, &str)],
    ) -> Result<Server> {
        let log = folder.path().join("server.log");
        let mut command = match kind {
            Kind::Neoirc => neoirc_command(bench, folder, settings)?,
            Kind::Bare => command_in_role("--bare-server")?,
            Kind::Nchan => bail!("it is started otherwise"),
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(
            File::options().create(true).append(true).open(&log).context("cannot make the log file")?,
        );
        let started = Instant::now();
        let mut child =
            bench.machine.on_server_core(|| command.spawn().context("cannot start this program again"))?;
        let announced = announcement(&mut child);
        let announced_after = started.elapsed();
        match announced.and_then(|line| listening_address(&line)) {
            Ok(address) => Ok(Server { child, log, address, kind, announced_after, started }),
            Err(error) => {
                let _already_gone = child.kill();
                let status = child.wait()?;
                bail!("{error:#} ({kind}, {status}); its log ends: {}", tail_of(&log));
            }
        }
    }

    /// Starts a program that is not ours and does not say when it listens at `address`.
    pub(crate) fn adopt(
        bench: &Bench,
        kind: Kind,
        folder: &Path,
        mut command: Command,
        address: SocketAddr,
    ) -> Result<Server> {
        let log = folder.join("server.log");
        command.stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(File::create(&log).context("cannot make the log file")?);
        let started = Instant::now();
        let child = bench.machine.on_server_core(|| command.spawn().context("cannot start a peer"))?;
        Ok(Server { child, log, address, kind, announced_after: Duration::ZERO, started })
    }

    /// The process id, for its use of memory and processor.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Processor time used so far, in milliseconds.
    pub(crate) fn cpu_ms(&self) -> Result<u64> {
        machine::cpu_ms(self.pid()).with_context(|| format!("its log ends: {}", tail_of(&self.log)))
    }

    /// Memory held now, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64> {
        machine::resident_kib(self.pid()).with_context(|| format!("its log ends: {}", tail_of(&self.log)))
    }

    /// From starting the process until `/readyz` said 200, asking every millisecond.
    pub(crate) fn ready_after(&self) -> Result<Duration> {
        while self.started.elapsed() < START_TIMEOUT {
            if is_ready(self.address).unwrap_or(false) {
                return Ok(self.started.elapsed());
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("/readyz did not answer 200 within {} s", START_TIMEOUT.as_secs())
    }

    /// Asks the server to end in good order, and waits for it.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).context("cannot send SIGTERM")?;
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "after SIGTERM: {status}; its log ends: {}", tail_of(&self.log));
                return Ok(());
            }
            ensure!(
                asked.elapsed() < STOP_TIMEOUT,
                "still running {} s after SIGTERM",
                STOP_TIMEOUT.as_secs()
            );
            thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _already_gone = self.child.wait();
    }
}

/// The server as it ships, with everything off that exists to slow one busy address down.
fn neoirc_command(bench: &Bench, folder: &Folder, settings: &[(&str, &str)]) -> Result<Command> {
    let mut command = command_that_dies_with_us(&bench.options.server)?;
    command
        .arg("serve")
        .env("HTTP_LISTEN_ADDR", "127.0.0.1:0")
        .env("DBURL", format!("file:{}", folder.path().join("neoirc.db").display()))
        .env("NEOIRC_HASHCASH_BITS", "0")
        .env("SESSION_RATE_LIMIT", "0")
        .env("COMMAND_RATE_LIMIT", "0")
        .env("LOGIN_RATE_LIMIT", "0")
        .env("HTTP_CONNECTIONS_PER_IP", "0")
        .env("REVERSE_DNS", "false")
        .env("IRC_LISTEN_ADDR", "")
        .env("RUST_LOG", "warn")
        .envs(settings.iter().copied());
    Ok(command)
}

/// A program that ends with this one, however this one ends. What it is told comes after.
pub(crate) fn command_that_dies_with_us(program: &Path) -> Result<Command> {
    let mut command = command_in_role("--become-server")?;
    command.arg("--server").arg(program).arg("--");
    Ok(command)
}

/// This same program in another role: it is the bare reference, and it turns into the real server.
fn command_in_role(role: &str) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("cannot find this program's own file")?);
    command.arg(role);
    Ok(command)
}

/// Turns this process into a server, after making sure that it will not outlive the load that started it. That
/// can only be asked for from within, and takes about a millisecond, counted as the server's.
///
/// # Errors
/// It only returns when the program cannot be started.
pub(crate) fn become_server(program: &Path, arguments: &[OsString]) -> Result<()> {
    machine::die_with_parent();
    let error = Command::new(program).args(arguments).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

/// The one line a server prints on stdout when it listens.
fn announcement(child: &mut Child) -> Result<String> {
    let stdout = child.stdout.take().context("the server's stdout is not piped")?;
    let (first_line, announced) = mpsc::channel();
    thread::spawn(move || {
        // Reads on after the first line, so that a server that prints more never waits for a full pipe.
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            let _nobody_waits_any_more = first_line.send(line);
        }
    });
    announced.recv_timeout(START_TIMEOUT).context("the server did not say that it listens")
}

fn listening_address(line: &str) -> Result<SocketAddr> {
    let (_, address) = line.split_once("http://").with_context(|| format!("no address in {line:?}"))?;
    address.trim().parse().with_context(|| format!("no address in {line:?}"))
}

fn is_ready(address: SocketAddr) -> Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: load\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer.starts_with(b"HTTP/1.1 200"))
}

fn tail_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join(" | ")
}
