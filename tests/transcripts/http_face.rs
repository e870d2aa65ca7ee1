//! The HTTP face of the player: lines become JSON messages, and JSON messages lines.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};

use super::line::Line;
use super::mint::mint;
use super::player::{Face, Receipt};
use super::support::{TestClient, TestServer, token_in};

/// How long the player waits for a line, in seconds. A receipt comes after its messages are in the queues, so a
/// healthy server has the line at once.
const NEXT_TIMEOUT_S: u64 = 2;

/// People who talk through `POST` and `GET /api/v1/messages`.
pub(crate) struct HttpFace<'a> {
    server: &'a TestServer,
    people: HashMap<String, Person>,
    /// The stamp that was minted last.
    last_stamp: String,
}

struct Person {
    client: TestClient,
    unread: VecDeque<Line>,
}

impl<'a> HttpFace<'a> {
    /// A face of this server with nobody there yet.
    pub(crate) fn new(server: &'a TestServer) -> Self {
        Self { server, people: HashMap::new(), last_stamp: String::new() }
    }

    /// The message with the stamp that its tag asks for.
    fn stamped(&mut self, mut message: Value) -> Value {
        let wanted = message["meta"]["hashcash"].as_str().unwrap_or_default().to_string();
        if let Some(order) = wanted.strip_prefix("mint/") {
            let (bits, channel) = match order.split_once('/') {
                Some((bits, channel)) => (bits, channel),
                None => (order, message["to"].as_str().unwrap_or_default()),
            };
            self.last_stamp = mint(bits.parse().expect("a number of bits"), channel, &message["body"]);
        }
        if wanted == "last" || wanted.starts_with("mint/") {
            message["meta"]["hashcash"] = json!(self.last_stamp);
        }
        message
    }

    fn person(&mut self, who: &str) -> &mut Person {
        self.people.get_mut(who).unwrap_or_else(|| panic!("{who} has not come in"))
    }
}

impl Face for HttpFace<'_> {
    const ECHOES: bool = true;
    const WHOLE_SOURCES: bool = false;

    fn open(&mut self, who: &str, username: Option<&str>) {
        let nobody = self.server.nobody();
        let mut request = json!({ "nick": who });
        if let Some(username) = username {
            request["username"] = json!(username);
        }
        let answer = nobody.post("/api/v1/session", &request);
        assert_eq!(answer.status, 201, "{who} cannot come in: {}", answer.text);
        let http = nobody.with_token(Some(token_in(answer.set_cookie())));
        let client = TestClient { http, nick: who.to_string(), id: answer.json()["id"].clone(), cursor: 0 };
        self.people.insert(who.to_string(), Person { client, unread: VecDeque::new() });
    }

    fn leave(&mut self, who: &str) {
        let person = self.people.remove(who).unwrap_or_else(|| panic!("{who} has not come in"));
        person.client.http.post("/api/v1/logout", &json!({})).ok();
    }

    fn is_out(&mut self, who: &str) -> bool {
        let person = self.people.remove(who).unwrap_or_else(|| panic!("{who} has not come in"));
        person.client.http.get("/api/v1/state").status == 401
    }

    fn send(&mut self, who: &str, line: &Line) -> Option<Receipt> {
        let message = self.stamped(line.to_message());
        let person = self.person(who);
        let answer = person.client.command(&message);
        if line.command.eq_ignore_ascii_case("PING") {
            // PING is answered in the response itself, where the wire answers with a line.
            person.unread.extend(Line::of_message(&answer));
        }
        let text = |field: &str| answer[field].as_str().map(ToString::to_string);
        Some(Receipt { status: text("status").unwrap_or_default(), numeric: text("numeric") })
    }

    fn next(&mut self, who: &str) -> Option<Line> {
        let person = self.person(who);
        if person.unread.is_empty() {
            let messages = person.client.poll(NEXT_TIMEOUT_S);
            person.unread.extend(as_lines(&messages));
        }
        person.unread.pop_front()
    }

    fn rest(&mut self, who: &str) -> Vec<Line> {
        let person = self.person(who);
        let messages = person.client.drain();
        person.unread.extend(as_lines(&messages));
        person.unread.drain(..).collect()
    }
}

fn as_lines(messages: &[Value]) -> impl Iterator<Item = Line> {
    messages.iter().flat_map(Line::of_message)
}
