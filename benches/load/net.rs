//! Many keep-alive connections on one thread, one request at a time on each.
//!
//! The load must cost much less than the server it measures, so this is readiness events straight from the system
//! (`mio`), one shared read buffer, and no allocation for an answer that fits it.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::http::{AnswerParser, Parsed};

/// Holds nearly every answer whole; larger ones are put together in a buffer of their own.
const SCRATCH_BYTES: usize = 256 * 1024;
/// A connection that rested longer is opened anew: servers close idle ones after a few seconds, and a command
/// sent into that moment could not safely be sent again.
const REST_MAX: Duration = Duration::from_secs(2);
/// A poll whose connection the server closed is asked again, but not for ever.
const RETRIES_MAX: u32 = 3;

/// One answer, valid until the next is asked for.
pub(crate) struct Answer<'a> {
    pub(crate) connection: usize,
    pub(crate) status: u16,
    pub(crate) head: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// Refuses anything but the expected status, quoting what the server said.
    pub(crate) fn expect_status(&self, status: u16) -> Result<()> {
        ensure!(self.status == status, "HTTP {}: {}", self.status, String::from_utf8_lossy(self.body));
        Ok(())
    }
}

struct Connection {
    /// None before the first request and after the server closed it.
    stream: Option<TcpStream>,
    request: Vec<u8>,
    request_bytes_written: usize,
    is_waiting: bool,
    retries: u32,
    /// The beginning of an answer that did not come in one piece.
    partial: Vec<u8>,
    /// Length of that answer once its head is known; no use in parsing before it is there.
    bytes_expected: usize,
    rests_since: Instant,
}

/// Where the newest answer lies.
#[derive(Default)]
struct Place {
    in_assembled: bool,
    head: Range<usize>,
    body: Range<usize>,
}

/// The connections to one server.
pub(crate) struct Net {
    address: SocketAddr,
    poll: Poll,
    events: Events,
    connections: Vec<Connection>,
    /// Connections with something to read.
    ready: VecDeque<usize>,
    parser: AnswerParser,
    scratch: Box<[u8]>,
    /// The newest answer that was put together from several pieces, and buffers to reuse for others.
    assembled: Vec<u8>,
    spare: Vec<Vec<u8>>,
    place: Place,
}

impl Net {
    /// Room for `connections` connections; each opens with its first request.
    pub(crate) fn new(address: SocketAddr, connections: usize) -> Result<Net> {
        let closed = || Connection {
            stream: None,
            request: Vec::new(),
            request_bytes_written: 0,
            is_waiting: false,
            retries: 0,
            partial: Vec::new(),
            bytes_expected: 0,
            rests_since: Instant::now(),
        };
        Ok(Net {
            address,
            poll: Poll::new().context("cannot wait for sockets")?,
            events: Events::with_capacity(1024),
            connections: (0..connections).map(|_| closed()).collect(),
            ready: VecDeque::new(),
            parser: AnswerParser::new(),
            scratch: vec![0; SCRATCH_BYTES].into_boxed_slice(),
            assembled: Vec::new(),
            spare: Vec::new(),
            place: Place::default(),
        })
    }

    /// How many connections there are.
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Sends the request that `write` writes.
    ///
    /// # Errors
    /// The server refuses connections.
    pub(crate) fn send(&mut self, connection: usize, write: impl FnOnce(&mut Vec<u8>)) -> Result<()> {
        let one = &mut self.connections[connection];
        ensure!(!one.is_waiting, "connection {connection} still waits for an answer");
        one.request.clear();
        write(&mut one.request);
        one.request_bytes_written = 0;
        one.is_waiting = true;
        one.retries = 0;
        if one.stream.is_none() || one.rests_since.elapsed() > REST_MAX {
            self.connect(connection)?;
        }
        self.flush(connection)
    }

    /// Waits for an answer on any connection; nothing when `deadline` comes first.
    ///
    /// # Errors
    /// A connection broke, or what came is not HTTP.
    pub(crate) fn next(&mut self, deadline: Instant) -> Result<Option<Answer<'_>>> {
        let Some((connection, status)) = self.advance(deadline)? else { return Ok(None) };
        let buffer: &[u8] = if self.place.in_assembled { &self.assembled } else { &self.scratch };
        let (head, body) = (&buffer[self.place.head.clone()], &buffer[self.place.body.clone()]);
        Ok(Some(Answer { connection, status, head, body }))
    }

    fn advance(&mut self, deadline: Instant) -> Result<Option<(usize, u16)>> {
        loop {
            while let Some(connection) = self.ready.pop_front() {
                if let Some(status) = self.read(connection)? {
                    return Ok(Some((connection, status)));
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            match self.poll.poll(&mut self.events, Some(left)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other.context("cannot wait for sockets")?,
            }
            self.ready.extend(self.events.iter().map(|event| event.token().0));
        }
    }

    fn connect(&mut self, connection: usize) -> Result<()> {
        // Connecting on loopback is immediate, so waiting for it is simpler than being told of it.
        let stream = std::net::TcpStream::connect(self.address).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, Token(connection), interest)?;
        let one = &mut self.connections[connection];
        one.stream = Some(stream);
        one.request_bytes_written = 0;
        one.bytes_expected = 0;
        Ok(())
    }

    fn flush(&mut self, connection: usize) -> Result<()> {
        let one = &mut self.connections[connection];
        while one.request_bytes_written < one.request.len() {
            let Some(stream) = one.stream.as_mut() else { break };
            match stream.write(&one.request[one.request_bytes_written..]) {
                Ok(written) => one.request_bytes_written += written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return self.ask_again(connection),
            }
        }
        Ok(())
    }

    /// Reads what is there; the status when that makes an answer whole.
    fn read(&mut self, connection: usize) -> Result<Option<u16>> {
        self.flush(connection)?;
        loop {
            let one = &mut self.connections[connection];
            let Some(stream) = one.stream.as_mut() else { return Ok(None) };
            let count = match stream.read(&mut self.scratch) {
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => 0,
            };
            if count == 0 {
                return self.closed(connection).map(|()| None);
            }
            ensure!(one.is_waiting, "connection {connection} got bytes nobody asked for");
            if let Some(status) = self.take(connection, count)? {
                return Ok(Some(status));
            }
        }
    }

    /// Looks whether the `count` bytes just read into `scratch` complete the connection's answer.
    fn take(&mut self, connection: usize, count: usize) -> Result<Option<u16>> {
        let one = &mut self.connections[connection];
        let in_assembled = !one.partial.is_empty();
        if in_assembled {
            one.partial.extend_from_slice(&self.scratch[..count]);
            if one.partial.len() < one.bytes_expected {
                return Ok(None);
            }
        }
        let received = if in_assembled { one.partial.as_slice() } else { &self.scratch[..count] };
        let length = received.len();
        match self.parser.parse(received)? {
            Parsed::Part { bytes_expected } => {
                one.bytes_expected = bytes_expected;
                if !in_assembled {
                    one.partial = self.spare.pop().unwrap_or_default();
                    one.partial.extend_from_slice(&self.scratch[..count]);
                }
                Ok(None)
            }
            Parsed::Whole { status, head_bytes, body_bytes } => {
                ensure!(head_bytes + body_bytes == length, "more than one answer to one request");
                one.is_waiting = false;
                one.rests_since = Instant::now();
                one.bytes_expected = 0;
                if in_assembled {
                    std::mem::swap(&mut self.assembled, &mut one.partial);
                    let mut used = std::mem::take(&mut one.partial);
                    used.clear();
                    self.spare.push(used);
                }
                self.place = Place { in_assembled, head: 0..head_bytes, body: head_bytes..length };
                Ok(Some(status))
            }
        }
    }

    /// The server closed the connection: its right while idle, a reason to ask again while a poll waits.
    fn closed(&mut self, connection: usize) -> Result<()> {
        if self.connections[connection].is_waiting {
            return self.ask_again(connection);
        }
        self.connections[connection].stream = None;
        Ok(())
    }

    /// Repeats a poll, which is harmless. A command might have been carried out, so that one is an error.
    fn ask_again(&mut self, connection: usize) -> Result<()> {
        let one = &mut self.connections[connection];
        one.retries += 1;
        if !one.request.starts_with(b"GET ") || one.retries > RETRIES_MAX {
            let line = String::from_utf8_lossy(&one.request);
            bail!("the server closed a connection instead of answering {:?}", line.lines().next());
        }
        one.partial.clear();
        self.connect(connection)?;
        self.flush(connection)
    }
}
