//! Requests that are read where they lie.
//!
//! Nearly all requests are polls and commands, and of their heads hardly more matters than the cookie. The codec makes a
//! map of all headers and a parsed address of each, which is most of what a poll costs beside the system's calls. Here a
//! head is looked at in place. Nothing is refused here, and nothing is decided: a head that has anything in it which could
//! mean something else is left to the codec and the guard.

use std::net::SocketAddr;
use std::{io, str};

use actix_http::Request;
use actix_http::body::BoxBody;
use actix_service::Service;
use actix_web::dev::ServiceResponse;
use httparse::{EMPTY_HEADER, Header, Status};

use super::address::address_of_peer;
use super::caller::KnownCaller;
use super::error::ApiError;
use super::exchange::{Desk, Way};
use super::guard;
use super::line::Line;
use super::log::Served;
use super::messages::{Asked, Said};
use super::query::Query;
use super::routes::MESSAGES;

/// Headers of a head that is read here: a browser has some fifteen.
const HEADERS_MAX: usize = 24;
/// Bytes of a head that is read here: far less than the guard lets through.
const HEAD_BYTES_MAX: usize = 4 * 1024;
/// Digits of the length of a body: more than any setting lets through.
const LENGTH_DIGITS_MAX: usize = 9;

/// What a header says that does not change what becomes of a request for messages.
const IGNORED: [&str; 15] = [
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-type",
    "dnt",
    "pragma",
    "priority",
    "referer",
    "sec-ch-ua",
    "sec-ch-ua-mobile",
    "sec-ch-ua-platform",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-gpc",
    "user-agent",
];

/// A request for messages, or with one, that is there as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Brief<'a> {
    pub(super) asks: Asks<'a>,
    /// The one `Cookie`.
    pub(super) cookie: Option<&'a str>,
    /// Head and body, in bytes.
    pub(super) length: usize,
}

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asks<'a> {
    /// `GET`, with the query.
    Poll(&'a str),
    /// `POST`, with the body.
    Command(&'a [u8]),
}

impl<'a> Brief<'a> {
    /// The request that `unread` begins with, if it is one that is read here.
    pub(super) fn of(unread: &'a [u8], body_bytes_max: usize) -> Option<Self> {
        let mut headers = [EMPTY_HEADER; HEADERS_MAX];
        let mut request = httparse::Request::new(&mut headers);
        let Ok(Status::Complete(head)) = request.parse(unread) else { return None };
        let is_post = match (request.method, request.version) {
            (Some("GET"), Some(1)) => false,
            (Some("POST"), Some(1)) => true,
            _ => return None,
        };
        let query = query(request.path?)?;
        let Head { cookie, length } = Head::of(request.headers)?;
        let length = length.unwrap_or(0);
        let body = unread.get(head..head.checked_add(length)?)?;
        let is_known = head <= HEAD_BYTES_MAX && length <= body_bytes_max && (is_post || length == 0);
        let asks = if is_post { Asks::Command(body) } else { Asks::Poll(query) };
        is_known.then_some(Self { asks, cookie, length: head + length })
    }
}

/// The query of a target that is the path of messages; `None` for any other, and where anything is encoded.
fn query(target: &str) -> Option<&str> {
    let query = match target.strip_prefix(MESSAGES)? {
        "" => "",
        rest => rest.strip_prefix('?')?,
    };
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-=&".contains(&byte);
    query.bytes().all(is_plain).then_some(query)
}

/// What matters of the headers.
#[derive(Default)]
struct Head<'a> {
    cookie: Option<&'a str>,
    length: Option<usize>,
}

impl<'a> Head<'a> {
    /// `None` when there is one that might matter otherwise.
    fn of(headers: &[Header<'a>]) -> Option<Self> {
        let mut head = Self::default();
        let mut has_host = false;
        for Header { name, value } in headers {
            let is = |known: &str| name.eq_ignore_ascii_case(known);
            if is("host") {
                let is_first = !std::mem::replace(&mut has_host, true);
                (is_first && guard::is_sound_host(value)).then_some(())?;
            } else if is("cookie") {
                let cookie = str::from_utf8(value).ok().filter(|cookie| cookie.is_ascii());
                head.cookie.replace(cookie?).is_none().then_some(())?;
            } else if is("content-length") {
                head.length.replace(number(value)?).is_none().then_some(())?;
            } else if is("accept") {
                (*value == b"*/*" || *value == b"application/json").then_some(())?;
            } else if is("connection") {
                value.eq_ignore_ascii_case(b"keep-alive").then_some(())?;
            } else if is("sec-fetch-site") {
                (*value == b"same-origin").then_some(())?;
            } else {
                IGNORED.iter().any(|ignored| is(ignored)).then_some(())?;
            }
        }
        has_host.then_some(head)
    }
}

/// Digits and nothing else.
fn number(value: &[u8]) -> Option<usize> {
    let is_number = (1..=LENGTH_DIGITS_MAX).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    is_number.then(|| str::from_utf8(value).ok()?.parse().ok())?
}

/// What a request asks for that was read where it lay.
pub(super) enum Read {
    Poll(Served, Result<Asked, ApiError>),
    /// Boxed, since every connection has room for one, and few are there at a time.
    Command(Served, Box<Result<Said, ApiError>>),
}

impl<S> Desk<S>
where
    S: Service<Request, Response = ServiceResponse<BoxBody>, Error = actix_web::Error>,
{
    /// What a request asks for that can be read where it lies, and its length.
    pub(super) fn read_in_place(&self, unread: &[u8], known: &KnownCaller) -> Option<(Read, usize)> {
        if !self.serves_messages {
            return None;
        }
        let Brief { asks, cookie, length } = Brief::of(unread, self.settings.message_bytes_max)?;
        let served = Served::begin();
        let (engine, settings, limits) = (&self.engine, &self.settings, &self.limits);
        let caller = known.caller(cookie, engine);
        let read = match asks {
            Asks::Poll(query) => {
                let query = Query::of_text(query);
                Read::Poll(
                    served,
                    caller.and_then(|caller| Asked::of(caller, &query, settings, served.since)),
                )
            }
            Asks::Command(body) => {
                // A head that has a key is none of these.
                let said = caller.and_then(|caller| Said::of(caller, || Ok(None), body, engine, limits));
                Read::Command(served, Box::new(said))
            }
        };
        Some((read, length))
    }

    /// Serves such a request. Says whether a further one may come.
    pub(super) async fn exchange_in_place(
        &self,
        line: &mut Line,
        read: Read,
        peer: Option<SocketAddr>,
    ) -> io::Result<bool> {
        match read {
            Read::Poll(served, asked) => self.poll(line, served, asked, true, None).await,
            Read::Command(served, said) => {
                let way = Way { is_plain: true, by_tls: false, listed: None };
                Box::pin(self.command(line, served, *said, || address_of_peer(peer), way)).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_http::ServiceConfig;
    use actix_http::h1::{Codec, Message};
    use bytes::BytesMut;
    use proptest::prelude::*;
    use proptest::test_runner::TestRunner;
    use tokio_util::codec::Decoder;

    use super::*;
    use crate::http::body::is_coming;
    use crate::http::line::codec_config;
    use crate::http::origin::{Origins, Page};
    use crate::http::stream::Format;
    use crate::proxies::Proxies;

    /// Lines of heads, good and bad; each may stand there several times.
    const LINES: [&str; 26] = [
        "Host: a.example",
        "host: a.example:80",
        "HOST: a/b",
        "Cookie: neoirc_auth=ab",
        "cookie: c=d; neoirc_auth=ab",
        "Accept: */*",
        "Accept: text/event-stream",
        "Accept: application/json, text/event-stream",
        "accept: application/json",
        "User-Agent: \u{e9}",
        "Content-Type: application/x-www-form-urlencoded",
        "Content-Length: 5",
        "Content-Length: 05",
        "Content-Length: 0",
        "Content-Length : 5",
        "content-length: 5, 5",
        "Transfer-Encoding: chunked",
        "Connection: keep-alive",
        "Connection: Keep-Alive, close",
        "Connection: close",
        "Expect: 100-continue",
        "Origin: http://b.example",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: cross-site",
        "Upgrade: websocket",
        "Pragma:",
    ];

    /// Whether the codec reads a request in the same way, if it is one that is read here, and nobody would refuse it.
    fn agree(config: &ServiceConfig, text: &str) -> Result<(), TestCaseError> {
        let Some(brief) = Brief::of(text.as_bytes(), 100) else { return Ok(()) };
        let mut unread = BytesMut::from(text.as_bytes());
        let mut codec = Codec::new(config.clone());
        let Ok(Some(Message::Item(request))) = codec.decode(&mut unread) else {
            return Err(TestCaseError::fail("the codec reads no request"));
        };
        let head = request.head();
        prop_assert_eq!(head.uri.path(), MESSAGES);
        prop_assert!(codec.keep_alive() && !head.expect() && Format::of(head).is_none());
        let cookies: Vec<_> = head.headers.get_all("cookie").map(|it| it.to_str().unwrap()).collect();
        prop_assert_eq!(cookies, brief.cookie.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(Origins::default().page_of(head, &Proxies::default()), Page::Own);
        prop_assert!(guard::refusal(head, Page::Own).is_none());
        let mut read = Vec::new();
        while is_coming(&codec) {
            if let Some(Message::Chunk(Some(chunk))) = codec.decode(&mut unread).unwrap() {
                read.extend_from_slice(&chunk);
            }
        }
        match brief.asks {
            Asks::Poll(query) => {
                prop_assert_eq!((head.method.as_str(), query), ("GET", head.uri.query().unwrap_or("")));
                prop_assert_eq!(read, b"");
            }
            Asks::Command(body) => {
                prop_assert_eq!((head.method.as_str(), body), ("POST", &read[..]));
            }
        }
        prop_assert_eq!(text.len() - unread.len(), brief.length);
        Ok(())
    }

    #[test]
    fn the_codec_and_the_guard_agree() {
        let first = (
            prop::sample::select(vec!["GET", "POST", "POST", "HEAD", "post"]),
            prop::sample::select(vec!["", "", "?", "?after=1&timeout=2", "?after=%31", "?a=b#c", "/"]),
            prop::sample::select(vec!["1.1", "1.1", "1.1", "1.0"]),
        );
        let lines = prop::collection::vec(prop::sample::select(LINES.to_vec()), 0..6);
        let heads = (first, any::<bool>(), lines, prop::sample::select(vec!["\r\n", "\r\n", "\n"]));
        // What the codec is made of keeps the date by a task.
        actix_web::rt::System::new().block_on(async {
            let config = codec_config();
            let mut runner = TestRunner::new(ProptestConfig {
                failure_persistence: None,
                ..ProptestConfig::with_cases(4_000)
            });
            let outcome = runner.run(&heads, |((method, target, version), has_host, lines, end)| {
                let mut head = vec![format!("{method} /api/v1/messages{target} HTTP/{version}")];
                head.extend(has_host.then(|| "Host: x".to_owned()));
                head.extend(lines.into_iter().map(str::to_owned));
                agree(&config, &format!("{}{end}{end}helloGET / HTTP/1.1", head.join(end)))
            });
            outcome.unwrap();
        });
    }

    const COOKIE: &str = "Host: a.example:8080\r\nCookie: neoirc_auth=ab";

    fn poll(rest: &str) -> String {
        format!("GET /api/v1/messages{rest}\r\n\r\n")
    }

    #[test]
    fn polls_are_read_where_they_lie() {
        for (target, query) in [("", ""), ("?", ""), ("?after=7&timeout=15", "after=7&timeout=15")] {
            let text = poll(&format!("{target} HTTP/1.1\r\n{COOKIE}\r\nAccept: */*\r\nUser-Agent: curl/8"));
            let more = format!("{text}GET / HTTP/1.1\r\n");
            let brief = Brief::of(more.as_bytes(), 100).unwrap();
            let cookie = Some("neoirc_auth=ab");
            assert_eq!(brief, Brief { asks: Asks::Poll(query), cookie, length: text.len() });
        }
    }

    #[test]
    fn commands_are_read_where_they_lie_once_they_are_there() {
        let text = format!("POST /api/v1/messages HTTP/1.1\r\n{COOKIE}\r\ncontent-length: 5\r\n\r\nhello");
        let brief = Brief::of(text.as_bytes(), 5).unwrap();
        assert_eq!((brief.asks, brief.length), (Asks::Command(b"hello"), text.len()));
        assert_eq!(Brief::of(text.as_bytes(), 4), None, "too long a body");
        for end in 0..text.len() {
            assert_eq!(Brief::of(&text.as_bytes()[..end], 5), None, "{end}");
        }
    }

    /// Each of these means something, is refused, or is not certain to mean nothing.
    #[test]
    fn everything_else_is_left_to_the_codec() {
        for other in [
            "Origin: http://a.example",
            "Sec-Fetch-Site: cross-site",
            "Accept: text/event-stream",
            "Accept: application/x-ndjson",
            "Accept: */*, text/event-stream",
            "Connection: close",
            "Connection: keep-alive, Upgrade",
            "Upgrade: websocket",
            "Expect: 100-continue",
            "Transfer-Encoding: chunked",
            "Content-Encoding: gzip",
            "Content-Length: 1",
            "Idempotency-Key: a",
            "Last-Event-ID: 7",
            "X-Forwarded-For: 192.0.2.1",
            "X-Forwarded-Proto: https",
            "Host: b.example",
            "Cookie: c=d",
            "Cookie: c=\u{e9}",
            "X-Unheard-Of: a",
        ] {
            let text = poll(&format!(" HTTP/1.1\r\n{COOKIE}\r\n{other}"));
            assert_eq!(Brief::of(format!("{text}x").as_bytes(), 100), None, "{other}");
        }
        for head in [
            format!(" HTTP/1.0\r\n{COOKIE}"),
            " HTTP/1.1\r\nCookie: neoirc_auth=ab".to_owned(),
            " HTTP/1.1\r\nHost: a/b".to_owned(),
            format!("/ HTTP/1.1\r\n{COOKIE}"),
            format!("x HTTP/1.1\r\n{COOKIE}"),
            format!("?after=%37 HTTP/1.1\r\n{COOKIE}"),
            format!("?after=7+ HTTP/1.1\r\n{COOKIE}"),
            format!(" HTTP/1.1\r\n{COOKIE}\r\nUser-Agent: {}", "a".repeat(HEAD_BYTES_MAX)),
        ] {
            assert_eq!(Brief::of(poll(&head).as_bytes(), 100), None, "{head}");
        }
        for length in ["", "+1", "-0", "1 1", "0x1", "9999999999", "18446744073709551615"] {
            let text =
                format!("POST /api/v1/messages HTTP/1.1\r\n{COOKIE}\r\nContent-Length: {length}\r\n\r\na");
            assert_eq!(Brief::of(text.as_bytes(), usize::MAX), None, "{length}");
        }
        for method in ["HEAD", "PUT", "get", "OPTIONS"] {
            let text = format!("{method} /api/v1/messages HTTP/1.1\r\n{COOKIE}\r\n\r\n");
            assert_eq!(Brief::of(text.as_bytes(), 100), None, "{method}");
        }
    }
}
