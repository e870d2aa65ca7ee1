//! `neoirc send`: words, or standard input, as messages.

use std::io::{BufReader, Read};

use clap::ArgMatches;

use crate::exit::{Failure, granted};
use crate::profile::Profile;
use crate::script::{PATIENCE, message};

/// Most lines of one message, as the server takes them.
const LINES_MAX: usize = 64;

/// Most bytes of text in one message, as JSON: what fits into a body of 4,096 bytes with the rest of a message.
const BYTES_MAX: usize = 3_500;

/// Most bytes of one line, as JSON: longer ones are parted.
const LINE_BYTES_MAX: usize = 1_000;

/// Most of standard input that is said.
const INPUT_BYTES_MAX: u64 = 1 << 20;

/// `neoirc send`
pub(crate) async fn send(profile: &Profile, words: &ArgMatches) -> Result<(), Failure> {
    let said: Vec<&str> =
        words.get_many::<String>("WORDS").into_iter().flatten().map(String::as_str).collect();
    let Some((&target, text)) = said.split_first() else {
        return Err(Failure::Usage("there is nothing to say".to_owned()));
    };
    // No channel and no nick begins so.
    if target.starts_with('-') {
        return Err(Failure::Usage(format!("no such option: {target}")));
    }
    let text = if text == ["-"] { standard_input()? } else { text.join(" ") };
    let command = if words.get_flag("notice") { "NOTICE" } else { "PRIVMSG" };
    let messages = messages(&text);
    if messages.is_empty() {
        return Err(Failure::Usage("there is nothing to say".to_owned()));
    }
    let client = profile.client(PATIENCE).await?;
    if words.get_flag("join") {
        granted(client.join(target).await)?;
    }
    for lines in messages {
        granted(client.send(&message(command, target, lines)).await)?;
    }
    Ok(())
}

fn standard_input() -> Result<String, Failure> {
    let mut bytes = Vec::new();
    let mut input = BufReader::new(std::io::stdin()).take(INPUT_BYTES_MAX + 1);
    input.read_to_end(&mut bytes).map_err(Failure::Local)?;
    if bytes.len() as u64 > INPUT_BYTES_MAX {
        return Err(Failure::Usage(format!("more than {INPUT_BYTES_MAX} bytes is too much for a chat")));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A text as the lines of as few messages as it fits into. Bytes that no string of a message may hold are left out.
fn messages(text: &str) -> Vec<Vec<String>> {
    let mut messages: Vec<Vec<String>> = Vec::new();
    let mut bytes = 0;
    for line in text.trim_end_matches(['\r', '\n']).split('\n').flat_map(parts) {
        // Two quotes and a comma are around it.
        let length = line.chars().map(bytes_of).sum::<usize>() + 3;
        match messages.last_mut() {
            Some(last) if last.len() < LINES_MAX && bytes + length <= BYTES_MAX => {
                bytes += length;
                last.push(line);
            }
            _ => {
                bytes = length;
                messages.push(vec![line]);
            }
        }
    }
    // A message whose lines are all empty says nothing.
    messages.retain(|lines| lines.iter().any(|line| !line.is_empty()));
    messages
}

/// What a character takes in JSON.
fn bytes_of(c: char) -> usize {
    match c {
        '"' | '\\' => 2,
        c if c.is_ascii_control() => 6,
        c => c.len_utf8(),
    }
}

/// A line in parts that are short enough.
fn parts(line: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut bytes = 0;
    for c in line.chars().filter(|c| !matches!(c, '\0' | '\r')) {
        if bytes + bytes_of(c) > LINE_BYTES_MAX {
            parts.push(String::new());
            bytes = 0;
        }
        bytes += bytes_of(c);
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_as_few_messages_as_it_fits_into() {
        assert_eq!(messages("hi\r\nyou\n"), [["hi", "you"]]);
        assert!(messages("").is_empty() && messages("\n\n").is_empty());
        assert_eq!(messages(&"x\n".repeat(65)).iter().map(Vec::len).collect::<Vec<_>>(), [64, 1]);
        let long = messages(&"é".repeat(5_000));
        assert!(long.len() > 2 && long.concat().concat() == "é".repeat(5_000));
        let controls = messages(&"\u{1}".repeat(900));
        for lines in long.iter().chain(&controls) {
            assert!(serde_json::to_string(lines).unwrap().len() < 3_900);
        }
    }
}
