//! Random lives of a small server: people come, talk, quarrel and go, the disk refuses, the server restarts.
//!
//! After each step the disk holds the world in memory, nicks are unique, no channel is empty and memberships are
//! symmetric. In the end every client has heard each entry that was for it exactly once and in order under its
//! cursor. Who had to hear what is known from a reference that shares no code with the server.
//!
//! World, commands, words, queues and store are the real ones. They are driven here instead of by the writer's
//! thread, so that sweeps, tidying, failures and restarts come at any moment without waiting for a clock.
//! `PROPTEST_CASES=1000` lives more lives.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

mod reference;
mod server;
mod steps;

use neoirc::id::{ClientId, Seq, TokenHash};
use proptest::prelude::*;
use proptest::test_runner::Config;

use reference::Reference;
use server::Server;
use steps::{Action, Limits, Step, limits, steps};

/// Lives in a run that nobody asked to be longer: about ten seconds of an unoptimised build.
const CASES: u32 = 64;

fn config() -> Config {
    let config = Config { failure_persistence: None, max_shrink_iters: 2_000, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_some() { config } else { Config { cases: CASES, ..config } }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn everything_is_durable_and_everybody_hears_everything_once(limits in limits(), steps in steps()) {
        let mut life = Life::new(limits, 0);
        for step in steps {
            life.step(step);
        }
        life.restart();
        life.everybody_reads_on(None);
        life.everybody_heard_everything();
    }

    #[test]
    fn what_overflows_a_queue_is_counted_and_the_rest_is_heard(limits in limits(), steps in steps()) {
        let mut life = Life::new(limits, 6);
        for step in steps {
            life.step(step);
        }
        life.restart();
        life.everybody_reads_on(None);
        life.nothing_is_missing_without_a_word();
    }
}

/// A server, what it should be like, and the devices that use it.
struct Life {
    server: Server,
    reference: Reference,
    devices: Vec<Device>,
}

/// A client as its owner has it.
struct Device {
    client: ClientId,
    token: TokenHash,
    /// The cursor that its next poll sends.
    cursor: Seq,
    /// What it has heard, in the order in which it came.
    heard: Vec<Seq>,
    /// Places at which the server said that something was dropped.
    dropped_through: Seq,
}

impl Life {
    fn new(limits: Limits, entries_max: u64) -> Self {
        Self {
            server: Server::start(limits, entries_max),
            reference: Reference::default(),
            devices: Vec::new(),
        }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Round { actions, fails } => self.round(&actions, fails),
            Step::Poll { device, keeps, limit } => {
                if let Some(device) = pick(self.devices.len(), device) {
                    self.poll(device, keeps, limit);
                }
            }
            Step::ReadOn { but } => self.everybody_reads_on(Some(but)),
            Step::Sweep { back } => self.server.begin_sweep(back),
            Step::Tidy => self.server.tidy(),
            Step::Restart => self.restart(),
        }
    }

    /// What the writer does with all that waits: decides it in order, commits it once, then tells.
    fn round(&mut self, actions: &[Action], fails: bool) {
        let before = self.server.world().clone();
        let mut came = Vec::new();
        for action in actions {
            match action {
                Action::Arrive(nick) => came.extend(self.server.register(nick)),
                Action::Wish { device, json, key } => {
                    if let Some(device) = pick(self.devices.len(), *device) {
                        self.server.wish(self.devices[device].client, json, key.as_deref());
                    }
                }
                Action::LogOut { device } => {
                    if let Some(device) = pick(self.devices.len(), *device) {
                        self.server.log_out(self.devices[device].client);
                    }
                }
                Action::LogIn { nick, password } => came.extend(self.server.log_in(nick, password)),
                Action::Revoke { device, other } => {
                    let pick =
                        |drawn| pick(self.devices.len(), drawn).map(|device| self.devices[device].client);
                    if let (Some(client), Some(other)) = (pick(*device), pick(*other)) {
                        self.server.revoke(client, other);
                    }
                }
            }
        }
        let mut reference = self.reference.clone();
        reference.take(self.server.draft());
        if self.server.commit(fails) {
            self.reference = reference;
            self.devices.extend(came.into_iter().map(|(client, token)| Device {
                client,
                token,
                cursor: Seq::ZERO,
                heard: Vec::new(),
                dropped_through: Seq::ZERO,
            }));
            self.devices.retain(|device| self.reference.is_here(device.client));
        } else {
            assert_eq!(*self.server.world(), before, "nothing of a failed batch is so");
        }
        self.server.check();
        self.reference.check(self.server.world());
    }

    fn poll(&mut self, device: usize, keeps: bool, limit: usize) -> bool {
        let device = &mut self.devices[device];
        let page = self.server.poll(&device.token, device.cursor, limit);
        if !keeps {
            // The response was lost on its way: nobody heard it.
            return false;
        }
        let mut last = device.cursor;
        if let Some(dropped) = page.dropped {
            let missing = self.reference.between(device.client, device.cursor, dropped.through);
            assert!(dropped.entries >= missing as u64, "{dropped:?} for {missing} entries");
            device.dropped_through = dropped.through;
            last = dropped.through;
        }
        for line in &page.lines {
            assert!(line.seq > last, "ascending under the cursor");
            last = line.seq;
            assert_eq!(Some(&line.json), self.reference.line(line.seq), "the text that was committed");
            device.heard.push(line.seq);
        }
        assert!(page.last >= last, "the cursor does not go back");
        device.cursor = page.last;
        page.more || !page.is_empty()
    }

    fn restart(&mut self) {
        self.server.restart();
        self.server.check();
        self.reference.check(self.server.world());
    }

    /// The last poll of each finds nothing, and its cursor acknowledges what was there.
    fn everybody_reads_on(&mut self, but: Option<usize>) {
        for device in (0..self.devices.len()).filter(|device| Some(*device) != but) {
            for limit in [1, 2, 3].into_iter().chain(std::iter::repeat(500)) {
                if !self.poll(device, true, limit) {
                    break;
                }
            }
        }
    }

    fn everybody_heard_everything(&self) {
        for device in &self.devices {
            assert_eq!(device.heard, self.reference.for_client(device.client), "client {}", device.client);
        }
    }

    /// Whatever was not heard lies before a place that was told of as dropped.
    fn nothing_is_missing_without_a_word(&self) {
        for device in &self.devices {
            let wanted = self.reference.for_client(device.client);
            assert!(device.heard.iter().all(|seq| wanted.contains(seq)), "heard what was for others");
            let missing = wanted.iter().filter(|seq| !device.heard.contains(seq));
            let newest = missing.max().copied().unwrap_or_default();
            assert!(newest <= device.dropped_through, "{newest} is missing without a word");
        }
    }
}

/// One of `count`, whatever number was drawn.
fn pick(count: usize, drawn: usize) -> Option<usize> {
    drawn.checked_rem(count)
}
