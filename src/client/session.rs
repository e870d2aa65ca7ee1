//! A client of a session: how it comes and goes, and sending commands.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use uuid::Uuid;

use super::backoff::Attempts;
use super::error::Error;
use super::key::SigningKey;
use super::message::{Body, Message};
use super::opening;
use super::options::{Options, Place, Token};
use super::receipt::Receipt;
use super::stamp;
use super::stream::Messages;
use super::transport::{Answer, POLL_TIMEOUT, Transport};

/// Beyond this time the server no longer knows an `Idempotency-Key`. A minute less than its ten.
const PATIENCE_MAX: Duration = Duration::from_mins(9);

/// A client of a session. Clones are the same client: give one to each task that speaks.
#[derive(Clone)]
pub struct Client {
    session: Arc<Session>,
}

struct Session {
    transport: Transport,
    token: Token,
    /// The nick as far as it is known here. Another client of the session may change it at any time.
    nick: Mutex<String>,
    is_new: bool,
    is_leaving: AtomicBool,
    cursor: u64,
    /// The nick that one had at the cursor, where it is known.
    first_nick: Option<String>,
    patience: Duration,
}

impl Client {
    /// Opens a session; or goes on with the one of [`Options::place`], if there still is one. [`Client::is_new`]
    /// tells which it was: a new session is in no channel yet.
    ///
    /// Where the server asks for proof of work, it is done here, on another thread.
    ///
    /// # Errors
    /// [`Error::Http`] with status 409 when somebody has the nick, with 400 when it is no nick; any other [`Error`].
    /// An answer that was lost is not asked for again: the nick would be taken, by the session just opened.
    pub async fn connect(options: Options) -> Result<Self, Error> {
        let transport = Transport::new(&options.server)?;
        let patience = options.patience.min(PATIENCE_MAX);
        if let Some(place) = &options.place {
            match opening::resume(&transport, &place.token, patience).await {
                Ok(nick) => {
                    let place = place.clone();
                    return Ok(Self::of(transport, (place.token.clone(), nick), patience).going_on(place));
                }
                Err(Error::Unauthorized) => {}
                Err(error) => return Err(error),
            }
        }
        let opened = opening::open(&transport, &options, None, patience).await?;
        Ok(Self::of(transport, opened, patience))
    }

    /// Opens a session that has an account from the beginning, which keeps the nick and this password when the
    /// session has ended: [`Client::log_in`] comes back to it. [`Options::place`] is passed over; a session that is
    /// there becomes an account by [`Client::make_account`].
    ///
    /// The password has at least 8 characters, unless the operator says otherwise, and at most 256 bytes. Where the
    /// server asks for proof of work, it is done here, on another thread.
    ///
    /// ```no_run
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// use neoirc::client::{Client, Options};
    ///
    /// let client = Client::register(Options::new("http://127.0.0.1:8080", "alice"), "correct horse").await?;
    /// assert_eq!(client.state().await?.account.as_deref(), Some("alice"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Http`] with status 409 when somebody has the nick, or an account keeps it; with 400 when it is no
    /// nick, or the password too short or too long; with 403 when there are to be no further accounts. Any other
    /// [`Error`]. An answer that was lost is not asked for again: then the account may be there, and is to be logged
    /// in to.
    pub async fn register(options: Options, password: &str) -> Result<Self, Error> {
        let transport = Transport::new(&options.server)?;
        let patience = options.patience.min(PATIENCE_MAX);
        let opened = opening::open(&transport, &options, Some(password), patience).await?;
        Ok(Self::of(transport, opened, patience))
    }

    /// Goes on with the session of [`Options::place`], and opens no other in its stead: for programs that must not
    /// appear under a session that nobody has asked for.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] when there is no place, or the session has ended; any other [`Error`].
    pub async fn resume(options: Options) -> Result<Self, Error> {
        let Some(place) = options.place else { return Err(Error::Unauthorized) };
        let transport = Transport::new(&options.server)?;
        let patience = options.patience.min(PATIENCE_MAX);
        let nick = opening::resume(&transport, &place.token, patience).await?;
        Ok(Self::of(transport, (place.token.clone(), nick), patience).going_on(place))
    }

    /// Enters the living session of [`Options::nick`] as one more client of it, with the password that PASS has set.
    /// Where the session is, it is too: its queue begins with a welcome and the state of its channels. Where the nick
    /// is that of an account whose session has ended, a new one begins, which is in no channel.
    ///
    /// # Errors
    /// [`Error::Http`] with status 401 when there is neither, or it has another password; any other [`Error`].
    pub async fn log_in(options: Options, password: &str) -> Result<Self, Error> {
        let transport = Transport::new(&options.server)?;
        let patience = options.patience.min(PATIENCE_MAX);
        let entered = opening::log_in(&transport, &options.nick, password, patience).await?;
        let place = Place { token: entered.0.clone(), cursor: 0, nick: Some(entered.1.clone()) };
        Ok(Self::of(transport, entered, patience).going_on(place))
    }

    fn of(transport: Transport, (token, nick): (Token, String), patience: Duration) -> Self {
        let session = Session {
            transport,
            token,
            first_nick: Some(nick.clone()),
            nick: Mutex::new(nick),
            is_new: true,
            is_leaving: AtomicBool::new(false),
            cursor: 0,
            patience,
        };
        Self { session: Arc::new(session) }
    }

    /// The same in a session that was there before.
    fn going_on(self, Place { cursor, nick, .. }: Place) -> Self {
        let session = Arc::into_inner(self.session).expect("nobody else has it yet");
        Self { session: Arc::new(Session { is_new: false, cursor, first_nick: nick, ..session }) }
    }

    /// Whether the session was opened by this client, and not found again or entered.
    pub fn is_new(&self) -> bool {
        self.session.is_new
    }

    /// The nick that one goes by now, as far as this client has heard.
    pub fn nick(&self) -> String {
        self.session.nick.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the last request of this client was answered, so that a program can show when the server cannot be
    /// reached. Nothing has to be done about it: whatever waits is tried again.
    pub fn is_connected(&self) -> bool {
        self.session.transport.is_answered()
    }

    /// The token. With the cursor of [`Messages`] it is all that is needed to go on later.
    pub fn token(&self) -> &Token {
        &self.session.token
    }

    /// The messages from where this client began: the welcome, if it is new, or what came after the cursor that it
    /// was given. Several streams are like several tabs of a browser: each has everything. The server lets four wait
    /// at once.
    pub fn messages(&self) -> Messages {
        Messages::new(self.clone(), self.session.cursor, self.session.first_nick.clone())
    }

    /// Sends any command. A refusal by IRC is a [`Receipt`] too.
    ///
    /// While the server does not answer or is busy, it is tried again for [`Options::patience`], and done once.
    ///
    /// # Errors
    /// [`Error`] when the command never reached IRC, or nobody knows.
    pub async fn send(&self, message: &Message) -> Result<Receipt, Error> {
        self.send_once(&Uuid::new_v4().simple().to_string(), message).await
    }

    /// The same under a key of one's own, 1 to 64 characters of ASCII: under the same key it is done once, however
    /// often it is sent within ten minutes, across restarts of either side. A bot that answers a message takes that
    /// message's id.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_once(&self, key: &str, message: &Message) -> Result<Receipt, Error> {
        let is_quit = message.command.eq_ignore_ascii_case("QUIT");
        let answer = self.post("/messages", Some(key), message.to_request(), is_quit).await?;
        let receipt = answer.map_or(Ok(Receipt::Quit), |json| Receipt::parse(&json))?;
        if let Receipt::Nick { nick } = &receipt {
            self.goes_by(nick);
        }
        Ok(receipt)
    }

    /// Signs a message as coming from [`nick`](Self::nick), and sends it.
    ///
    /// Its `to` must be spelled as the server spells it: as in the receipt of JOIN, or in `from` of a message.
    ///
    /// # Errors
    /// [`Error::Sign`] when recipients could not check the signature; else as [`send`](Self::send).
    pub async fn send_signed(&self, mut message: Message, key: &SigningKey) -> Result<Receipt, Error> {
        message.from = self.nick();
        key.sign(&mut message)?;
        self.send(&message).await
    }

    /// Does the work that a PRIVMSG with this body to a channel under `+H` is paid for with. The channel is to be
    /// spelled as the server spells it. The stamp goes into `meta` under `hashcash`, before the message is signed.
    ///
    /// # Errors
    /// [`Error::Protocol`] when the server does not tell what day it is.
    pub async fn channel_stamp(&self, bits: u32, channel: &str, body: &Body) -> Result<String, Error> {
        let today = self.session.transport.today()?;
        let (channel, body) = (channel.to_owned(), body.clone());
        opening::work(move |cancel| stamp::mint_channel(bits, &channel, &body, &today, cancel)).await
    }

    /// This client goes; the session goes on if it has others, and ends with its last.
    ///
    /// # Errors
    /// [`Error`]
    pub async fn log_out(&self) -> Result<(), Error> {
        self.post("/logout", None, Vec::new(), true).await.map(drop)
    }

    /// Posts until there is an answer; `None` when it is that one has left already.
    async fn post(
        &self,
        path: &str,
        key: Option<&str>,
        json: Vec<u8>,
        is_leaving: bool,
    ) -> Result<Option<Vec<u8>>, Error> {
        let session = &self.session;
        if is_leaving {
            // Before it is done: a poll that waits may hear of the end before we do.
            session.is_leaving.store(true, Ordering::Relaxed);
        }
        let mut attempts = Attempts::within(session.patience);
        loop {
            let posted = session.transport.post(Some(&session.token), path, key, json.clone()).await;
            let error = match posted.and_then(Answer::ok) {
                Ok(json) => return Ok(Some(json)),
                // The first attempt was done, and its answer lost with the session.
                Err(Error::Unauthorized) if is_leaving && attempts.failed() > 0 => return Ok(None),
                Err(error) => error,
            };
            if let Err(error) = attempts.after(error).await {
                if is_leaving {
                    session.is_leaving.store(false, Ordering::Relaxed);
                }
                return Err(error);
            }
        }
    }

    /// Asks for what a `GET` gives, until it is there.
    pub(super) async fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Error> {
        self.patiently(|| self.session.transport.get(&self.session.token, path)).await
    }

    /// Puts something in its place, and gives the answer. It is tried again like anything that may be done twice.
    pub(super) async fn put<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, Error> {
        let json = serde_json::to_vec(body).expect("what is put has a JSON form");
        let session = &self.session;
        let put = || async { session.transport.put(&session.token, path, json.clone()).await?.json(path) };
        self.patiently(put).await
    }

    /// Asks until there is an answer, or patience has an end.
    pub(super) async fn patiently<T, A>(&self, ask: impl Fn() -> A) -> Result<T, Error>
    where
        A: Future<Output = Result<T, Error>>,
    {
        let mut attempts = Attempts::within(self.session.patience);
        loop {
            match ask().await {
                Ok(value) => return Ok(value),
                Err(error) => attempts.after(error).await?,
            }
        }
    }

    /// One poll, without another attempt. It waits for something to read, or else tells at once that there is nothing.
    /// The answer may have any status.
    pub(super) async fn poll(&self, cursor: u64, waits: bool) -> Result<Answer, Error> {
        let timeout = if waits { POLL_TIMEOUT.as_secs() } else { 0 };
        let path = format!("/messages?after={cursor}&timeout={timeout}");
        self.session.transport.poll(&self.session.token, &path).await
    }

    /// Whether this client is about to leave, or has left.
    pub(super) fn is_leaving(&self) -> bool {
        self.session.is_leaving.load(Ordering::Relaxed)
    }

    /// Hears that one has changed from one nick to another, unless it is known that it is another by now: what is
    /// read may be long past.
    pub(super) fn changes(&self, from: &str, to: &str) {
        if self.nick().eq_ignore_ascii_case(from) {
            self.goes_by(to);
        }
    }

    pub(super) fn goes_by(&self, nick: &str) {
        nick.clone_into(&mut self.session.nick.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("nick", &self.nick()).finish_non_exhaustive()
    }
}
