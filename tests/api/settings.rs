//! Where settings come from, and what a bad one does.

use std::ffi::OsStr;
use std::fs;
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Http, Launch, Process, until};

/// Starts and returns a server with the address it announced, for launches that are not the usual one.
pub(crate) fn start(launch: &Launch) -> (Process, Http, String) {
    let mut process = launch.start();
    let address = process.address();
    let http = Http::new(std::sync::Arc::new(std::sync::Mutex::new(address.clone())), None);
    (process, http, address)
}

pub(crate) fn about(http: &Http) -> Value {
    http.get("/api/v1/server").ok()
}

/// "A bad value stops the start with its name and reason."
#[test]
fn a_bad_value_stops_the_start() {
    let bad = [
        ("HTTP_LISTEN_ADDR", "nonsense"),
        ("HTTP_LISTEN_ADDR", "127.0.0.1:99999"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("MAX_MESSAGE_SIZE", "-1"),
        ("MAX_MESSAGE_SIZE", "large"),
        ("MAX_HISTORY", "many"),
        ("LONG_POLL_TIMEOUT", "soon"),
        ("SESSION_IDLE_TIMEOUT", "soon"),
        ("QUEUE_MAX_AGE", "-5m"),
        ("QUEUE_MAX_ENTRIES", "many"),
        ("REVERSE_DNS", "maybe"),
        ("SERVER_NAME", "two words"),
        ("DBURL", "gopher://localhost/neoirc"),
        ("TRUSTED_PROXIES", "127.0.0.1,proxy.example.org"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "https://chat.example.org/"),
        ("SESSION_RATE_LIMIT", "often"),
        ("COMMAND_RATE_LIMIT", "-1"),
        ("LOGIN_RATE_BURST", "0"),
        ("HTTP_CONNECTIONS_PER_IP", "-1"),
        // An IRC line that ends in the middle.
        ("NETWORK_NAME", "two\nlines"),
        ("SERVER_DESCRIPTION", "two\nlines"),
        ("ADMIN_EMAIL", "two\nlines"),
        // More than can be counted, or reckoned with.
        ("INBOX_MAX", "18446744073709551615"),
        ("IRC_CONNECTIONS_MAX", "18446744073709551615"),
        ("HEADER_TIMEOUT", "500000000000y"),
        ("BODY_TIMEOUT", "500000000000y"),
        ("IRC_REGISTRATION_TIMEOUT", "500000000000y"),
        ("SEARCH_TIMEOUT", "500000000000y"),
        ("STREAM_KEEP_ALIVE", "500000000000y"),
        ("STREAM_MAX_AGE", "500000000000y"),
        ("HOOK_RATE_LIMIT", "0.000000000001"),
    ];
    for (name, value) in bad {
        let folder = TempDir::new().unwrap();
        let ending = Launch::serve(folder.path()).with(name, value).start().ending();
        assert!(!ending.status.success(), "{name}={value} started");
        assert!(ending.stdout.is_empty(), "{name}={value}: {:?}", ending.stdout);
        let log = ending.log.to_uppercase();
        assert!(log.contains(name), "{name}={value}: the message does not name the setting:\n{}", ending.log);
        assert!(
            !folder.path().join("neoirc.db").exists(),
            "{name}={value}: nothing is made before settings are good"
        );
    }
}

#[test]
fn an_unknown_word_stops_the_start() {
    let folder = TempDir::new().unwrap();
    for words in [&["dance"][..], &["--no-such-flag"], &["serve", "--no-such-flag"]] {
        let ending = Launch::bare(folder.path(), words).start().ending();
        assert!(!ending.status.success(), "{words:?}");
    }
}

/// "flag over environment over file".
#[test]
fn flags_are_over_the_environment_and_that_over_the_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("neoirc.toml");
    fs::write(&file, "server_name = \"from.file\"\nmotd = \"motd from the file\"\nmax_message_size = 600\n")
        .unwrap();
    let launch = Launch::serve(folder.path()).word("--config").word(&file.display().to_string());
    let (process, http, _) = start(&launch);
    assert_eq!(about(&http)["name"], "from.file");
    drop(process);
    let launch = launch.with("SERVER_NAME", "from.environment");
    let (process, http, _) = start(&launch);
    let seen = about(&http);
    assert_eq!(seen["name"], "from.environment");
    assert!(seen["motd"].to_string().contains("motd from the file"), "{seen}");
    drop(process);
    let (_process, http, _) = start(&launch.word("--server-name").word("from.flag"));
    assert_eq!(about(&http)["name"], "from.flag");
}

#[test]
fn a_bad_file_stops_the_start() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("neoirc.toml");
    let launch = Launch::serve(folder.path()).word("--config").word(&file.display().to_string());
    let ending = launch.start().ending();
    assert!(!ending.status.success(), "a file that was named must be there");
    assert!(ending.log.contains("neoirc.toml"), "{}", ending.log);
    fs::write(&file, "server_name = \n").unwrap();
    assert!(!launch.start().ending().status.success(), "not TOML");
    fs::write(&file, "max_message_size = \"large\"\n").unwrap();
    let ending = launch.start().ending();
    assert!(!ending.status.success(), "a bad value in a file");
    assert!(ending.log.to_lowercase().contains("max_message_size"), "{}", ending.log);
    fs::write(&file, "trusted_proxies = [\"127.0.0.1\"]\n").unwrap();
    let ending = launch.start().ending();
    assert!(!ending.status.success(), "a list in a file");
    assert!(ending.log.contains("trusted_proxies") && ending.log.contains("\"a, b\""), "{}", ending.log);
}

/// A password that is passed over would let everybody in.
#[test]
fn a_value_that_is_no_text_stops_the_start() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_neoircd"));
    command.args(["config", "print"]).current_dir(folder.path());
    let output = command.env("IRC_PASSWORD", OsStr::from_bytes(b"sesam\xe9")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("IRC_PASSWORD: ") && !errors.contains("sesam"), "{errors}");
}

/// "`.env` read when present".
#[test]
fn dot_env_is_read() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(".env"), "SERVER_NAME=from.dotenv\nMOTD='from dotenv'\n").unwrap();
    let launch = Launch::serve(folder.path()).with("MOTD", "from the environment");
    let (_process, http, _) = start(&launch);
    let about = about(&http);
    assert_eq!(about["name"], "from.dotenv");
    assert!(about["motd"].to_string().contains("from the environment"), "{about}");
}

/// "SIGHUP reads the settings again", also those of `.env`.
#[test]
fn dot_env_is_read_again() {
    let folder = TempDir::new().unwrap();
    let write = |motd: &str| {
        let text = format!("MOTD='{motd}'\nSERVER_NAME={motd}.example\n");
        fs::write(folder.path().join(".env"), text).unwrap();
    };
    write("before");
    let launch = Launch::serve(folder.path()).with("SERVER_NAME", "given.example");
    let (process, http, _) = start(&launch);
    assert!(about(&http)["motd"].to_string().contains("before"));
    write("after");
    process.signal("HUP");
    until("the new settings are in force", || about(&http)["motd"].to_string().contains("after"));
    assert_eq!(about(&http)["name"], "given.example", "the environment stands over the file");
}

/// "A line that cannot be read stops the start with its number."
#[test]
fn a_bad_line_in_dot_env_stops_the_start() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(".env");
    let lines = "SERVER_NAME=from.dotenv\nSERVER_DESCRIPTION=sekrit words\nIRC_PASSWORD=sekrit\n";
    fs::write(&file, lines).unwrap();
    let ending = Launch::serve(folder.path()).start().ending();
    assert!(!ending.status.success() && ending.stdout.is_empty(), "{ending:?}");
    assert!(ending.log.contains(".env: line 2 "), "{}", ending.log);
    assert!(!ending.log.contains("sekrit"), "a secret is shown:\n{}", ending.log);
    let stamp = Launch::bare(folder.path(), &["pow", "--bits", "1", "#tea"]).start().ending();
    assert!(stamp.status.success(), "what needs no settings goes on: {stamp:?}");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let ending = Launch::serve(folder.path()).start().ending();
    assert!(!ending.status.success(), "what cannot be read at all: {ending:?}");
}

/// "a file `.env` in the folder where it is started".
#[test]
fn dot_env_of_a_folder_above_is_not_read() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join(".env"), "SERVER_NAME=from.above\n").unwrap();
    let below = folder.path().join("below");
    fs::create_dir(&below).unwrap();
    let (_process, http, _) = start(&Launch::serve(&below));
    assert_eq!(about(&http)["name"], "neoirc");
}

/// "One that cannot be read is told of in the log, which is then as without it."
#[test]
fn a_choice_of_log_lines_that_cannot_be_read_is_told_of() {
    let folder = TempDir::new().unwrap();
    let (process, http, _) = start(&Launch::serve(folder.path()).with("RUST_LOG", "neoirc::http=dbug"));
    about(&http);
    let log = process.log();
    assert!(log.contains("RUST_LOG cannot be used") && log.contains("neoirc::http=dbug"), "{log}");
}

/// "`neoircd serve` (also without a word)".
#[test]
fn serve_is_the_default_word() {
    let folder = TempDir::new().unwrap();
    let launch =
        Launch::bare(folder.path(), &[]).with("HTTP_LISTEN_ADDR", "127.0.0.1:0").with("IRC_LISTEN_ADDR", "");
    let (_process, http, _) = start(&launch);
    assert_eq!(about(&http)["name"], "neoirc");
    // "`DBURL` `file:./data/neoirc.db`: where state lives; the folder is made".
    assert!(folder.path().join("data/neoirc.db").exists());
}

/// "`PORT` alone sets the port".
#[test]
fn port_alone_sets_the_port() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = TempDir::new().unwrap();
    let launch = Launch::serve(folder.path()).without("HTTP_LISTEN_ADDR").with("PORT", &port.to_string());
    let (_process, _, address) = start(&launch);
    assert_eq!(address, format!("http://0.0.0.0:{port}"));
}

/// "`neoircd --dev`: loopback only, no proof of work, data in a temporary folder unless `DBURL` is set".
#[test]
fn dev_is_loopback_without_work() {
    let folder = TempDir::new().unwrap();
    let temporary = folder.path().join("temporary");
    fs::create_dir(&temporary).unwrap();
    let launch = Launch::bare(folder.path(), &["--dev"])
        .with("IRC_LISTEN_ADDR", "")
        .with("PORT", "0")
        .with("TMPDIR", &temporary.display().to_string());
    let (process, http, address) = start(&launch);
    assert!(address.starts_with("http://127.0.0.1:") || address.starts_with("http://[::1]:"), "{address}");
    assert_eq!(about(&http).get("hashcash_bits"), None);
    assert_eq!(http.post("/api/v1/session", &serde_json::json!({ "nick": "alice" })).status, 201);
    assert!(!folder.path().join("data").exists(), "nothing is left where it was started");
    process.signal("TERM");
    assert!(process.ending().status.success());
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0, "and nothing in the folder for temporary files");
    let database = folder.path().join("kept.db");
    let launch = launch.with("DBURL", &format!("file:{}", database.display()));
    let (_process, http, _) = start(&launch);
    assert_eq!(http.post("/api/v1/session", &serde_json::json!({ "nick": "alice" })).status, 201);
    assert!(database.exists());
}

/// A server's log, too, is no place for secrets.
#[test]
fn the_log_hides_secrets() {
    let folder = TempDir::new().unwrap();
    let launch = Launch::serve(folder.path())
        .with("NEOIRC_OPER_NAME", "root")
        .with("NEOIRC_OPER_PASSWORD", "sekrit-one")
        .with("DEBUG", "true");
    let (process, http, _) = start(&launch);
    about(&http);
    assert!(!process.log().contains("sekrit"), "{}", process.log());
}
