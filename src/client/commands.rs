//! The commands of IRC as methods.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::Error;
use super::key::PublicKey;
use super::message::{self, Body, Message};
use super::receipt::Receipt;
use super::session::Client;

/// A session as the server describes it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[non_exhaustive]
pub struct State {
    /// The number of the session.
    pub id: u64,
    /// Its nick.
    pub nick: String,
    /// Its username.
    pub username: String,
    /// The name or address of the machine that it speaks from.
    pub hostname: String,
    /// The account that it is the session of, where there is one. It is called by the nick that it was made for.
    #[serde(default)]
    pub account: Option<String>,
    /// The away text, while one is away.
    #[serde(default)]
    pub away: Option<String>,
    /// The channels that it is in.
    pub channels: Vec<ChannelState>,
}

/// A channel as the server describes it to one who is in it.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[non_exhaustive]
pub struct ChannelState {
    /// The number of the channel, which a later one of the same name does not get.
    pub id: u64,
    /// Its name, as the server spells it.
    pub name: String,
    /// Its topic; empty where there is none.
    pub topic: String,
}

/// Errors and refusals are those of [`Client::send`]: what IRC refuses is a [`Receipt`], and
/// [`Receipt::granted`] makes an error of it. Answers in numerics come as messages.
impl Client {
    /// Comes into a channel, or several with commas.
    pub async fn join(&self, channel: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("JOIN").to(channel)).await
    }

    /// Comes into a channel under `+k`.
    pub async fn join_with_key(&self, channel: &str, key: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("JOIN").to(channel).param(key)).await
    }

    /// Leaves a channel.
    pub async fn part(&self, channel: &str, reason: Option<&str>) -> Result<Receipt, Error> {
        self.send(&with_text(Message::new("PART").to(channel), reason)).await
    }

    /// Says something to a channel or a nick.
    pub async fn privmsg(&self, to: &str, body: impl Into<Body>) -> Result<Receipt, Error> {
        self.send(&Message::new("PRIVMSG").to(to).body(body)).await
    }

    /// The same so that nothing answers it by itself: what bots say.
    pub async fn notice(&self, to: &str, body: impl Into<Body>) -> Result<Receipt, Error> {
        self.send(&Message::new("NOTICE").to(to).body(body)).await
    }

    /// Does something, as `/me` of other clients: a PRIVMSG that says `ACTION`.
    pub async fn action(&self, to: &str, text: &str) -> Result<Receipt, Error> {
        self.privmsg(to, format!("\u{1}ACTION {text}\u{1}")).await
    }

    /// Sends tags alone.
    pub async fn tagmsg(&self, to: &str, meta: Map<String, Value>) -> Result<Receipt, Error> {
        self.send(&Message { meta: Some(meta), ..Message::new("TAGMSG").to(to) }).await
    }

    /// Asks for the topic of a channel: 332 and 333, or 331.
    pub async fn topic(&self, channel: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("TOPIC").to(channel)).await
    }

    /// Sets the topic of a channel; an empty text takes it away.
    pub async fn set_topic(&self, channel: &str, topic: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("TOPIC").to(channel).body(topic)).await
    }

    /// Goes by another nick.
    pub async fn set_nick(&self, nick: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("NICK").body(nick)).await
    }

    /// Changes modes, such as `["+o-v", "alice", "bob"]`; asks for them when there are no words.
    pub async fn mode(&self, target: &str, words: &[&str]) -> Result<Receipt, Error> {
        self.send(&words.iter().fold(Message::new("MODE").to(target), |message, word| message.param(*word)))
            .await
    }

    /// Makes somebody leave a channel.
    pub async fn kick(&self, channel: &str, nick: &str, reason: Option<&str>) -> Result<Receipt, Error> {
        self.send(&with_text(Message::new("KICK").to(channel).param(nick), reason)).await
    }

    /// Invites somebody into a channel.
    pub async fn invite(&self, nick: &str, channel: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("INVITE").to(nick).param(channel)).await
    }

    /// Is away with a text, back without.
    pub async fn away(&self, text: Option<&str>) -> Result<Receipt, Error> {
        self.send(&with_text(Message::new("AWAY"), text)).await
    }

    /// Asks who is in a channel: 353, 366.
    pub async fn names(&self, channel: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("NAMES").to(channel)).await
    }

    /// Asks which channels there are: 321, 322 for each, 323.
    pub async fn list(&self) -> Result<Receipt, Error> {
        self.send(&Message::new("LIST")).await
    }

    /// Asks about those in a channel, or whom a mask names: 352 for each, 315.
    pub async fn who(&self, mask: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("WHO").to(mask)).await
    }

    /// Asks about somebody: 311 and others, 318.
    pub async fn whois(&self, nick: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("WHOIS").to(nick)).await
    }

    /// Sets the password with which another device logs in. Where the session has an account, it is the account's.
    pub async fn pass(&self, password: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("PASS").body(password)).await
    }

    /// Announces one's key to a channel, or, without one, to everybody who shares a channel.
    pub async fn announce_key(&self, channel: Option<&str>, key: PublicKey) -> Result<Receipt, Error> {
        self.send(&Message::new("PUBKEY").to(channel.unwrap_or_default()).body(key.announcement())).await
    }

    /// Ends the session with all its clients.
    pub async fn quit(&self, reason: Option<&str>) -> Result<Receipt, Error> {
        self.send(&with_text(Message::new("QUIT"), reason)).await
    }

    /// The session as the server describes it.
    pub async fn state(&self) -> Result<State, Error> {
        self.get("/state").await
    }

    /// The same, and the state of its channels comes as messages: for each a JOIN from oneself, 332 and 333 where
    /// there is a topic, 353 and 366. What a program wants that goes on with a session and remembers nothing of it.
    pub async fn state_with_channels(&self) -> Result<State, Error> {
        self.get("/state?initChannelState=1").await
    }

    /// What was said in a channel, or between oneself and a nick: the newest messages, or those before the place
    /// `before`, oldest first, 500 at most.
    pub async fn history(
        &self,
        target: &str,
        before: Option<u64>,
        limit: u16,
    ) -> Result<Vec<Message>, Error> {
        let (limit, before) = (limit.to_string(), before.map(|before| before.to_string()));
        let before = before.as_deref().map(|before| ("before", before));
        let path = path("/history", [("target", target), ("limit", &limit)].into_iter().chain(before));
        Ok(message::read_each(&self.get::<Vec<_>>(&path).await?))
    }
}

/// A path with a query. Made apart from what waits, since its maker cannot go from thread to thread.
fn path<'a>(front: &str, query: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    format!("{front}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish())
}

fn with_text(message: Message, text: Option<&str>) -> Message {
    match text {
        Some(text) => message.body(text),
        None => message,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bot asks from any task.
    #[test]
    fn what_is_asked_may_go_from_thread_to_thread() {
        fn is_send<T: Send>(_: T) {}
        fn all(client: &Client) {
            is_send(client.history("#tea", None, 1));
            is_send(client.search("tea"));
            is_send(client.make_account("secret"));
            is_send(client.set_marker("#tea", ""));
            is_send(client.state());
            is_send(client.join("#tea"));
            is_send(client.messages());
        }
        let _ = all;
        assert_eq!(
            path("/x", [("target", "#a b"), ("q", "é&=")].into_iter()),
            "/x?target=%23a+b&q=%C3%A9%26%3D"
        );
    }
}
