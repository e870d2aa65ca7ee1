//! Reading: the messages of a client as one stream without gaps or repeats.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_core::Stream;
use serde::Deserialize;
use tokio::time::Instant;
use uuid::Uuid;

use super::backoff::Attempts;
use super::error::Error;
use super::message::Message;
use super::options::Place;
use super::session::Client;

/// How many ids are remembered in order to know a repeat: two pages' worth.
const RECENT_MAX: usize = 1024;

/// An empty answer that comes sooner than this is not the end of a long poll. The server stops, or somebody else
/// polls too often: asking again at once would be a loop without a pause.
const EARLY: Duration = Duration::from_secs(1);

/// A place behind everything: the server takes it for that of the newest message there is.
const THE_NEWEST: u64 = u64::MAX >> 1;

/// One answer to a poll.
#[derive(Deserialize)]
pub(super) struct Page {
    messages: Vec<Message>,
    last_id: u64,
    #[serde(default)]
    dropped: u64,
}

type Fetch = Pin<Box<dyn Future<Output = Result<Page, Error>> + Send>>;

/// The messages of a client, in the server's order, each once. One's own are among them.
///
/// Lost connections, restarts of the server and full pages pass unnoticed: the stream waits until there is something,
/// for ever if need be. It ends after an error, of which the one to expect is [`Error::Unauthorized`]: the session
/// has ended. After one's own QUIT or logout it ends without an error.
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
    dropped: u64,
    fetch: Option<Fetch>,
    has_ended: bool,
}

impl Messages {
    pub(super) fn new(client: Client, cursor: u64) -> Self {
        Self {
            client,
            cursor,
            buffer: VecDeque::new(),
            page_end: cursor,
            recent: Recent::default(),
            dropped: 0,
            fetch: None,
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
        Place { token: self.client.token().clone(), cursor: self.cursor }
    }

    /// Passes over whatever is there by now: it counts as read. What comes from then on is given out, through every
    /// break.
    ///
    /// # Errors
    /// [`Error`] when the server does not tell within [`Options::patience`](super::Options::patience) what is there.
    pub async fn pass_over(&mut self) -> Result<(), Error> {
        let client = &self.client;
        let page = client.patiently(|| client.poll(THE_NEWEST, false)).await?;
        self.fetch = None;
        self.buffer.clear();
        (self.cursor, self.page_end) = (page.last_id, page.last_id);
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

    fn take_in(&mut self, page: Page) {
        self.dropped += page.dropped;
        self.page_end = page.last_id;
        self.buffer = page.messages.into();
        if self.buffer.is_empty() {
            self.cursor = page.last_id;
        }
    }

    /// The next message that is in memory and was not given out before.
    fn take_out(&mut self) -> Option<Message> {
        while let Some(message) = self.buffer.pop_front() {
            self.cursor = if self.buffer.is_empty() { self.page_end } else { message.seq };
            if self.recent.is_new(message.id) {
                self.client.learn(&message);
                return Some(message);
            }
        }
        None
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
            let fetch = this.fetch.get_or_insert_with(|| Box::pin(fetch(this.client.clone(), this.cursor)));
            let fetched = ready!(fetch.as_mut().poll(context));
            this.fetch = None;
            match fetched {
                Ok(page) => this.take_in(page),
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

/// Polls until the server answers in its own time.
async fn fetch(client: Client, mut cursor: u64) -> Result<Page, Error> {
    let mut attempts = Attempts::for_ever();
    // After a break the first answer does not wait, so that it is known at once that the server is there again.
    let mut waits = true;
    loop {
        let begun = Instant::now();
        match client.poll(cursor, waits).await {
            Ok(page) if page.messages.is_empty() && !waits => {
                cursor = page.last_id;
                waits = true;
            }
            Ok(page) if page.messages.is_empty() && begun.elapsed() < EARLY => {
                cursor = page.last_id;
                attempts.pause().await;
            }
            Ok(page) => return Ok(page),
            Err(error) => {
                attempts.after(error).await?;
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
