//! `wire_…`: members with IRC clients, each on a connection of its own.
//!
//! `wire_idle_N`: what N connections hold that say nothing. `wire_flood8_N`: N members, of whom eight speak, each with a few
//! messages under way; an echo is an acknowledgement. `wire_joins_N`: N clients come into one channel at once.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use memchr::{memchr_iter, memmem};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::idle::CHANNEL_MEMBERS;
use crate::plan::Bench;
use crate::report::{Latencies, Measure, Meter};
use crate::server::{Folder, Kind, Server};
use crate::tally::Faults;

/// What is read at once, in bytes.
const SCRATCH_BYTES: usize = 256 * 1024;
/// So many register at once.
const ARRIVING: usize = 100;
/// Messages that a sender has under way.
const UNDER_WAY: u32 = 4;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// As with clients that poll: what is measured are those that have been idle for longer than what they read is kept.
const KEEP_SHORT: [(&str, &str); 2] = [("QUEUE_KEEP_READ", "2s"), ("QUEUE_SETTLE_AFTER", "15s")];
/// The server gets this long to let go of what the preparation took.
const SETTLING: Duration = Duration::from_secs(40);

/// Memory of connections that say nothing.
pub(crate) fn idle(bench: &Bench, clients: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let (server, address) = start(bench, &folder, &KEEP_SHORT)?;
    let kib_at_start = server.resident_kib()?;
    let mut crowd = Crowd::new(address)?;
    while crowd.sockets.len() < clients {
        let first = crowd.sockets.len();
        let last = clients.min(first + CHANNEL_MEMBERS);
        crowd.register(last - first)?;
        crowd.join(first..last, &format!("#c{}", first / CHANNEL_MEMBERS))?;
    }
    thread::sleep(SETTLING);
    let kib = server.resident_kib()?;
    let mut measure = Measure::default();
    measure.set("kib_per_client", kib.saturating_sub(kib_at_start) as f64 / clients as f64);
    measure.set("server_mib", kib as f64 / 1024.0);
    let meter = Meter::start(&server)?;
    thread::sleep(bench.options.duration());
    measure.set("server_cpu_percent", meter.server_cpu_percent(&server)?);
    Ok(measure)
}

/// Deliveries of a channel in which some speak all the time.
pub(crate) fn flood(bench: &Bench, senders: usize, members: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let (server, address) = start(bench, &folder, &[])?;
    let mut crowd = Crowd::new(address)?;
    crowd.register(members)?;
    crowd.join(0..members, "#b")?;
    for sender in 0..senders {
        crowd.say(sender, "CAP REQ echo-message")?;
    }
    let mut tally = Tally::new(senders, members);
    let meter = Meter::start(&server)?;
    for sender in 0..senders {
        for _ in 0..UNDER_WAY {
            crowd.say(sender, &tally.next_line(sender))?;
        }
    }
    let sending_ends = Instant::now() + bench.options.duration();
    let give_up = sending_ends + PATIENCE;
    while !tally.is_complete() && Instant::now() < give_up {
        crowd.listen(give_up, |member, line| tally.hears(member, line))?;
        while let Some(sender) = tally.acknowledged.pop_front() {
            if Instant::now() < sending_ends {
                crowd.say(sender, &tally.next_line(sender))?;
            }
        }
    }
    let mut measure = Measure::default();
    measure.set("deliveries_per_s", tally.delivered as f64 / meter.elapsed().as_secs_f64());
    measure.set("messages", tally.sent.iter().map(|sent| f64::from(*sent)).sum());
    meter.costs(&mut measure, &server, "server_cpu_ms_per_1000_deliveries", tally.delivered)?;
    measure.set("server_mib", server.resident_kib()? as f64 / 1024.0);
    measure.set_latencies(&mut tally.echoes);
    measure.faults = tally.faults();
    Ok(measure)
}

/// Everybody into one channel at once, until everybody has seen all who came later.
pub(crate) fn joins(bench: &Bench, clients: usize) -> Result<Measure> {
    let folder = Folder::new(bench)?;
    let (server, address) = start(bench, &folder, &[])?;
    let mut crowd = Crowd::new(address)?;
    crowd.register(clients)?;
    let meter = Meter::start(&server)?;
    for client in 0..clients {
        crowd.say(client, "JOIN #b")?;
    }
    // The first hears of all, the last of itself alone.
    let expected = (clients * (clients + 1) / 2) as u64;
    let (mut joins, mut ends) = (0_u64, 0_usize);
    let give_up = Instant::now() + PATIENCE;
    while (joins < expected || ends < clients) && Instant::now() < give_up {
        crowd.listen(give_up, |_, line| {
            joins += u64::from(line.ends_with(b" JOIN #b"));
            ends += usize::from(command(line) == b"366");
        })?;
    }
    let mut measure = Measure::default();
    measure.set("joins_s", meter.elapsed().as_secs_f64());
    measure.set("lines", joins as f64);
    meter.costs(&mut measure, &server, "server_cpu_ms_per_1000_deliveries", joins)?;
    measure.set("server_mib", server.resident_kib()? as f64 / 1024.0);
    measure.faults.lost = expected.saturating_sub(joins);
    measure.faults.doubled = joins.saturating_sub(expected);
    Ok(measure)
}

/// A server with IRC, and where that is.
fn start(bench: &Bench, folder: &Folder, settings: &[(&str, &str)]) -> Result<(Server, SocketAddr)> {
    // A port that was free a moment ago: the server is told, since its log is quiet here.
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
    let text = address.to_string();
    let irc = [
        ("IRC_LISTEN_ADDR", text.as_str()),
        ("CONNECTIONS_PER_IP", "0"),
        ("IRC_PING_AFTER", "0"),
        ("IRC_SILENCE_MAX", "0"),
    ];
    let server = Server::start(bench, Kind::Neoirc, folder, &[&irc, settings].concat())?;
    Ok((server, address))
}

/// The command of a line that has a source.
fn command(line: &[u8]) -> &[u8] {
    line.split(|byte| *byte == b' ').nth(1).unwrap_or_default()
}

struct Socket {
    stream: TcpStream,
    unwritten: Vec<u8>,
    /// The beginning of a line.
    partial: Vec<u8>,
}

/// Many IRC clients on one thread.
struct Crowd {
    address: SocketAddr,
    poll: Poll,
    events: Events,
    sockets: Vec<Socket>,
    scratch: Box<[u8]>,
}

impl Crowd {
    fn new(address: SocketAddr) -> Result<Crowd> {
        let poll = Poll::new().context("cannot wait for sockets")?;
        let scratch = vec![0; SCRATCH_BYTES].into_boxed_slice();
        Ok(Crowd { address, poll, events: Events::with_capacity(1024), sockets: Vec::new(), scratch })
    }

    /// So many more of them, whose welcome is read.
    fn register(&mut self, count: usize) -> Result<()> {
        let all = self.sockets.len() + count;
        while self.sockets.len() < all {
            let first = self.sockets.len();
            let last = all.min(first + ARRIVING);
            for number in first..last {
                let mut stream = TcpStream::connect(self.address)?;
                stream.set_nodelay(true)?;
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut stream, Token(number), interest)?;
                let hello = format!("NICK w{number}\r\nUSER w 0 * :w\r\n").into_bytes();
                self.sockets.push(Socket { stream, unwritten: hello, partial: Vec::new() });
            }
            self.wait_for_each(first..last, b"376")?;
        }
        Ok(())
    }

    /// These come into a channel, one after the other, and hear of each other.
    fn join(&mut self, clients: std::ops::Range<usize>, channel: &str) -> Result<()> {
        for client in clients.clone() {
            self.say(client, &format!("JOIN {channel}"))?;
        }
        self.wait_for_each(clients, b"366")
    }

    fn wait_for_each(&mut self, clients: std::ops::Range<usize>, numeric: &[u8]) -> Result<()> {
        let mut left = clients.len();
        let give_up = Instant::now() + PATIENCE;
        while left > 0 {
            ensure!(Instant::now() < give_up, "{left} clients wait in vain");
            self.listen(give_up, |client, line| {
                left -= usize::from(clients.contains(&client) && command(line) == numeric);
            })?;
        }
        Ok(())
    }

    fn say(&mut self, client: usize, line: &str) -> Result<()> {
        let socket = &mut self.sockets[client];
        socket.unwritten.extend_from_slice(line.as_bytes());
        socket.unwritten.extend_from_slice(b"\r\n");
        socket.write()
    }

    /// Reads what has come, or waits for it, and gives every line.
    fn listen(&mut self, give_up: Instant, mut heard: impl FnMut(usize, &[u8])) -> Result<()> {
        let patience = give_up.saturating_duration_since(Instant::now());
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(()),
            polled => polled?,
        }
        for event in &self.events {
            let client = event.token().0;
            let socket = &mut self.sockets[client];
            if event.is_writable() {
                socket.write()?;
            }
            if event.is_readable() {
                socket.read(&mut self.scratch, |line| heard(client, line))?;
            }
        }
        Ok(())
    }
}

impl Socket {
    fn write(&mut self) -> Result<()> {
        while !self.unwritten.is_empty() {
            match self.stream.write(&self.unwritten) {
                Ok(written) => drop(self.unwritten.drain(..written)),
                // It may not be connected yet.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    break;
                }
                Err(error) => return Err(error).context("a client cannot write"),
            }
        }
        Ok(())
    }

    fn read(&mut self, scratch: &mut [u8], mut heard: impl FnMut(&[u8])) -> Result<()> {
        loop {
            let length = match self.stream.read(scratch) {
                Ok(0) => bail!("the server closed a connection: {}", String::from_utf8_lossy(&self.partial)),
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("a client cannot read"),
            };
            let mut begin = 0;
            for end in memchr_iter(b'\n', &scratch[..length]) {
                let line = &scratch[begin..end];
                if self.partial.is_empty() {
                    heard(line.strip_suffix(b"\r").unwrap_or(line));
                } else {
                    self.partial.extend_from_slice(line);
                    heard(self.partial.strip_suffix(b"\r").unwrap_or(&self.partial));
                    self.partial.clear();
                }
                begin = end + 1;
            }
            self.partial.extend_from_slice(&scratch[begin..length]);
        }
    }
}

/// Who has heard what.
struct Tally {
    members: usize,
    /// How many messages each sender has sent, and when those that it has not heard of yet.
    sent: Vec<u32>,
    sent_at: Vec<VecDeque<Instant>>,
    /// The next number of each sender that a member waits for: `member * senders + sender`.
    next: Vec<u32>,
    doubled: u64,
    misordered: u64,
    delivered: u64,
    acknowledged: VecDeque<usize>,
    echoes: Latencies,
}

impl Tally {
    fn new(senders: usize, members: usize) -> Tally {
        Tally {
            members,
            sent: vec![0; senders],
            sent_at: vec![VecDeque::new(); senders],
            next: vec![0; senders * members],
            doubled: 0,
            misordered: 0,
            delivered: 0,
            acknowledged: VecDeque::new(),
            echoes: Latencies::default(),
        }
    }

    fn next_line(&mut self, sender: usize) -> String {
        let number = self.sent[sender];
        self.sent[sender] += 1;
        self.sent_at[sender].push_back(Instant::now());
        format!("PRIVMSG #b :{sender} {number} {}", "x".repeat(60))
    }

    fn hears(&mut self, member: usize, line: &[u8]) {
        let Some(place) = memmem::find(line, b" PRIVMSG #b :") else { return };
        let text = std::str::from_utf8(&line[place + b" PRIVMSG #b :".len()..]).unwrap_or_default();
        let mut words = text.split(' ').map(str::parse::<u32>);
        let (Some(Ok(sender)), Some(Ok(number))) = (words.next(), words.next()) else { return };
        let sender = sender as usize;
        let expected = &mut self.next[member * self.sent.len() + sender];
        match number.cmp(expected) {
            std::cmp::Ordering::Less => self.doubled += 1,
            std::cmp::Ordering::Equal => *expected += 1,
            std::cmp::Ordering::Greater => {
                self.misordered += 1;
                *expected = number + 1;
            }
        }
        self.delivered += 1;
        if member == sender {
            self.acknowledged.push_back(sender);
            if let Some(at) = self.sent_at[sender].pop_front() {
                self.echoes.add(at.elapsed());
            }
        }
    }

    fn is_complete(&self) -> bool {
        let sent: u64 = self.sent.iter().map(|sent| u64::from(*sent)).sum();
        self.delivered >= sent * self.members as u64 && self.acknowledged.is_empty()
    }

    fn faults(&self) -> Faults {
        let sent: u64 = self.sent.iter().map(|sent| u64::from(*sent)).sum();
        let lost = (sent * self.members as u64).saturating_sub(self.delivered);
        Faults { lost, doubled: self.doubled, misordered: self.misordered }
    }
}
