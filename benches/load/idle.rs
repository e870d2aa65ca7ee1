//! `idle_N`: N clients wait in a long poll. What that costs in memory and processor, and how long waking all takes.
//!
//! They sit in channels of 100, since one channel of N would mean N² messages of who joined. One more user is in
//! all the channels; when it changes its nick, everybody hears so exactly once, which wakes all with one command.
//! After that it also says something in every channel.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::crowd::{self, Account, SETUP_CONNECTIONS, accepted};
use crate::http::{write_command, write_poll};
use crate::net::Net;
use crate::plan::Bench;
use crate::report::{Measure, Meter, median};
use crate::server::{Folder, Kind, Server};
use crate::tally::{Faults, Listener, Scanner};

/// 100 channels is also all that one user may be in, which makes 10,000 clients the most.
pub(crate) const CHANNEL_MEMBERS: usize = 100;
/// Nothing may time out while nothing happens, so polls wait as long as the server lets them.
const LONGEST_POLL_S: u32 = 30;
/// Watched no longer than this, so that no poll runs into its timeout meanwhile.
const WATCHED_MAX: Duration = Duration::from_secs(15);
/// What was read stays in memory for two minutes by default, for the other tabs of a browser, and is then let go.
/// Here that takes two seconds: what is measured are clients that have been idle for longer than that.
const KEEP_SHORT: [(&str, &str); 2] = [("QUEUE_KEEP_READ", "2s"), ("QUEUE_SETTLE_AFTER", "15s")];
/// The server gets this long to let go of what the preparation took, and to clear it away on disk.
const SETTLING: Duration = Duration::from_secs(40);
/// Waking is measured this often; the median counts.
const WAKINGS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn run(bench: &Bench, kind: Kind, clients: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let server = Server::start(bench, kind, &folder, &KEEP_SHORT)?;
    let kib_at_start = server.resident_kib()?;
    let (accounts, mut waker) = gather(&server, clients)?;
    if kind == Kind::Neoirc {
        thread::sleep(SETTLING);
    }
    let kib_before_polls = server.resident_kib()?;

    let mut waiting = Waiting::open(&server, accounts)?;
    waiting.let_pass(Duration::from_secs(bench.options.settle.into()))?;
    let per_client = |kib: u64| kib as f64 / clients as f64;
    let kib_waiting = server.resident_kib()?;
    let meter = Meter::start(&server)?;
    thread::sleep(bench.options.duration().min(WATCHED_MAX));
    let mut measure = Measure::default();
    measure.set("kib_per_client", per_client(kib_waiting.saturating_sub(kib_at_start)));
    measure.set("kib_per_waiting_poll", per_client(kib_waiting.saturating_sub(kib_before_polls)));
    measure.set("server_mib", kib_waiting as f64 / 1024.0);
    measure.set("server_cpu_percent", meter.server_cpu_percent(&server)?);

    let mut wakings = Vec::new();
    for turn in 0..WAKINGS {
        let command = match kind {
            Kind::Neoirc => format!(r#"{{"command":"NICK","body":["waker_{turn}"]}}"#),
            // The bare server knows no nicks, but a single room holds everybody.
            Kind::Bare | Kind::Nchan => {
                r##"{"command":"PRIVMSG","to":"#all","body":["wake up"]}"##.to_owned()
            }
        };
        wakings.push(waiting.wake(&mut waker, &[command])?.as_secs_f64());
    }
    measure.set("wake_s", median(&mut wakings));
    if kind == Kind::Neoirc {
        let say = |channel| {
            let text = crate::tally::text(0, channel);
            format!(r##"{{"command":"PRIVMSG","to":"#c{channel}","body":["{text}"]}}"##)
        };
        let commands: Vec<String> = (0..waker.channels).map(say).collect();
        measure.set("wake_by_a_message_a_channel_s", waiting.wake(&mut waker, &commands)?.as_secs_f64());
    }
    measure.faults = waiting.faults;
    Ok(measure)
}

/// The user who is in every channel.
struct Waker {
    net: Net,
    account: Account,
    channels: u32,
}

/// `count` users in channels of 100, with nothing unread, and the one who will wake them.
fn gather(server: &Server, count: usize) -> Result<(Vec<Account>, Waker)> {
    let mut net = Net::new(server.address, SETUP_CONNECTIONS)?;
    let channels = u32::try_from(count.div_ceil(CHANNEL_MEMBERS))?;
    let account = crowd::register(&mut net, "waker", 1)?.pop().context("no waker")?;
    let mut waker = Waker { net: Net::new(server.address, 1)?, account, channels };
    for channel in 0..channels {
        waker.command(&format!(r##"{{"command":"JOIN","to":"#c{channel}"}}"##))?;
    }
    let accounts = members_of_channels(server, "m", count)?;
    // The waker too reads what it heard, or the server would have to keep it.
    crowd::catch_up(&mut net, std::slice::from_mut(&mut waker.account))?;
    Ok((accounts, waker))
}

/// `count` users in channels of 100, with nothing unread; on the bare server in one room.
pub(crate) fn members_of_channels(server: &Server, prefix: &str, count: usize) -> Result<Vec<Account>> {
    let mut net = Net::new(server.address, SETUP_CONNECTIONS)?;
    let mut everybody = Vec::with_capacity(count);
    // One channel after the other, each read up at once, so that no mountain of unread messages builds up whose
    // memory would be counted as the clients'.
    while everybody.len() < count {
        let channel = everybody.len() / CHANNEL_MEMBERS;
        let size = CHANNEL_MEMBERS.min(count - everybody.len());
        let mut members = crowd::register(&mut net, &format!("{prefix}{channel}_"), size)?;
        let name = match server.kind {
            Kind::Neoirc => format!("#c{channel}"),
            Kind::Bare | Kind::Nchan => "#all".to_owned(),
        };
        crowd::join(&mut net, &members, |_| name.clone())?;
        crowd::catch_up(&mut net, &mut members)?;
        everybody.append(&mut members);
    }
    Ok(everybody)
}

impl Waker {
    fn command(&mut self, body: &str) -> Result<()> {
        self.net.send(0, |out| write_command(out, &self.account.cookie, body))?;
        let answer = self.net.next(Instant::now() + PATIENCE)?.context("the server fell silent")?;
        accepted(&answer)
    }
}

/// Everybody's waiting polls.
struct Waiting {
    net: Net,
    accounts: Vec<Account>,
    scanner: Scanner,
    faults: Faults,
}

impl Waiting {
    fn open(server: &Server, accounts: Vec<Account>) -> Result<Waiting> {
        let net = Net::new(server.address, accounts.len())?;
        let mut waiting = Waiting { net, accounts, scanner: Scanner::new(), faults: Faults::default() };
        crowd::connect(&mut waiting.net, &mut waiting.accounts)?;
        for member in 0..waiting.accounts.len() {
            waiting.poll(member)?;
        }
        Ok(waiting)
    }

    fn poll(&mut self, member: usize) -> Result<()> {
        let Account { cookie, after, .. } = &self.accounts[member];
        self.net.send(member, |out| write_poll(out, cookie, *after, LONGEST_POLL_S))
    }

    /// Waits, renewing what runs into its timeout.
    fn let_pass(&mut self, time: Duration) -> Result<()> {
        self.hear(Instant::now() + time, &mut HashSet::new(), usize::MAX)
    }

    /// Gives the commands and waits until everybody has heard one thing; each polls again at once.
    fn wake(&mut self, waker: &mut Waker, commands: &[String]) -> Result<Duration> {
        // Polls that ran into their timeout while nothing happened are renewed first.
        self.let_pass(Duration::from_millis(50))?;
        let mut awake = HashSet::with_capacity(self.accounts.len());
        let started = Instant::now();
        for command in commands {
            waker.command(command)?;
        }
        let everybody = self.accounts.len();
        self.hear(started + PATIENCE, &mut awake, everybody)?;
        let took = started.elapsed();
        self.faults.lost += (everybody - awake.len()) as u64;
        Ok(took)
    }

    /// Reads until `enough` are awake or the time has come.
    fn hear(&mut self, deadline: Instant, awake: &mut HashSet<usize>, enough: usize) -> Result<()> {
        while awake.len() < enough {
            let Some(answer) = self.net.next(deadline)? else { break };
            answer.expect_status(200)?;
            let member = answer.connection;
            let before = self.accounts[member].after;
            let end = self.scanner.scan(answer.body, &mut Listener::new(1))?.end;
            ensure!(end.last_id >= before, "the cursor went back from {before} to {}", end.last_id);
            self.accounts[member].after = end.last_id;
            if end.last_id > before && !awake.insert(member) {
                self.faults.doubled += 1;
            }
            self.poll(member)?;
        }
        Ok(())
    }
}
