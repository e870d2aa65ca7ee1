//! What an operator does to a database from the command line: a backup, its return, a check.

use std::io::Write;
use std::path::{Path, PathBuf};

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

/// Does it. `now` names what a restore sets aside.
pub(crate) fn run(operation: Operation, database: &Location, now: jiff::Timestamp) -> Result<()> {
    match operation {
        Operation::Backup(file) => {
            let summary = backup(database, &file).with_context(|| format!("cannot back up {database}"))?;
            say(&format!("{} has {}", file.display(), words(&summary)))
        }
        Operation::Restore(file) => {
            let aside = format!(".before-restore-{}", now.strftime("%Y%m%dT%H%M%S%.3fZ"));
            let kept = restore(database, &file, &aside)
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
