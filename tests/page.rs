//! The modules of the client at `/` that need no browser, by their tests for `node --test`.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The tests: all of `tests/web` that end so.
fn tests() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/web");
    let files = std::fs::read_dir(folder).expect("there is this folder");
    let paths = files.map(|file| file.expect("the folder can be read").path());
    paths.filter(|path| path.to_str().is_some_and(|path| path.ends_with(".test.mjs"))).collect()
}

#[test]
fn modules_of_the_page_do_what_they_should() {
    let tests = tests();
    assert!(!tests.is_empty(), "there are tests");
    let output = Command::new("node")
        .args(["--test", "--test-reporter=tap"])
        .args(&tests)
        .output()
        .expect("node can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    let passed = said.lines().find_map(|line| line.strip_prefix("# pass ")?.trim().parse::<u32>().ok());
    assert!(passed.is_some_and(|count| count > 0), "{said}");
}
