//! What is sent: one command after another, in the order in which they were typed, whatever the network does.

use std::time::Duration;

use jiff::Timestamp;
use neoirc::client::{Client, Error, Message, Receipt, Search};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// Something that has come back.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A command was answered, or was not.
    Sent(Box<Message>, Result<Receipt, Error>),
    /// Older lines of a window.
    History(String, Result<Vec<Message>, Error>),
    /// What a search has found.
    Found(String, Result<Vec<Message>, Error>),
    /// Those in this window cannot be told that one is typing.
    TypingRefused(String),
    /// Something else was not done.
    Failed(&'static str, Error),
}

/// What waits to be sent.
enum Waiting {
    /// A command, which is tried until it is done.
    Command(Message),
    /// What is worth nothing a moment later, and said to whom.
    Passing(String, Message),
}

/// How long what is passing is tried.
const MOMENT: Duration = Duration::from_secs(2);

/// Lines of history that are asked for at once.
pub(super) const PAGE: u16 = 100;

/// The way to the server, which is there until the end.
pub(super) struct Sender {
    client: Client,
    queue: UnboundedSender<Waiting>,
    outcomes: UnboundedSender<Outcome>,
}

impl Sender {
    /// Begins to send. Gives what comes back.
    pub(super) fn start(client: &Client) -> (Self, UnboundedReceiver<Outcome>) {
        let (queue, mut to_send) = unbounded_channel::<Waiting>();
        let (outcomes, come_back) = unbounded_channel();
        let (sending, told) = (client.clone(), outcomes.clone());
        tokio::spawn(async move {
            while let Some(waiting) = to_send.recv().await {
                let outcome = match waiting {
                    Waiting::Command(message) => {
                        let receipt = sending.send(&message).await;
                        Outcome::Sent(Box::new(message), receipt)
                    }
                    Waiting::Passing(place, message) => match timeout(MOMENT, sending.send(&message)).await {
                        Ok(Ok(receipt)) if receipt.clone().granted().is_err() => {
                            Outcome::TypingRefused(place)
                        }
                        _ => continue,
                    },
                };
                if told.send(outcome).is_err() {
                    return;
                }
            }
        });
        (Self { client: client.clone(), queue, outcomes }, come_back)
    }

    /// Sends a command behind all others. Whoever types is slower than memory is small.
    pub(super) fn send(&self, message: Message) {
        // It ends with this program alone.
        let _ = self.queue.send(Waiting::Command(message));
    }

    /// Tells those in a window that one is typing, or no longer, in its place among the commands: what is said
    /// afterwards is heard afterwards.
    pub(super) fn tell_typing(&self, place: String, state: &'static str) {
        let message = Message::new("TAGMSG").to(&place).meta("typing", state);
        let _ = self.queue.send(Waiting::Passing(place, message));
    }

    /// Says how far one has read. All devices hear of it, this one too.
    pub(super) fn mark(&self, place: String, read: Timestamp) {
        let client = self.client.clone();
        tokio::spawn(async move {
            // Nothing is lost by an older marker, and the next thing that is read moves it.
            let _ = client.set_marker(&place, &read.to_string()).await;
        });
    }

    /// Drops one's account, whatever it is called.
    pub(super) fn unregister(&self) {
        let (client, outcomes) = (self.client.clone(), self.outcomes.clone());
        tokio::spawn(async move {
            let dropped = match client.state().await {
                // Where there is none, it is the server that says so.
                Ok(state) => client.unregister(&state.account.unwrap_or(state.nick)).await,
                Err(error) => Err(error),
            };
            // Everything that IRC says to it comes through the queue.
            if let Err(error) = dropped {
                let _ = outcomes.send(Outcome::Failed("UNREGISTER", error));
            }
        });
    }

    /// Asks for older lines of a window.
    pub(super) fn ask_history(&self, target: &str, before: Option<u64>) {
        let (client, outcomes, target) = (self.client.clone(), self.outcomes.clone(), target.to_owned());
        tokio::spawn(async move {
            let page = client.history(&target, before, PAGE).await;
            let _ = outcomes.send(Outcome::History(target, page));
        });
    }

    /// Looks for words, in a channel or a talk if one is named.
    pub(super) fn search(&self, words: &str, target: &str) {
        let (client, outcomes) = (self.client.clone(), self.outcomes.clone());
        let words = words.to_owned();
        let search = Search::new(&words).limit(PAGE);
        let search = if target.is_empty() { search } else { search.target(target) };
        tokio::spawn(async move {
            let found = client.search(search).await;
            let _ = outcomes.send(Outcome::Found(words, found));
        });
    }
}
