//! `neoirc tail`: what is said, line by line, for people, for `jq`, or for a command that is run for each message.

use std::process::Stdio;
use std::time::Duration;

use clap::ArgMatches;
use neoirc::client::{Client, Message, Messages};
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

/// `neoirc tail`
pub(crate) async fn tail(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let client = profile.reader(READER, PATIENCE).await?;
    let target = words.get_one::<String>("TARGET").map(String::as_str);
    let exec = words.get_one::<String>("exec");
    let (is_all, is_json) = (words.get_flag("all"), words.get_flag("json"));
    let mut left = words.get_one::<u64>("count").copied();
    let mut messages = client.messages();
    let mut is_kept = true;
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
        if !is_wanted(&message, target, is_all) {
            continue;
        }
        match exec {
            Some(_) if message.is_from(&nick_then(&client, &message, &messages)) => continue,
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

/// The nick that one had when this was said: the one that is known may be newer, by the changes that are still to be
/// read.
fn nick_then(client: &Client, message: &Message, messages: &Messages) -> String {
    messages.waiting().rev().chain([message]).fold(client.nick(), |nick, change| {
        let is_to = |new: &String| new.eq_ignore_ascii_case(&nick);
        if change.command == "NICK" && change.lines().first().is_some_and(is_to) {
            change.from.clone()
        } else {
            nick
        }
    })
}

/// Runs the command for a message, and waits for its end. Nothing of the message becomes part of the command.
async fn run(command: &str, message: &Message) -> Result<(), Failure> {
    // A variable cannot hold a NUL. No message of the server has one; another server may have.
    let value = |text: &str| text.replace('\0', "\u{fffd}");
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
        eprintln!("neoirc: the command failed for message {id}: {status}");
    }
    Ok(())
}
