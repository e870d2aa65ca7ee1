//! Pages of other sites. A browser sends our cookie along with what any page asks of us, so a request that a foreign
//! page made is refused, unless the operator has listed its origin in `CORS_ORIGINS`.
//!
//! `actix-cors` is not used: it has no notion of our own origin, refuses as plain text with 400, and would put a
//! second layer around every request. Source: <https://fetch.spec.whatwg.org/#http-cors-protocol>

use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{ACCESS_CONTROL_REQUEST_METHOD, HOST, HeaderName, HeaderValue, ORIGIN};

use crate::proxies::{Proxies, list};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The origins whose pages may use the interface: `CORS_ORIGINS`. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Origins(Arc<[String]>);

/// Whose page made a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Page {
    /// Our own, or no page at all.
    Own,
    /// One that the operator has listed.
    Listed,
    /// Anybody else's.
    Foreign,
}

impl Origins {
    /// Reads a list of origins, such as `https://chat.example.org, http://localhost:5173`.
    ///
    /// # Errors
    /// The part of the list that is no origin.
    pub fn parse(text: &str) -> Result<Self, String> {
        // Browsers send origins in lower case, and they are compared as they are sent.
        let origin = |part: &str| {
            let bad = || format!("must be origins such as https://chat.example.org, not {part:?}");
            if is_origin(part) { Ok(part.to_ascii_lowercase()) } else { Err(bad()) }
        };
        list(text).map(origin).collect::<Result<_, _>>().map(Self)
    }

    /// Whose page made this request, by `Origin`, which scripts and forms send along, and by `Sec-Fetch-Site`, which
    /// goes with images and links too. Neither can be set by a page. Programs other than browsers send neither.
    ///
    /// A sibling (`same-site`) is foreign: it may be anybody's who has a page below the same domain, and our cookie
    /// goes along with what it asks, `SameSite` or not.
    pub(super) fn page_of(&self, request: &RequestHead, proxies: &Proxies) -> Page {
        let site = request.headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
        let from_elsewhere = matches!(site, Some(b"cross-site" | b"same-site"));
        let mut origins = request.headers.get_all(ORIGIN);
        match (origins.next(), origins.next()) {
            (Some(origin), None) if self.lists(origin.as_bytes()) => Page::Listed,
            (Some(origin), None) if !from_elsewhere => {
                let scheme_is_vouched_for = site == Some(b"same-origin");
                let own = is_own(origin.as_bytes(), request, proxies, scheme_is_vouched_for);
                if own { Page::Own } else { Page::Foreign }
            }
            (None, _) if !from_elsewhere || is_visit(request) => Page::Own,
            _ => Page::Foreign,
        }
    }

    fn lists(&self, origin: &[u8]) -> bool {
        self.0.iter().any(|listed| listed.as_bytes() == origin)
    }
}

/// A scheme and a host, with or without a port, and nothing after it. Pages inside of programs have schemes of their
/// own, such as `app://localhost`.
fn is_origin(text: &str) -> bool {
    let sound = |text: &str, others: &[u8]| {
        let may = |byte: u8| byte.is_ascii_alphanumeric() || others.contains(&byte);
        !text.is_empty() && text.bytes().all(may)
    };
    text.split_once("://").is_some_and(|(scheme, host)| sound(scheme, b"+-.") && sound(host, b".-:[]"))
}

/// Whether a browser asks what a page of a listed origin may do here, before the page does it.
pub(super) fn is_preflight(request: &RequestHead) -> bool {
    request.method == Method::OPTIONS && request.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// Whether somebody follows a link to one of our pages. Nothing below `/api` is a page.
fn is_visit(request: &RequestHead) -> bool {
    let navigates = request.headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode == "navigate");
    navigates && request.method == Method::GET && !request.uri.path().starts_with("/api")
}

/// Whether an origin is the one that the request was sent to. TLS may end at a proxy that we know nothing of; then
/// the browser alone knows that the schemes are the same.
fn is_own(origin: &[u8], request: &RequestHead, proxies: &Proxies, scheme_is_vouched_for: bool) -> bool {
    let (Some((scheme, authority)), Some(host)) = (split(origin), request.headers.get(HOST)) else {
        return false;
    };
    let (own_scheme, _) = if proxies.came_by_tls(request) { HTTPS } else { HTTP };
    let (_, port) = if scheme == HTTPS.0 { HTTPS } else { HTTP };
    let (authority, host) = (without(port, authority), without(port, host.as_bytes()));
    (scheme == own_scheme || scheme_is_vouched_for) && authority.eq_ignore_ascii_case(host)
}

fn without<'a>(port: &[u8], host: &'a [u8]) -> &'a [u8] {
    host.strip_suffix(port).unwrap_or(host)
}

/// The schemes that pages have, each with its usual port, which need not be written.
const HTTP: (&[u8], &[u8]) = (b"http", b":80");
const HTTPS: (&[u8], &[u8]) = (b"https", b":443");

/// Scheme and host of an origin; `None` when it is `null`, or not one that a page can have.
fn split(origin: &[u8]) -> Option<(&[u8], &[u8])> {
    [HTTP.0, HTTPS.0].into_iter().find_map(|scheme| {
        Some((scheme, origin.strip_prefix(scheme)?.strip_prefix(b"://")?))
            .filter(|(_, host)| !host.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn page(headers: &[(&str, &str)]) -> Page {
        page_at("/api/v1/messages", "10.0.0.1", headers)
    }

    fn page_at(path: &str, peer: &str, headers: &[(&str, &str)]) -> Page {
        let origins = Origins::parse("https://Web.Example.org http://localhost:5173").unwrap();
        let request = headers
            .iter()
            .fold(TestRequest::with_uri(path), |request, header| request.append_header((header.0, header.1)));
        let request = request.append_header(("Host", "chat.example.org"));
        let request = request.peer_addr(format!("{peer}:1").parse().unwrap()).to_http_request();
        origins.page_of(request.head(), &Proxies::parse("127.0.0.1").unwrap())
    }

    #[test]
    fn our_own_pages_and_programs_are_let_in() {
        for headers in [
            &[][..],
            &[("Sec-Fetch-Site", "none")],
            &[("Sec-Fetch-Site", "same-origin")],
            &[("Origin", "http://chat.example.org")],
            &[("Origin", "http://chat.example.org:80"), ("Sec-Fetch-Site", "same-origin")],
            // Behind a proxy that speaks TLS but is not trusted.
            &[("Origin", "https://chat.example.org"), ("Sec-Fetch-Site", "same-origin")],
        ] {
            assert_eq!(page(headers), Page::Own, "{headers:?}");
        }
    }

    #[test]
    fn foreign_pages_are_told_apart() {
        for headers in [
            &[("Origin", "null")][..],
            &[("Origin", "")],
            &[("Origin", "chat.example.org")],
            &[("Origin", "https://chat.example.org")],
            &[("Origin", "http://chat.example.org:8080")],
            &[("Origin", "http://chat.example.org.evil.example")],
            &[("Origin", "http://evil.example"), ("Sec-Fetch-Site", "same-origin")],
            &[("Origin", "http://chat.example.org"), ("Sec-Fetch-Site", "cross-site")],
            &[("Origin", "http://chat.example.org"), ("Origin", "http://chat.example.org")],
            &[("Origin", "http://chat.example.org, http://evil.example")],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")],
            &[("Origin", "https://web.example.org.evil.example")],
            &[("Origin", "https://web.example.org:444")],
            &[("Origin", "http://web.example.org")],
        ] {
            assert_eq!(page(headers), Page::Foreign, "{headers:?}");
        }
    }

    #[test]
    fn listed_pages_are_let_in_as_such() {
        for origin in ["https://web.example.org", "http://localhost:5173"] {
            for site in ["cross-site", "same-site"] {
                let found = page(&[("Origin", origin), ("Sec-Fetch-Site", site)]);
                assert_eq!(found, Page::Listed);
            }
        }
    }

    #[test]
    fn a_trusted_proxy_knows_the_scheme() {
        let proto = ("X-Forwarded-Proto", "https");
        let at = |peer, origin| page_at("/api/v1/messages", peer, &[proto, ("Origin", origin)]);
        assert_eq!(at("127.0.0.1", "https://chat.example.org"), Page::Own);
        assert_eq!(at("127.0.0.1", "https://chat.example.org:443"), Page::Own);
        assert_eq!(at("127.0.0.1", "http://chat.example.org"), Page::Foreign);
        assert_eq!(at("10.0.0.1", "https://chat.example.org"), Page::Foreign);
    }

    #[test]
    fn a_link_leads_to_a_page_and_to_nothing_else() {
        let link = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")];
        assert_eq!(page_at("/", "10.0.0.1", &link), Page::Own);
        assert_eq!(page_at("/api/v1/server", "10.0.0.1", &link), Page::Foreign);
        assert_eq!(page_at("/", "10.0.0.1", &link[..1]), Page::Foreign);
    }

    #[test]
    fn only_origins_can_be_listed() {
        assert!(Origins::parse("").is_ok());
        for bad in [
            "*",
            "null",
            "example.org",
            "https://",
            "https://a.example/",
            "https://*.example",
            "://a",
            "a_b://c",
        ] {
            assert!(Origins::parse(bad).unwrap_err().contains(bad), "{bad}");
        }
    }
}
