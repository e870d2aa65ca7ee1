//! A server that loses things: it stands between a client and the real one, or in its place.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::PATIENCE;

/// One request, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Such as `POST /api/v1/messages`, without the query.
    pub(crate) what: String,
    /// What stands behind the question mark, if anything.
    pub(crate) query: String,
    /// The head, in lower case.
    head: String,
    pub(crate) body: String,
}

impl Seen {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let find = |line: &'_ str| line.split_once(':').is_some_and(|(found, _)| found == name);
        let line = self.head.lines().find(|line| find(line))?;
        line.split_once(':').map(|(_, value)| value.trim())
    }
}

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// The real server gets it, and its answer comes back.
    Forwarded,
    /// The real server gets it, and its answer is lost.
    AnswerLost,
    /// It is lost itself.
    Lost,
    /// It is answered here: status line, headers and body.
    Answered(String),
}

/// The listener. It ends with this value.
pub(crate) struct Faults {
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    is_over: Arc<AtomicBool>,
}

impl Faults {
    /// Stands in front of the server at this address, and asks `fate` about each request.
    pub(crate) fn before(upstream: &str, fate: impl Fn(&Seen) -> Fate + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (seen, is_over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (upstream, fate) = (upstream.to_owned(), Arc::new(fate));
        let (log, over) = (Arc::clone(&seen), Arc::clone(&is_over));
        thread::spawn(move || {
            for socket in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(socket) = socket else { continue };
                let (upstream, fate, log) = (upstream.clone(), Arc::clone(&fate), Arc::clone(&log));
                thread::spawn(move || serve(socket, &upstream, &*fate, &log));
            }
        });
        Self { address, seen, is_over }
    }

    /// Stands alone and answers everything itself.
    pub(crate) fn alone(answer: impl Fn(&Seen) -> String + Send + Sync + 'static) -> Self {
        Self::before("", move |seen| Fate::Answered(answer(seen)))
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests so far, with this beginning.
    pub(crate) fn seen(&self, what: &str) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|seen| seen.what.starts_with(what)).cloned().collect()
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener, so that its thread sees it.
        drop(TcpStream::connect(&self.address));
    }
}

/// An answer with a JSON body.
pub(crate) fn json_answer(status: &str, headers: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\
         Date: Wed, 25 Nov 2026 10:00:00 GMT\r\n{headers}\r\n{body}",
        body.len()
    )
}

/// One request a connection: what the client wants to send next comes over another.
fn serve(
    mut socket: TcpStream,
    upstream: &str,
    fate: &(dyn Fn(&Seen) -> Fate + Send + Sync),
    log: &Mutex<Vec<Seen>>,
) {
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let Some((seen, bytes)) = read_request(&mut socket) else { return };
    log.lock().unwrap().push(seen.clone());
    let answer = match fate(&seen) {
        Fate::Lost => None,
        Fate::Answered(answer) => Some(answer.into_bytes()),
        Fate::Forwarded => forward(upstream, &bytes),
        Fate::AnswerLost => {
            assert!(forward(upstream, &bytes).is_some(), "the server answers {seen:?}");
            None
        }
    };
    if let Some(answer) = answer {
        drop(socket.write_all(&answer));
    }
    drop(socket.shutdown(Shutdown::Both));
}

fn read_request(socket: &mut TcpStream) -> Option<(Seen, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = socket.read(&mut chunk).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let first = head.lines().next()?.to_owned();
        let what = first.split(['?', ' ']).take(2).collect::<Vec<_>>().join(" ");
        let query = first.split(['?', ' ']).nth(2).unwrap_or_default().to_owned();
        let seen = Seen { what, query, head: head.to_lowercase(), body: body.to_owned() };
        let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return Some((seen, bytes));
        }
    }
}

/// Sends a request on, asking for the end of the connection, and reads the whole answer; `None` when the server is
/// not there.
fn forward(upstream: &str, request: &[u8]) -> Option<Vec<u8>> {
    let mut server = TcpStream::connect(upstream.trim_start_matches("http://")).ok()?;
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let place = request.windows(2).position(|pair| pair == b"\r\n")? + 2;
    server.write_all(&request[..place]).ok()?;
    server.write_all(b"Connection: close\r\n").ok()?;
    server.write_all(&request[place..]).ok()?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).ok()?;
    (!answer.is_empty()).then_some(answer)
}
