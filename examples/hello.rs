//! Opens a session, joins a channel, says hello, and reads once: the whole interface in five requests.
//!
//! ```sh
//! cargo run --example hello -- [NICK [CHANNEL]]
//! ```
//!
//! The server is `$NEOIRC`, else `http://127.0.0.1:8080`.

use std::error::Error;

use reqwest::blocking::Client;
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let server = std::env::var("NEOIRC").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let mut arguments = std::env::args().skip(1);
    let nick = arguments.next().unwrap_or_else(|| format!("hello{}", std::process::id()));
    let channel = arguments.next().unwrap_or_else(|| "#neoirc".to_owned());

    // The cookie that comes back is the session; the client keeps it and sends it along.
    let http = Client::builder().cookie_store(true).build()?;
    let post = |path: &str, body: &Value| -> Result<Value, Box<dyn Error>> {
        let answer = http.post(format!("{server}/api/v1/{path}")).json(body).send()?;
        // A transport error (4xx, 5xx) ends here. What IRC refuses is a 200 with "status":"error".
        let answer: Value = answer.error_for_status()?.json()?;
        println!("{answer}");
        Ok(answer)
    };

    post("session", &json!({"nick": nick}))?;
    post("messages", &json!({"command": "JOIN", "to": channel}))?;
    post("messages", &json!({"command": "PRIVMSG", "to": channel, "body": ["Hello from Rust!"]}))?;

    // after=0 is everything from the beginning: the welcome, one's own JOIN, what was said.
    let page = http.get(format!("{server}/api/v1/messages?after=0&timeout=0")).send()?;
    let page: Value = page.error_for_status()?.json()?;
    for message in page["messages"].as_array().into_iter().flatten() {
        let word = |field: &str| message[field].as_str().unwrap_or_default();
        let text = message["body"][0].as_str().unwrap_or_default();
        println!("{} {} {} {text}", word("command"), word("from"), word("to"));
    }

    post("messages", &json!({"command": "QUIT", "body": ["bye"]}))?;
    Ok(())
}
