//! Writing: what a client has to read becomes lines in a buffer, which is bounded. Which lines and which of their tags
//! a connection gets is decided here by the capabilities that it has asked for.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use tokio::io::AsyncWrite;

use super::capability::{Capabilities, Capability};
use super::labels::{self, Answer, Label, joined};
use super::render;
use super::sending::Sending;
use crate::engine::{Engine, Heard, Listener};
use crate::protocol::limits::cut;
use crate::protocol::message::Message;
use crate::protocol::wire::{LINE_BYTES, escape};
use crate::reply::notice::notice_of_dropped;

/// How much waits to be written before nothing more is taken from the queue, or half of what may wait where that is
/// less: answers of any length, such as LIST, go out as fast as the other end reads, and most of them never wait here.
const AHEAD_BYTES: usize = 256 * 1_024;
/// Longest value of the tag `label`, in bytes. Source: <https://ircv3.net/specs/extensions/labeled-response>
const LABEL_BYTES_MAX: usize = 64;

/// Why a connection ends.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Parting {
    /// The other end has closed, or is gone.
    Closed,
    /// The other end does not read.
    SendQ,
    /// The client was logged out: it quit, or was thrown out; with the reason that others were told.
    LoggedOut(Option<Arc<str>>),
    /// The server says why.
    Because(String),
    /// Another protocol is spoken.
    Foreign,
    /// The server stops.
    Stopping,
}

/// The writing half of a connection.
pub(super) struct Outgoing<W> {
    pub(super) engine: Engine,
    pub(super) sending: Sending<W>,
    buffer_bytes_max: usize,
    pub(super) listener: Option<Listener>,
    /// What it has asked for.
    pub(super) capabilities: Capabilities,
    /// The nick as the client knows it; an asterisk before registration.
    pub(super) nick: String,
    pub(super) label: Option<Label>,
    pub(super) batches: u64,
}

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    pub(super) fn new(engine: Engine, socket: W, buffer_bytes_max: usize) -> Self {
        Self {
            engine,
            sending: Sending::new(socket),
            buffer_bytes_max,
            listener: None,
            capabilities: Capabilities::default(),
            nick: "*".to_owned(),
            label: None,
            batches: 0,
        }
    }

    /// From now on hears what this client has to read.
    pub(super) fn attach(&mut self, listener: Listener, nick: String) {
        self.listener = Some(listener);
        self.nick = nick;
    }

    /// Writes what there is to write and to read, until the connection ends. May be dropped half-way.
    pub(super) async fn pump(&mut self) -> Parting {
        loop {
            if let Err(parting) = self.catch_up().await {
                return parting;
            }
            let has_something = self.sending.has_something();
            tokio::select! {
                () = wait(&mut self.listener) => {}
                written = self.sending.write(), if has_something => {
                    if let Err(parting) = written {
                        return parting;
                    }
                }
            }
        }
    }

    /// Puts everything that there is to read into the buffer, as fast as the other end makes room in it. May be dropped
    /// half-way.
    ///
    /// # Errors
    /// [`Parting`] when the client was logged out or reads too slowly, or the server stops meanwhile.
    pub(super) async fn catch_up(&mut self) -> Result<(), Parting> {
        loop {
            self.make_room().await?;
            let Some(listener) = &mut self.listener else { break };
            let (entries, dropped) = match listener.take().await {
                Ok(Heard::Entries(entries, dropped)) => (entries, dropped),
                Ok(Heard::Closed(reason)) => return Err(Parting::LoggedOut(reason)),
                Err(error) => return Err(Parting::Because(error.to_string())),
            };
            if let Some(dropped) = dropped {
                self.say(&notice_of_dropped(&self.engine.server(), &self.nick, dropped.entries));
            }
            if entries.is_empty() {
                break;
            }
            for entry in &entries {
                self.put_entry(entry);
            }
            // What the other end takes at once is not held against it.
            self.sending.write_some().await?;
            if self.is_too_slow() {
                return Err(Parting::SendQ);
            }
        }
        if self.is_too_slow() { Err(Parting::SendQ) } else { Ok(()) }
    }

    /// Waits until the other end has taken so much that there may be more for it.
    pub(super) async fn make_room(&mut self) -> Result<(), Parting> {
        let ahead_bytes = match self.buffer_bytes_max {
            0 => AHEAD_BYTES,
            max => AHEAD_BYTES.min(max / 2),
        };
        if self.sending.buffer.len() <= ahead_bytes {
            return Ok(());
        }
        let mut stopping = self.engine.stopping();
        while self.sending.buffer.len() > ahead_bytes {
            tokio::select! {
                written = self.sending.write() => written?,
                reason = thrown_out(&mut self.listener) => return Err(Parting::LoggedOut(reason)),
                _ = stopping.wait_for(|stopping| *stopping) => return Err(Parting::Stopping),
            }
        }
        Ok(())
    }

    /// Writes everything and closes, with the server's last words; for a deadline around it.
    pub(super) async fn finish(&mut self, reason: &str) {
        self.unlabel();
        let line = format!("ERROR :{reason}");
        self.put("", &format!("{}\r\n", cut(&line, LINE_BYTES)));
        self.sending.finish().await;
    }

    /// Whether more waits for the other end than may.
    fn is_too_slow(&self) -> bool {
        self.buffer_bytes_max > 0 && self.waiting_bytes() > self.buffer_bytes_max
    }

    /// How much waits to be written, also behind a first line that does not know yet whether it is the only one.
    fn waiting_bytes(&self) -> usize {
        self.sending.buffer.len() + self.label.as_ref().map_or(0, Label::waiting_bytes)
    }

    /// Says something for the server that stands in no queue.
    pub(super) fn say(&mut self, message: &Message) {
        let tags = self.time_tag(&format!("{:.3}", self.engine.now()));
        for line in render::of_message(message) {
            self.answer(tags.clone(), &line);
        }
    }

    /// Asks whether the other end is there. Without a source, as clients know it from most servers.
    pub(super) fn ping(&mut self, token: &str) {
        self.put("", &format!("PING :{token}\r\n"));
    }

    /// What is said until [`unlabel`](Self::unlabel) is the answer to a command with this label. Whoever does not
    /// know batches, which an answer may have to be, has no use for labels.
    pub(super) fn label(&mut self, label: Option<&str>) {
        let has = |capability| self.capabilities.has(capability);
        let knows_labels = has(Capability::LabeledResponse) && has(Capability::Batch);
        let label = label.filter(|label| knows_labels && label.len() <= LABEL_BYTES_MAX);
        self.label = label.map(|text| Label { text: escape(text), answer: Answer::Nothing });
    }

    /// The end of the answer: what it was decides how it is told.
    pub(super) fn unlabel(&mut self) {
        let Some(Label { text, answer }) = self.label.take() else { return };
        match answer {
            Answer::Nothing => {
                let server = self.engine.server();
                let tags = self.time_tag(&format!("{:.3}", self.engine.now()));
                self.put(&joined(&format!("label={text}"), &tags), &format!(":{} ACK\r\n", server.name));
            }
            Answer::One(tags, line, behind) => {
                self.put(&joined(&format!("label={text}"), &tags), &line);
                self.sending.buffer.put_slice(&behind);
            }
            Answer::Batch(name) => {
                let line = format!(":{} BATCH -{name}\r\n", self.engine.server().name);
                self.put("", &line);
            }
        }
    }

    pub(super) fn time_tag(&self, time: &str) -> String {
        if self.capabilities.has(Capability::ServerTime) { format!("time={time}") } else { String::new() }
    }

    /// Puts a line that answers the command at hand.
    pub(super) fn answer(&mut self, tags: String, line: &str) {
        let Some(Label { text, answer }) = self.label.take() else { return self.put(&tags, line) };
        let answer = match answer {
            Answer::Nothing => Answer::One(tags, line.into(), BytesMut::new()),
            Answer::One(first_tags, first, behind) => {
                self.batches += 1;
                let name = self.batches.to_string();
                let begin = format!(":{} BATCH +{name} labeled-response\r\n", self.engine.server().name);
                self.put(&format!("label={text}"), &begin);
                self.put(&joined(&format!("batch={name}"), &first_tags), &first);
                self.sending.buffer.put_slice(&behind);
                self.put(&joined(&format!("batch={name}"), &tags), line);
                Answer::Batch(name)
            }
            Answer::Batch(name) => {
                self.put(&joined(&format!("batch={name}"), &tags), line);
                Answer::Batch(name)
            }
        };
        self.label = Some(Label { text, answer });
    }

    pub(super) fn put(&mut self, tags: &str, line: &str) {
        let buffer = match &mut self.label {
            Some(Label { answer: Answer::One(_, _, behind), .. }) => behind,
            _ => &mut self.sending.buffer,
        };
        labels::put(buffer, tags, line);
    }
}

/// Waits until the client is logged out, whatever there is yet to read; with the reason.
async fn thrown_out(listener: &mut Option<Listener>) -> Option<Arc<str>> {
    match listener {
        Some(listener) => listener.thrown_out().await,
        None => std::future::pending().await,
    }
}

/// Waits for something to read; for ever where there is nobody yet to read it.
async fn wait(listener: &mut Option<Listener>) {
    match listener {
        Some(listener) => listener.wait().await,
        None => std::future::pending().await,
    }
}
