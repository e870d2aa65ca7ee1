//! What each listener heard: every message exactly once, in order, the same order for all.
//!
//! Each sender numbers its messages in their text. Answers are not parsed as JSON, which would cost more than the
//! server needs to make them; the text has a mark that is searched for instead. Every so often an answer is parsed
//! in full as well, and must agree.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem::{self, Finder};
use serde_json::Value;

use crate::http::number;

/// Text of a message: `@@`, two digits of sender, space, seven digits of number, and padding to this length.
const TEXT_BYTES: usize = 64;
/// One answer in so many is parsed in full.
const FULL_CHECK_EVERY: u64 = 2048;
/// `last_id` and `more` stand beside the array of messages, before or behind it; either is found this near an end.
const EDGE_BYTES: usize = 96;

/// The text of a sender's message.
pub(crate) fn text(sender: usize, number: u32) -> String {
    let mut text = format!("@@{sender:02} {number:07} ");
    text.extend(std::iter::repeat_n('x', TEXT_BYTES - text.len()));
    text
}

/// What went wrong, over all listeners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) misordered: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, other: Faults) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.misordered += other.misordered;
    }
}

/// The frame of a poll's answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PollEnd {
    pub(crate) last_id: u64,
    pub(crate) more: bool,
}

/// Reads the frame without looking at the messages.
///
/// # Errors
/// There is no `last_id`.
pub(crate) fn poll_end(body: &[u8]) -> Result<PollEnd> {
    let head = &body[..body.len().min(EDGE_BYTES)];
    let tail = &body[body.len().saturating_sub(EDGE_BYTES)..];
    let last_id = number_after(tail, br#""last_id":"#).or_else(|| number_after(head, br#""last_id":"#));
    let more = [head, tail].iter().any(|edge| memmem::find(edge, br#""more":true"#).is_some());
    let quote = || format!("no last_id in {}", String::from_utf8_lossy(head));
    Ok(PollEnd { last_id: last_id.with_context(quote)?, more })
}

fn number_after(text: &[u8], key: &[u8]) -> Option<u64> {
    let start = memmem::find(text, key)? + key.len();
    let digits = text[start..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    number(&text[start..start + digits])
}

/// What an answer to a poll brought.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scanned {
    pub(crate) end: PollEnd,
    /// How many numbered messages.
    pub(crate) count: u64,
    /// Sender and number of the first of them, which waited longest.
    pub(crate) oldest: Option<(usize, u32)>,
}

/// Finds numbered messages in answers.
pub(crate) struct Scanner {
    mark: Finder<'static>,
    answers: u64,
}

impl Scanner {
    pub(crate) fn new() -> Scanner {
        Scanner { mark: Finder::new(br#""@@"#), answers: 0 }
    }

    /// Notes every numbered message of an answer in `listener`.
    ///
    /// # Errors
    /// The answer is not what the API promises.
    pub(crate) fn scan(&mut self, body: &[u8], listener: &mut Listener) -> Result<Scanned> {
        let end = poll_end(body)?;
        let (count, oldest) = self.scan_texts(body, listener)?;
        self.answers += 1;
        if self.answers % FULL_CHECK_EVERY == 1 {
            check_fully(body, end, count)?;
        }
        Ok(Scanned { end, count, oldest })
    }

    /// The same for an answer of whatever form. Gives how many messages there were, and sender and number of the first.
    ///
    /// # Errors
    /// A message is not one of ours.
    pub(crate) fn scan_texts(
        &self,
        body: &[u8],
        listener: &mut Listener,
    ) -> Result<(u64, Option<(usize, u32)>)> {
        let mut count = 0;
        let mut oldest = None;
        for position in self.mark.find_iter(body) {
            let text = body.get(position + 3..position + 13).context("a message cut short")?;
            let sender = number(&text[..2]).and_then(|sender| usize::try_from(sender).ok());
            let number = number(&text[3..]).and_then(|number| u32::try_from(number).ok());
            let (sender, number) = (sender.context("no sender")?, number.context("no number")?);
            listener.hear(sender, number)?;
            oldest = oldest.or(Some((sender, number)));
            count += 1;
        }
        Ok((count, oldest))
    }
}

/// Parses an answer properly and compares it with what the search found.
fn check_fully(body: &[u8], end: PollEnd, count: u64) -> Result<()> {
    let answer: Value = serde_json::from_slice(body).context("the answer to a poll is not JSON")?;
    let messages = answer["messages"].as_array().context("the answer to a poll has no messages")?;
    let is_numbered =
        |message: &&Value| message["body"][0].as_str().is_some_and(|line| line.starts_with("@@"));
    let numbered = messages.iter().filter(is_numbered).count();
    ensure!(numbered as u64 == count, "the search found {count} messages, the parser {numbered}");
    ensure!(
        answer["last_id"].as_u64() == Some(end.last_id),
        "the search and the parser see different last_id"
    );
    let positions: Vec<u64> = messages.iter().filter_map(|message| message["seq"].as_u64()).collect();
    ensure!(positions.is_sorted_by(|one, next| one < next), "seq does not ascend: {positions:?}");
    ensure!(positions.len() == messages.len(), "a message without seq");
    Ok(())
}

/// What one listener heard so far.
pub(crate) struct Listener {
    /// The number each sender's next message should have.
    next: Vec<u32>,
    /// Numbers that were passed over, as (sender, number). Normally empty.
    missing: BTreeSet<(usize, u32)>,
    received: u64,
    /// A running mix of all that was heard, which comes out the same only for the same messages in the same order.
    order: u64,
    doubled: u64,
    misordered: u64,
}

impl Listener {
    pub(crate) fn new(senders: usize) -> Listener {
        Listener {
            next: vec![0; senders],
            missing: BTreeSet::new(),
            received: 0,
            order: 0,
            doubled: 0,
            misordered: 0,
        }
    }

    /// How many of one sender's messages came, in order.
    pub(crate) fn heard_of(&self, sender: usize) -> u32 {
        self.next[sender]
    }

    fn hear(&mut self, sender: usize, number: u32) -> Result<()> {
        let Some(next) = self.next.get_mut(sender) else {
            bail!("a message from an unknown sender {sender}")
        };
        self.received += 1;
        self.order = (self.order.rotate_left(5) ^ (((sender as u64) << 32) | u64::from(number)))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        if number >= *next {
            self.missing.extend((*next..number).map(|number| (sender, number)));
            *next = number + 1;
        } else if self.missing.remove(&(sender, number)) {
            self.misordered += 1;
        } else {
            self.doubled += 1;
        }
        Ok(())
    }

    /// What is wrong, when each sender has had this many messages acknowledged.
    pub(crate) fn faults(&self, sent: &[u32]) -> Faults {
        let never_came: u64 =
            sent.iter().zip(&self.next).map(|(sent, next)| u64::from(sent.saturating_sub(*next))).sum();
        Faults {
            lost: self.missing.len() as u64 + never_came,
            doubled: self.doubled,
            misordered: self.misordered,
        }
    }
}

/// What is wrong over all listeners of one channel, who must also agree on one order.
pub(crate) fn faults_of_all(listeners: &[Listener], sent: &[u32]) -> Faults {
    let mut all = Faults::default();
    for listener in listeners {
        all.add(listener.faults(sent));
    }
    if let Some(first) = listeners.first() {
        // Only listeners who heard as much can be compared; who heard less is already among the lost.
        let disagree = |other: &&Listener| other.received == first.received && other.order != first.order;
        all.misordered += listeners.iter().filter(disagree).count() as u64;
    }
    all
}

/// Shows that faults are seen before a run claims that there were none. A program of this kind has no test harness,
/// so it tests its own eyes every time.
///
/// # Errors
/// A fault went unseen, or something flawless was called a fault.
pub(crate) fn prove() -> Result<()> {
    // What three listeners hear of two senders with three messages each, and what is wrong with that.
    let flawless = [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (1, 2)];
    let other_order = [(1, 0), (0, 0), (0, 1), (0, 2), (1, 1), (1, 2)];
    let cases: [(&[(usize, u32)], Faults); 6] = [
        (&flawless, Faults::default()),
        (&flawless[..5], Faults { lost: 1, ..Faults::default() }),
        (&flawless[2..], Faults { lost: 2, ..Faults::default() }),
        (&[(0, 1), (0, 0), (0, 2), (1, 0), (1, 1), (1, 2)], Faults { misordered: 2, ..Faults::default() }),
        (&other_order, Faults { misordered: 1, ..Faults::default() }),
        (&[(0, 0), (0, 0), (0, 1), (0, 2), (1, 2)], Faults { lost: 2, doubled: 1, misordered: 0 }),
    ];
    for (heard, expected) in cases {
        let listeners = [listener_of(&flawless)?, listener_of(&flawless)?, listener_of(heard)?];
        let seen = faults_of_all(&listeners, &[3, 3]);
        ensure!(seen == expected, "of {heard:?} the tally makes {seen:?} instead of {expected:?}");
    }
    Ok(())
}

/// A listener who got these messages in one answer.
fn listener_of(heard: &[(usize, u32)]) -> Result<Listener> {
    let message = |(seq, (sender, number)): (usize, &(usize, u32))| {
        format!(r#"{{"body":["{}"],"seq":{}}}"#, text(*sender, *number), seq + 1)
    };
    let messages: Vec<String> = heard.iter().enumerate().map(message).collect();
    let body = format!(r#"{{"messages":[{}],"last_id":{}}}"#, messages.join(","), heard.len());
    let mut listener = Listener::new(2);
    let scanned = Scanner::new().scan(body.as_bytes(), &mut listener)?;
    ensure!(scanned.oldest == heard.first().copied(), "the first message is not the first");
    Ok(listener)
}
