//! What outlasts a session: an account, and how far one has read.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::message::Message;
use super::receipt::Receipt;
use super::session::Client;

/// A read marker as the server tells it.
#[derive(Deserialize)]
struct Marker {
    timestamp: Option<String>,
}

/// A read marker as it is set.
#[derive(Serialize)]
struct NewMarker<'a> {
    timestamp: &'a str,
}

impl Client {
    /// Makes the session one that lasts: an account, whose nick is kept for it when the session has ended. From then
    /// on [`Client::log_in`] enters with this password, whether there is a session or not.
    /// [`Client::register`] does it for a session that is not there yet.
    ///
    /// The receipt is [`Receipt::Account`]. IRC refuses with the numeric `FAIL` when the session has an account
    /// already, when the password is shorter than the server wants (8 characters unless the operator says otherwise)
    /// or longer than 256 bytes, and when there are to be no further accounts.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn make_account(&self, password: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("REGISTER").param("*").param("*").param(password)).await
    }

    /// Drops one's account; the session goes on, and ends as sessions do. An account is named so that nobody drops it
    /// by chance: [`State::account`](super::State::account) tells how it is called. The nick is free for others once
    /// nobody goes by it.
    ///
    /// IRC refuses with the numeric `FAIL` when one has no account of this name.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn unregister(&self, account: &str) -> Result<Receipt, Error> {
        self.send(&Message::new("UNREGISTER").param(account)).await
    }

    /// How far one has read in a channel, or in the talk with a nick, on whatever device: a time such as
    /// `2026-01-02T03:04:05.678Z`, in UTC with milliseconds; `None` where nothing is known.
    ///
    /// # Errors
    /// [`Error::Http`] with status 400 when `target` is neither a channel nor a nick; any other [`Error`].
    pub async fn marker(&self, target: &str) -> Result<Option<String>, Error> {
        let marker: Marker = self.get(&path(target)).await?;
        Ok(marker.timestamp)
    }

    /// Says how far one has read: everything up to `at`, for which one takes [`Message::ts`] of the last message that
    /// was read, in RFC 3339. Gives where the marker stands now, in UTC with milliseconds: it goes forward alone, and
    /// not beyond the server's now. The other devices of the session hear MARKREAD when it has moved.
    ///
    /// ```no_run
    /// # async fn run(client: neoirc::client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// if let Some(last) = client.history("#tea", None, 50).await?.last() {
    ///     client.set_marker("#tea", &last.ts).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Http`] with status 400 when `target` is neither a channel nor a nick, or `at` is no time; any other
    /// [`Error`].
    pub async fn set_marker(&self, target: &str, at: &str) -> Result<String, Error> {
        let marker: Marker = self.put(&path(target), &NewMarker { timestamp: at }).await?;
        marker.timestamp.ok_or_else(|| Error::Protocol("a marker that was set is not known".to_owned()))
    }
}

/// Where the marker of a channel or nick is found. Everything but letters and digits is escaped: a name may have a
/// slash, a question mark or whatever else means something in an address.
fn path(target: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    let escaped = target
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") });
    format!("/markers/{}", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_one_part_of_an_address() {
        assert_eq!(path("#tea"), "/markers/%23tea");
        assert_eq!(path("#a/b?c=é"), "/markers/%23a%2Fb%3Fc%3D%C3%A9");
        assert_eq!(path("bob_"), "/markers/bob%5F");
    }
}
