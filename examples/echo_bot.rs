//! A bot that says back what is said to it: poll after poll, with a cursor that survives restarts of either side.
//!
//! `cargo run --example echo_bot -- [NICK [CHANNEL [ANSWERS]]]` talks to `$NEOIRC`, else `http://127.0.0.1:8080`.
//! Token and cursor are kept in `$ECHO_BOT_STATE`, else `echo_bot.json`. It quits after so many answers, if told.

use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::{env, error::Error, fs, io::Write, os::unix::fs::OpenOptionsExt, thread, time::Duration};

struct Bot {
    http: Client,
    api: String,
    nick: String,
    channel: String,
    file: String,
    state: Value, // `{"token": …, "after": …}`; null where there is no session
}

fn main() -> Result<(), Box<dyn Error>> {
    let word = |index: usize, default: &str| env::args().nth(index).unwrap_or_else(|| default.to_owned());
    let variable = |name, default: &str| env::var(name).unwrap_or_else(|_| default.to_owned());
    let api = variable("NEOIRC", "http://127.0.0.1:8080") + "/api/v1";
    let file = variable("ECHO_BOT_STATE", "echo_bot.json");
    let state = fs::read(&file).map_or(Value::Null, |kept| serde_json::from_slice(&kept).unwrap_or_default());
    let http = Client::builder().timeout(Duration::from_secs(45)).build()?; // longer than any poll
    let mut bot = Bot { http, api, nick: word(1, "echo"), channel: word(2, "#neoirc"), file, state };
    let (wanted, mut given) = (word(3, "0").parse::<u64>()?, 0);
    while wanted == 0 || given < wanted {
        match bot.turn() {
            Ok(answers) => given += answers,
            Err(error) => match error.status().map(|status| status.as_u16()) {
                Some(401) => bot.state = Value::Null, // The session has ended: begin a new one.
                Some(400..500) => return Err(error.into()), // Such as a nick that somebody else has.
                _ => {
                    eprintln!("echo_bot: {error}; trying again"); // No network, a restart, a full disk (503).
                    thread::sleep(Duration::from_secs(1));
                }
            },
        }
    }
    bot.post(&json!({"command": "QUIT"}), "quit")?;
    Ok(fs::remove_file(&bot.file)?)
}

impl Bot {
    /// One poll, and an answer to each message in it that is meant for the bot. Gives the number of answers.
    fn turn(&mut self) -> reqwest::Result<u64> {
        if self.state.is_null() {
            let open = self.http.post(format!("{}/session", self.api)).json(&json!({"nick": self.nick}));
            let opened = open.send()?.error_for_status()?;
            let token = opened.cookies().find(|cookie| cookie.name() == "neoirc_auth");
            self.keep(json!({"token": token.map(|cookie| cookie.value().to_owned()), "after": 0}));
        }
        if self.state["after"] == 0 {
            self.post(&json!({"command": "JOIN", "to": self.channel}), "join")?;
        }
        let poll = self.http.get(format!("{}/messages?after={}&timeout=30", self.api, self.state["after"]));
        let page: Value = self.with_cookie(poll).send()?.error_for_status()?.json()?;
        let mut answers = 0;
        for message in page["messages"].as_array().into_iter().flatten() {
            let Some((to, text)) = self.meant_for_me(message) else { continue };
            // A NOTICE, which nothing answers by itself: two bots never talk to each other for ever. Under the id
            // of what it answers: if it has to be sent again, it is still said once.
            let key = message["id"].as_str().unwrap_or_default();
            self.post(&json!({"command": "NOTICE", "to": to, "body": [text]}), key)?;
            println!("{to} {text}");
            answers += 1;
        }
        // Last: whatever goes wrong before this, the page is read again.
        self.keep(json!({"token": self.state["token"], "after": page["last_id"]}));
        Ok(answers)
    }

    /// Where to answer, and what: a line to the bot alone, or one in a channel that begins with its nick.
    fn meant_for_me<'a>(&self, message: &'a Value) -> Option<(&'a str, &'a str)> {
        let text = message["body"][0].as_str().filter(|_| message["command"] == "PRIVMSG")?;
        let addressed = text.strip_prefix(&self.nick).and_then(|rest| rest.strip_prefix(": "));
        let to = message["to"].as_str().filter(|to| to.starts_with('#'));
        if to.is_some() { to.zip(addressed) } else { message["from"].as_str().zip(addressed.or(Some(text))) }
    }

    fn post(&self, message: &Value, key: &str) -> reqwest::Result<()> {
        let post = self.http.post(format!("{}/messages", self.api)).header("Idempotency-Key", key);
        self.with_cookie(post.json(message)).send()?.error_for_status().map(drop)
    }

    fn with_cookie(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("Cookie", format!("neoirc_auth={}", self.state["token"].as_str().unwrap_or_default()))
    }

    /// Keeps the state where nobody else reads it, whole at every moment.
    fn keep(&mut self, state: Value) {
        self.state = state;
        let new = format!("{}.new", self.file);
        let file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new);
        let written = file.and_then(|mut file| file.write_all(self.state.to_string().as_bytes()));
        written.and_then(|()| fs::rename(&new, &self.file)).expect("the state can be kept");
    }
}
