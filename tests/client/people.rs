//! Clients of the library, and reading with a limit of time.

use std::time::Duration;

use neoirc::client::{Client, Error, Message, Messages, Options, Receipt};
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{PATIENCE, TestServer};

/// Opens a session.
pub(crate) async fn open(server: &TestServer, nick: &str) -> Client {
    let client = Client::connect(Options::new(server.url(), nick)).await.unwrap();
    assert!(client.is_new());
    client
}

/// Opens a session and joins `#c`.
pub(crate) async fn open_in_channel(server: &TestServer, nick: &str) -> Client {
    let client = open(server, nick).await;
    let joined = client.join("#c").await.unwrap();
    assert_eq!(joined, Receipt::Joined { channel: "#c".to_owned() });
    client
}

/// Says something that must be delivered.
pub(crate) async fn say(client: &Client, to: &str, text: &str) -> Uuid {
    match client.privmsg(to, text).await.unwrap() {
        Receipt::Sent { id, seq } if seq > 0 => id,
        receipt => panic!("{receipt:?}"),
    }
}

/// The next item of a stream, which must not make us wait for ever.
pub(crate) async fn next(messages: &mut Messages) -> Option<Result<Message, Error>> {
    timeout(PATIENCE, messages.next()).await.expect("something comes")
}

/// Reads until a message satisfies `wanted`, and returns it.
pub(crate) async fn read_until(messages: &mut Messages, wanted: impl Fn(&Message) -> bool) -> Message {
    loop {
        let message = next(messages).await.expect("the stream goes on").unwrap();
        if wanted(&message) {
            return message;
        }
    }
}

/// Reads until this text is said, and returns the texts of all that was said on the way, itself included.
pub(crate) async fn hear_until(messages: &mut Messages, last: &str) -> Vec<String> {
    let mut heard = Vec::new();
    while heard.last().is_none_or(|text| text != last) {
        heard.push(read_until(messages, |message| message.command == "PRIVMSG").await.text());
    }
    heard
}

/// Whether nothing comes for a moment.
pub(crate) async fn is_quiet(messages: &mut Messages) -> bool {
    timeout(Duration::from_millis(300), messages.next()).await.is_err()
}
