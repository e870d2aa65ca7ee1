//! What is sent: one command after another, in the order in which they were typed, whatever the network does.

use neoirc::client::{Client, Error, Message, Receipt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Something that has come back.
#[derive(Debug)]
pub(super) enum Outcome {
    /// A command was answered, or was not.
    Sent(Box<Message>, Result<Receipt, Error>),
    /// Older lines of a window.
    History(String, Result<Vec<Message>, Error>),
    /// What a search has found.
    Found(String, Result<Vec<Message>, Error>),
}

/// Lines of history that are asked for at once.
pub(super) const PAGE: u16 = 100;

/// The way to the server, which is there until the end.
pub(super) struct Sender {
    client: Client,
    queue: UnboundedSender<Message>,
    outcomes: UnboundedSender<Outcome>,
}

impl Sender {
    /// Begins to send. Gives what comes back.
    pub(super) fn start(client: &Client) -> (Self, UnboundedReceiver<Outcome>) {
        let (queue, mut to_send) = unbounded_channel::<Message>();
        let (outcomes, come_back) = unbounded_channel();
        let (sending, told) = (client.clone(), outcomes.clone());
        tokio::spawn(async move {
            while let Some(message) = to_send.recv().await {
                let receipt = sending.send(&message).await;
                if told.send(Outcome::Sent(Box::new(message), receipt)).is_err() {
                    return;
                }
            }
        });
        (Self { client: client.clone(), queue, outcomes }, come_back)
    }

    /// Sends a command behind all others. Whoever types is slower than memory is small.
    pub(super) fn send(&self, message: Message) {
        // It ends with this program alone.
        let _ = self.queue.send(message);
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
        let (words, target) = (words.to_owned(), Some(target.to_owned()).filter(|target| !target.is_empty()));
        tokio::spawn(async move {
            let found = client.search(&words, target.as_deref(), PAGE).await;
            let _ = outcomes.send(Outcome::Found(words, found));
        });
    }
}
