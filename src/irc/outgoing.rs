//! Writing: what a client has to read becomes lines in a buffer, which is bounded. Which lines and which of their tags
//! a connection gets is decided here by the capabilities that it has asked for.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use tokio::io::AsyncWrite;

use super::capability::{Capabilities, Capability};
use super::labels::{self, Answer, Label, joined};
use super::patience::ask;
use super::render;
use super::sending::Sending;
use crate::engine::{Engine, Heard, Listener};
use crate::entry::{Entry, Wire, WireLines};
use crate::protocol::limits::cut;
use crate::protocol::message::Message;
use crate::protocol::wire::{LINE_BYTES, escape, middle};
use crate::reply::notice::notice_of_dropped;

/// How much waits to be written before nothing more is taken from the queue: answers of any length, such as LIST, go
/// out as fast as the other end reads, and most of them never wait here.
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
    engine: Engine,
    sending: Sending<W>,
    buffer_bytes_max: usize,
    listener: Option<Listener>,
    /// What it has asked for.
    pub(super) capabilities: Capabilities,
    /// The nick as the client knows it; an asterisk before registration.
    pub(super) nick: String,
    label: Option<Label>,
    batches: u64,
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
    async fn make_room(&mut self) -> Result<(), Parting> {
        if self.sending.buffer.len() <= AHEAD_BYTES {
            return Ok(());
        }
        let mut stopping = self.engine.stopping();
        while self.sending.buffer.len() > AHEAD_BYTES {
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

    fn put_entry(&mut self, entry: &Entry) {
        let nothing = Wire::default();
        let wire = entry.wire.as_deref().unwrap_or(&nothing);
        let said = lines_of(entry, wire);
        self.note_nick(wire, said);
        let mine = self.listener.as_ref().map(|listener| listener.seat().client);
        let is_answer = wire.by.is_some() && wire.by == mine;
        if !self.wants(wire, said) {
            return;
        }
        let is_from_me = wire.source.as_deref().is_some_and(|source| nick_of(source) == self.nick);
        let is_to_me = said.to.eq_ignore_ascii_case(&self.nick);
        if is_from_me && !is_answer && &*said.command == "JOIN" {
            self.learn(&said.to);
        }
        let is_message = said.is_message();
        // Whoever does not expect to see what it says itself would take it for the words of whom it was said to.
        let is_from_elsewhere = is_from_me && is_message && !is_answer && !is_to_me && !said.is_to_channel();
        if is_from_elsewhere && !self.expects_own() {
            return;
        }
        let to_oneself = is_answer && is_message && is_to_me;
        let has_echo = self.capabilities.has(Capability::EchoMessage);
        for (index, line) in self.lines(said).enumerate() {
            let tags = self.tags(wire, said, is_message, index == 0);
            if is_answer && (!is_message || has_echo) {
                self.answer(tags.clone(), line);
            }
            // What somebody says to itself is delivered beside any echo.
            if !is_answer || to_oneself {
                self.put(&tags, line);
            }
        }
    }

    /// Puts what was said before, in a batch that is the answer to the command at hand.
    ///
    /// # Errors
    /// [`Parting`], as from [`catch_up`](Self::catch_up).
    pub(super) async fn put_past(&mut self, target: &str, entries: &[Arc<Entry>]) -> Result<(), Parting> {
        let batch = self.begin_batch(&format!("chathistory {}", middle(target)));
        let nothing = Wire::default();
        for entry in entries {
            self.make_room().await?;
            let wire = entry.wire.as_deref().unwrap_or(&nothing);
            let said = lines_of(entry, wire);
            for (index, line) in self.lines(said).enumerate() {
                let tags = self.tags(wire, said, said.is_message(), index == 0);
                self.put(&joined(&batch, &tags), line);
            }
            self.sending.write_some().await?;
        }
        self.end_batch(&batch);
        Ok(())
    }

    /// Puts lines of the server's own in a batch that is the answer to the command at hand.
    pub(super) fn put_batch(&mut self, kind: &str, messages: &[Message]) {
        let batch = self.begin_batch(kind);
        for line in messages.iter().flat_map(render::of_message) {
            self.put(&batch, &line);
        }
        self.end_batch(&batch);
    }

    /// Begins a batch that is all of an answer, and has its label. Gives the tag of its lines; none for whoever does
    /// not know batches.
    fn begin_batch(&mut self, kind: &str) -> String {
        if !self.capabilities.has(Capability::Batch) {
            return String::new();
        }
        let label = self.label.take().map(|label| format!("label={}", label.text)).unwrap_or_default();
        self.batches += 1;
        let name = self.batches;
        self.put(&label, &format!(":{} BATCH +{name} {kind}\r\n", self.engine.server().name));
        format!("batch={name}")
    }

    fn end_batch(&mut self, batch: &str) {
        if let Some(name) = batch.strip_prefix("batch=") {
            self.put("", &format!(":{} BATCH -{name}\r\n", self.engine.server().name));
        }
    }

    /// What says an entry to this connection: a batch that is one message, where it understands that, or lines.
    fn lines<'a>(&self, said: &'a WireLines) -> impl Iterator<Item = &'a str> + use<'a, W> {
        let has = |capability| self.capabilities.has(capability);
        let batch = said.batch.as_deref().filter(|_| has(Capability::Multiline) && has(Capability::Batch));
        let lines = said.lines.iter().filter(move |_| batch.is_none());
        batch.into_iter().chain(lines.map(|line| &**line))
    }

    /// Whether it knows what to do with what its user says elsewhere to somebody.
    fn expects_own(&self) -> bool {
        self.capabilities.has(Capability::EchoMessage) || self.capabilities.has(Capability::SelfMessage)
    }

    /// Has itself told of a channel that another device of its user has brought it into.
    fn learn(&self, channel: &str) {
        let Some(listener) = &self.listener else { return };
        let (engine, seat) = (self.engine.clone(), Arc::clone(listener.seat()));
        let (channel, style) = (channel.to_owned(), self.capabilities.style());
        // Not here: what comes of it is to be read from the queue.
        tokio::spawn(async move {
            let told = ask(&engine, || engine.send_state_of(&seat, channel.clone(), style)).await;
            if let Err(error) = told {
                tracing::debug!(%error, "a connection is not told of a channel");
            }
        });
    }

    /// Whether this connection gets such lines at all.
    fn wants(&self, wire: &Wire, said: &WireLines) -> bool {
        let has = |capability| self.capabilities.has(capability);
        if wire.is_for_watchers && !has(Capability::ExtendedMonitor) {
            return false;
        }
        match &*said.command {
            "TAGMSG" => has(Capability::MessageTags),
            "AWAY" => has(Capability::AwayNotify),
            "CHGHOST" => has(Capability::Chghost),
            "SETNAME" => has(Capability::Setname),
            "INVITE" => has(Capability::InviteNotify) || said.to.eq_ignore_ascii_case(&self.nick),
            // Keys are for those who check signatures over the JSON form.
            "PUBKEY" => false,
            _ => true,
        }
    }

    /// Follows the client's own nick, which numerics of the face are addressed to.
    fn note_nick(&mut self, wire: &Wire, said: &WireLines) {
        let is_mine = |source: &str| nick_of(source) == self.nick;
        if &*said.command == "NICK" && wire.source.as_deref().is_some_and(is_mine) {
            let new = said.lines.first().and_then(|line| line.trim_end().rsplit_once(':'));
            self.nick = new.map_or_else(|| self.nick.clone(), |(_, nick)| nick.to_owned());
        }
    }

    fn tags(&self, wire: &Wire, said: &WireLines, is_message: bool, is_first: bool) -> String {
        let mut tags = self.time_tag(&said.time);
        if self.capabilities.has(Capability::MessageTags) && is_message && wire.is_bot {
            tags = joined(&tags, "bot");
        }
        // An id names one message, of which the further lines are parts.
        if self.capabilities.has(Capability::MessageTags) && is_message && is_first {
            tags = joined(&tags, &format!("msgid={}", said.id));
            tags = joined(&tags, &said.tags);
        }
        tags
    }

    fn time_tag(&self, time: &str) -> String {
        if self.capabilities.has(Capability::ServerTime) { format!("time={time}") } else { String::new() }
    }

    /// Puts a line that answers the command at hand.
    fn answer(&mut self, tags: String, line: &str) {
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

    fn put(&mut self, tags: &str, line: &str) {
        let buffer = match &mut self.label {
            Some(Label { answer: Answer::One(_, _, behind), .. }) => behind,
            _ => &mut self.sending.buffer,
        };
        labels::put(buffer, tags, line);
    }
}

/// An entry as lines, made by the first who asks.
fn lines_of<'a>(entry: &Entry, wire: &'a Wire) -> &'a WireLines {
    wire.lines.get_or_init(|| Box::new(render::of_entry(entry, wire.source.as_deref())))
}

fn nick_of(source: &str) -> &str {
    source.split('!').next().unwrap_or(source)
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
