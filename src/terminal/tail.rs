//! `neoirc tail`: what is said, line by line, for people, for `jq`, or for a command that is run for each message.

use std::io::{Write, stderr};
use std::process::Stdio;
use std::time::Duration;

use clap::ArgMatches;
use neoirc::client::{Message, Messages};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::clean;
use crate::exit::Failure;
use crate::line;
use crate::profile::Profile;
use crate::script::{PATIENCE, json, print};

/// The reader under whose name it is kept how far `tail` has read.
const READER: &str = "tail";

/// How long nothing comes before that counts as a pause.
const PAUSE: Duration = Duration::from_millis(20);

/// Most bytes of one variable of a command. Linux takes 128 KiB with its name; the whole message is on standard input.
const VARIABLE_BYTES_MAX: usize = 96 << 10;

/// `neoirc tail`
pub(crate) async fn tail(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let client = profile.reader(READER, PATIENCE).await?;
    let target = words.get_one::<String>("TARGET").map(String::as_str);
    let exec = words.get_one::<String>("exec");
    let (is_all, is_json) = (words.get_flag("all"), words.get_flag("json"));
    let mut left = words.get_one::<u64>("count").copied();
    let mut messages = client.messages();
    let (mut is_kept, mut lost) = (true, Lost::default());
    if words.get_flag("new") {
        // A place of its own, and not once more "the newest" whenever a break is over: that would pass over what was
        // said meanwhile.
        messages.pass_over().await?;
        is_kept = false;
    }
    loop {
        // How far one has read is kept when there is a pause, and not for each message of a thousand that wait; but
        // a command that has run is never run for the same message again without need.
        let next = if is_kept {
            messages.next().await
        } else if let Ok(next) = tokio::time::timeout(PAUSE, messages.next()).await {
            next
        } else {
            profile.save(READER, &messages.place())?;
            is_kept = true;
            continue;
        };
        let Some(message) = next else { return Ok(()) };
        let message = message?;
        is_kept = false;
        lost.tell(&messages);
        if !is_wanted(&message, target, is_all) {
            continue;
        }
        match exec {
            Some(_) if is_own(&message, &messages.nick()) => continue,
            Some(command) => {
                run(command, &message).await?;
                profile.save(READER, &messages.place())?;
                is_kept = true;
            }
            None if is_json => print(&clean::json(&json(&message)?))?,
            None => {
                let place = if message.is_to_channel() { clean::line(&message.to) } else { String::new() };
                for line in line::lines(&message) {
                    let shown = line.to_string();
                    print(&match (shown.split_once(' '), target) {
                        (Some((time, text)), None) if !place.is_empty() => format!("{time} {place} {text}"),
                        _ => shown,
                    })?;
                }
            }
        }
        if let Some(count) = &mut left {
            *count -= 1;
            if *count == 0 {
                return profile.save(READER, &messages.place());
            }
        }
    }
}

/// Whether it was asked for.
fn is_wanted(message: &Message, target: Option<&str>, is_all: bool) -> bool {
    let is_said = matches!(message.command.as_str(), "PRIVMSG" | "NOTICE");
    let is_there = target.is_none_or(|target| {
        let with = |nick: &str| nick.eq_ignore_ascii_case(target);
        // What was said to no channel, nor to the operators of one (`@#tea`), was said to oneself, whatever one's nick
        // was then.
        let is_to_nick = !message.to.is_empty() && !message.to.contains('#');
        with(&message.to) || (is_to_nick && with(&message.from))
    });
    (is_said || is_all) && is_there
}

/// Whether it is one's own, by the nick that one has behind it.
fn is_own(message: &Message, nick: &str) -> bool {
    let changed = message.lines().first().filter(|_| message.command == "NICK");
    changed.unwrap_or(&message.from).eq_ignore_ascii_case(nick)
}

/// What will not be read any more, as far as it was told.
#[derive(Default)]
struct Lost {
    dropped: u64,
    unreadable: u64,
}

impl Lost {
    /// Tells of what is new, whatever target was asked for: nobody knows what it was about.
    fn tell(&mut self, messages: &Messages) {
        let (dropped, unreadable) = (messages.dropped(), messages.unreadable());
        if dropped > self.dropped {
            let count = dropped - self.dropped;
            warn(&format!("{count} messages were cut off: they waited for too long, or were too many"));
        }
        if unreadable > self.unreadable {
            warn(&format!("{} messages cannot be read, and are left out", unreadable - self.unreadable));
        }
        (self.dropped, self.unreadable) = (dropped, unreadable);
    }
}

/// Says something beside the messages. There may be nobody to hear it.
fn warn(text: &str) {
    let _ = writeln!(stderr(), "neoirc: {text}");
}

/// Runs the command for a message, and waits for its end. Nothing of the message becomes part of the command.
async fn run(command: &str, message: &Message) -> Result<(), Failure> {
    let mut child = Command::new("/bin/sh")
        .args(["-c", command])
        .env("NEOIRC_COMMAND", value(&message.command))
        .env("NEOIRC_FROM", value(&message.from))
        .env("NEOIRC_TO", value(&message.to))
        .env("NEOIRC_TEXT", value(&message.text()))
        .env("NEOIRC_ID", message.id.map(|id| id.to_string()).unwrap_or_default())
        .env("NEOIRC_SEQ", message.seq.to_string())
        .env("NEOIRC_TS", value(&message.ts))
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(Failure::Local)?;
    if let Some(mut input) = child.stdin.take() {
        let text = json(message)?;
        // A command that does not read it is as good.
        tokio::spawn(async move {
            let _ = input.write_all(text.as_bytes()).await;
            let _ = input.write_all(b"\n").await;
        });
    }
    let status = child.wait().await.map_err(Failure::Local)?;
    if !status.success() {
        let id = message.id.map(|id| id.to_string()).unwrap_or_default();
        warn(&format!("the command failed for message {id}: {status}"));
    }
    Ok(())
}

/// A text as a variable holds it: not too much of it, and without NUL. No message of the server has one; another server
/// may have.
fn value(text: &str) -> String {
    let mut value = text.replace('\0', "\u{fffd}");
    value.truncate(value.floor_char_boundary(VARIABLE_BYTES_MAX));
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_holds_no_more_than_it_can() {
        assert_eq!(value("a\0é"), "a\u{fffd}é");
        for text in ["é".repeat(200_000), format!("x{}", "é".repeat(200_000)), "\0".repeat(200_000)] {
            let cut = value(&text);
            assert!((VARIABLE_BYTES_MAX - 2..=VARIABLE_BYTES_MAX).contains(&cut.len()), "{}", cut.len());
        }
    }

    #[test]
    fn own_words_are_known_by_the_nick_of_then() {
        let from = |from: &str, message: Message| Message { from: from.to_owned(), ..message };
        assert!(is_own(&from("Alice", Message::new("PRIVMSG").body("hi")), "alice"));
        assert!(is_own(&from("al", Message::new("NICK").body("alice")), "alice"));
        assert!(!is_own(&from("alice", Message::new("NICK").body("bob")), "al"));
    }
}
