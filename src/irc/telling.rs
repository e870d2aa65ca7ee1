//! What a connection is told of an entry: which lines, in which form, with which tags.

use std::sync::Arc;

use tokio::io::AsyncWrite;

use super::capability::Capability;
use super::labels::{Answer, Label, joined};
use super::outgoing::{Outgoing, Parting};
use super::patience::ask;
use super::render;
use crate::entry::{Entry, Wire, WireLines};
use crate::protocol::message::Message;
use crate::protocol::wire::{escape, middle};

impl<W: AsyncWrite + Unpin> Outgoing<W> {
    pub(super) fn put_entry(&mut self, entry: &Entry) {
        let nothing = Wire::default();
        let wire = entry.wire.as_deref().unwrap_or(&nothing);
        let said = lines_of(entry, wire);
        self.note_nick(wire, said);
        let mine = self.listener.as_ref().map(|listener| listener.seat().client);
        let is_answer = wire.by.is_some() && wire.by == mine;
        if !self.wants(wire, said, is_answer) {
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

    /// Begins a batch that is all of an answer, and has its label; behind what was answered before, it is part of that.
    /// Gives the tag of its lines; none for whoever does not know batches.
    fn begin_batch(&mut self, kind: &str) -> String {
        if !self.capabilities.has(Capability::Batch) {
            return String::new();
        }
        self.batches += 1;
        let name = self.batches;
        let begin = format!(":{} BATCH +{name} {kind}\r\n", self.engine.server().name);
        match self.label.take() {
            Some(Label { text, answer: Answer::Nothing }) => self.put(&format!("label={text}"), &begin),
            begun => {
                self.label = begun;
                self.answer(String::new(), &begin);
            }
        }
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
        let extended = said.extended.as_deref().filter(|_| has(Capability::ExtendedJoin));
        let lines = said.lines.iter().filter(move |_| batch.is_none() && extended.is_none());
        batch.into_iter().chain(extended).chain(lines.map(|line| &**line))
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
    fn wants(&self, wire: &Wire, said: &WireLines, is_answer: bool) -> bool {
        let has = |capability| self.capabilities.has(capability);
        if wire.is_for_watchers && !has(Capability::ExtendedMonitor) {
            return false;
        }
        match &*said.command {
            "TAGMSG" => has(Capability::MessageTags),
            "ACCOUNT" => has(Capability::AccountNotify),
            "AWAY" => has(Capability::AwayNotify),
            // Whoever asks is answered.
            "MARKREAD" => is_answer || has(Capability::ReadMarker),
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
        if self.capabilities.has(Capability::AccountTag)
            && let Some(account) = &wire.account
        {
            tags = joined(&tags, &format!("account={}", escape(account)));
        }
        // An id names one message, of which the further lines are parts.
        if self.capabilities.has(Capability::MessageTags) && is_message && is_first {
            tags = joined(&tags, &format!("msgid={}", said.id));
            tags = joined(&tags, &said.tags);
        }
        tags
    }
}

/// An entry as lines, made by the first who asks.
fn lines_of<'a>(entry: &Entry, wire: &'a Wire) -> &'a WireLines {
    wire.lines.get_or_init(|| Box::new(render::of_entry(entry, wire)))
}

fn nick_of(source: &str) -> &str {
    source.split('!').next().unwrap_or(source)
}
