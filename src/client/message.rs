//! The message as the author of a bot holds it: the envelope of the interface, read and written.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::plain::{self, Plain};

/// Free text, one string a line, or an object.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// One string a line.
    Lines(Vec<String>),
    /// Structured content.
    Object(Map<String, Value>),
}

impl Body {
    /// The lines; none when it is an object.
    pub fn lines(&self) -> &[String] {
        match self {
            Self::Lines(lines) => lines,
            Self::Object(_) => &[],
        }
    }

    /// Whether it is a list without a single line, which the server treats like no body at all.
    pub(super) fn is_no_lines(&self) -> bool {
        matches!(self, Self::Lines(lines) if lines.is_empty())
    }
}

impl<'de> Deserialize<'de> for Body {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let line = |value| match value {
            Value::String(line) => Ok(line),
            _ => Err(D::Error::custom("each line of a body is a string")),
        };
        match Plain::deserialize(deserializer)?.0 {
            Value::Array(lines) => lines.into_iter().map(line).collect::<Result<_, _>>().map(Self::Lines),
            Value::Object(object) => Ok(Self::Object(object)),
            _ => Err(D::Error::custom("a body is a list of lines or an object")),
        }
    }
}

impl From<&str> for Body {
    /// Each line break begins the next string, since no string of a message may hold one.
    fn from(text: &str) -> Self {
        let lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        Self::Lines(lines.map(str::to_owned).collect())
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

impl From<&String> for Body {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Vec<String>> for Body {
    fn from(lines: Vec<String>) -> Self {
        Self::Lines(lines)
    }
}

impl From<Map<String, Value>> for Body {
    fn from(object: Map<String, Value>) -> Self {
        Self::Object(object)
    }
}

/// One message, as it is sent and as it is read. What a field is empty of was absent.
///
/// ```
/// use neoirc::client::Message;
///
/// let message = Message::new("PRIVMSG").to("#tea").body("Hello!").meta("lang", "en");
/// assert_eq!(message.text(), "Hello!");
/// ```
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Message {
    /// The command, or a numeric of three digits such as `001`.
    pub command: String,
    /// The nick that it comes from, or the server's name. The server fills it in; only signing looks at it before.
    #[serde(default, deserialize_with = "absent_when_null", skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// The channel or nick that it is about.
    #[serde(default, deserialize_with = "absent_when_null", skip_serializing_if = "String::is_empty")]
    pub to: String,
    /// Arguments: modes, nicks, keys.
    #[serde(default, deserialize_with = "absent_when_null", skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<String>,
    /// Free text, or an object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// What the server calls it: a `UUIDv7`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    /// Its place in the server's order; 0 before it has one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub seq: u64,
    /// When the server took it: RFC 3339 in UTC with nanoseconds.
    #[serde(default, deserialize_with = "absent_when_null", skip_serializing_if = "String::is_empty")]
    pub ts: String,
    /// What travels along untouched: `sig`, `alg`, `hashcash`, and whatever clients agree on.
    #[serde(default, deserialize_with = "plain::object", skip_serializing_if = "Option::is_none")]
    pub meta: Option<Map<String, Value>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it a reference")]
fn is_zero(seq: &u64) -> bool {
    *seq == 0
}

fn absent_when_null<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Reads messages, each by itself: one that cannot be read is passed over, so that it keeps nobody from the others.
pub(super) fn read_each(messages: &[Box<RawValue>]) -> Vec<Message> {
    let read = |json: &RawValue| {
        let warn = |error: &_| tracing::warn!(%error, "a message that cannot be read is passed over");
        serde_json::from_str(json.get()).inspect_err(warn).ok()
    };
    messages.iter().filter_map(|json| read(json)).collect()
}

impl Message {
    /// A command without anything else.
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), ..Self::default() }
    }

    /// The same, about this channel or nick.
    #[must_use]
    pub fn to(mut self, target: impl Into<String>) -> Self {
        self.to = target.into();
        self
    }

    /// The same with one more argument.
    #[must_use]
    pub fn param(mut self, argument: impl Into<String>) -> Self {
        self.params.push(argument.into());
        self
    }

    /// The same with this text or object.
    #[must_use]
    pub fn body(mut self, body: impl Into<Body>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// The same with one more key in `meta`.
    #[must_use]
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.meta.get_or_insert_default().insert(key.into(), value.into());
        self
    }

    /// The lines of the body; none when it is an object or absent.
    pub fn lines(&self) -> &[String] {
        self.body.as_ref().map_or(&[], Body::lines)
    }

    /// The lines of the body as one text.
    pub fn text(&self) -> String {
        self.lines().join("\n")
    }

    /// Whether it comes from whoever goes by this nick, however the nick is spelled.
    pub fn is_from(&self, nick: &str) -> bool {
        self.from.eq_ignore_ascii_case(nick)
    }

    /// Whether it is about a channel, and not about a nick.
    pub fn is_to_channel(&self) -> bool {
        self.to.starts_with('#')
    }

    /// The fields that a client sends, as the JSON that is sent.
    pub(super) fn to_request(&self) -> Vec<u8> {
        #[derive(Serialize)]
        struct Request<'a> {
            command: &'a str,
            #[serde(skip_serializing_if = "str::is_empty")]
            to: &'a str,
            #[serde(skip_serializing_if = "<[String]>::is_empty")]
            params: &'a [String],
            #[serde(skip_serializing_if = "Option::is_none")]
            body: Option<&'a Body>,
            #[serde(skip_serializing_if = "Option::is_none")]
            meta: Option<&'a Map<String, Value>>,
        }
        let request = Request {
            command: &self.command,
            to: &self.to,
            params: &self.params,
            body: self.body.as_ref(),
            meta: self.meta.as_ref(),
        };
        serde_json::to_vec(&request).expect("strings and JSON values have a JSON form")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_client_sends_is_sent() {
        let mut message = Message::new("PRIVMSG").to("#c").body("a\r\nb");
        message.from = "alice".to_owned();
        message.seq = 7;
        let request = String::from_utf8(message.to_request()).unwrap();
        assert_eq!(request, r##"{"command":"PRIVMSG","to":"#c","body":["a","b"]}"##);
        assert_eq!(Message::new("LIST").to_request(), br#"{"command":"LIST"}"#);
    }

    #[test]
    fn what_is_absent_null_or_unknown_is_read_as_nothing() {
        let bare: Message = serde_json::from_str(r#"{"command":"QUIT","from":"alice","to":""}"#).unwrap();
        let full: Message = serde_json::from_str(
            r#"{"command":"QUIT","from":"alice","to":null,"params":null,"body":null,"meta":null,"ts":null,"x":1}"#,
        )
        .unwrap();
        assert_eq!(bare, full);
    }

    /// What is under it would be read in place of the object, and may be no JSON.
    #[test]
    fn no_key_of_an_object_means_anything() {
        let key = "$serde_json::private::RawValue";
        let json =
            format!(r#"{{"command":"PRIVMSG","body":{{"{key}":"}}"}},"meta":{{"a":{{"{key}":"}}"}}}}}}"#);
        let message: Message = serde_json::from_str(&json).unwrap();
        let Some(Body::Object(body)) = &message.body else { panic!("{message:?}") };
        assert_eq!((&body[key], &message.meta.as_ref().unwrap()["a"][key]), (&"}".into(), &"}".into()));
        assert_eq!(serde_json::to_string(&message).unwrap(), json);
    }

    #[test]
    fn a_body_is_lines_or_an_object() {
        let read = serde_json::from_str::<Body>;
        assert_eq!(read(r#"["a",""]"#).unwrap(), Body::Lines(vec!["a".to_owned(), String::new()]));
        assert!(matches!(read("{}").unwrap(), Body::Object(_)));
        for bad in ["[1]", "1", r#""a""#, "null"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_read_keeps_nobody_from_the_rest() {
        let deep = format!(r#"{{"command":"X","meta":{{"a":{}{}}}}}"#, "[".repeat(300), "]".repeat(300));
        let json = format!(r#"[{{"command":"A"}},7,{{"command":"X","body":1}},{deep},{{"command":"B"}}]"#);
        let read = read_each(&serde_json::from_str::<Vec<Box<RawValue>>>(&json).unwrap());
        assert_eq!(read.iter().map(|message| message.command.as_str()).collect::<Vec<_>>(), ["A", "B"]);
    }

    /// An empty text is a text: it takes a topic away.
    #[test]
    fn an_empty_text_is_one_empty_line() {
        assert_eq!(Body::from("").lines(), [""]);
    }
}
