//! Requests and answers: what goes over HTTP, and what its statuses mean.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::tz::TimeZone;
use reqwest::header::{COOKIE, DATE, HeaderMap, RETRY_AFTER, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Url, redirect};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::Error;
use super::options::Token;

/// The name of the cookie that carries the token.
const COOKIE_NAME: &str = "neoirc_auth";

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an answer may let us wait, for its beginning and then for each piece: the server gives up on a slow disk
/// before this. The whole of it may take longer, over a slow line.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a poll waits at the server. The server allows no more.
pub(super) const POLL_TIMEOUT: Duration = Duration::from_secs(30);

/// Most bytes of an answer: a page of messages has 1 MiB and a little, one of history 500 messages of 4 KiB.
const ANSWER_BYTES_MAX: usize = 16 << 20;

/// The way to one server.
#[derive(Debug)]
pub(super) struct Transport {
    http: reqwest::Client,
    /// The same for polls, whose answers begin when there is something to tell.
    polls: reqwest::Client,
    /// Such as `https://irc.example.org/api/v1`.
    api: String,
    /// The day by the server's clock when it last answered, as `YYMMDD`.
    today: Mutex<Option<String>>,
    /// Whether the last request was answered by a server that had time for it.
    is_answered: AtomicBool,
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: u16,
    headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Transport {
    /// # Errors
    /// [`Error::Setup`] when `server` is no address of a server, or TLS cannot be set up for it.
    pub(super) fn new(server: &str) -> Result<Self, Error> {
        Self::waiting(server, ANSWER_TIMEOUT, POLL_TIMEOUT + ANSWER_TIMEOUT)
    }

    /// The same, waiting so long for something to come, and for something of an answer to a poll.
    fn waiting(server: &str, answer: Duration, poll: Duration) -> Result<Self, Error> {
        let url = Url::parse(server).map_err(|error| Error::Setup(format!("{server}: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") || url.query().is_some() || url.fragment().is_some() {
            return Err(Error::Setup(format!("{server}: not the http or https address of a server")));
        }
        let tls = tls(url.scheme() == "https")?;
        let http = |timeout| {
            reqwest::Client::builder()
                .user_agent(concat!("neoirc/", env!("CARGO_PKG_VERSION")))
                .tls_backend_preconfigured(tls.clone())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(timeout)
                // The interface has none, and the token must not follow one.
                .redirect(redirect::Policy::none())
                .build()
        };
        let api = format!("{}/api/v1", url.as_str().trim_end_matches('/'));
        let (today, is_answered) = (Mutex::new(None), AtomicBool::new(false));
        Ok(Self { http: http(answer)?, polls: http(poll)?, api, today, is_answered })
    }

    /// GET.
    pub(super) async fn get<T: DeserializeOwned>(&self, token: &Token, path: &str) -> Result<T, Error> {
        self.answer(self.request(Method::GET, path, Some(token))).await?.json(path)
    }

    /// GET of what the server may take its time for. The answer may have any status.
    pub(super) async fn poll(&self, token: &Token, path: &str) -> Result<Answer, Error> {
        self.answer(self.request_by(&self.polls, Method::GET, path, Some(token))).await
    }

    /// Whether the last request was answered.
    pub(super) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Relaxed)
    }

    /// POST of a JSON text, under a key when it must not be done twice. The answer may have any status.
    pub(super) async fn post(
        &self,
        token: Option<&Token>,
        path: &str,
        key: Option<&str>,
        json: Vec<u8>,
    ) -> Result<Answer, Error> {
        let mut request = self.request(Method::POST, path, token);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        self.answer(with_json(request, json)).await
    }

    /// PUT of a JSON text, which may be done twice. The answer may have any status.
    pub(super) async fn put(&self, token: &Token, path: &str, json: Vec<u8>) -> Result<Answer, Error> {
        self.answer(with_json(self.request(Method::PUT, path, Some(token)), json)).await
    }

    /// The day as the server sees it, in UTC: it is the server who judges the date of a stamp.
    ///
    /// # Errors
    /// [`Error::Protocol`] when no answer had a date.
    pub(super) fn today(&self) -> Result<String, Error> {
        let today = self.today.lock().unwrap_or_else(PoisonError::into_inner);
        today.clone().ok_or_else(|| Error::Protocol("no answer had a Date".to_owned()))
    }

    fn request(&self, method: Method, path: &str, token: Option<&Token>) -> RequestBuilder {
        self.request_by(&self.http, method, path, token)
    }

    fn request_by(
        &self,
        http: &reqwest::Client,
        method: Method,
        path: &str,
        token: Option<&Token>,
    ) -> RequestBuilder {
        let request = http.request(method, format!("{}{path}", self.api));
        match token {
            Some(token) => request.header(COOKIE, format!("{COOKIE_NAME}={}", token.reveal())),
            None => request,
        }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Answer, Error> {
        let answer = self.read_answer(request).await;
        let is_answered = answer.as_ref().is_ok_and(|answer| answer.status < 500);
        self.is_answered.store(is_answered, Ordering::Relaxed);
        answer
    }

    async fn read_answer(&self, request: RequestBuilder) -> Result<Answer, Error> {
        let mut response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if let Some(day) = headers.get(DATE).and_then(|date| day_of(date.to_str().ok()?)) {
            *self.today.lock().unwrap_or_else(PoisonError::into_inner) = Some(day);
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Error::Protocol("too long an answer".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, body })
    }
}

/// Whether this status says that the same request may succeed a little later.
fn is_busy(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..)
}

fn with_json(request: RequestBuilder, json: Vec<u8>) -> RequestBuilder {
    request.header("Content-Type", "application/json").body(json)
}

impl Answer {
    /// The body of an answer that grants the request.
    ///
    /// # Errors
    /// What the status means otherwise.
    pub(super) fn ok(self) -> Result<Vec<u8>, Error> {
        match self.status {
            200..=299 => Ok(self.body),
            401 => Err(Error::Unauthorized),
            status if is_busy(status) => self.or_busy().map(|answer| answer.body),
            status => Err(Error::Http { status, text: self.error_text() }),
        }
    }

    /// What the body of an answer that grants the request says.
    ///
    /// # Errors
    /// What the status means otherwise; [`Error::Protocol`] when it says something else.
    pub(super) fn json<T: DeserializeOwned>(self, path: &str) -> Result<T, Error> {
        serde_json::from_slice(&self.ok()?).map_err(|error| Error::Protocol(format!("{path}: {error}")))
    }

    /// The answer of a server that had time for the request, whatever it says.
    ///
    /// # Errors
    /// [`Error::Busy`]
    pub(super) fn or_busy(self) -> Result<Self, Error> {
        if is_busy(self.status) {
            return Err(Error::Busy { status: self.status, retry_after: self.retry_after() });
        }
        Ok(self)
    }

    /// Whether it is the server itself that refuses the request, for a reason that will be the same next time. What
    /// something on the way says instead may be over in a moment.
    pub(super) fn is_refusal(&self) -> bool {
        let is_error =
            || serde_json::from_slice(&self.body).is_ok_and(|json: Value| json["error"].is_string());
        self.status == 401 || (matches!(self.status, 400..=499) && !is_busy(self.status) && is_error())
    }

    /// The text of an error, or the beginning of whatever came instead.
    pub(super) fn error_text(&self) -> String {
        let json: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let text = json["error"].as_str().map(str::to_owned);
        text.unwrap_or_else(|| String::from_utf8_lossy(&self.body).chars().take(200).collect())
    }

    /// The token that the answer sets.
    pub(super) fn token(&self) -> Option<Token> {
        let cookies = self.headers.get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs = cookies.filter_map(|cookie| cookie.split(';').next()?.trim().split_once('='));
        pairs.filter(|(name, _)| *name == COOKIE_NAME).find_map(|(_, value)| value.to_owned().try_into().ok())
    }

    fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds))
    }
}

/// TLS by ring, with the certificates that this machine trusts. They are looked for only where they are needed: a
/// machine without any can still speak to itself.
fn tls(is_used: bool) -> Result<ClientConfig, Error> {
    let setup = |error: rustls::Error| Error::Setup(format!("TLS: {error}"));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(setup)?;
    let builder = if is_used {
        builder.with_platform_verifier().map_err(setup)?
    } else {
        builder.with_root_certificates(RootCertStore::empty())
    };
    Ok(builder.with_no_client_auth())
}

/// `YYMMDD` in UTC from the text of a `Date` header.
fn day_of(date: &str) -> Option<String> {
    static PARSER: DateTimeParser = DateTimeParser::new();
    let time = PARSER.parse_timestamp(date).ok()?;
    Some(time.to_zoned(TimeZone::UTC).strftime("%y%m%d").to_string())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;

    use super::*;

    #[test]
    fn the_address_of_a_server_may_have_a_path() {
        for (server, api) in [
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v1"),
            ("http://[::1]:8080/", "http://[::1]:8080/api/v1"),
            ("http://example.org/chat/", "http://example.org/chat/api/v1"),
        ] {
            assert_eq!(Transport::new(server).unwrap().api, api);
        }
        for bad in ["", "example.org", "irc://example.org", "ftp://example.org", "http://example.org/?x=1"] {
            assert!(matches!(Transport::new(bad), Err(Error::Setup(_))), "{bad}");
        }
    }

    #[test]
    fn the_day_is_that_of_the_server() {
        assert_eq!(day_of("Tue, 24 Nov 2026 23:59:59 GMT").as_deref(), Some("261124"));
        assert_eq!(day_of("yesterday"), None);
    }

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Answer { status, headers: map, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn statuses_have_their_meaning() {
        assert_eq!(answer(200, &[], "{}").ok().unwrap(), b"{}");
        assert!(matches!(answer(401, &[], "").ok(), Err(Error::Unauthorized)));
        let busy = answer(503, &[("retry-after", "3")], "").ok().unwrap_err();
        assert_eq!(busy.retry_after(), Some(Duration::from_secs(3)));
        for status in [408, 425, 429, 500, 502, 504] {
            assert!(answer(status, &[], "").ok().unwrap_err().is_passing(), "{status}");
        }
        for status in [301, 400, 403, 404, 409, 413] {
            assert!(!answer(status, &[], "").ok().unwrap_err().is_passing(), "{status}");
        }
        let taken = answer(409, &[], r#"{"error":"nick already taken"}"#).ok().unwrap_err();
        assert_eq!(taken.to_string(), "refused with HTTP 409: nick already taken");
        let page = answer(404, &[], &"é".repeat(9999)).ok().unwrap_err();
        assert!(page.to_string().len() < 500, "a whole page is no text of an error");
    }

    #[test]
    fn the_server_is_told_from_what_stands_before_it() {
        let error = r#"{"error":"unknown channel"}"#;
        for (status, body) in [(401, ""), (400, error), (403, error), (404, error)] {
            assert!(answer(status, &[], body).is_refusal(), "{status} {body}");
        }
        for (status, body) in [
            (404, "<html>"),
            (403, r#"{"message":"no"}"#),
            (302, ""),
            (421, ""),
            (408, error),
            (429, error),
            (503, error),
            (200, "{}"),
        ] {
            assert!(!answer(status, &[], body).is_refusal(), "{status} {body}");
        }
    }

    /// A server that answers each request so, a piece each 20 ms.
    async fn in_pieces(pieces: &'static [&str], then: Duration) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            for piece in pieces {
                tokio::time::sleep(Duration::from_millis(20)).await;
                socket.write_all(piece.as_bytes()).await.unwrap();
            }
            tokio::time::sleep(then).await;
        });
        format!("http://{address}")
    }

    /// The whole takes longer than a piece may.
    #[tokio::test]
    async fn an_answer_may_take_its_time_as_long_as_it_goes_on() {
        static LONG: [&str; 41] = {
            let mut pieces = ["x"; 41];
            pieces[0] = "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n";
            pieces
        };
        let token = Token::try_from("a".repeat(64)).unwrap();
        let limit = Duration::from_millis(400);
        let slow = Transport::waiting(&in_pieces(&LONG, Duration::ZERO).await, limit, limit).unwrap();
        assert_eq!(slow.poll(&token, "/").await.unwrap().body, [b'x'; 40]);
        for pieces in [&[][..], &LONG[..3]] {
            let stuck = in_pieces(pieces, Duration::from_mins(1)).await;
            let stuck = Transport::waiting(&stuck, limit, limit).unwrap();
            assert!(matches!(stuck.poll(&token, "/").await, Err(Error::Transport(_))));
        }
    }

    #[test]
    fn the_token_is_found_among_cookies() {
        let token = "0123456789abcdef".repeat(4);
        let set = format!("neoirc_auth={token}; Path=/; HttpOnly; SameSite=Strict");
        let good = answer(201, &[("set-cookie", "other=1; Path=/"), ("set-cookie", &set)], "");
        assert_eq!(good.token().unwrap().reveal(), token);
        for bad in ["neoirc_auth=; Max-Age=0", "neoirc_auth=short", "xneoirc_auth=1"] {
            assert!(answer(201, &[("set-cookie", bad)], "").token().is_none(), "{bad}");
        }
    }
}
