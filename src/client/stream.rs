//! Reading: the messages of a client as one stream without gaps or repeats.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use uuid::Uuid;

use super::backoff::Attempts;
use super::error::Error;
use super::message::{self, Message};
use super::options::Place;
use super::session::Client;
use super::transport::Answer;

/// How many ids are remembered in order to know a repeat: two pages' worth.
const RECENT_MAX: usize = 1024;

/// An empty answer that comes sooner than this is not the end of a long poll. The server stops, or somebody else
/// polls too often: asking again at once would be a loop without a pause.
const EARLY: Duration = Duration::from_secs(1);

/// A place behind everything: the server takes it for that of the newest message there is.
const THE_NEWEST: u64 = u64::MAX >> 1;

/// One answer to a poll.
#[derive(Deserialize)]
struct Page {
    /// As they came: one that cannot be read must not take the others with it.
    messages: Vec<Box<RawValue>>,
    last_id: u64,
    #[serde(default)]
    dropped: u64,
}

type Fetch = Pin<Box<dyn Future<Output = Result<Page, Error>> + Send>>;

/// The messages of a client, in the server's order, each once. One's own are among them.
///
/// Lost connections, restarts of the server, full pages and odd answers of something on the way pass unnoticed: the
/// stream waits until there is something, for ever if need be. It ends after an error, of which the one to expect is
/// [`Error::Unauthorized`]: the session has ended. After one's own QUIT or logout it ends without an error. A message
/// that cannot be read is passed over, and logged with a warning by `tracing`; [`unreadable`](Self::unreadable) counts.
///
/// Asking for the next message when there is none left in memory tells the server that all before are read. Who wants
/// to go on after a crash keeps [`place`](Self::place) before that:
///
/// ```no_run
/// # async fn run(client: neoirc::client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// let mut messages = client.messages();
/// while let Some(message) = messages.next().await {
///     println!("{}", message?.text());
///     messages.place().save("place.json")?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Messages {
    client: Client,
    /// The next poll says `after` with it, once the buffer is empty.
    cursor: u64,
    buffer: VecDeque<Message>,
    /// The cursor that the page in the buffer ends with.
    page_end: u64,
    recent: Recent,
    /// The nick that one had at the cursor; `None` until it is known.
    nick: Option<String>,
    dropped: u64,
    unreadable: u64,
    fetch: Option<Fetch>,
    /// Whether there was a page already, so that the server is known to be one.
    has_read: bool,
    has_ended: bool,
}

impl Messages {
    pub(super) fn new(client: Client, cursor: u64, nick: Option<String>) -> Self {
        Self {
            client,
            cursor,
            buffer: VecDeque::new(),
            page_end: cursor,
            recent: Recent::default(),
            nick,
            dropped: 0,
            unreadable: 0,
            fetch: None,
            has_read: false,
            has_ended: false,
        }
    }

    /// The next message; `None` once the stream has ended. Nothing is lost when the future is dropped before it is
    /// ready, as `select!` and time limits do.
    ///
    /// # Errors
    /// [`Error`], after which the stream has ended.
    pub async fn next(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// The cursor: everything up to the last message that was given out.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Where to go on from, behind the last message that was given out.
    pub fn place(&self) -> Place {
        Place { token: self.client.token().clone(), cursor: self.cursor, nick: self.nick.clone() }
    }

    /// The nick that one had when the last message that was given out was sent; behind one's own NICK the new one.
    /// [`Client::nick`] is the one of now, which may be newer by all that is still to be read.
    pub fn nick(&self) -> String {
        self.nick.clone().unwrap_or_else(|| self.client.nick())
    }

    /// Passes over whatever is there by now: it counts as read. What comes from then on is given out, through every
    /// break.
    ///
    /// # Errors
    /// [`Error`] when the server does not tell within [`Options::patience`](super::Options::patience) what is there.
    pub async fn pass_over(&mut self) -> Result<(), Error> {
        let client = &self.client;
        let page = client.patiently(|| async { read(client.poll(THE_NEWEST, false).await?) }).await?;
        self.fetch = None;
        self.buffer.clear();
        (self.cursor, self.page_end, self.has_read) = (page.last_id, page.last_id, true);
        // One's own changes of nick are passed over, too.
        let nick = client.state().await?.nick;
        client.goes_by(&nick);
        self.nick = Some(nick);
        Ok(())
    }

    /// What is in memory already, and is to be given out next.
    pub fn waiting(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.buffer.iter()
    }

    /// How many messages the server has cut off because they waited too long or were too many. In the place of what
    /// is missing there is a NOTICE from the server.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many messages could not be read, and were passed over.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    fn take_in(&mut self, page: &Page) {
        let messages = message::read_each(&page.messages);
        self.has_read = true;
        self.dropped += page.dropped;
        self.unreadable += (page.messages.len() - messages.len()) as u64;
        if self.nick.is_none() || page.dropped > 0 {
            // A change of nick may be among what was cut off.
            self.nick = Some(nick_before(&messages, self.client.nick()));
        }
        self.page_end = page.last_id;
        self.buffer = messages.into();
        if self.buffer.is_empty() {
            self.cursor = page.last_id;
        }
    }

    /// The next message that is in memory and was not given out before.
    fn take_out(&mut self) -> Option<Message> {
        while let Some(message) = self.buffer.pop_front() {
            self.cursor = if self.buffer.is_empty() { self.page_end } else { message.seq };
            if self.recent.is_new(message.id) {
                self.learn(&message);
                return Some(message);
            }
        }
        None
    }

    /// Learns from a message what it says about oneself. It is by the nick of then that one's own changes are known:
    /// the one of now may have been somebody else's before.
    fn learn(&mut self, message: &Message) {
        if message.command == "NICK"
            && let (Some(before), Some(after)) = (&self.nick, message.lines().first())
            && message.is_from(before)
        {
            self.client.changes(before, after);
            self.nick = Some(after.clone());
        }
    }
}

impl Stream for Messages {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(message) = this.take_out() {
                return Poll::Ready(Some(Ok(message)));
            }
            if this.has_ended {
                return Poll::Ready(None);
            }
            let fetch = this
                .fetch
                .get_or_insert_with(|| Box::pin(fetch(this.client.clone(), this.cursor, this.has_read)));
            let fetched = ready!(fetch.as_mut().poll(context));
            this.fetch = None;
            match fetched {
                Ok(page) => this.take_in(&page),
                Err(error) => {
                    this.has_ended = true;
                    let is_our_end = matches!(error, Error::Unauthorized) && this.client.is_leaving();
                    return Poll::Ready((!is_our_end).then_some(Err(error)));
                }
            }
        }
    }
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("cursor", &self.cursor).finish_non_exhaustive()
    }
}

/// The nick that one had before these messages, when it is this one behind them.
fn nick_before(messages: &[Message], nick: String) -> String {
    messages.iter().rev().fold(nick, |nick, change| {
        let is_to = |new: &String| new.eq_ignore_ascii_case(&nick);
        if change.command == "NICK" && change.lines().first().is_some_and(is_to) {
            change.from.clone()
        } else {
            nick
        }
    })
}

fn read(answer: Answer) -> Result<Page, Error> {
    answer.json("/messages")
}

/// Polls until the server answers in its own time. Once there was a page, only the server itself ends it: it takes more
/// than an odd answer of something on the way.
async fn fetch(client: Client, mut cursor: u64, mut has_read: bool) -> Result<Page, Error> {
    let mut attempts = Attempts::for_ever();
    // After a break the first answer does not wait, so that it is known at once that the server is there again.
    let mut waits = true;
    loop {
        let begun = Instant::now();
        let answer = client.poll(cursor, waits).await;
        let is_final = !has_read || answer.as_ref().is_ok_and(Answer::is_refusal);
        let page = answer.and_then(read);
        has_read |= page.is_ok();
        match page {
            Ok(page) if page.messages.is_empty() && !waits => {
                cursor = page.last_id;
                waits = true;
            }
            Ok(page) if page.messages.is_empty() && begun.elapsed() < EARLY => {
                cursor = page.last_id;
                attempts.pause().await;
            }
            Ok(page) => {
                if page.dropped > 0
                    && let Ok(state) = client.state().await
                {
                    // One's own changes of nick may be among what was cut off.
                    client.goes_by(&state.nick);
                }
                return Ok(page);
            }
            Err(error) => {
                if waits && begun.elapsed() >= EARLY {
                    // Something on the way waits less long than the server does. That is no failure of a poll that
                    // had nothing to tell.
                    attempts = Attempts::for_ever();
                }
                if is_final {
                    attempts.after(error).await?;
                } else {
                    attempts.after_any(error).await?;
                }
                waits = false;
            }
        }
    }
}

/// The ids of the newest messages that were given out.
#[derive(Default)]
struct Recent {
    ids: HashSet<Uuid>,
    order: VecDeque<Uuid>,
}

impl Recent {
    /// Whether this id was not seen before, from now on it was.
    fn is_new(&mut self, id: Option<Uuid>) -> bool {
        let Some(id) = id else { return true };
        if !self.ids.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > RECENT_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nick_of_then_is_found_from_the_one_of_now() {
        let change =
            |from: &str, to: &str| Message { from: from.to_owned(), ..Message::new("NICK").body(to) };
        let messages =
            [change("al", "alice"), Message::new("NICK"), change("bob", "al"), change("alice", "me")];
        assert_eq!(nick_before(&messages, "ME".to_owned()), "al");
        assert_eq!(nick_before(&messages, "else".to_owned()), "else");
    }

    #[test]
    fn a_repeat_is_known_among_the_newest() {
        let id = |number| Some(Uuid::from_u128(number));
        let mut recent = Recent::default();
        assert!(recent.is_new(id(0)) && !recent.is_new(id(0)));
        for number in 1..=1023 {
            assert!(recent.is_new(id(number)));
        }
        assert!(!recent.is_new(id(0)), "still among the newest");
        assert!(recent.is_new(id(1024)));
        assert!(recent.is_new(id(0)), "forgotten, so that memory has an end");
        assert_eq!(recent.ids.len(), RECENT_MAX);
        assert!(recent.is_new(None) && recent.is_new(None));
    }
}
