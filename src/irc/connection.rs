//! The life of one connection: lines are read, become requests, and what comes of them is written.
//!
//! One task reads and writes. While a request is being decided it goes on writing, and reads nothing further: whoever
//! sends more than the server decides is slowed down by its own socket.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::departure::{Unregistered, log_out, log_out_aside};
use super::incoming::{Incoming, Read};
use super::listener::Shared;
use super::multiline::Draft;
use super::outgoing::{Outgoing, Parting};
use super::patience::DELAY_MAX;
use super::registration::Candidate;
use super::visitor::{Visitor, Way};
use crate::delivery::Seat;
use crate::engine::RateLimit;
use crate::limits::{Exceeded, Limits};
use crate::protocol::wire::{WireError, WireLine};
use crate::reply::door::{self, Objection, objection};
use crate::reply::past::{Failure, failure};

/// How long the last words may take.
const FAREWELL: Duration = Duration::from_secs(2);
/// What others are told when a connection ends by a mistake of the server's own.
const LOST: &str = "Connection lost";

/// One connection.
pub(super) struct Connection<R, W> {
    pub(super) shared: Arc<Shared>,
    pub(super) address: IpAddr,
    /// Which way it came.
    pub(super) way: Way,
    incoming: Incoming<R>,
    pub(super) outgoing: Outgoing<W>,
    pub(super) stage: Stage,
    /// A message of several lines that is on its way.
    pub(super) draft: Option<Draft>,
    /// Its place in the count of those who have not registered, until it has.
    pub(super) unregistered: Option<Unregistered>,
    /// Whether nothing is left to be done for the client when the connection is dropped.
    is_over: bool,
    /// Whether the client speaks version 302 of capability negotiation.
    pub(super) is_302: bool,
    began: Instant,
    heard: Instant,
    /// Whether it was asked if it is still there, and has not said anything since.
    was_asked: bool,
    stopping: watch::Receiver<bool>,
}

/// How far it has come.
pub(super) enum Stage {
    /// Nobody yet.
    Candidate(Candidate),
    /// A client.
    Client(Arc<Seat>),
}

impl<R: AsyncRead + Unpin, W: AsyncWrite + Unpin> Connection<R, W> {
    pub(super) fn new(shared: Arc<Shared>, visitor: Visitor, read: R, write: W) -> Box<Self> {
        let Visitor { address, way } = visitor;
        let (began, stopping) = (Instant::now(), shared.engine.stopping());
        let unregistered = Some(Unregistered::new(&shared.engine));
        let outgoing = Outgoing::new(shared.engine.clone(), write, shared.settings.send_queue_bytes);
        Box::new(Self {
            shared,
            address,
            way,
            incoming: Incoming::new(read),
            outgoing,
            stage: Stage::Candidate(Candidate::default()),
            draft: None,
            unregistered,
            is_over: false,
            is_302: false,
            began,
            heard: began,
            was_asked: false,
            stopping,
        })
    }

    /// Lives until the connection ends, and logs the client out then.
    pub(super) async fn run(mut self: Box<Self>) {
        let parting = self.live().await;
        // Whoever hears the last words knows that it is not counted any more.
        self.unregistered = None;
        let (told, others) = words(parting);
        let log_out = async {
            if let (Stage::Client(seat), Some(others)) = (&self.stage, others) {
                log_out(self.shared.engine.clone(), Arc::clone(seat), others).await;
            }
        };
        let farewell = async {
            if let Some(told) = told {
                let reason = format!("Closing link: {} [{told}]", self.address);
                self.outgoing.finish(&reason).await;
                self.incoming.discard().await;
            }
        };
        // Whoever does not take its last words keeps nobody waiting.
        tokio::join!(log_out, timeout(FAREWELL, farewell)).1.ok();
        self.is_over = true;
    }

    async fn live(&mut self) -> Parting {
        loop {
            let deadline = self.deadline();
            let read = tokio::select! {
                parting = self.outgoing.pump() => return parting,
                read = self.incoming.next() => Some(read),
                () = wait_until(deadline) => None,
                _ = self.stopping.wait_for(|stopping| *stopping) => return Parting::Stopping,
            };
            let line = match read {
                Some(Read::Line(line)) => line,
                Some(Read::Endless) => return Parting::Because("Input line was too long".to_owned()),
                Some(Read::Foreign) => return Parting::Foreign,
                Some(Read::End) => return Parting::Closed,
                None => match self.grow_impatient() {
                    Some(parting) => return parting,
                    None => continue,
                },
            };
            self.heard = Instant::now();
            self.was_asked = false;
            // What a line needs is given back with it: most connections wait for one most of the time.
            if let Err(parting) = Box::pin(self.hear(&line)).await {
                return parting;
            }
        }
    }

    /// When silence is next to be noticed, if ever.
    fn deadline(&self) -> Option<Instant> {
        let settings = &self.shared.settings;
        let (since, patience) = match &self.stage {
            Stage::Candidate(_) => (self.began, settings.registration_timeout),
            // Where nobody is asked, silence has its end all the same.
            Stage::Client(_) if self.was_asked || settings.ping_after.is_zero() => {
                (self.heard, settings.silence_max)
            }
            Stage::Client(_) => (self.heard, settings.ping_after),
        };
        (!patience.is_zero()).then(|| since + patience)
    }

    /// Asks a silent client whether it is there, and gives up on one that has not answered.
    fn grow_impatient(&mut self) -> Option<Parting> {
        if let Stage::Candidate(_) = &self.stage {
            return Some(Parting::Because("Registration timed out".to_owned()));
        }
        if self.was_asked || self.shared.settings.ping_after.is_zero() {
            let seconds = self.shared.settings.silence_max.as_secs();
            return Some(Parting::Because(format!("Ping timeout: {seconds} seconds")));
        }
        self.was_asked = true;
        let server = self.shared.engine.server();
        self.outgoing.ping(&server.name);
        None
    }

    async fn hear(&mut self, bytes: &[u8]) -> Result<(), Parting> {
        let (line, objected) = match WireLine::parse(bytes) {
            Ok(Some(line)) => return self.heed(line).await,
            Ok(None) => return Ok(()),
            Err(WireError::TooLong(line)) => (line, Objection::InputTooLong),
            Err(WireError::NotText(line)) => {
                let objected = Objection::NotText(line.command.clone());
                (line, objected)
            }
        };
        let has_illegible_tags = bytes.starts_with(b"@") && line.tags.is_empty();
        self.refuse_line(&line, has_illegible_tags, &objected).await
    }

    async fn heed(&mut self, line: WireLine) -> Result<(), Parting> {
        self.outgoing.label(line.tag("label"));
        let done = match &self.stage {
            Stage::Candidate(_) => self.register(line).await,
            Stage::Client(seat) => {
                let seat = Arc::clone(seat);
                self.shared.engine.touch(&seat);
                self.command(seat, line).await
            }
        };
        // What others were told of it is in the queue by now.
        let caught_up = if done.is_ok() { self.outgoing.catch_up().await } else { Ok(()) };
        self.outgoing.unlabel();
        done.and(caught_up)
    }

    /// Objects to a line of which only this is known, under its label. Where it was to be part of a message of several
    /// lines, that one fails.
    async fn refuse_line(
        &mut self,
        line: &WireLine,
        has_illegible_tags: bool,
        objected: &Objection,
    ) -> Result<(), Parting> {
        self.outgoing.label(line.tag("label"));
        let refused = match (self.lose(line, has_illegible_tags), &self.stage) {
            (Some(lost), Stage::Client(seat)) => {
                let user = seat.user;
                self.do_without(user, lost).await
            }
            _ => self.refuse(line.command.clone(), objected).await,
        };
        self.outgoing.unlabel();
        refused
    }

    /// Objects to a line that was not even read. It counts like any other: objections cost something too.
    pub(super) async fn refuse(&mut self, command: String, objected: &Objection) -> Result<(), Parting> {
        let may_ask = match &mut self.stage {
            Stage::Candidate(candidate) => candidate.count().map(|()| true)?,
            Stage::Client(seat) => {
                let user = seat.user;
                self.wait_for_turn(RateLimit::Command, |limits| limits.command(user)).await?
            }
        };
        let too_often = Objection::TryAgain(command);
        self.object(if may_ask { objected } else { &too_often });
        Ok(())
    }

    /// Waits until the client may ask again: a line too many is not dropped but delayed, and those behind it wait in
    /// the socket. Nobody is kept waiting for long; says whether it may ask.
    pub(super) async fn wait_for_turn(
        &mut self,
        limit: RateLimit,
        ask: impl Fn(&Limits) -> Result<(), Exceeded>,
    ) -> Result<bool, Parting> {
        let mut was_counted = false;
        while let Err(Exceeded { wait, .. }) = ask(&self.shared.limits) {
            if !was_counted {
                self.shared.engine.stats().rate_limited(limit);
                was_counted = true;
            }
            if wait > DELAY_MAX {
                return Ok(false);
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                parting = self.outgoing.pump() => return Err(parting),
                _ = self.stopping.wait_for(|stopping| *stopping) => return Err(Parting::Stopping),
            }
        }
        Ok(true)
    }

    /// What was sent before the PING is answered before it.
    pub(super) async fn pong(&mut self, params: &[String]) -> Result<(), Parting> {
        let Some(token) = params.first().filter(|token| !token.is_empty()) else {
            self.object(&Objection::NoOrigin);
            return Ok(());
        };
        self.outgoing.catch_up().await?;
        let server = self.shared.engine.server();
        self.outgoing.say(&door::said(&server, "PONG", vec![server.name.clone()], token));
        Ok(())
    }

    pub(super) fn fail(&mut self, failed: &Failure) {
        let line = failure(&self.shared.engine.server(), &self.outgoing.nick, failed);
        self.outgoing.say(&line);
    }

    pub(super) fn object(&mut self, objected: &Objection) {
        let line = objection(&self.shared.engine.server(), &self.outgoing.nick, objected);
        self.outgoing.say(&line);
    }
}

/// Until a deadline; for ever where there is none.
async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

impl<R, W> Drop for Connection<R, W> {
    /// Whatever ended it, a panic too, nobody is present without a connection.
    fn drop(&mut self) {
        if let (Stage::Client(seat), false) = (&self.stage, self.is_over) {
            log_out_aside(&self.shared.engine, Arc::clone(seat), LOST);
        }
    }
}

/// What the other end is told in its last line, and what others are when the session ends with it. Nothing to others
/// who have been told, or will be when the server has stopped.
fn words(parting: Parting) -> (Option<String>, Option<String>) {
    let both = |reason: &str| (Some(reason.to_owned()), Some(reason.to_owned()));
    match parting {
        Parting::Closed => (None, Some("Connection closed".to_owned())),
        Parting::SendQ => both("SendQ exceeded"),
        Parting::Because(reason) => both(&reason),
        Parting::LoggedOut(reason) => {
            (Some(reason.map_or_else(|| "Logged out".to_owned(), |reason| reason.to_string())), None)
        }
        Parting::Foreign => (None, None),
        Parting::Stopping => (Some("Server shutting down".to_owned()), None),
    }
}
