//! Programs that compute stamps: the server's own, and the examples in other languages.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::pow::{open, spawn};
use crate::pow_channel::{channel_under_h, say_with};
use crate::support::{TestServer, texts};

/// "`neoircd pow RESOURCE --bits N`": what it prints opens a session and speaks under `+H`.
#[test]
fn the_server_program_computes_stamps() {
    let pow = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_neoircd")).arg("pow").args(words).output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let server = spawn();
    let (done, printed) = pow(&["irc.example.org", "--bits", "12"]);
    assert!(done && printed.ends_with('\n') && printed.lines().count() == 1, "{printed:?}");
    assert_eq!(open(&server, "alice", printed.trim()).status, 201, "{printed}");
    let server = TestServer::spawn();
    let (_guest, alice) = channel_under_h(&server);
    let (_, printed) = pow(&["#c", "--bits", "12", "--body", r#"[ "hi" ]"#]);
    assert_eq!(say_with(&alice, &json!(["hi"]), &json!(printed.trim()))["status"], "sent");
    for bad in [
        &["irc.example.org"][..],
        &["x", "--bits", "41"],
        &["x", "--bits", "1", "--body", "{"],
        &["x", "--bits", "1", "--body", "[1e400]"],
    ] {
        assert!(!pow(bad).0, "{bad:?}");
    }
}

/// An example program that mints a stamp, which must be installed: a test that cannot run must fail.
#[track_caller]
fn example(program: &str, words: &[&str]) -> String {
    let output = Command::new(program)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(words)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{program} has to be installed for this test: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {words:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_string()
}

/// Each mints for a session and for a message, and the server takes both; no two of its stamps are the same.
#[track_caller]
fn mints_good_stamps(mint: impl Fn(&[&str]) -> String) {
    let server = spawn();
    let stamps = ["alice", "bob"].map(|nick| {
        let stamp = mint(&["irc.example.org", "12"]);
        let answer = open(&server, nick, &stamp);
        assert_eq!(answer.status, 201, "{stamp}: {}", answer.text);
        stamp
    });
    assert_ne!(stamps[0], stamps[1]);
    let server = TestServer::spawn();
    let (mut guest, alice) = channel_under_h(&server);
    for lines in
        [&["hi"][..], &["two", "lines"], &["\u{e9} \u{1f980} \"quoted\" \\ / \t \u{1} \u{7f} \u{2028}"]]
    {
        let words = [&["#c", "12"], lines].concat();
        let receipt = say_with(&alice, &json!(lines), &json!(mint(&words)));
        assert_eq!(receipt["status"], "sent", "{lines:?}: {receipt}");
    }
    assert_eq!(texts(&guest.drain()).len(), 3);
}

#[test]
fn the_example_in_python_mints_good_stamps() {
    mints_good_stamps(|words| example("python3", &[&["examples/python/pow.py"], words].concat()));
}

/// The worker is for a page; here a few lines stand for the browser.
#[test]
fn the_example_for_a_page_mints_good_stamps() {
    const BROWSER: &str = r#"
        const [resource, bits, ...body] = process.argv.slice(1);
        let handler;
        globalThis.self = globalThis;
        globalThis.addEventListener = (name, listener) => { if (name === "message") handler = listener; };
        globalThis.postMessage = (answer) => console.log(answer.stamp);
        require("node:vm").runInThisContext(require("node:fs").readFileSync("examples/web/pow-worker.js", "utf8"));
        handler({ data: { resource, bits: Number(bits), body: body.length > 0 ? body : undefined } });
    "#;
    mints_good_stamps(|words| example("node", &[&["-e", BROWSER], words].concat()));
}
