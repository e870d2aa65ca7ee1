//! Small questions put to messages and receipts, and the checks every message must pass.

use serde_json::Value;

/// The command or numeric of a message.
#[track_caller]
pub(crate) fn command_of(message: &Value) -> &str {
    message["command"].as_str().expect("a message has a command")
}

/// The commands of messages, in their order.
#[track_caller]
pub(crate) fn numerics(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(command_of).collect()
}

/// The first line of the body of each PRIVMSG among the messages.
pub(crate) fn texts(messages: &[Value]) -> Vec<String> {
    let said = messages.iter().filter(|message| message["command"] == "PRIVMSG");
    said.map(|message| message["body"][0].as_str().expect("a PRIVMSG has text").to_string()).collect()
}

/// The messages that do not belong to the welcome of a new client.
pub(crate) fn without_welcome(messages: &[Value]) -> Vec<Value> {
    let welcome = ["001", "002", "003", "004", "005", "251", "252", "253", "254", "255", "265", "266"];
    let motd = ["375", "372", "376", "422"];
    let is_welcome = |message: &&Value| {
        let command = command_of(message);
        !welcome.contains(&command) && !motd.contains(&command)
    };
    messages.iter().filter(is_welcome).cloned().collect()
}

/// Checks that a receipt repeats a refusal, by its numeric.
#[track_caller]
pub(crate) fn refused(receipt: &Value, numeric: &str) {
    assert_eq!(receipt["status"], "error", "{receipt}");
    assert_eq!(receipt["numeric"], numeric, "{receipt}");
    assert!(receipt["error"].as_str().is_some_and(|text| !text.is_empty()), "{receipt}");
}

/// Checks the shape of one message from the server against the table of the message envelope.
#[track_caller]
pub(crate) fn check_envelope(message: &Value) {
    let command = command_of(message);
    let is_numeric = command.len() == 3 && command.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = command.bytes().all(|byte| byte.is_ascii_uppercase());
    assert!(is_numeric || is_word, "upper case or three digits: {message}");
    assert!(
        message["from"].as_str().is_some_and(|from| !from.is_empty()),
        "every message has a source: {message}"
    );
    assert!(message["to"].is_null() || message["to"].is_string(), "{message}");
    assert!(message["params"].is_null() || is_strings(&message["params"]), "{message}");
    let body = &message["body"];
    assert!(body.is_null() || body.is_object() || is_strings(body), "lines or an object: {message}");
    assert!(message["seq"].as_u64().is_some_and(|seq| seq > 0), "{message}");
    check_id(message["id"].as_str().expect("an id is a string"));
    check_time(message["ts"].as_str().expect("a time stamp is a string"));
}

fn is_strings(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

#[track_caller]
fn check_id(id: &str) {
    let parsed = uuid::Uuid::parse_str(id).unwrap_or_else(|error| panic!("{id} is no UUID: {error}"));
    assert_eq!(parsed.get_version_num(), 7, "ids are UUIDv7: {id}");
}

/// RFC 3339 in UTC with nanoseconds: `2026-01-31T12:34:56.123456789Z`.
#[track_caller]
fn check_time(ts: &str) {
    let shape: String = ts.chars().map(|sign| if sign.is_ascii_digit() { '9' } else { sign }).collect();
    assert_eq!(shape, "9999-99-99T99:99:99.999999999Z", "{ts}");
    ts.parse::<jiff::Timestamp>().unwrap_or_else(|error| panic!("{ts} is no time: {error}"));
}
