//! Other people's programs: irssi, `WeeChat` and a bot on a library of Python's connect, join, talk to somebody on HTTP,
//! and quit. `make test` installs them.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{TestClient, TestServer, command_of, until};

/// A program that goes with the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

impl Program {
    fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?} (`make test-tools`): {error}")))
    }

    fn types(&mut self, text: &str) {
        self.0.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }
}

/// Somebody on HTTP who keeps what it hears.
struct Listener {
    client: TestClient,
    heard: Vec<Value>,
}

impl Listener {
    fn new(server: &TestServer) -> Self {
        let client = server.open("alice");
        client.join("#tea");
        Self { client, heard: Vec::new() }
    }

    /// Waits until somebody does something, and gives the first line of what it said with that.
    #[track_caller]
    fn hears(&mut self, from: &str, command: &str, text: &str) {
        until(&format!("{from} {command} {text}"), || {
            self.heard.extend(self.client.poll(1));
            self.heard.iter().any(|message| {
                let said = message["body"][0].as_str().unwrap_or_default();
                message["from"] == from && command_of(message) == command && said.contains(text)
            })
        });
    }
}

fn port(server: &TestServer) -> String {
    server.irc_address().rsplit(':').next().unwrap().to_owned()
}

/// Waits until a file of a program's own log says this.
#[track_caller]
fn until_logged(path: &Path, text: &str) {
    until(&format!("{} says {text}", path.display()), || {
        fs::read_to_string(path).is_ok_and(|log| log.contains(text))
    });
}

#[test]
fn irssi() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = Listener::new(&server);
    let home = TempDir::new().unwrap();
    let config = format!(
        r##"servers = ( {{ address = "127.0.0.1"; chatnet = "neoirc"; port = "{}"; autoconnect = "yes"; use_tls = "no"; }} );
chatnets = {{ neoirc = {{ type = "IRC"; nick = "iris"; }}; }};
channels = ( {{ name = "#tea"; chatnet = "neoirc"; autojoin = "yes"; autosendcmd = "/^msg $C hello from irssi"; }} );
settings = {{ core = {{ user_name = "iris"; real_name = "Iris S"; }};
  "fe-common/core" = {{ autolog = "yes"; autolog_path = "{}/$0.log"; }}; }};
"##,
        port(&server),
        home.path().display()
    );
    fs::write(home.path().join("config"), config).unwrap();
    // It wants a terminal; `script` has one to give, and passes on what is typed.
    let line = format!("irssi --home {}", home.path().display());
    let mut irssi =
        Program::start(Command::new("script").args(["-qfc", &line, "/dev/null"]).env("TERM", "xterm"));
    alice.hears("iris", "JOIN", "");
    // What it sends on its own once it takes itself to be in: it has asked for modes and WHO, and understood.
    alice.hears("iris", "PRIVMSG", "hello from irssi");
    alice.client.say("#tea", "hello iris, grün 🦀");
    until_logged(&home.path().join("#tea.log"), "hello iris, grün 🦀");
    irssi.types("/action #tea waves\r");
    alice.hears("iris", "PRIVMSG", "\u{1}ACTION waves\u{1}");
    irssi.types("/quit good night\r");
    alice.hears("iris", "QUIT", "Quit: good night");
}

#[test]
fn weechat() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = Listener::new(&server);
    let home = TempDir::new().unwrap();
    let fifo = home.path().join("fifo");
    let commands = [
        format!("/set fifo.file.path {}", fifo.display()),
        "/set logger.file.flush_delay 0".to_owned(),
        "/fifo disable".to_owned(),
        "/fifo enable".to_owned(),
        format!("/server add neo 127.0.0.1/{}", port(&server)),
        // The older name and the newer one of the same thing.
        "/set irc.server.neo.ssl off".to_owned(),
        "/set irc.server.neo.tls off".to_owned(),
        "/set irc.server.neo.nicks wee".to_owned(),
        "/set irc.server.neo.capabilities *".to_owned(),
        "/set irc.server.neo.autojoin #tea".to_owned(),
        "/connect neo".to_owned(),
    ];
    let mut weechat = Command::new("weechat-headless");
    weechat.arg("-d").arg(home.path()).args(["-r", &commands.join(";")]);
    let _weechat = Program::start(&mut weechat);
    alice.hears("wee", "JOIN", "");
    let type_in = |text: &str| {
        until("the pipe is there", || fifo.exists());
        let mut pipe = fs::OpenOptions::new().append(true).open(&fifo).unwrap();
        pipe.write_all(format!("{text}\n").as_bytes()).unwrap();
    };
    // It is in before it has opened a window for that, and forgets what is typed until then.
    until("what was typed is said", || {
        type_in("irc.neo.#tea *hello from weechat");
        alice.heard.extend(alice.client.poll(1));
        alice.heard.iter().any(|message| message["body"][0] == "hello from weechat")
    });
    alice.client.command(&json!({ "command": "PRIVMSG", "to": "#tea", "body": ["hello wee", "and more"] }));
    until_logged(&home.path().join("logs/irc.neo.#tea.weechatlog"), "and more");
    type_in("irc.server.neo */quit good night");
    alice.hears("wee", "QUIT", "Quit: good night");
}

#[test]
fn a_bot_on_a_library() {
    let server = TestServer::spawn_irc(&[]);
    let mut alice = Listener::new(&server);
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut python = Command::new(package.join("target/venv-irc/bin/python"));
    python.arg(package.join("tests/irc/bot.py")).arg(server.irc_address());
    let _bot = Program::start(&mut python);
    alice.hears("bot", "JOIN", "");
    alice.client.say("#tea", "bot: who is here?");
    alice.hears("bot", "PRIVMSG", "alice: alice bot");
    alice.client.say("#tea", "bot: go");
    alice.hears("bot", "QUIT", "Quit: as you wish");
}
