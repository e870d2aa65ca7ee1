//! The IRC face of the player: lines over a socket.

use std::collections::{HashMap, VecDeque};
use std::fmt::Write;

use serde_json::Value;

use super::line::Line;
use super::player::{Face, Receipt};
use super::support::{IrcClient, TestServer, until};

/// What everybody asks for: all that changes which lines there are, and nothing that changes how they look.
const CAPABILITIES: &str = "message-tags setname";

/// Tags whose names on the wire differ from those in `meta`.
const DRAFTS: [(&str, &str); 2] = [("draft/reply", "reply"), ("draft/react", "react")];

/// People with IRC clients.
pub(crate) struct IrcFace<'a> {
    server: &'a TestServer,
    people: HashMap<String, Person>,
}

struct Person {
    client: IrcClient,
    unread: VecDeque<Line>,
}

impl<'a> IrcFace<'a> {
    /// A face of this server with nobody there yet.
    pub(crate) fn new(server: &'a TestServer) -> Self {
        Self { server, people: HashMap::new() }
    }

    fn person(&mut self, who: &str) -> &mut Person {
        self.people.get_mut(who).unwrap_or_else(|| panic!("{who} has not come in"))
    }

    /// How many clients there are, of people who have registered and of those who have not.
    fn clients(&self) -> u64 {
        let health = self.server.nobody().get("/.well-known/healthcheck.json").ok();
        health["clients"].as_u64().expect("a number of clients")
    }
}

impl Person {
    /// Reads what is there. What comes before the answer to a PING was there.
    fn read(&mut self) {
        let (lines, _) = self.client.drain_or_end();
        self.unread.extend(lines.iter().map(|line| received(line)));
    }
}

impl Face for IrcFace<'_> {
    const ECHOES: bool = false;
    const WHOLE_SOURCES: bool = true;

    fn open(&mut self, who: &str, username: Option<&str>) {
        let username = username.unwrap_or(who);
        let mut client = IrcClient::connect(&self.server.irc_address());
        client.send(&format!("CAP REQ :{CAPABILITIES}"));
        client.until(&["CAP"]);
        client.send(&format!("NICK {who}\r\nUSER {username} 0 * :{username}\r\nCAP END"));
        let welcome = client.until(&["376", "422"]);
        let unread = welcome.iter().map(|line| received(line)).collect();
        self.people.insert(who.to_string(), Person { client, unread });
    }

    fn connect(&mut self, who: &str) {
        let client = IrcClient::connect(&self.server.irc_address());
        self.people.insert(who.to_string(), Person { client, unread: VecDeque::new() });
    }

    fn leave(&mut self, who: &str) {
        let before = self.clients();
        drop(self.people.remove(who).unwrap_or_else(|| panic!("{who} has not come in")));
        until("the server notices that somebody is gone", || self.clients() < before);
    }

    fn is_out(&mut self, who: &str) -> bool {
        let mut person = self.people.remove(who).unwrap_or_else(|| panic!("{who} has not come in"));
        let (_, goes_on) = person.client.drain_or_end();
        !goes_on
    }

    fn send(&mut self, who: &str, line: &Line) -> Option<Receipt> {
        let person = self.person(who);
        person.client.send(&sent(line));
        // The next command, of whomever, is to come behind this one.
        person.read();
        None
    }

    fn next(&mut self, who: &str) -> Option<Line> {
        let person = self.person(who);
        if person.unread.is_empty() {
            person.read();
        }
        person.unread.pop_front()
    }

    fn rest(&mut self, who: &str) -> Vec<Line> {
        let person = self.person(who);
        person.read();
        person.unread.drain(..).collect()
    }
}

/// A line as a client sends it.
fn sent(line: &Line) -> String {
    let mut text = String::new();
    for (key, value) in line.tags.iter().flatten() {
        let name = DRAFTS.iter().find(|(_, name)| name == key).map_or(key.as_str(), |(draft, _)| draft);
        let sign = if text.is_empty() { '@' } else { ';' };
        write!(text, "{sign}+{name}={}", value.as_str().unwrap_or_default())
            .expect("a string takes anything");
    }
    let space = if text.is_empty() { "" } else { " " };
    write!(text, "{space}{}", line.command).expect("a string takes anything");
    if let Some((last, front)) = line.params.split_last() {
        for param in front {
            write!(text, " {param}").expect("a string takes anything");
        }
        write!(text, " :{last}").expect("a string takes anything");
    }
    text
}

/// A line as the server sends it, in the form in which it is compared: with the tags of its sender alone, under the
/// names that they have in `meta`.
fn received(text: &str) -> Line {
    let (tags, bare) = match text.strip_prefix('@') {
        Some(text) => text.split_once(' ').expect("something stands behind the tags"),
        None => ("", text),
    };
    let pairs = tags.split(';').filter_map(|tag| tag.strip_prefix('+'));
    let pairs = pairs.map(|tag| tag.split_once('=').unwrap_or((tag, "")));
    let named = pairs.map(|(key, value)| {
        let key = DRAFTS.iter().find(|(draft, _)| *draft == key).map_or(key, |(_, name)| *name);
        (key.to_string(), Value::from(value))
    });
    let tags = Some(named.collect()).filter(|tags: &serde_json::Map<_, _>| !tags.is_empty());
    // Received text has no escapes of the notation.
    Line { tags, ..Line::verbatim(bare) }
}
