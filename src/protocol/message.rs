//! The envelope of every message, as a client sends it and as the server sends it.

use std::borrow::Cow;
use std::fmt;

use bytes::{BufMut, BytesMut};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::json::{check_free_form, is_plain};
use super::limits::{BODY_LINES_MAX, PARAMS_MAX};
use crate::id::Seq;

/// Free text, one string a line, or an object; never a bare string.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Body {
    /// One string a line.
    Lines(Vec<String>),
    /// Structured content, relayed as it came.
    Object(Box<RawValue>),
}

impl Body {
    /// A body of one line.
    pub fn line(text: impl Into<String>) -> Self {
        Self::Lines(vec![text.into()])
    }

    /// Whether there is nothing in it to say.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.iter().all(String::is_empty),
            Self::Object(_) => false,
        }
    }
}

/// Why a request is not a message.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Not JSON, or not of the shape of a message.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// JSON of the right shape with something in it that no message may have.
    #[error("{0}")]
    Content(&'static str),
}

/// What a client sends. `Debug` shows the command alone: the rest may be a password.
#[derive(Clone, Default)]
pub struct Request {
    /// The command, in upper case.
    pub command: String,
    /// The channel or nick that it is about.
    pub to: Option<String>,
    /// Arguments; `None` when the field was absent.
    pub params: Option<Vec<String>>,
    /// Free text.
    pub body: Option<Body>,
    /// Tags, relayed as they came.
    pub meta: Option<Box<RawValue>>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("command", &self.command).finish_non_exhaustive()
    }
}

/// [`Request`] as it stands in the JSON text; borrowed, so that nothing is copied before it is accepted.
#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    command: Cow<'a, str>,
    #[serde(borrow, default)]
    to: Option<Cow<'a, str>>,
    #[serde(default)]
    params: Option<Vec<String>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

impl Request {
    /// Reads the JSON text of a request. Unknown fields are ignored, repeated known ones are not.
    ///
    /// # Errors
    /// [`MessageError`] when it is not JSON, not of the right shape, or carries what no message may carry.
    pub fn parse(json: &[u8]) -> Result<Self, MessageError> {
        require_object(json)?;
        let raw: Raw<'_> = serde_json::from_slice(json)?;
        if raw.command.is_empty() {
            return Err(MessageError::Content("no command"));
        }
        let params = raw.params;
        if params.as_ref().is_some_and(|params| params.len() > PARAMS_MAX) {
            return Err(MessageError::Content("too many params"));
        }
        let strings = params.iter().flatten().map(String::as_str);
        if !strings.chain([&*raw.command]).chain(raw.to.as_deref()).all(is_plain) {
            return Err(MessageError::Content("NUL, CR or LF in a string"));
        }
        Ok(Self {
            command: raw.command.to_ascii_uppercase(),
            to: raw.to.map(Cow::into_owned),
            params,
            body: raw.body.map(parse_body).transpose()?,
            meta: raw.meta.map(parse_meta).transpose()?,
        })
    }

    /// The lines of the body; none when it is an object or absent.
    pub fn lines(&self) -> &[String] {
        match &self.body {
            Some(Body::Lines(lines)) => lines,
            _ => &[],
        }
    }
}

/// Whether `json` begins an object. The parser of a struct would take an array of its fields as well.
///
/// # Errors
/// [`MessageError::Content`] when it does not.
pub fn require_object(json: &[u8]) -> Result<(), MessageError> {
    let first = json.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'{') { Ok(()) } else { Err(MessageError::Content("not an object")) }
}

fn parse_body(raw: &RawValue) -> Result<Body, MessageError> {
    match raw.get().as_bytes().first() {
        Some(b'[') => {
            let lines: Vec<String> = serde_json::from_str(raw.get())?;
            if lines.len() > BODY_LINES_MAX {
                return Err(MessageError::Content("too many lines"));
            }
            if !lines.iter().all(|line| is_plain(line)) {
                return Err(MessageError::Content("NUL, CR or LF in a string"));
            }
            Ok(Body::Lines(lines))
        }
        Some(b'{') => {
            check_free_form(raw)?;
            Ok(Body::Object(raw.to_owned()))
        }
        _ => Err(MessageError::Content("body is neither an array of strings nor an object")),
    }
}

fn parse_meta(raw: &RawValue) -> Result<Box<RawValue>, MessageError> {
    if !raw.get().starts_with('{') {
        return Err(MessageError::Content("meta is not an object"));
    }
    check_free_form(raw)?;
    Ok(raw.to_owned())
}

/// What the server sends, before the writer gives it its place in the order.
#[derive(Clone, Debug)]
pub struct Message {
    /// The command, or a numeric of three digits.
    pub command: Cow<'static, str>,
    /// A nick, or the server's name.
    pub from: String,
    /// A channel or a nick; empty for QUIT and NICK.
    pub to: String,
    /// Middle parameters.
    pub params: Vec<String>,
    /// Free text.
    pub body: Option<Body>,
    /// Tags of the sender.
    pub meta: Option<Box<RawValue>>,
}

/// The JSON form of a [`Message`] in its place.
#[derive(Serialize)]
struct Stamped<'a> {
    command: &'a str,
    from: &'a str,
    to: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    params: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a Body>,
    id: Uuid,
    seq: Seq,
    ts: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<&'a RawValue>,
}

impl Message {
    /// The JSON text that every recipient gets.
    pub fn to_json(&self, id: Uuid, seq: Seq, at: Timestamp) -> Vec<u8> {
        let mut json = BytesMut::with_capacity(512);
        self.write_json(&mut json, id, seq, &time_text(at));
        json.into()
    }

    /// The same, behind what is already in `out`. `at` is a [`time_text`]: many messages have the same.
    pub fn write_json(&self, out: &mut BytesMut, id: Uuid, seq: Seq, at: &str) {
        let stamped = Stamped {
            command: &self.command,
            from: &self.from,
            to: &self.to,
            params: &self.params,
            body: self.body.as_ref(),
            id,
            seq,
            ts: at,
            meta: self.meta.as_deref(),
        };
        serde_json::to_writer(out.writer(), &stamped)
            .expect("strings and numbers have a JSON form, and a buffer grows");
    }
}

/// When a message was told by the wall clock, in milliseconds since 1970, from its JSON text; `None` for what is none.
pub fn told_at_ms(json: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Told<'a> {
        #[serde(borrow)]
        ts: Cow<'a, str>,
    }
    let Told { ts } = serde_json::from_slice(json).ok()?;
    ts.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

/// A time as messages have it: RFC 3339 in UTC, always with nine digits of a second.
pub fn time_text(at: Timestamp) -> String {
    format!("{at:.9}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_and_its_command_put_into_upper_case() {
        let json = br##"{"command":"privmsg","to":"#c","body":["hi"],"meta":{"a" : 1},"x":[],"from":"z"}"##;
        let request = Request::parse(json).unwrap();
        assert_eq!(request.command, "PRIVMSG");
        assert_eq!(request.to.as_deref(), Some("#c"));
        assert_eq!(request.lines(), ["hi"]);
        assert_eq!(request.meta.unwrap().get(), r#"{"a" : 1}"#, "relayed untouched");
    }

    #[test]
    fn a_request_shows_nothing_but_its_command() {
        let json = br#"{"command":"PASS","to":"secret","params":["secret"],"body":["secret"],"meta":{"a":"secret"}}"#;
        let shown = format!("{:?}", Request::parse(json).unwrap());
        assert!(shown.contains("PASS") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn what_is_not_a_message_is_refused() {
        let many = format!(r#"{{"command":"X","params":{:?}}}"#, vec!["p"; 16]);
        let long = format!(r#"{{"command":"X","body":{:?}}}"#, vec!["l"; 65]);
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"command":""}"#,
            r#"{"command":7}"#,
            r#"{"command":"X""#,
            r#"{"command":"X","body":"bare"}"#,
            r#"{"command":"X","body":[1]}"#,
            r#"{"command":"X","body":["a\nb"]}"#,
            r#"{"command":"X","to":"a\u0000"}"#,
            r#"{"command":"X","params":["a\r"]}"#,
            r#"{"command":"X\n"}"#,
            r#"{"command":"X","command":"Y"}"#,
            r#"{"command":"X","meta":[]}"#,
            r#"{"command":"X","meta":{"a":1,"a":2}}"#,
            r#"{"command":"X"} trailing"#,
            &many,
            &long,
        ] {
            assert!(Request::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Request::parse(b"{\"command\":\"\xff\"}").is_err(), "invalid UTF-8");
    }

    #[test]
    fn a_message_has_its_fields_in_order_and_nine_digits_of_a_second() {
        let message = Message {
            command: "PRIVMSG".into(),
            from: "alice".into(),
            to: "#c".into(),
            params: vec![],
            body: Some(Body::line("hi")),
            meta: None,
        };
        let at = Timestamp::from_second(0).unwrap();
        let json = String::from_utf8(message.to_json(Uuid::nil(), Seq::new(7), at)).unwrap();
        assert_eq!(
            json,
            r##"{"command":"PRIVMSG","from":"alice","to":"#c","body":["hi"],"id":"00000000-0000-0000-0000-000000000000","seq":7,"ts":"1970-01-01T00:00:00.000000000Z"}"##
        );
    }
}
