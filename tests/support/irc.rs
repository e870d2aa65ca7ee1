//! Somebody with an IRC client: a socket, lines in, lines out.

use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::wait::PATIENCE;

/// A connection to the IRC face.
#[derive(Debug)]
pub(crate) struct IrcClient {
    reader: BufReader<TcpStream>,
    /// PINGs sent, so that each has a token of its own.
    pings: u64,
}

impl IrcClient {
    /// Connects, and says nothing yet.
    #[track_caller]
    pub(crate) fn connect(address: &str) -> Self {
        let socket = TcpStream::connect(address).expect("the server accepts connections");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time limit can be set");
        socket.set_write_timeout(Some(PATIENCE)).expect("a time limit can be set");
        socket.set_nodelay(true).expect("a socket can be told so");
        Self { reader: BufReader::new(socket), pings: 0 }
    }

    /// Connects and registers; the welcome is read.
    #[track_caller]
    pub(crate) fn open(address: &str, nick: &str) -> Self {
        Self::open_with(address, nick, "")
    }

    /// The same with these capabilities.
    #[track_caller]
    pub(crate) fn open_with(address: &str, nick: &str, capabilities: &str) -> Self {
        let mut client = Self::connect(address);
        if !capabilities.is_empty() {
            client.send(&format!("CAP REQ :{capabilities}\r\nCAP END"));
        }
        client.send(&format!("NICK {nick}\r\nUSER {nick} 0 * :{nick}"));
        client.until(&["376", "422"]);
        client
    }

    /// Sends a line. That the other end may have closed already is seen when its last words are read.
    pub(crate) fn send(&mut self, line: &str) {
        self.send_bytes(format!("{line}\r\n").as_bytes());
    }

    /// Sends bytes as they are.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        drop(self.reader.get_mut().write_all(bytes));
    }

    /// The next line without its end; `None` when the connection has ended.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Option<String> {
        let mut line = Vec::new();
        match self.reader.read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) => {
                let line = String::from_utf8(line).expect("the server says nothing that is not UTF-8");
                let text = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("a line ends so: {line:?}"));
                let bare = text
                    .strip_prefix('@')
                    .and_then(|text| text.split_once(' '))
                    .map_or(text, |(_, bare)| bare);
                assert!(bare.len() <= 510, "{} bytes: {text}", bare.len());
                Some(text.to_string())
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted) =>
            {
                None
            }
            Err(error) => panic!("waited for a line: {error}"),
        }
    }

    /// Lines up to one with one of these commands; that one is the last.
    #[track_caller]
    pub(crate) fn until(&mut self, commands: &[&str]) -> Vec<String> {
        let mut lines = Vec::new();
        loop {
            let line = self.next().unwrap_or_else(|| panic!("the connection ended after {lines:#?}"));
            let found = commands.contains(&command_of_line(&line));
            lines.push(line);
            if found {
                return lines;
            }
        }
    }

    /// Everything that there is to read now: what comes before the answer to a PING. And whether the connection goes
    /// on.
    pub(crate) fn drain_or_end(&mut self) -> (Vec<String>, bool) {
        self.pings += 1;
        let token = format!("drain-{}", self.pings);
        self.send(&format!("PING {token}"));
        let mut lines = Vec::new();
        loop {
            match self.next() {
                Some(line) if line.ends_with(&token) && command_of_line(&line) == "PONG" => {
                    return (lines, true);
                }
                Some(line) => lines.push(line),
                None => return (lines, false),
            }
        }
    }

    /// The same of a connection that goes on.
    #[track_caller]
    pub(crate) fn drain(&mut self) -> Vec<String> {
        let (lines, goes_on) = self.drain_or_end();
        assert!(goes_on, "the connection ended after {lines:#?}");
        lines
    }

    /// Sends a line, and reads what comes of it.
    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str) -> Vec<String> {
        self.send(line);
        self.drain()
    }

    /// Everything up to the end of the connection.
    #[track_caller]
    pub(crate) fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// Waits no longer than this for each line from now on.
    pub(crate) fn be_patient_for(&mut self, patience: Duration) {
        self.reader.get_mut().set_read_timeout(Some(patience)).expect("a time limit can be set");
    }
}

/// The command of a line, behind its tags and its source.
pub(crate) fn command_of_line(line: &str) -> &str {
    let mut words = line.split(' ').filter(|word| !word.starts_with([':', '@']));
    words.next().unwrap_or_default()
}
