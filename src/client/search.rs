//! Looking for what was said.

use super::error::Error;
use super::message::{self, Message};
use super::session::Client;

/// What is looked for. Whatever is left out narrows nothing.
///
/// ```
/// use neoirc::client::Search;
///
/// let search = Search::new("\"time for tea\" biscuit*").target("#tea").said_by("bob").limit(10);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Search {
    words: String,
    target: Option<String>,
    from: Option<String>,
    before: Option<u64>,
    limit: Option<u16>,
}

impl Search {
    /// These words, in any case, with or without accents, all of them: `word`, `"several words"` that follow each
    /// other, `beginn*`. At most 256 characters.
    pub fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), target: None, from: None, before: None, limit: None }
    }

    /// The same in this channel, or between oneself and this nick, alone.
    #[must_use]
    pub fn target(mut self, target: impl Into<String>) -> Self {
        self.target = Some(target.into());
        self
    }

    /// The same of what was said under this nick alone.
    #[must_use]
    pub fn said_by(mut self, nick: impl Into<String>) -> Self {
        self.from = Some(nick.into());
        self
    }

    /// The same before this place alone: for the next page, the `seq` of the last message that was found.
    #[must_use]
    pub fn before(mut self, seq: u64) -> Self {
        self.before = Some(seq);
        self
    }

    /// The same, at most so many messages: 1 to 500. 50 where nothing is said.
    #[must_use]
    pub fn limit(mut self, messages: u16) -> Self {
        self.limit = Some(messages);
        self
    }

    /// The path that asks for it.
    fn path(&self) -> String {
        let (before, limit) =
            (self.before.map(|seq| seq.to_string()), self.limit.map(|limit| limit.to_string()));
        let pairs = [
            ("q", Some(self.words.as_str())),
            ("target", self.target.as_deref()),
            ("from", self.from.as_deref()),
            ("before", before.as_deref()),
            ("limit", limit.as_deref()),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(pairs.iter().filter_map(|(name, value)| Some((name, (*value)?))));
        format!("/search?{}", query.finish())
    }
}

impl From<&str> for Search {
    fn from(words: &str) -> Self {
        Self::new(words)
    }
}

impl Client {
    /// Looks for words in what one may read: the newest messages first. What was said a second ago may not be found
    /// yet.
    ///
    /// ```no_run
    /// # async fn run(client: neoirc::client::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use neoirc::client::Search;
    ///
    /// for message in client.search(Search::new("tea").target("#tea")).await? {
    ///     println!("{} {}: {}", message.ts, message.from, message.text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Http`] with status 400 when the words are too many or too frequent, with 403 or 404 when one may not
    /// read there, with 404 also where search is switched off; any other [`Error`].
    pub async fn search(&self, search: impl Into<Search>) -> Result<Vec<Message>, Error> {
        let path = search.into().path();
        Ok(message::read_each(&self.get::<Vec<_>>(&path).await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_not_asked_for() {
        assert_eq!(Search::new("tea").path(), "/search?q=tea");
        let all = Search::new("\"a b\" c&d").target("#é").said_by("bob").before(7).limit(10);
        assert_eq!(all.path(), "/search?q=%22a+b%22+c%26d&target=%23%C3%A9&from=bob&before=7&limit=10");
    }
}
