//! What the program shows of its settings: `config print`, `config example`, the file in the repository.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::settings::{about, start};
use crate::support::{Ending, Launch};

/// What `neoircd config print` prints, in lower case so that either way of writing names is found.
fn config_print(launch: Launch) -> (Ending, String) {
    let ending = launch.word("config").word("print").start().ending();
    let printed = ending.stdout.join("\n").to_lowercase();
    (ending, printed)
}

/// The defaults of the contract, as they are in force when nobody sets anything.
#[test]
fn defaults_are_those_of_the_contract() {
    let folder = TempDir::new().unwrap();
    let (_, printed) = config_print(Launch::bare(folder.path(), &[]));
    let defaults = [
        ("http_listen_addr", "0.0.0.0:8080"),
        ("dburl", "file:./data/neoirc.db"),
        ("server_name", "neoirc"),
        ("network_name", "neoirc"),
        ("reverse_dns", "true"),
        ("max_history", "10000"),
        ("max_message_size", "4096"),
        ("long_poll_timeout", "15"),
        ("session_idle_timeout", "720h"),
        ("queue_max_age", "720h"),
        ("queue_max_entries", "100000"),
        ("header_timeout", "5s"),
        ("body_timeout", "10s"),
        ("session_rate_limit", "1"),
        ("session_rate_burst", "20"),
        ("login_rate_limit", "1"),
        ("login_rate_burst", "5"),
        ("command_rate_limit", "10"),
        ("command_rate_burst", "40"),
        ("clients_per_session", "10"),
        ("trusted_proxies", ""),
        ("cors_origins", ""),
        ("http_connections_per_ip", "64"),
        ("connections_max", "20000"),
        ("write_timeout", "30s"),
        ("debug", "false"),
    ];
    for (name, value) in defaults {
        let line = printed.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        let (_, shown) = line.split_once(['=', ':']).unwrap_or_default();
        assert_eq!(shown.trim().trim_matches('"'), value, "{name} in\n{printed}");
    }
}

/// "`neoircd config print` shows what is in force, secrets hidden."
#[test]
fn config_print_shows_settings_and_hides_secrets() {
    let folder = TempDir::new().unwrap();
    let launch = Launch::bare(folder.path(), &[])
        .with("SERVER_NAME", "irc.example.org")
        .with("QUEUE_MAX_ENTRIES", "12345")
        .with("NEOIRC_OPER_NAME", "root")
        .with("NEOIRC_OPER_PASSWORD", "sekrit-one")
        .with("METRICS_USERNAME", "prometheus")
        .with("METRICS_PASSWORD", "sekrit-two")
        .with("IRC_PASSWORD", "sekrit-three");
    let (ending, printed) = config_print(launch);
    assert!(ending.status.success(), "{}", ending.log);
    for name in [
        "http_listen_addr",
        "dburl",
        "server_name",
        "queue_max_entries",
        "session_idle_timeout",
        "max_history",
    ] {
        assert!(printed.contains(name), "{name} is missing:\n{printed}");
    }
    assert!(printed.contains("irc.example.org") && printed.contains("12345"), "{printed}");
    assert!(!printed.contains("sekrit"), "a secret is shown:\n{printed}");
    assert!(!ending.log.contains("sekrit"), "a secret is logged:\n{}", ending.log);
    assert!(!folder.path().join("data").exists(), "printing makes nothing");
}

/// "Where that cannot be used it says why on standard error, and exits with 1."
#[test]
fn config_print_shows_what_cannot_be_used_and_says_so() {
    let folder = TempDir::new().unwrap();
    let (ending, printed) = config_print(Launch::bare(folder.path(), &[]).with("MAX_HISTORY", "many"));
    assert_eq!(ending.status.code(), Some(1));
    assert!(printed.contains("max_history = \"many\"") && printed.contains("server_name = "), "{printed}");
    assert!(ending.log.contains("MAX_HISTORY: must be a whole number"), "{}", ending.log);
}

/// What is printed can be used again as a file, and then the same is in force.
#[test]
fn config_print_prints_a_usable_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("printed.toml");
    let printed = Launch::bare(folder.path(), &["config", "print"])
        .with("SERVER_NAME", "irc.example.org")
        .with("MOTD", "a \"b\"\n\\c")
        .with("HTTP_LISTEN_ADDR", "127.0.0.1:0");
    fs::write(&file, printed.start().ending().stdout.join("\n")).unwrap();
    let again = Launch::bare(folder.path(), &["config", "print", "--config", &file.display().to_string()]);
    assert_eq!(again.start().ending().stdout.join("\n"), fs::read_to_string(&file).unwrap());
}

fn repository_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The example in the repository is what the program prints today, and a file that it takes.
#[test]
fn the_example_file_is_good() {
    let example = repository_file("neoirc.example.toml");
    let folder = TempDir::new().unwrap();
    let printed = Launch::bare(folder.path(), &["config", "example"]).start().ending();
    assert_eq!(printed.stdout.join("\n").trim_end(), fs::read_to_string(&example).unwrap().trim_end());
    let launch = Launch::serve(folder.path()).word("--config").word(&example.display().to_string());
    let (_process, http, _) = start(&launch);
    about(&http);
}

/// Every setting that the program knows is described where operators look for it.
#[test]
fn every_setting_is_documented() {
    let folder = TempDir::new().unwrap();
    let (_, printed) = config_print(Launch::bare(folder.path(), &[]));
    let text = fs::read_to_string(repository_file("docs/settings.md")).unwrap();
    let names =
        printed.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.to_uppercase());
    let missing: Vec<String> = names.filter(|name| !text.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
