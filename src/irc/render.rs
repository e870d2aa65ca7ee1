//! From entries to lines. Done once for an entry, whoever is to hear it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::multiline::{CONCAT, MULTILINE};
use super::request::{DRAFTS, JSON_ONLY};
use crate::entry::{Entry, Wire, WireLines};
use crate::protocol::message::{Body, Message};
use crate::protocol::mode::parts_of_changes;
use crate::protocol::wire::{CLIENT_TAG_BYTES, LINE_BYTES, escape, is_tag_key, line, lines, whole_parts};

/// A message as its JSON text has it.
#[derive(Deserialize)]
struct Spoken<'a> {
    #[serde(borrow)]
    command: Cow<'a, str>,
    #[serde(borrow)]
    from: Cow<'a, str>,
    #[serde(borrow)]
    to: Cow<'a, str>,
    #[serde(default)]
    params: Vec<String>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow)]
    ts: Cow<'a, str>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

/// The lines that say what an entry says; none for an entry that is no message.
pub(super) fn of_entry(entry: &Entry, wire: &Wire) -> WireLines {
    let Ok(spoken) = serde_json::from_slice::<Spoken<'_>>(&entry.line) else { return WireLines::default() };
    let texts = match spoken.body.map(RawValue::get) {
        None => None,
        // An object is told as it stands.
        Some(object) if object.starts_with('{') => Some(vec![object.to_owned()]),
        Some(lines) => serde_json::from_str(lines).ok(),
    };
    let source = wire.source.as_deref().unwrap_or(&spoken.from);
    let batch = match (&*spoken.command, &texts) {
        ("PRIVMSG" | "NOTICE", Some(texts)) => {
            batch(source, &spoken.command, &spoken.to, texts, &format!("m{}", entry.seq))
        }
        _ => None,
    };
    WireLines {
        lines: put_together(source, &spoken.command, &spoken.to, &spoken.params, texts),
        extended: wire.realname.as_deref().filter(|_| spoken.command == "JOIN").map(|realname| {
            let account = wire.account.as_deref().unwrap_or("*");
            line(source, "JOIN", &[&spoken.to, account], Some(realname)).into()
        }),
        batch,
        command: spoken.command.into(),
        to: spoken.to.into(),
        time: milliseconds(&spoken.ts).into(),
        id: spoken.id.into(),
        tags: spoken.meta.map(tags).unwrap_or_default().into(),
    }
}

/// The lines of a message that the face itself says for the server, which is in no queue.
pub(super) fn of_message(message: &Message) -> Vec<Box<str>> {
    let texts = match &message.body {
        Some(Body::Lines(lines)) => Some(lines.clone()),
        _ => None,
    };
    put_together(&message.from, &message.command, &message.to, &message.params, texts)
}

fn put_together(
    source: &str,
    command: &str,
    to: &str,
    params: &[String],
    texts: Option<Vec<String>>,
) -> Vec<Box<str>> {
    // A standard reply names nobody, and QUIT and NICK have no target.
    let to = Some(to).filter(|to| !to.is_empty() && command != "FAIL");
    let params: Vec<&str> = to.into_iter().chain(params.iter().map(String::as_str)).collect();
    let Some(texts) = texts else {
        let changes = if command == "MODE" { mode_lines(source, &params) } else { None };
        return changes.unwrap_or_else(|| vec![line(source, command, &params, None).into()]);
    };
    if !matches!(command, "PRIVMSG" | "NOTICE") {
        return vec![line(source, command, &params, Some(&texts.join(" "))).into()];
    }
    // An empty line among others is left out: nothing can be told by it where lines are messages.
    let said = texts.iter().filter(|text| texts.len() == 1 || !text.is_empty());
    said.flat_map(|text| lines(source, command, &params, text)).map(String::into_boxed_str).collect()
}

/// Changes of modes as as many lines as they need; `None` where one has room for them.
fn mode_lines(source: &str, params: &[&str]) -> Option<Vec<Box<str>>> {
    let (target, changes) = params.split_first()?;
    let room = LINE_BYTES.saturating_sub(line(source, "MODE", &[target], None).len());
    let parts = parts_of_changes(changes, room)?;
    let told = parts.iter().map(|changes| {
        let changes = changes.iter().map(String::as_str);
        line(source, "MODE", &std::iter::once(*target).chain(changes).collect::<Vec<_>>(), None).into()
    });
    Some(told.collect())
}

/// Several lines, or one that is too long for a line, as one message: what stands between the beginning and the end of
/// a batch, a line for each line of the text, and more where it is longer. `None` for what is one line.
/// Source: <https://ircv3.net/specs/extensions/multiline>
fn batch(source: &str, command: &str, to: &str, texts: &[String], name: &str) -> Option<Box<str>> {
    let parts: Vec<Vec<&str>> = texts.iter().map(|text| whole_parts(source, command, to, text)).collect();
    if parts.iter().map(Vec::len).sum::<usize>() < 2 {
        return None;
    }
    let mut batch = line(source, "BATCH", &[&format!("+{name}"), MULTILINE, to], None);
    for parts in parts {
        for (index, part) in parts.iter().enumerate() {
            let tags = if index > 0 { format!("@batch={name};{CONCAT} ") } else { format!("@batch={name} ") };
            batch.push_str(&tags);
            batch.push_str(&line(source, command, &[to], Some(part)));
        }
    }
    batch.push_str(&line(source, "BATCH", &[&format!("-{name}")], None));
    Some(batch.into())
}

/// The tag `time` has milliseconds, an envelope nanoseconds.
fn milliseconds(ts: &str) -> String {
    match ts.split_once('.') {
        Some((seconds, rest)) => format!("{seconds}.{}Z", rest.chars().take(3).collect::<String>()),
        None => ts.to_owned(),
    }
}

/// `meta` as tags: those of its strings that are no proofs over the JSON form. What is too much for a line is left
/// out.
fn tags(meta: &RawValue) -> String {
    let Ok(Value::Object(meta)) = serde_json::from_str(meta.get()) else { return String::new() };
    let mut tags = String::new();
    for (name, value) in &meta {
        let Some(value) = value.as_str().filter(|_| !JSON_ONLY.contains(&name.as_str())) else { continue };
        let draft = DRAFTS.iter().find(|(_, known)| known == name);
        let key = draft.map_or(name.strip_prefix('+').unwrap_or(name), |(draft, _)| *draft);
        let tag = if value.is_empty() { format!("+{key}") } else { format!("+{key}={}", escape(value)) };
        let between = if tags.is_empty() { "" } else { ";" };
        if is_tag_key(key) && tags.len() + between.len() + tag.len() <= CLIENT_TAG_BYTES {
            tags.push_str(between);
            tags.push_str(&tag);
        }
    }
    tags
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::id::Seq;

    fn rendered(json: &str, source: Option<&str>) -> WireLines {
        let at = Timestamp::UNIX_EPOCH;
        let (line, wire) = (json.as_bytes().to_vec().into(), None);
        let entry = Entry { seq: Seq::new(7), at, since_ms: 0, conversation: None, line, wire };
        of_entry(&entry, &Wire { source: source.map(Into::into), ..Wire::default() })
    }

    const STAMP: &str = r#""id":"0-7","seq":7,"ts":"2026-01-02T03:04:05.678901234Z""#;

    #[test]
    fn a_line_of_the_body_is_a_message_and_empty_ones_are_left_out() {
        let json = format!(
            r##"{{"command":"PRIVMSG","from":"alice","to":"#c","body":["a","","b"],{STAMP},"meta":{{"typing":"active","reply":"x y","sig":"s","n":1,"":"e"}}}}"##
        );
        let found = rendered(&json, Some("alice!al@host"));
        assert_eq!(
            found.lines,
            [":alice!al@host PRIVMSG #c :a\r\n".into(), ":alice!al@host PRIVMSG #c :b\r\n".into()]
        );
        assert_eq!((&*found.time, &*found.id), ("2026-01-02T03:04:05.678Z", "0-7"));
        assert_eq!(&*found.tags, r"+typing=active;+draft/reply=x\sy");
    }

    #[test]
    fn several_lines_are_one_message_too() {
        let json = format!(
            r##"{{"command":"PRIVMSG","from":"alice","to":"#c","body":["a","","{} end"],{STAMP}}}"##,
            "x".repeat(480)
        );
        let batch = rendered(&json, Some("alice!al@host")).batch.unwrap();
        let lines: Vec<&str> = batch.split_terminator("\r\n").collect();
        assert_eq!(
            lines[..3],
            [
                ":alice!al@host BATCH +m7 draft/multiline #c",
                "@batch=m7 :alice!al@host PRIVMSG #c :a",
                "@batch=m7 :alice!al@host PRIVMSG #c :",
            ]
        );
        let text = |line: &str| line.rsplit_once(" :").unwrap().1.to_owned();
        assert!(
            lines[4].starts_with("@batch=m7;draft/multiline-concat :alice!al@host PRIVMSG #c :"),
            "{lines:?}"
        );
        assert_eq!(text(lines[3]) + &text(lines[4]), format!("{} end", "x".repeat(480)));
        assert_eq!(lines[5..], [":alice!al@host BATCH -m7"]);
        let one = format!(r##"{{"command":"PRIVMSG","from":"alice","to":"#c","body":["a"],{STAMP}}}"##);
        assert_eq!(rendered(&one, None).batch, None);
    }

    #[test]
    fn everything_else_is_one_line() {
        for (fields, line) in [
            (r#""command":"NICK","from":"al","to":"","body":["bo"]"#, ":al NICK :bo\r\n"),
            (
                r##""command":"353","from":"s","to":"al","params":["=","#c"],"body":["@al"]"##,
                ":s 353 al = #c :@al\r\n",
            ),
            (r##""command":"JOIN","from":"al","to":"#c""##, ":al JOIN #c\r\n"),
            (
                r#""command":"FAIL","from":"s","to":"al","params":["SETNAME","X"],"body":["no"]"#,
                ":s FAIL SETNAME X :no\r\n",
            ),
            (
                r##""command":"403","from":"s","to":"al","params":["#a b"],"body":["No"]"##,
                ":s 403 al #a :No\r\n",
            ),
            (
                r##""command":"PRIVMSG","from":"al","to":"#c","body":{"a":1}"##,
                ":al PRIVMSG #c :{\"a\":1}\r\n",
            ),
        ] {
            assert_eq!(rendered(&format!("{{{fields},{STAMP}}}"), None).lines, [line.into()]);
        }
        assert!(rendered("{}", None).lines.is_empty());
    }
}
