//! What is said of CHATHISTORY, and of batches of several lines, beside the messages themselves.
//! Source: <https://ircv3.net/specs/extensions/chathistory>, <https://ircv3.net/specs/extensions/multiline>

use jiff::Timestamp;

use super::ServerInfo;
use super::door::said;
use crate::protocol::message::Message;
use crate::protocol::numeric::{
    FAIL_CHATHISTORY_INVALID_PARAMS, FAIL_CHATHISTORY_INVALID_TARGET, FAIL_CHATHISTORY_MESSAGE_ERROR,
    FAIL_CHATHISTORY_NEED_MORE_PARAMS, FAIL_MULTILINE_INVALID, FAIL_MULTILINE_INVALID_TARGET,
    FAIL_MULTILINE_MAX_BYTES, FAIL_MULTILINE_MAX_LINES, FAIL_RATE_LIMITED, Numeric,
};
use crate::protocol::past::Fault;

/// Why a history is not shown, or a message of several lines not taken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// CHATHISTORY is not what it should be.
    History(Fault),
    /// The caller may not read this, with the subcommand; or there is no such thing.
    InvalidTarget(String, String),
    /// It cannot be read now, with subcommand and target.
    MessageError(String, String),
    /// It was asked for too often.
    RateLimited(&'static str),
    /// A message of several lines has more bytes than it may have.
    MaxBytes(usize),
    /// It has more lines.
    MaxLines(usize),
    /// One of its lines is for somebody else than it is.
    OtherTarget(String, String),
    /// It is none.
    InvalidBatch,
}

/// The standard reply that tells it, to whoever goes by `to`.
pub fn failure(server: &ServerInfo, to: &str, failure: &Failure) -> Message {
    let fail = |numeric: Numeric, params: &[&str]| {
        server.numeric(numeric, to, params.iter().map(ToString::to_string).collect(), &[])
    };
    let history =
        |numeric, code, context: &[&str]| fail(numeric, &[&["CHATHISTORY", code][..], context].concat());
    match failure {
        Failure::History(Fault::NeedMoreParams(subcommand)) => {
            let context: Vec<&str> = subcommand.iter().map(String::as_str).collect();
            history(FAIL_CHATHISTORY_NEED_MORE_PARAMS, "NEED_MORE_PARAMS", &context)
        }
        Failure::History(Fault::InvalidParams(subcommand, param)) => {
            history(FAIL_CHATHISTORY_INVALID_PARAMS, "INVALID_PARAMS", &[subcommand, param])
        }
        Failure::InvalidTarget(subcommand, target) => {
            history(FAIL_CHATHISTORY_INVALID_TARGET, "INVALID_TARGET", &[subcommand, target])
        }
        Failure::MessageError(subcommand, target) => {
            history(FAIL_CHATHISTORY_MESSAGE_ERROR, "MESSAGE_ERROR", &[subcommand, target])
        }
        Failure::RateLimited(command) => fail(FAIL_RATE_LIMITED, &[command, "RATE_LIMITED"]),
        Failure::MaxBytes(max) => {
            fail(FAIL_MULTILINE_MAX_BYTES, &["BATCH", "MULTILINE_MAX_BYTES", &max.to_string()])
        }
        Failure::MaxLines(max) => {
            fail(FAIL_MULTILINE_MAX_LINES, &["BATCH", "MULTILINE_MAX_LINES", &max.to_string()])
        }
        Failure::OtherTarget(batch, line) => {
            fail(FAIL_MULTILINE_INVALID_TARGET, &["BATCH", "MULTILINE_INVALID_TARGET", batch, line])
        }
        Failure::InvalidBatch => fail(FAIL_MULTILINE_INVALID, &["BATCH", "MULTILINE_INVALID"]),
    }
}

/// One line of the answer to CHATHISTORY TARGETS.
pub fn target(server: &ServerInfo, name: &str, told_ms: i64) -> Message {
    let at = Timestamp::from_millisecond(told_ms).unwrap_or_default();
    said(server, "CHATHISTORY", vec!["TARGETS".to_owned(), name.to_owned()], &format!("{at:.3}"))
}
