//! The PROXY header, in which a proxy says whose connection it passes on; version 1 is text, version 2 is not.
//! Source: <https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>

use std::io;
use std::net::IpAddr;

use ppp::{HeaderResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// What version 2 begins with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The shortest header of all, in bytes: `PROXY UNKNOWN`. No more may be read at once, for what follows is not ours.
const SHORTEST: usize = 15;
/// The longest of version 1, in bytes.
const LONGEST_V1: usize = 107;
/// The fixed part of version 2, in bytes, of which the last two say how long the rest is.
const FIXED_V2: usize = 16;
/// Longest rest of version 2 that is read, in bytes: addresses, and more than proxies are known to add to them.
const REST_V2_MAX: usize = 4 * 1_024;
/// Bits of what is said of TLS: the client came by it.
const CLIENT_SSL: u8 = 0x01;

/// What a header says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Passed {
    /// Whose connection it is; `None` when it is the proxy's own.
    pub(super) address: Option<IpAddr>,
    /// Whether it came to the proxy by TLS, which ends there.
    pub(super) by_tls: bool,
}

/// Reads a header, and no byte of what comes after it.
///
/// # Errors
/// When there is none, or it says nothing that means something.
pub(super) async fn read(socket: &mut (impl AsyncRead + Unpin)) -> io::Result<Passed> {
    let mut header = vec![0; SHORTEST];
    socket.read_exact(&mut header).await?;
    if header.starts_with(SIGNATURE) {
        header.push(socket.read_u8().await?);
        let rest = header.last_chunk().map_or(0, |length| usize::from(u16::from_be_bytes(*length)));
        if rest > REST_V2_MAX {
            return Err(bad());
        }
        header.resize(FIXED_V2 + rest, 0);
        socket.read_exact(header.get_mut(FIXED_V2..).ok_or_else(bad)?).await?;
    } else {
        if !header.starts_with(b"PROXY ") {
            return Err(bad());
        }
        while !header.ends_with(b"\r\n") {
            if header.len() == LONGEST_V1 {
                return Err(bad());
            }
            header.push(socket.read_u8().await?);
        }
    }
    passed(&header).ok_or_else(bad)
}

fn bad() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "no PROXY header")
}

fn passed(header: &[u8]) -> Option<Passed> {
    let (address, by_tls) = match HeaderResult::parse(header) {
        HeaderResult::V1(header) => match header.ok()?.addresses {
            v1::Addresses::Unknown => (None, false),
            v1::Addresses::Tcp4(addresses) => (Some(IpAddr::V4(addresses.source_address)), false),
            v1::Addresses::Tcp6(addresses) => (Some(IpAddr::V6(addresses.source_address)), false),
        },
        HeaderResult::V2(header) => {
            let header = header.ok()?;
            let address = match header.addresses {
                _ if header.command == v2::Command::Local => None,
                v2::Addresses::IPv4(addresses) => Some(IpAddr::V4(addresses.source_address)),
                v2::Addresses::IPv6(addresses) => Some(IpAddr::V6(addresses.source_address)),
                v2::Addresses::Unix(_) | v2::Addresses::Unspecified => None,
            };
            let said = header.tlvs().map_while(Result::ok).find(|said| said.kind == v2::Type::SSL as u8);
            let flags = said.and_then(|said| said.value.first().copied()).unwrap_or(0);
            (address, flags & CLIENT_SSL != 0)
        }
    };
    Some(Passed { address: address.map(|address| address.to_canonical()), by_tls })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is read of some bytes, and what is left of them.
    fn of(mut bytes: &[u8]) -> (Option<Passed>, &[u8]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let passed = runtime.block_on(read(&mut bytes)).ok();
        (passed, bytes)
    }

    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [SIGNATURE, &[command, family], &length, rest].concat()
    }

    fn from(address: &str, by_tls: bool) -> Passed {
        Passed { address: Some(address.parse().unwrap()), by_tls }
    }

    #[test]
    fn nothing_is_taken_of_what_comes_after_it() {
        let own = Passed { address: None, by_tls: false };
        for (header, says) in [
            (&b"PROXY TCP4 192.0.2.7 10.0.0.1 40000 6667\r\n"[..], from("192.0.2.7", false)),
            (b"PROXY TCP6 2001:db8::7 ::1 40000 6667\r\n", from("2001:db8::7", false)),
            (b"PROXY TCP6 ::ffff:192.0.2.7 ::1 40000 6667\r\n", from("192.0.2.7", false)),
            (b"PROXY UNKNOWN\r\n", own),
            (&v2(0x20, 0, b""), own),
            (&v2(0x21, 0x11, b"\xc0\0\x02\x07\x0a\0\0\x01\x9c\x40\x1a\x0b"), from("192.0.2.7", false)),
            (
                &v2(0x21, 0x11, b"\xc0\0\x02\x07\x0a\0\0\x01\x9c\x40\x1a\x0b\x20\0\x05\x01\0\0\0\0"),
                from("192.0.2.7", true),
            ),
        ] {
            let bytes = [header, b"NICK x\r\n"].concat();
            assert_eq!(of(&bytes), (Some(says), &b"NICK x\r\n"[..]), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused_within_bounds() {
        for bad in [
            &b""[..],
            b"NICK x\r\nUSER x 0 * :x\r\n",
            b"PROXY TCP4 192.0.2.7 10.0.0.1 40000\r\n",
            b"PROXY TCP4 nobody 10.0.0.1 40000 6667\r\n",
            b"PROXY TCP4 192.0.2.7 10.0.0.1",
            &[b'P', b'R', b'O', b'X', b'Y', b' '].repeat(100),
            &v2(0x31, 0x11, &[0; 12]),
            &v2(0x21, 0x11, &[0; 4]),
            &v2(0x21, 0x11, &[0; 5_000]),
            SIGNATURE,
        ] {
            assert_eq!(of(bad).0, None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(command: u8, family: u8, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _any = of(&v2(command, family, &rest));
            let _tlv = of(&v2(0x21, 0x11, &[&[0; 12], &rest[..]].concat()));
            let _text = of(&[b"PROXY ", &rest[..]].concat());
            let _none = of(&rest);
        }
    }
}
