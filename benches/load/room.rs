//! A channel full of long-polling members, some of whom also speak: the stage of several scenarios.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::crowd::{self, Account, accepted};
use crate::http::{POLL_TIMEOUT_S, write_command, write_poll};
use crate::net::Net;
use crate::report::Latencies;
use crate::server::Server;
use crate::tally::{self, Faults, Listener, Scanned, Scanner};

/// What happened on one connection.
pub(crate) enum Heard {
    /// A member's poll was answered.
    Messages,
    /// A sender's message was acknowledged.
    Acknowledged { sender: usize },
}

/// Members poll on the first connections; the first `senders` of them speak on further ones of their own, as a
/// browser does that polls and posts at the same time.
pub(crate) struct Room {
    net: Net,
    pub(crate) members: Vec<Account>,
    listeners: Vec<Listener>,
    scanner: Scanner,
    /// How many messages each sender has sent.
    sent: Vec<u32>,
    /// When each sender sent each of them.
    sent_at: Vec<Vec<Instant>>,
    /// Acknowledged messages, over all senders.
    pub(crate) acknowledged: u64,
    /// Messages read, over all members.
    pub(crate) delivered: u64,
    /// From sending a message to its acknowledgement.
    pub(crate) ack_latencies: Latencies,
    /// From sending a message to a member having it, for the oldest message of each answer.
    pub(crate) delivery_latencies: Latencies,
}

impl Room {
    /// Opens the connections and leaves every member waiting in a long poll.
    pub(crate) fn open(server: &Server, members: Vec<Account>, senders: usize) -> Result<Room> {
        let mut room = Room {
            net: Net::new(server.address, members.len() + senders)?,
            listeners: members.iter().map(|_| Listener::new(senders)).collect(),
            members,
            scanner: Scanner::new(),
            sent: vec![0; senders],
            sent_at: vec![Vec::new(); senders],
            acknowledged: 0,
            delivered: 0,
            ack_latencies: Latencies::default(),
            delivery_latencies: Latencies::default(),
        };
        crowd::connect(&mut room.net, &mut room.members)?;
        for member in 0..room.members.len() {
            room.poll(member)?;
        }
        Ok(room)
    }

    /// A sender sends its next message, to a channel or a nick.
    pub(crate) fn say(&mut self, sender: usize, to: &str) -> Result<()> {
        let text = tally::text(sender, self.sent[sender]);
        let body = format!(r#"{{"command":"PRIVMSG","to":"{to}","body":["{text}"]}}"#);
        self.sent[sender] += 1;
        self.sent_at[sender].push(Instant::now());
        let cookie = &self.members[sender].cookie;
        self.net.send(self.members.len() + sender, |out| write_command(out, cookie, &body))
    }

    /// How many messages a sender has sent.
    pub(crate) fn sent(&self, sender: usize) -> u32 {
        self.sent[sender]
    }

    /// How many of a sender's messages a member has read.
    pub(crate) fn heard_of(&self, member: usize, sender: usize) -> u32 {
        self.listeners[member].heard_of(sender)
    }

    /// How long ago a sender sent its newest message.
    pub(crate) fn since_sent(&self, sender: usize) -> Duration {
        self.sent_at[sender].last().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Waits for something to happen; nothing when `deadline` comes first. A member whose poll was answered polls
    /// again at once.
    pub(crate) fn next(&mut self, deadline: Instant) -> Result<Option<Heard>> {
        let Some(answer) = self.net.next(deadline)? else { return Ok(None) };
        let member = answer.connection;
        if let Some(sender) = member.checked_sub(self.members.len()) {
            accepted(&answer)?;
            self.acknowledged += 1;
            let latency = self.since_sent(sender);
            self.ack_latencies.add(latency);
            return Ok(Some(Heard::Acknowledged { sender }));
        }
        answer.expect_status(200)?;
        let Scanned { end, count, oldest } = self.scanner.scan(answer.body, &mut self.listeners[member])?;
        if let Some(sent_at) = oldest.and_then(|(sender, number)| self.sent_at[sender].get(number as usize)) {
            self.delivery_latencies.add(sent_at.elapsed());
        }
        let after = &mut self.members[member].after;
        if end.last_id < *after {
            bail!("the cursor went back from {after} to {}", end.last_id);
        }
        *after = end.last_id;
        self.delivered += count;
        self.poll(member)?;
        Ok(Some(Heard::Messages))
    }

    /// Whether every member has read every message sent.
    pub(crate) fn everybody_heard_all(&self) -> bool {
        self.delivered
            >= self.sent.iter().map(|sent| u64::from(*sent)).sum::<u64>() * self.members.len() as u64
    }

    /// What went wrong so far.
    pub(crate) fn faults(&self) -> Faults {
        tally::faults_of_all(&self.listeners, &self.sent)
    }

    fn poll(&mut self, member: usize) -> Result<()> {
        let Account { cookie, after, .. } = &self.members[member];
        self.net.send(member, |out| write_poll(out, cookie, *after, POLL_TIMEOUT_S))
    }
}
