//! Getting many users ready: sessions, memberships, and nothing left unread.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::http::{cookie_of, write_command, write_poll, write_registration};
use crate::net::{Answer, Net};
use crate::server::Server;
use crate::tally::poll_end;

/// Connections that prepare things side by side.
pub(crate) const SETUP_CONNECTIONS: usize = 16;
/// New connections at once; well below what servers let wait to be accepted.
const CONNECTS_AT_ONCE: usize = 64;
/// A server that answers nothing at all for this long has stopped.
pub(crate) const SILENCE_MAX: Duration = Duration::from_mins(1);

/// One user with one client.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) nick: String,
    pub(crate) cookie: String,
    /// Cursor: all up to here has been read.
    pub(crate) after: u64,
}

/// Whether a job of [`batch`] wants another request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Again,
    Done,
}

/// Does `jobs` jobs, each a request or several in a row, as many side by side as `net` has connections.
/// `write` writes a job's request and `done` looks at its answer.
pub(crate) fn batch<S>(
    net: &mut Net,
    state: &mut S,
    jobs: usize,
    mut write: impl FnMut(&mut S, usize, &mut Vec<u8>),
    mut done: impl FnMut(&mut S, usize, &Answer<'_>) -> Result<Next>,
) -> Result<()> {
    let mut job_of: Vec<usize> = (0..net.len().min(jobs)).collect();
    for job in 0..job_of.len() {
        net.send(job, |out| write(state, job, out))?;
    }
    let mut next_job = job_of.len();
    let mut finished = 0;
    while finished < jobs {
        let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else { bail!("the server fell silent") };
        let connection = answer.connection;
        if done(state, job_of[connection], &answer)? == Next::Done {
            finished += 1;
            if next_job == jobs {
                continue;
            }
            job_of[connection] = next_job;
            next_job += 1;
        }
        net.send(connection, |out| write(state, job_of[connection], out))?;
    }
    Ok(())
}

/// Creates `count` sessions named `prefix0`, `prefix1` and so on.
pub(crate) fn register(net: &mut Net, prefix: &str, count: usize) -> Result<Vec<Account>> {
    let nick = |job: usize| format!("{prefix}{job}");
    let mut accounts: Vec<Account> =
        (0..count).map(|job| Account { nick: nick(job), cookie: String::new(), after: 0 }).collect();
    batch(
        net,
        &mut accounts,
        count,
        |accounts, job, out| write_registration(out, &accounts[job].nick),
        |accounts, job, answer| {
            answer.expect_status(201)?;
            accounts[job].cookie = cookie_of(answer.head).context("a session without a cookie")?;
            Ok(Next::Done)
        },
    )?;
    Ok(accounts)
}

/// Every account joins its channel.
pub(crate) fn join(net: &mut Net, accounts: &[Account], channel: impl Fn(usize) -> String) -> Result<()> {
    let command = |job: usize| format!(r#"{{"command":"JOIN","to":"{}"}}"#, channel(job));
    batch(
        net,
        &mut (),
        accounts.len(),
        |(), job, out| write_command(out, &accounts[job].cookie, &command(job)),
        |(), _, answer| accepted(answer).map(|()| Next::Done),
    )
}

/// Every account reads all it has not read, and acknowledges it.
pub(crate) fn catch_up(net: &mut Net, accounts: &mut [Account]) -> Result<()> {
    let mut accounts = accounts;
    let jobs = accounts.len();
    batch(
        net,
        &mut accounts,
        jobs,
        |accounts, job, out| write_poll(out, &accounts[job].cookie, accounts[job].after, 0),
        |accounts, job, answer| {
            answer.expect_status(200)?;
            let end = poll_end(answer.body)?;
            // An answer with nothing new has at the same time acknowledged everything before it.
            let had_news = end.last_id > accounts[job].after;
            accounts[job].after = end.last_id;
            Ok(if had_news { Next::Again } else { Next::Done })
        },
    )
}

/// Opens every account's own connection with an answer on each, a few at a time. Thousands at once would overflow
/// the server's queue of new connections, and those turned away only try again a second later.
pub(crate) fn connect(net: &mut Net, accounts: &mut [Account]) -> Result<()> {
    let mut opened = 0;
    while opened < accounts.len() {
        let together = CONNECTS_AT_ONCE.min(accounts.len() - opened);
        for (connection, account) in accounts.iter().enumerate().skip(opened).take(together) {
            net.send(connection, |out| write_poll(out, &account.cookie, account.after, 0))?;
        }
        for _ in 0..together {
            let Some(answer) = net.next(Instant::now() + SILENCE_MAX)? else {
                bail!("the server fell silent")
            };
            answer.expect_status(200)?;
            accounts[answer.connection].after = poll_end(answer.body)?.last_id;
        }
        opened += together;
    }
    Ok(())
}

/// A command was carried out. IRC's own refusals are HTTP 200, so the body has to be looked at too.
pub(crate) fn accepted(answer: &Answer<'_>) -> Result<()> {
    answer.expect_status(200)?;
    if memchr::memmem::find(answer.body, br#""status":"error""#).is_some() {
        bail!("refused: {}", String::from_utf8_lossy(answer.body));
    }
    Ok(())
}

/// `count` sessions of one name prefix in one channel, with everything read.
pub(crate) fn channel_of(server: &Server, prefix: &str, count: usize, channel: &str) -> Result<Vec<Account>> {
    let mut net = Net::new(server.address, SETUP_CONNECTIONS)?;
    let mut accounts = register(&mut net, prefix, count)?;
    join(&mut net, &accounts, |_| channel.to_owned())?;
    catch_up(&mut net, &mut accounts)?;
    Ok(accounts)
}
