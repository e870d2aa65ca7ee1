//! What an operator does to a database from the command line: a backup, its return, a check.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use neoirc::store::sqlite::{Location, Summary, backup, check, restore};

/// What is to be done.
pub(crate) enum Operation {
    /// Copy the database into this file.
    Backup(PathBuf),
    /// Put this backup in its place.
    Restore(PathBuf),
    /// Look whether this backup is good.
    Verify(PathBuf),
    /// Look whether the database is.
    Check,
}

/// Does it. `now` names what a restore sets aside, and says how far numbers leap ahead.
pub(crate) fn run(operation: Operation, database: &Location, now: jiff::Timestamp) -> Result<()> {
    match operation {
        Operation::Backup(file) => {
            let summary = backup(database, &file).with_context(|| format!("cannot back up {database}"))?;
            say(&format!("{} has {}", file.display(), words(&summary)))
        }
        Operation::Restore(file) => {
            let kept = restore(database, &file, now)
                .with_context(|| format!("cannot restore {} to {database}", file.display()))?;
            if let Some(kept) = kept {
                say(&format!("what was in {database} is kept as {}", kept.display()))?;
            }
            say(&format!("{database} is as {} has it; start the server", file.display()))
        }
        Operation::Verify(file) => look(&Location::File(file.clone()), &file),
        Operation::Check => look(database, Path::new(&database.to_string())),
    }
}

/// How long a server may take to say whether it serves.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(5);

/// Asks the server that listens here whether it serves.
pub(crate) fn health(mut address: SocketAddr) -> Result<()> {
    // Who listens everywhere listens here.
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let asked = || -> std::io::Result<String> {
        let mut socket = TcpStream::connect_timeout(&address, HEALTH_TIMEOUT)?;
        socket.set_read_timeout(Some(HEALTH_TIMEOUT))?;
        socket.write_all(b"GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n")?;
        let mut answer = Vec::new();
        socket.take(4_096).read_to_end(&mut answer)?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    let answer = asked().with_context(|| format!("no server answers on {address}"))?;
    match answer.split(' ').nth(1) {
        Some("200") => say(&format!("{address} serves")),
        Some(status) => bail!("{address} does not serve now: {status}"),
        None => bail!("what answers on {address} is no server of ours"),
    }
}

fn look(location: &Location, name: &Path) -> Result<()> {
    let name = name.display();
    let (summary, violations) = check(location).with_context(|| format!("cannot check {name}"))?;
    for violation in &violations {
        say(violation)?;
    }
    match violations.len() {
        0 => say(&format!("{name} is good: {}", words(&summary))),
        1 => bail!("{name} is not good: a law is broken"),
        count => bail!("{name} is not good: laws are broken in {count} places"),
    }
}

fn words(summary: &Summary) -> String {
    let Summary { sessions, clients, channels, messages, newest_at, schema } = summary;
    let newest = newest_at.as_ref().map_or_else(String::new, |at| format!(", the newest of {at}"));
    format!(
        "{sessions} sessions with {clients} clients, {channels} channels, {messages} messages{newest}, \
         schema {schema}"
    )
}

fn say(line: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{line}").context("cannot write")
}
