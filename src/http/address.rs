//! The address that a request comes from: the peer's, or what a trusted proxy says about it.
//!
//! `X-Forwarded-For` and `X-Forwarded-Proto` are text that anybody can send. They count only when the peer is in
//! `TRUSTED_PROXIES`, and then only as far back as each hop that is named is trusted in turn.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::dev::RequestHead;
use actix_web::http::header::{HeaderName, HeaderValue, X_FORWARDED_FOR, X_FORWARDED_PROTO};

use crate::proxies::Proxies;

impl Proxies {
    /// Whether what an address holds at once is counted. A trusted proxy brings everybody's. So may whoever is on this
    /// machine, as long as the operator has not said which proxies there are.
    pub(super) fn may_be_counted(&self, address: IpAddr) -> bool {
        let may_be_proxy = self.is_empty() && address.is_loopback();
        !may_be_proxy && !self.trusts(address)
    }

    /// The address that a request comes from. Of the hops in `X-Forwarded-For`, the last was added by the peer, the
    /// one before it by that hop, and so on: they are read from right to left, until one is not trusted. What is
    /// no address ends the walk at the hop that passed it on.
    pub(super) fn address_of(&self, request: &RequestHead) -> IpAddr {
        let mut address = peer(request);
        if !self.trusts(address) {
            return address;
        }
        let lines: Vec<&[u8]> = request.headers.get_all(X_FORWARDED_FOR).map(HeaderValue::as_bytes).collect();
        for hop in lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b',')) {
            let Some(next) = self::hop(hop) else { break };
            address = next;
            if !self.trusts(address) {
                break;
            }
        }
        address
    }

    /// Whether the request came by TLS, as far as a trusted proxy says so.
    pub(super) fn came_by_tls(&self, request: &RequestHead) -> bool {
        let is_https = |said: &[u8]| said.trim_ascii().eq_ignore_ascii_case(b"https");
        self.trusts(peer(request)) && last_word(request, &X_FORWARDED_PROTO).is_some_and(is_https)
    }
}

fn peer(request: &RequestHead) -> IpAddr {
    address_of_peer(request.peer_addr)
}

/// The other end of the connection. One that has no address is nobody's.
pub(super) fn address_of_peer(peer: Option<SocketAddr>) -> IpAddr {
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical())
}

/// What the peer itself has added to a list in a header: the last of it.
fn last_word<'a>(request: &'a RequestHead, name: &HeaderName) -> Option<&'a [u8]> {
    request
        .headers()
        .get_all(name)
        .last()
        .and_then(|line| line.as_bytes().rsplit(|byte| *byte == b',').next())
}

/// An address as proxies write it: bare, with a port, or in brackets. Bytes, since what stands elsewhere in the line
/// need not be text.
fn hop(bytes: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(bytes).ok()?.trim().trim_matches('"');
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    address.or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// Who is asking, when 10.0.0.1 passes on these lines and the network of 10.0.0.0/8 is trusted.
    fn behind(lines: &[&[u8]]) -> String {
        let proxies = Proxies::parse("10.0.0.0/8, fd00::/8").unwrap();
        let lines = lines.iter().map(|line| (X_FORWARDED_FOR, *line));
        let request = lines.fold(TestRequest::default(), TestRequest::append_header);
        let request = request.peer_addr("10.0.0.1:40000".parse().unwrap()).to_http_request();
        proxies.address_of(request.head()).to_string()
    }

    #[test]
    fn hops_are_read_from_right_to_left_until_one_is_not_trusted() {
        assert_eq!(behind(&[]), "10.0.0.1");
        assert_eq!(behind(&[b"192.0.2.7"]), "192.0.2.7");
        assert_eq!(behind(&[b"198.51.100.1, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(behind(&[b"198.51.100.1, 192.0.2.7, 10.1.1.1,fd00::2"]), "192.0.2.7");
        assert_eq!(behind(&[b"198.51.100.1", b"192.0.2.7", b"10.1.1.1"]), "192.0.2.7");
        assert_eq!(behind(&[b"10.3.3.3, 10.2.2.2"]), "10.3.3.3", "all of them are proxies");
    }

    #[test]
    fn addresses_have_many_spellings() {
        for spelling in
            ["192.0.2.7", " 192.0.2.7 ", "192.0.2.7:443", "::ffff:192.0.2.7", "[::ffff:c000:207]:9"]
        {
            assert_eq!(behind(&[spelling.as_bytes()]), "192.0.2.7", "{spelling}");
        }
        for spelling in ["2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:443", "\"[2001:db8::7]:443\""] {
            assert_eq!(behind(&[spelling.as_bytes()]), "2001:db8::7", "{spelling}");
        }
    }

    /// Whoever sends garbage to a proxy is found all the same, since the proxy adds an address to it.
    #[test]
    fn garbage_ends_the_walk_at_the_last_trusted_hop() {
        for garbage in
            ["unknown", "", "_hidden", "192.0.2", "1.2.3.4.5", "[::1", "fe80::1%eth0", "10.0.0.0/8"]
        {
            assert_eq!(behind(&[format!("192.0.2.7, {garbage}").as_bytes()]), "10.0.0.1", "{garbage:?}");
            assert_eq!(behind(&[format!("{garbage}, 10.1.1.1").as_bytes()]), "10.1.1.1", "{garbage:?}");
        }
        assert_eq!(behind(&[b"\xff\xfe, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(behind(&[b"\xff\xfe", b"192.0.2.7, 10.1.1.1"]), "192.0.2.7");
    }

    #[test]
    fn others_are_not_believed() {
        for proxies in ["", "10.0.0.0/8"] {
            let request = TestRequest::default()
                .peer_addr("192.0.2.99:1".parse().unwrap())
                .append_header((X_FORWARDED_FOR, "192.0.2.7"))
                .append_header((X_FORWARDED_PROTO, "https"))
                .to_http_request();
            let proxies = Proxies::parse(proxies).unwrap();
            assert_eq!(proxies.address_of(request.head()).to_string(), "192.0.2.99");
            assert!(!proxies.came_by_tls(request.head()));
        }
    }

    #[test]
    fn the_protocol_is_what_the_nearest_proxy_says() {
        let proxies = Proxies::parse("127.0.0.1").unwrap();
        for (lines, tls) in [
            (&["https"][..], true),
            (&["HTTPS"], true),
            (&["http"], false),
            (&["https, http"], false),
            (&["http", "https"], true),
            (&[""], false),
        ] {
            let lines_of = lines.iter().map(|line| (X_FORWARDED_PROTO, *line));
            let request = lines_of.fold(TestRequest::default(), TestRequest::append_header);
            // As a listener on IPv6 sees an IPv4 address.
            let request = request.peer_addr("[::ffff:127.0.0.1]:1".parse().unwrap()).to_http_request();
            assert_eq!(proxies.came_by_tls(request.head()), tls, "{lines:?}");
        }
    }
}
