//! What the documents promise, run as written: the marked commands of the README and of the API's description, the
//! scripts and programs under `examples/`, and the links from one document to another.

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use neoirc::client::{Client, Message, Options, Pins, Place, SigningKey, verify};
use serde_json::json;
use tempfile::TempDir;

use support::{PATIENCE, TestClient, TestServer, texts, until};

/// The line above a fenced block of shell commands that is to be run.
const MARK: &str = "<!-- test -->";

/// The addresses under which documents speak of a server on the reader's own machine.
const DOCUMENTED_URLS: [&str; 2] = ["http://localhost:8080", "http://127.0.0.1:8080"];

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn document(name: &str) -> String {
    fs::read_to_string(repository().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The marked shell blocks of a document, each with the number of its first line.
fn marked_blocks(text: &str) -> Vec<(usize, String)> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    while let Some((_, line)) = lines.next() {
        if line.trim() != MARK {
            continue;
        }
        let (number, fence) =
            lines.find(|(_, line)| !line.trim().is_empty()).expect("something follows a mark");
        assert!(
            fence.starts_with("```sh"),
            "line {number}: a mark stands above a block of `sh`, not {fence:?}"
        );
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        blocks.push((number, body.join("\n")));
    }
    blocks
}

/// A command that ends by itself after a minute, with the server's address where documents and examples look for it.
fn bounded(server: &TestServer, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "60", program]).args(arguments);
    // The terminal client is installed, and whoever runs this has a state folder of their own where it matters.
    let programs =
        Path::new(env!("CARGO_BIN_EXE_neoirc")).parent().expect("a program lies in a folder").display();
    command.env("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap_or_default()));
    command.env("NEOIRC_SERVER", server.url());
    command.env("NEOIRC", server.url()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[track_caller]
fn succeeded(what: &str, output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{what}: {}\n--- stdout\n{out}\n--- stderr\n{errors}", output.status);
    out
}

/// Runs all marked blocks of a document from top to bottom in one empty folder, as a reader would, and returns all
/// they print.
fn run_document(name: &str) -> String {
    let blocks = marked_blocks(&document(name));
    assert!(!blocks.is_empty(), "{name} has no block marked with {MARK}");
    let (server, folder) = (TestServer::spawn(), TempDir::new().expect("a folder can be made"));
    let mut printed = String::new();
    for (number, script) in blocks {
        let script = DOCUMENTED_URLS.iter().fold(script, |text, url| text.replace(url, &server.url()));
        let mut command = bounded(&server, "bash", &["-euo", "pipefail", "-c", &script]);
        command.env("XDG_STATE_HOME", folder.path()).env("EXAMPLES", repository().join("examples"));
        let output = command.current_dir(folder.path()).output().expect("bash can be started");
        printed += &succeeded(&format!("{name}:{number}"), &output);
    }
    printed
}

#[test]
fn the_commands_of_the_readme_run_as_written() {
    let printed = run_document("README.md");
    for promised in ["\"status\":\"joined\"", "\"status\":\"sent\"", "Hello, Bob!", "Are you there?"] {
        assert!(printed.contains(promised), "{promised} is missing in\n{printed}");
    }
    assert!(!printed.contains("\"error\""), "something was refused:\n{printed}");
}

/// A reader goes from top to bottom, and has only what was made before.
#[test]
fn the_readme_is_in_the_order_in_which_it_can_be_followed() {
    let text = document("README.md");
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words:?} is missing"));
    assert!(at("examples/curl/listen.sh carol") < at("\"QUIT\""), "nobody is left to listen to");
    assert!(at("cp neoirc.example.toml neoirc.toml") < at("--config neoirc.toml"), "there is no such file");
}

#[test]
fn the_commands_of_the_api_description_run_as_written() {
    let printed = run_document("docs/api.md");
    assert!(!printed.contains("\"error\":\"invalid"), "a request of the document is malformed:\n{printed}");
    assert!(
        !printed.contains("\"error\":\"unauthorized\""),
        "a cookie of the document is not good:\n{printed}"
    );
}

#[test]
fn the_commands_of_the_description_of_commands_run_as_written() {
    let printed = run_document("docs/commands.md");
    assert!(!printed.contains("\"error\""), "something was refused:\n{printed}");
}

#[test]
fn the_commands_for_the_terminal_run_as_written() {
    let printed = run_document("docs/terminal.md");
    for promised in ["logged in as alice", "<alice> Hello, Bob!", "\"from\":\"alice\"", "heard alice"] {
        assert!(printed.contains(promised), "{promised} is missing in\n{printed}");
    }
}

#[test]
fn the_commands_for_the_authors_of_bots_run_as_written() {
    let printed = run_document("docs/bots.md");
    for promised in ["\"status\":\"sent\"", "shellbot said: hello", "Hello, alice!"] {
        assert!(printed.contains(promised), "{promised} is missing in\n{printed}");
    }
    // What cannot be run from a document is what stands in the examples.
    assert!(document("docs/bots.md").contains("cargo run --example echo_bot"));
}

#[test]
fn marks_are_found() {
    let text =
        "```sh\nno\n```\n<!-- test -->\n```sh\nyes\nand more\n```\n\n<!-- test -->\n\n```sh\nalso\n```\n";
    assert_eq!(marked_blocks(text), [(5, "yes\nand more".to_string()), (12, "also".to_string())]);
}

/// Links between documents lead to files that are there.
#[test]
fn links_lead_somewhere() {
    let mut documents = vec!["README.md".to_string(), "ARCHITECTURE.md".to_string()];
    for file in fs::read_dir(repository().join("docs")).expect("there are documents") {
        let name = file.expect("a folder can be read").file_name().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            documents.push(format!("docs/{name}"));
        }
    }
    for name in documents {
        let folder = repository().join(&name).parent().expect("a file lies in a folder").to_path_buf();
        for link in document(&name).split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            if !link.is_empty() && !link.contains("://") {
                assert!(folder.join(link).exists(), "{name}: {link} leads nowhere");
            }
        }
    }
}

/// A program that runs until it is killed, read line by line.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::inherit()).spawn().expect("the program can be started");
        let output = child.stdout.take().expect("its output is a pipe");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                drop(sender.send(line));
            }
        });
        Self { child, lines }
    }

    /// Reads until a line contains this, and returns what was read before it.
    #[track_caller]
    fn wait_for(&self, text: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) if line.contains(text) => return before,
                Ok(line) => before.push(line),
                Err(error) => panic!("{text:?} was never printed ({error}), only {before:#?}"),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // `timeout` hands a TERM on to what it runs, and KILL would leave that behind.
        drop(Command::new("sh").arg("-c").arg(format!("kill {}", self.child.id())).status());
        drop(self.child.wait());
    }
}

#[track_caller]
fn wait_for_member(witness: &TestClient, nick: &str) {
    until("it joins the channel", || {
        witness.http.get("/api/v1/channels/tea/members").text.contains(&format!("\"{nick}\""))
    });
}

#[test]
fn hello_in_shell_says_hello() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#tea");
    let script = repository().join("examples/curl/hello.sh").display().to_string();
    let output = bounded(&server, "sh", &[&script, "newcomer", "#tea"]).output().expect("sh can be started");
    let printed = succeeded("hello.sh", &output);
    assert!(printed.contains("Hello from curl!") && printed.contains("001"), "{printed}");
    assert_eq!(texts(&alice.drain()), ["Hello from curl!"]);
}

/// "Too many requests" is no reason to give up.
#[test]
fn the_listener_in_shell_waits_when_it_asks_too_often() {
    let server = TestServer::spawn_with(&[("SESSION_RATE_LIMIT", "0.5"), ("SESSION_RATE_BURST", "1")]);
    let alice = server.open("alice");
    alice.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let script = repository().join("examples/curl/listen.sh").display().to_string();
    let mut command = bounded(&server, "sh", &[&script, "carol", "#tea"]);
    command.env("NEOIRC_STATE", folder.path());
    let listener = Running::start(command);
    wait_for_member(&alice, "carol");
    alice.say("#tea", "hello");
    listener.wait_for("<alice> hello");
}

/// The listener misses nothing and repeats nothing, whichever side is stopped in between.
#[test]
fn the_listener_in_shell_goes_on_where_it_was() {
    let mut server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let script = repository().join("examples/curl/listen.sh").display().to_string();
    let listen = |server: &TestServer| {
        let mut command = bounded(server, "sh", &[&script, "carol", "#tea"]);
        command.env("NEOIRC_STATE", folder.path());
        Running::start(command)
    };
    let listener = listen(&server);
    wait_for_member(&alice, "carol");
    alice.say("#tea", "first");
    listener.wait_for("first");
    // The line is printed before the cursor is kept; only a cursor that was kept is one to go on from.
    let cursor = || fs::read_to_string(folder.path().join("cursor")).unwrap_or_default();
    until("the cursor is kept", || {
        cursor().trim().parse::<u64>().is_ok_and(|seq| {
            let history = alice.http.get("/api/v1/history?target=%23tea").ok();
            history[0]["seq"].as_u64() == Some(seq)
        })
    });
    drop(listener);
    alice.say("#tea", "while nobody listened");
    server.restart();
    alice.say("#tea", "after a restart");
    let listener = listen(&server);
    let before = listener.wait_for("while nobody listened");
    assert!(!before.iter().any(|line| line.contains("first")), "heard twice: {before:?}");
    listener.wait_for("after a restart");
}

/// An example, built with the profile and into the folder that this test was built with, so that what `cargo test`
/// has built is not built twice.
fn example(server: &TestServer, name: &str, arguments: &[&str]) -> Command {
    let this = std::env::current_exe().expect("a test knows where it is");
    // <target folder>/<profile>/deps/<this test>
    let profile = this.ancestors().nth(2).expect("tests lie two folders deep in a profile");
    let target = profile.parent().expect("a profile lies in the target folder");
    let mut build = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_string()));
    build.args(["build", "--quiet", "--example", name, "--target-dir"]).arg(target);
    if profile.ends_with("release") {
        build.arg("--release");
    }
    // What cargo told this test about its package is not for the build: ring would take it for a change, and be
    // built again with all that uses it.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|of_test| name.to_string_lossy().starts_with(of_test))
        {
            build.env_remove(name);
        }
    }
    let built = build.current_dir(repository()).output().expect("cargo can be started");
    succeeded(&format!("the build of {name}"), &built);
    bounded(server, &profile.join("examples").join(name).display().to_string(), arguments)
}

#[test]
fn hello_in_rust_says_hello() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#tea");
    let output = example(&server, "hello", &["newcomer", "#tea"]).output().expect("cargo can be started");
    let printed = succeeded("hello.rs", &output);
    assert!(printed.contains("Hello from Rust!"), "{printed}");
    assert_eq!(texts(&alice.drain()), ["Hello from Rust!"]);
}

#[test]
fn the_bot_in_rust_answers_each_message_once() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let mut command = example(&server, "echo_bot", &["echo", "#tea", "3"]);
    command.env("ECHO_BOT_STATE", folder.path().join("state.json"));
    let mut bot = command.spawn().expect("cargo can be started");
    wait_for_member(&alice, "echo");
    for (target, text) in
        [("#tea", "echo: one"), ("#tea", "not for a bot"), ("echo", "two"), ("#tea", "echo: three")]
    {
        alice.say(target, text);
    }
    let heard = alice.poll_until(|message| message["command"] == "QUIT" && message["from"] == "echo");
    let answers: Vec<_> = heard.iter().filter(|message| message["command"] == "NOTICE").collect();
    let said: Vec<_> = answers.iter().map(|message| json!([message["to"], message["body"][0]])).collect();
    assert_eq!(said, [json!(["#tea", "one"]), json!(["alice", "two"]), json!(["#tea", "three"])]);
    assert!(bot.wait().expect("the bot was started").success());
    let mut rest = String::new();
    bot.stdout.take().expect("its output is a pipe").read_to_string(&mut rest).expect("it can be read");
    assert_eq!(rest.lines().count(), 3, "{rest}");
}

/// What is as long as a message may be cannot be said back: the bot tells of it, and answers the next.
#[test]
fn the_bot_in_rust_outlives_an_answer_that_is_refused() {
    let server = TestServer::spawn();
    // Her nick, which the answer goes to, is longer than the bot's.
    let mut alexandria = server.open("alexandria");
    alexandria.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let mut command = example(&server, "echo_bot", &["echo", "#tea", "2"]);
    command.env("ECHO_BOT_STATE", folder.path().join("state.json"));
    let mut bot = command.spawn().expect("cargo can be started");
    wait_for_member(&alexandria, "echo");
    alexandria.command(&longest("echo"));
    alexandria.say("echo", "short");
    let heard = alexandria.poll_until(|message| message["command"] == "QUIT" && message["from"] == "echo");
    let answers: Vec<_> = heard.iter().filter(|message| message["command"] == "NOTICE").collect();
    assert!(answers.len() == 1 && answers[0]["body"] == json!(["short"]), "{answers:?}");
    assert!(bot.wait().expect("the bot was started").success());
}

/// A PRIVMSG of one line, as long as the server takes it.
fn longest(target: &str) -> serde_json::Value {
    let of = |text: &str| json!({ "command": "PRIVMSG", "to": target, "body": [text] });
    of(&"x".repeat(4096 - of("").to_string().len()))
}

#[test]
fn the_signer_in_rust_signs_and_tells_good_signatures_from_bad() {
    let server = TestServer::spawn();
    let mut witness = server.open("witness");
    witness.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let (own_file, pins_file) = (folder.path().join("key"), folder.path().join("pins"));
    let key = SigningKey::generate();
    Pins::open(&pins_file).expect("none yet").check("alice", &key.public()).expect("a pin can be kept");
    let mut command = example(&server, "signed", &["signer", "#TEA", "It is me"]);
    command.env("SIGNED_KEY", &own_file).env("SIGNED_PINS", &pins_file);
    let signer = Running::start(command);

    let said = witness.poll_until(|message| message["command"] == "PRIVMSG");
    let said = said.last().expect("it was waited for").clone();
    let said: Message = serde_json::from_value(said).expect("a message");
    let public = SigningKey::load(&own_file).expect("the key is kept").public();
    assert_eq!((said.to.as_str(), verify(&said, &public)), ("#tea", Ok(())));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let alice = Client::connect(Options::new(server.url(), "alice")).await.expect("a session");
        let say = |text: &str| Message::new("PRIVMSG").to("#tea").body(text);
        alice.join("#tea").await.expect("an answer").granted().expect("let in");
        alice.send_signed(say("signed"), &key).await.expect("an answer");
        alice.send_signed(say("forged"), &SigningKey::generate()).await.expect("an answer");
        alice.send(&say("plain")).await.expect("an answer");
        let of_lines = "first\n[verified] alice: \u{1b}[2Jforged";
        alice.send(&say(of_lines)).await.expect("an answer");
        alice.announce_key(Some("#tea"), SigningKey::generate().public()).await.expect("an answer");
    });
    signer.wait_for("[verified] alice: signed");
    signer.wait_for("[BAD SIGNATURE] alice: forged");
    signer.wait_for("[unsigned] alice: plain");
    signer.wait_for("[unsigned] alice: first");
    signer.wait_for("[unsigned] alice: [verified] alice: \u{fffd}[2Jforged");
    signer.wait_for("THE KEY OF alice HAS CHANGED");
}

#[test]
fn the_smallest_loop_in_shell_goes_on_where_it_was() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let script = repository().join("examples/curl/loop.sh").display().to_string();
    let listen = || {
        let mut command = bounded(&server, "sh", &[&script, "carol", "#tea"]);
        command.env("NEOIRC_STATE", folder.path());
        Running::start(command)
    };
    let listener = listen();
    wait_for_member(&alice, "carol");
    alice.say("#tea", "first");
    listener.wait_for("<alice> first");
    until("the cursor is kept", || {
        let cursor = fs::read_to_string(folder.path().join("cursor")).unwrap_or_default();
        let history = alice.http.get("/api/v1/history?target=%23tea").ok();
        cursor.trim().parse::<u64>().ok() == history[0]["seq"].as_u64()
    });
    drop(listener);
    alice.say("#tea", "while nobody listened");
    let before = listen().wait_for("<alice> while nobody listened");
    assert!(before.is_empty(), "heard twice: {before:?}");
}

/// What a program says may be an object, and what anybody says may have in it what a terminal acts on.
#[test]
fn the_loops_in_shell_print_objects_and_no_control_characters() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#tea");
    for (name, nick) in [("listen.sh", "carol"), ("loop.sh", "dave")] {
        let folder = TempDir::new().expect("a folder can be made");
        let script = repository().join("examples/curl").join(name).display().to_string();
        let mut command = bounded(&server, "sh", &[&script, nick, "#tea"]);
        command.env("NEOIRC_STATE", folder.path());
        let listener = Running::start(command);
        wait_for_member(&alice, nick);
        let body = json!({ "build": { "id": 17 } });
        alice.command(&json!({ "command": "PRIVMSG", "to": "#tea", "body": body }));
        alice.say("#tea", "\u{1b}[2J\u{9b}2J\u{7f}green");
        alice.say("#tea", "last");
        let printed = listener.wait_for("last");
        let is_printed = |end: &str| printed.iter().any(|line| line.ends_with(end));
        assert!(is_printed(r#"<alice> {"build":{"id":17}}"#), "{name}: {printed:?}");
        assert!(is_printed("<alice> ?[2J?2J?green"), "{name}: {printed:?}");
    }
}

#[test]
fn a_failure_is_told_and_a_success_is_not() {
    let server = TestServer::spawn();
    let mut alice = server.open("alice");
    alice.join("#ops");
    let script = repository().join("examples/curl/on-failure.sh").display().to_string();
    let run = |words: &[&str]| {
        let words = [&[script.as_str(), "#ops"], words].concat();
        bounded(&server, "sh", &words).output().expect("sh can be started").status.code()
    };
    assert_eq!(run(&["true"]), Some(0));
    assert_eq!(run(&["sh", "-c", "echo 'a \"quoted\" reason'; echo another >&2; exit 3"]), Some(3));
    let heard = alice.drain();
    let told: Vec<_> = heard.iter().filter(|message| message["command"] == "NOTICE").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0]["body"][0].as_str().is_some_and(|line| line.ends_with("failed with 3")), "{told:?}");
    assert_eq!(
        (&told[0]["body"][1], &told[0]["body"][2]),
        (&json!("a \"quoted\" reason"), &json!("another"))
    );
    // As long as it is in bytes, and with the ends of lines of another system.
    let much = "for i in 1 2 3 4 5 6 7 8 9 10; do printf '%0200d\\r\\n' 0 | sed 's/0/漢/g'; done; exit 4";
    assert_eq!(run(&["sh", "-c", much]), Some(4));
    let heard = alice.drain();
    let told: Vec<_> = heard.iter().filter(|message| message["command"] == "NOTICE").collect();
    assert_eq!(told.len(), 1, "{heard:?}");
    assert_eq!(told[0]["body"].as_array().map(Vec::len), Some(11), "{told:?}");
    assert!(told[0]["body"][0].as_str().is_some_and(|line| line.ends_with("failed with 4")), "{told:?}");
}

#[test]
fn the_bot_in_python_works_answers_and_goes_on_where_it_was() {
    let mut server = TestServer::spawn_with(&[("NEOIRC_HASHCASH_BITS", "4")]);
    let address = server.socket_address();
    server.change(|launch| launch.with("HTTP_LISTEN_ADDR", &address).with("NEOIRC_HASHCASH_BITS", "4"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let alice = runtime.block_on(Client::connect(Options::new(server.url(), "alice"))).expect("a session");
    let say = |text: &str| {
        runtime.block_on(async {
            alice.join("#tea").await.expect("an answer").granted().expect("let in");
            alice.privmsg("#tea", text).await.expect("an answer").granted().expect("said");
        });
    };
    let mut messages = alice.messages();
    let mut hear = |command: &str, text: &str| {
        runtime.block_on(async {
            let wanted = async {
                while let Some(message) = messages.next().await {
                    let message = message.expect("the session goes on");
                    if message.command == command && message.is_from("pybot") && message.text() == text {
                        return;
                    }
                }
            };
            tokio::time::timeout(PATIENCE, wanted).await.expect("it is heard");
        });
    };
    say("nobody is here yet");
    let folder = TempDir::new().expect("a folder can be made");
    let script = repository().join("examples/python/bot.py").display().to_string();
    let start = |server: &TestServer| {
        let mut command = bounded(server, "python3", &[&script, "pybot", "#tea"]);
        command.env("BOT_STATE", folder.path().join("bot.json"));
        Running::start(command)
    };
    let bot = start(&server);
    hear("JOIN", "");
    say("!hello");
    hear("NOTICE", "Hello, alice!");
    drop(bot);
    say("!hello");
    server.restart();
    let _bot = start(&server);
    hear("NOTICE", "Hello, alice!");
}

/// Whatever stands between may say when to come again in either form.
#[test]
fn the_bot_in_python_waits_as_long_as_it_is_told_to() {
    let script = "
import time
from email.utils import formatdate
from bot import seconds
assert [seconds(text) for text in ('7', ' 0', None, '', 'soon', '-3', '1e9', '9' * 99)] == [7, 0, 0, 0, 0, 0, 0, 300]
assert 50 < seconds(formatdate(time.time() + 60, usegmt=True)) <= 60
assert seconds('Wed, 25 Nov 2015 10:00:00 GMT') == 0
";
    let mut command = Command::new("python3");
    command.args(["-c", script]).current_dir(repository().join("examples/python"));
    succeeded(
        "bot.py",
        &command.env("PYTHONDONTWRITEBYTECODE", "1").output().expect("python can be started"),
    );
}

#[test]
fn each_message_of_a_channel_is_posted_to_an_address() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let examples = repository().join("examples/webhook");
    let receiver = examples.join("receiver.py").display().to_string();
    let receiver = Running::start(bounded(&server, "python3", &[&receiver]));
    let address = receiver.lines.recv_timeout(PATIENCE).expect("it tells where it listens");
    let script = examples.join("forward.sh").display().to_string();
    let mut forward = bounded(&server, "sh", &[&script, "#tea", &address]);
    let _forward = Running::start({
        forward.env("XDG_STATE_HOME", folder.path());
        forward
    });
    wait_for_member(&alice, "webhook");
    alice.say("#tea", "\u{1b}[2J$(reboot) \"quoted\"");
    receiver.wait_for(r##"["#tea", "alice", ["\u001b[2J$(reboot) \"quoted\""]]"##);
}

#[test]
fn the_logger_in_rust_leaves_nothing_out() {
    let server = TestServer::spawn();
    let alice = server.open("alice");
    alice.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let file = folder.path().join("log");
    let start =
        || Running::start(example(&server, "logger", &["logger", "#tea", &file.display().to_string()]));
    let logged = |text: &str| until(text, || fs::read_to_string(&file).is_ok_and(|log| log.contains(text)));
    let logger = start();
    wait_for_member(&alice, "logger");
    alice.say("#tea", "first");
    logged("first");
    drop(logger);
    alice.say("#tea", "while it did not run");
    let _logger = start();
    logged("while it did not run");
    let log = fs::read_to_string(&file).expect("there is a log");
    assert!(log.lines().all(|line| serde_json::from_str::<Message>(line).is_ok()), "{log}");
}

/// What it says later than the server keeps it is missing, and the log says so.
#[test]
fn the_logger_in_rust_tells_what_is_left_out() {
    let server = TestServer::spawn_with(&[("QUEUE_MAX_ENTRIES", "20")]);
    let alice = server.open("alice");
    alice.join("#tea");
    let folder = TempDir::new().expect("a folder can be made");
    let file = folder.path().join("log");
    let start =
        || Running::start(example(&server, "logger", &["logger", "#tea", &file.display().to_string()]));
    let logged = |text: &str| until(text, || fs::read_to_string(&file).is_ok_and(|log| log.contains(text)));
    let logger = start();
    wait_for_member(&alice, "logger");
    alice.say("#tea", "first");
    logged("first");
    drop(logger);
    for number in 0..100 {
        alice.say("#tea", &format!("message {number}"));
    }
    let place = Place::load(format!("{}.place", file.display())).expect("it is kept").expect("it is there");
    let http = server.nobody().with_token(Some(place.token.reveal().to_owned()));
    until("the queue is cut", || {
        http.get(&format!("/api/v1/messages?after={}&timeout=0", place.cursor)).text.contains("\"dropped\":")
    });
    let _logger = start();
    logged("message 99");
    logged("messages were cut off before this");
    let log = fs::read_to_string(&file).expect("there is a log");
    assert!(log.lines().all(|line| serde_json::from_str::<Message>(line).is_ok()), "{log}");
}

#[test]
fn the_bridge_in_rust_carries_each_message_across_once() {
    let server = TestServer::spawn();
    let (mut alice, mut bob) = (server.open("alice"), server.open("bob"));
    alice.join("#here");
    bob.join("#there");
    let _bridge = Running::start(example(&server, "bridge", &["bridge", "#here", "#there"]));
    until("it is in both", || {
        alice.http.get("/api/v1/channels/here/members").text.contains("\"bridge\"")
            && bob.http.get("/api/v1/channels/there/members").text.contains("\"bridge\"")
    });
    alice.say("#here", "hello");
    let heard = bob.poll_until(|message| message["command"] == "NOTICE" && message["from"] == "bridge");
    assert_eq!(heard.last().expect("it was waited for")["body"], json!(["<alice> hello"]));
    bob.say("#there", "hello yourself");
    let heard = alice.poll_until(|message| message["command"] == "NOTICE" && message["from"] == "bridge");
    let passed: Vec<_> = heard
        .iter()
        .filter(|message| message["from"] == "bridge" && message["command"] == "NOTICE")
        .collect();
    assert_eq!(passed.len(), 1, "{passed:?}");
    assert_eq!(passed[0]["body"], json!(["<bob> hello yourself"]));
    // With the nick in front of it this no longer fits into one message.
    let long = longest("#here");
    alice.command(&long);
    alice.say("#here", "the end");
    let heard = bob.poll_until(|message| message["body"] == json!(["<alice> the end"]));
    let passed = heard.iter().filter(|message| message["from"] == "bridge");
    let lines = passed.flat_map(|message| message["body"].as_array().cloned().unwrap_or_default());
    let text: String = lines.map(|line| line.as_str().unwrap_or_default().replace("<alice> ", "")).collect();
    assert_eq!(text, format!("{}the end", long["body"][0].as_str().unwrap_or_default()));
}
