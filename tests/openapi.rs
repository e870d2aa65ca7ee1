//! The server against its own description: Schemathesis makes requests of the description, sound ones and others, and
//! compares the answers with it. It is a program in Python, which `make test-tools` puts below `target/`.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use support::TestServer;

/// Each part of a run may take so long before it is ended, in seconds: many times what it takes on a busy machine.
const PATIENCE_S: &str = "240";

/// Fewer requests than this prove nothing.
const REQUESTS_MIN: u64 = 500;

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn schemathesis() -> PathBuf {
    let program = package().join("target/schemathesis/bin/schemathesis");
    assert!(program.exists(), "Schemathesis is missing: `make test-tools` installs it");
    program
}

/// A server that answers polls at once and takes whatever is made up for it.
fn server() -> TestServer {
    TestServer::spawn_with(&[("LONG_POLL_TIMEOUT", "0"), ("MAX_MESSAGE_SIZE", "1048576")])
}

fn description(server: &TestServer) -> Value {
    server.nobody().get("/api/v1/openapi.json").ok()
}

/// Has Schemathesis compare a server with a description. It is handed over as a file: of one that it has fetched itself
/// it leaves out the path that it has it from.
fn compare(server: &TestServer, description: &Value, has_session: bool, arguments: &[&str]) -> Output {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("openapi.json");
    fs::write(&file, description.to_string()).unwrap();
    let ours = package().join("tests/openapi");
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", PATIENCE_S]).arg(schemathesis());
    command.arg("--config-file").arg(ours.join("schemathesis.toml")).arg("run").arg(&file);
    command.args(["--url", &server.url(), "--no-color"]).args(arguments);
    // Nothing of the developer's own environment, such as a proxy, decides the test; the same hashes make the same run.
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.envs([("PYTHONUTF8", "1"), ("PYTHONHASHSEED", "0"), ("PYTHONDONTWRITEBYTECODE", "1")]);
    command.env("SCHEMATHESIS_HOOKS", ours.join("hooks.py"));
    command.env("NEOIRC_SESSION", if has_session { "1" } else { "0" });
    command.current_dir(folder.path()).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\n{}", text(&output.stdout), text(&output.stderr))
}

fn count_of_operations(description: &Value) -> usize {
    let paths = description["paths"].as_object().unwrap();
    paths.values().map(|methods| methods.as_object().unwrap().len()).sum()
}

/// Checks that a run tried everything and found nothing, and returns what it said.
#[track_caller]
fn nothing_is_wrong(output: &Output, description: &Value) -> String {
    let said = said(output);
    assert!(output.status.success(), "{}\n{said}", output.status);
    let operations = count_of_operations(description);
    assert!(
        operations >= 17 && said.contains(&format!("Tested: {operations}\n")),
        "{operations} operations\n{said}"
    );
    let counts = said.split("Test cases:").nth(1).unwrap_or_default();
    let generated: u64 = counts.split_whitespace().next().and_then(|count| count.parse().ok()).unwrap_or(0);
    assert!(generated >= REQUESTS_MIN, "{said}");
    said
}

#[test]
fn strangers_get_what_is_described() {
    let server = server();
    let description = description(&server);
    nothing_is_wrong(&compare(&server, &description, false, &[]), &description);
}

#[test]
fn clients_get_what_is_described() {
    let server = server();
    let description = description(&server);
    let said = nothing_is_wrong(&compare(&server, &description, true, &[]), &description);
    // It warns of what was never answered with success, such as a history that is always that of a stranger.
    assert!(said.contains("No issues found"), "{said}");
    let health = server.nobody().get("/.well-known/healthcheck.json").ok();
    for count in ["sessionsSinceBoot", "messagesSinceBoot"] {
        assert!(health[count].as_u64().unwrap() > 5, "{count}: {health}");
    }
}

/// What would find nothing in any case proves nothing.
#[test]
fn a_wrong_description_is_found_out() {
    let server = server();
    let mut wrong = description(&server);
    let status = wrong.pointer_mut("/components/schemas/Done/properties/status/type").unwrap();
    *status = "integer".into();
    let output = compare(&server, &wrong, false, &["--include-path", "/livez"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Response violates schema"), "{said}");
}
