//! A socket for requests that no HTTP library would let out.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use super::wait::PATIENCE;

/// What came back before the server closed or the answer was whole.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    /// The status of the first line; `None` when the connection closed without an answer.
    pub(crate) status: Option<u16>,
    pub(crate) text: String,
}

/// A request with a head that closes the connection after its answer.
pub(crate) fn request(first_line: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{first_line}\r\nHost: localhost\r\nConnection: close\r\n").into_bytes();
    for header in headers {
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    bytes
}

/// Sends bytes to the server as they are and reads until an answer is whole or the connection ends.
pub(crate) fn exchange(socket_address: &str, bytes: &[u8]) -> RawAnswer {
    let mut socket = TcpStream::connect(socket_address).expect("the server accepts connections");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
    socket.set_write_timeout(Some(Duration::from_secs(5))).expect("a time limit can be set");
    // A server that has already refused may close while we still write, which is no failure of the test.
    drop(socket.write_all(bytes));
    let answer = read_answer(&mut socket);
    drop(socket.shutdown(Shutdown::Both));
    answer
}

/// Reads until an answer is whole or the connection ends; what is answered next may not have come yet.
pub(crate) fn read_answer(socket: &mut TcpStream) -> RawAnswer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    while !is_whole(&bytes) {
        match socket.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("neither an answer nor a close within {PATIENCE:?}")
            }
            // A reset is a close.
            Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1))
        .and_then(|code| code.parse().ok());
    RawAnswer { status, text }
}

/// Whether these bytes hold a head and as much body as it promises.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    length.is_some_and(|length| bytes.len() >= head.len() + 4 + length)
}
