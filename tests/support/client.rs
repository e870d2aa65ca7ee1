//! A client as the interface describes it: one cookie, one cursor, and distrust of every answer.

use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};

use super::envelope::check_envelope;
use super::http::{Answer, Http, token_in};
use super::server::TestServer;
use super::wait::PATIENCE;

/// A client of a session. A clone is a second tab of the same browser: the same cookie, a cursor of its own.
#[derive(Clone, Debug)]
pub(crate) struct TestClient {
    pub(crate) http: Http,
    pub(crate) nick: String,
    /// The session's id as the server gave it.
    pub(crate) id: Value,
    /// The `last_id` of the last answer: what the next poll sends as `after`.
    pub(crate) cursor: u64,
}

/// One answer to a poll, already checked.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) messages: Vec<Value>,
    pub(crate) last_id: u64,
    pub(crate) more: bool,
    pub(crate) dropped: Option<u64>,
}

impl TestClient {
    /// Opens a session.
    #[track_caller]
    pub(crate) fn open(nobody: &Http, nick: &str) -> Self {
        let answer = nobody.post("/api/v1/session", &json!({ "nick": nick }));
        assert_eq!(answer.status, 201, "{}", answer.text);
        let token = token_in(answer.set_cookie());
        let id = answer.json()["id"].clone();
        Self { http: nobody.with_token(Some(token)), nick: nick.to_string(), id, cursor: 0 }
    }

    /// Comes into a living session as a further device, which has yet to read its welcome.
    #[track_caller]
    pub(crate) fn log_in(nobody: &Http, nick: &str, password: &str) -> Self {
        let answer = nobody.post("/api/v1/login", &json!({ "nick": nick, "password": password }));
        assert_eq!(answer.status, 200, "{}", answer.text);
        let token = token_in(answer.set_cookie());
        let id = answer.json()["id"].clone();
        Self { http: nobody.with_token(Some(token)), nick: nick.to_string(), id, cursor: 0 }
    }

    /// Sets a password that must be taken.
    #[track_caller]
    pub(crate) fn pass(&self, password: &str) {
        let receipt = self.command(&json!({ "command": "PASS", "body": [password] }));
        assert_eq!(receipt, json!({ "status": "ok" }));
    }

    /// Posts any JSON as a message.
    #[track_caller]
    pub(crate) fn post(&self, message: &Value) -> (u16, Value) {
        let answer = self.http.post("/api/v1/messages", message);
        (answer.status, answer.json())
    }

    /// Posts a message that the transport must take, and returns the receipt.
    #[track_caller]
    pub(crate) fn command(&self, message: &Value) -> Value {
        let (status, receipt) = self.post(message);
        assert_eq!(status, 200, "{message} got {receipt}");
        receipt
    }

    /// Posts a message under a key that makes repeating it safe.
    pub(crate) fn post_once(&self, key: &str, message: &Value) -> reqwest::Result<Answer> {
        let request = self.http.request(Method::POST, "/api/v1/messages");
        Answer::of(request.header("Idempotency-Key", key).json(message))
    }

    /// Says something that must be delivered, and returns the receipt with its `id` and `seq`.
    #[track_caller]
    pub(crate) fn say(&self, target: &str, text: &str) -> Value {
        let receipt = self.command(&json!({ "command": "PRIVMSG", "to": target, "body": [text] }));
        assert_eq!(receipt["status"], "sent", "{receipt}");
        receipt
    }

    /// Joins a channel that must let us in.
    #[track_caller]
    pub(crate) fn join(&self, channel: &str) {
        let receipt = self.command(&json!({ "command": "JOIN", "to": channel }));
        assert_eq!(receipt["status"], "joined", "{receipt}");
    }

    /// Sets modes that must be granted.
    #[track_caller]
    pub(crate) fn mode(&self, channel: &str, words: &[&str]) {
        let receipt = self.command(&json!({ "command": "MODE", "to": channel, "params": words }));
        assert_ne!(receipt["status"], "error", "{receipt}");
    }

    /// Leaves for good.
    #[track_caller]
    pub(crate) fn quit(&self) {
        assert_eq!(self.command(&json!({ "command": "QUIT" }))["status"], "quit");
    }

    /// Polls once, waiting at most `timeout_s` seconds, and moves the cursor.
    #[track_caller]
    pub(crate) fn poll(&mut self, timeout_s: u64) -> Vec<Value> {
        self.page(timeout_s).messages
    }

    /// The same with everything the answer said.
    #[track_caller]
    pub(crate) fn page(&mut self, timeout_s: u64) -> Page {
        self.try_page(timeout_s).expect("the server answers")
    }

    /// The same of a server that may be gone; the cursor then stays where it was.
    #[track_caller]
    pub(crate) fn try_page(&mut self, timeout_s: u64) -> reqwest::Result<Page> {
        let path = format!("/api/v1/messages?after={}&timeout={timeout_s}", self.cursor);
        let answer = Answer::of(self.http.request(Method::GET, &path))?;
        let page = Page::check(self.cursor, &answer.ok());
        self.cursor = page.last_id;
        Ok(page)
    }

    /// Reads after another cursor than our own, which stays where it was.
    #[track_caller]
    pub(crate) fn read_after(&self, cursor: u64) -> Vec<Value> {
        let mut tab = self.clone();
        tab.cursor = cursor;
        tab.drain()
    }

    /// Reads all there is at this moment.
    #[track_caller]
    pub(crate) fn drain(&mut self) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let page = self.page(0);
            if page.messages.is_empty() {
                return all;
            }
            all.extend(page.messages);
        }
    }

    /// Polls until a message satisfies `wanted`, and returns everything read on the way.
    #[track_caller]
    pub(crate) fn poll_until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        let mut all = Vec::new();
        while !all.iter().any(&wanted) {
            assert!(Instant::now() < deadline, "{} waited in vain and read only {all:#?}", self.nick);
            all.extend(self.poll(1));
        }
        all
    }

    /// The session as the server describes it.
    #[track_caller]
    pub(crate) fn state(&self) -> Value {
        self.http.get("/api/v1/state").ok()
    }

    /// The names of the channels this session is in, sorted.
    #[track_caller]
    pub(crate) fn channels(&self) -> Vec<String> {
        let state = self.state();
        let channels = state["channels"].as_array().expect("the state lists channels");
        let mut names: Vec<String> =
            channels.iter().map(|channel| channel["name"].as_str().expect("a name").to_string()).collect();
        names.sort();
        names
    }
}

impl Page {
    /// Checks one answer against the cursor it was asked with: ascending, nothing repeated, `last_id` right.
    #[track_caller]
    pub(crate) fn check(after: u64, answer: &Value) -> Self {
        let messages = answer["messages"].as_array().expect("an answer lists messages").clone();
        let last_id = answer["last_id"].as_u64().expect("an answer names the next cursor");
        let mut newest = after;
        for message in &messages {
            check_envelope(message);
            let seq = message["seq"].as_u64().expect("checked just before");
            assert!(seq > newest, "seq {seq} comes after {newest} in an answer to after={after}");
            newest = seq;
        }
        if messages.is_empty() {
            assert!(last_id <= after, "an empty answer moved the cursor from {after} to {last_id}");
        } else {
            assert_eq!(last_id, newest, "last_id is the highest cursor in this answer");
        }
        assert!(messages.len() <= 500, "at most 500 messages an answer, not {}", messages.len());
        Self { messages, last_id, more: answer["more"] == true, dropped: answer["dropped"].as_u64() }
    }
}

/// Alice, who founded `#c`, and Bob, who came after; both have read everything.
pub(crate) fn pair(server: &TestServer) -> (TestClient, TestClient) {
    let (mut alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#c");
    bob.join("#c");
    alice.drain();
    bob.drain();
    (alice, bob)
}
