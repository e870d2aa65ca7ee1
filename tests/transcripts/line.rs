//! The normal form in which an expected line and a received message are compared.
//!
//! A line is its source, its command and its parameters; whether the last parameter was written with a colon
//! makes no difference, as on the wire. Tags are the `meta` of the JSON form. A last parameter that is a JSON
//! object stands for a body that is one.

use std::fmt;

use serde_json::{Map, Value, json};

use super::shape;

/// Stands for an asterisk that is no wildcard: a character that no server says.
const ASTERISK: &str = "\u{e000}";

/// One IRC line taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) tags: Option<Map<String, Value>>,
    pub(crate) source: Option<String>,
    pub(crate) command: String,
    pub(crate) params: Vec<String>,
}

impl Line {
    /// Takes an IRC line apart. `\x01`, `\\` and `\*`, an asterisk that is no wildcard, are escapes, so that a
    /// transcript stays readable text.
    pub(crate) fn parse(text: &str) -> Self {
        Self::read(text, unescape)
    }

    /// The same of a line that somebody received, in which nothing is an escape.
    pub(crate) fn verbatim(text: &str) -> Self {
        Self::read(text, str::to_string)
    }

    fn read(text: &str, unescape: impl Fn(&str) -> String) -> Self {
        let (tags, text) = match text.strip_prefix('@') {
            Some(rest) => {
                let (tags, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                (Some(parse_tags(tags)), rest)
            }
            None => (None, text),
        };
        let (source, rest) = match text.strip_prefix(':') {
            Some(rest) => {
                let (source, rest) = rest.split_once(' ').unwrap_or((rest, ""));
                (Some(source.to_string()), rest)
            }
            None => (None, text),
        };
        let (middle, trailing) = match rest.split_once(" :") {
            Some((middle, trailing)) => (middle, Some(trailing)),
            None => (rest, None),
        };
        let mut words = middle.split_ascii_whitespace().chain(trailing).map(unescape);
        let command = words.next().unwrap_or_default();
        let mut line = Self { tags, source, command, params: words.collect() };
        if let Some(object) = line.object() {
            // However it is written, it is compared in its shortest form.
            line.params.pop();
            line.params.push(object.to_string());
        }
        line
    }

    /// The body, where it is an object.
    fn object(&self) -> Option<Value> {
        let last = self.params.last().filter(|last| last.starts_with('{'))?;
        serde_json::from_str(last).ok().filter(Value::is_object)
    }

    /// The lines that say what a JSON message says: one for each line of its body.
    pub(crate) fn of_message(message: &Value) -> Vec<Self> {
        let strings = |field: &str| -> Vec<String> {
            let items = message[field].as_array().map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(|item| item.as_str().map(ToString::to_string)).collect()
        };
        let source = message["from"].as_str().map(ToString::to_string);
        let command = message["command"].as_str().unwrap_or_default().to_string();
        let mut params: Vec<String> = message["to"].as_str().map(ToString::to_string).into_iter().collect();
        params.retain(|target| !target.is_empty());
        match command.as_str() {
            // On the wire the server's name comes first; the JSON form has it in `from` alone.
            "PONG" => params = source.clone().into_iter().collect(),
            // A standard reply names nobody; the JSON form has whom it is for in `to`.
            "FAIL" => params.clear(),
            _ => {}
        }
        params.extend(strings("params"));
        let tags = message["meta"].as_object().cloned();
        let body = match &message["body"] {
            object @ Value::Object(_) => vec![object.to_string()],
            _ => strings("body"),
        };
        if body.is_empty() {
            return vec![Self { tags, source, command, params }];
        }
        let with_text = |text: String| {
            let params = params.iter().cloned().chain([text]).collect();
            Self { tags: tags.clone(), source: source.clone(), command: command.clone(), params }
        };
        body.into_iter().map(with_text).collect()
    }

    /// The JSON envelope a client posts for this line, with the fields the command's row in the contract names.
    pub(crate) fn to_message(&self) -> Value {
        let fields: &[&str] = match self.command.to_ascii_uppercase().as_str() {
            "PRIVMSG" | "NOTICE" | "TAGMSG" | "PART" | "TOPIC" | "KILL" => &["to", "body"],
            "NICK" | "AWAY" | "PING" | "PONG" | "QUIT" | "SETNAME" | "WALLOPS" => &["body"],
            "KICK" => &["to", "params", "body"],
            "JOIN" | "MODE" | "INVITE" | "NAMES" | "LIST" | "WHO" | "WHOIS" | "PUBKEY" => &["to", "params"],
            _ => &["params"],
        };
        let mut message = Map::from_iter([("command".to_string(), json!(self.command))]);
        if let Some(tags) = &self.tags {
            message.insert("meta".to_string(), json!(tags));
        }
        let object = self.object();
        let strings = self.params.len() - usize::from(object.is_some());
        if let Some(object) = object {
            message.insert("body".to_string(), object);
        }
        for (index, param) in self.params.iter().take(strings).enumerate() {
            // Further parameters than the row has fields are added to its last list.
            let field = fields[index.min(fields.len() - 1)];
            if field == "to" {
                message.insert(field.to_string(), json!(param));
            } else {
                let list = message.entry(field).or_insert_with(|| json!([]));
                list.as_array_mut().expect("made just before").push(json!(param));
            }
        }
        Value::Object(message)
    }

    /// The numeric of a refusal that a receipt has to repeat. 422 says that there is no message of the day, which
    /// is an answer rather than a refusal; 263 refuses, though it is no error.
    pub(crate) fn refusal(&self) -> Option<&str> {
        let refuses = |name: &str| {
            name.starts_with("ERR_") && name != "ERR_NOMOTD"
                || name.starts_with("FAIL_")
                || name == "RPL_TRYAGAIN"
        };
        shape::named(&self.command).any(|numeric| refuses(numeric.name())).then_some(&self.command)
    }

    /// Whether a received line is what this expected one describes.
    ///
    /// `*` stands for any text inside a parameter or a source, `403|476` for either command, and `...` at the end
    /// for any further parameters. Where order means nothing (who is in 353, what is in 319, the letters of 324)
    /// it is not compared. A face without hostmasks compares nicks alone.
    pub(crate) fn describes(&self, received: &Self, whole_source: bool) -> bool {
        let (expected, received) = (self.in_order(), received.in_order());
        let sources = match (&expected.source, &received.source) {
            (Some(expected), Some(received)) if whole_source => matches(expected, received),
            (Some(expected), Some(received)) => matches(nick_of(expected), nick_of(received)),
            (expected, received) => expected == received,
        };
        let (params, open_ended) = match expected.params.split_last() {
            Some((last, front)) if last == "..." => (front, true),
            _ => (expected.params.as_slice(), false),
        };
        sources
            && tags_match(expected.tags.as_ref(), received.tags.as_ref())
            && expected.command.split('|').any(|command| command == received.command)
            && (params.len() == received.params.len()
                || open_ended && params.len() < received.params.len() + 1)
            && params.iter().zip(&received.params).all(|(expected, received)| matches(expected, received))
    }

    /// The same line with everything sorted whose order means nothing.
    fn in_order(&self) -> Self {
        let mut line = self.clone();
        match line.command.as_str() {
            "353" | "319" => line.params.last_mut().into_iter().for_each(|text| *text = sorted_words(text)),
            "324" if line.params.len() > 2 => {
                let mut letters: Vec<char> = line.params[2].chars().collect();
                letters.sort_unstable();
                line.params[2] = letters.into_iter().collect();
                line.params[3..].sort();
            }
            _ => {}
        }
        line
    }
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(tags) = &self.tags {
            write!(out, "@{} ", json!(tags))?;
        }
        if let Some(source) = &self.source {
            write!(out, ":{source} ")?;
        }
        write!(out, "{}", self.command)?;
        let Some((last, front)) = self.params.split_last() else { return Ok(()) };
        front.iter().try_for_each(|param| write!(out, " {param}"))?;
        write!(out, " :{last}")
    }
}

/// `key=value;key=value`, or a JSON object for what is no string.
fn parse_tags(text: &str) -> Map<String, Value> {
    if let Ok(tags) = serde_json::from_str(text) {
        return tags;
    }
    let pair = |tag: &str| {
        let (key, value) = tag.split_once('=').unwrap_or((tag, ""));
        (key.to_string(), json!(value))
    };
    text.split(';').map(pair).collect()
}

/// Tags match when they have the same keys with matching values. None are the same as empty ones.
fn tags_match(expected: Option<&Map<String, Value>>, received: Option<&Map<String, Value>>) -> bool {
    let (nothing, count) = (Map::new(), |tags: Option<&Map<String, Value>>| tags.map_or(0, Map::len));
    let value_matches = |(key, expected): (&String, &Value)| {
        let received = received.unwrap_or(&nothing).get(key);
        match (expected, received) {
            (Value::String(pattern), Some(Value::String(text))) => matches(pattern, text),
            (expected, received) => received == Some(expected),
        }
    };
    count(expected) == count(received) && expected.unwrap_or(&nothing).iter().all(value_matches)
}

fn nick_of(source: &str) -> &str {
    source.split_once('!').map_or(source, |(nick, _)| nick)
}

fn sorted_words(text: &str) -> String {
    let mut words: Vec<&str> = text.split_ascii_whitespace().collect();
    words.sort_unstable();
    words.join(" ")
}

fn unescape(text: &str) -> String {
    text.replace("\\x01", "\u{1}").replace("\\*", ASTERISK).replace("\\\\", "\\")
}

/// Whether `text` fits a pattern in which `*` stands for any text.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let plain = |part: &str| part.replace(ASTERISK, "*");
    match pattern.split_once('*') {
        None => plain(pattern) == text,
        Some((head, rest)) => match text.strip_prefix(&plain(head)) {
            None => false,
            Some(tail) => tail.char_indices().map(|(at, _)| at).chain([tail.len()]).any(|at| {
                let (_, remaining) = tail.split_at(at);
                matches(rest, remaining)
            }),
        },
    }
}
