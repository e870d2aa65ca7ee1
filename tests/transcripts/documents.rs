//! Pages in `docs/` that are made from code, and what the transcripts cover of it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::{env, fs};

use neoirc::protocol::numeric::{ALL, Numeric};

use super::script::Step;
use super::{script_of, transcripts_on_disk};

/// Fails when a page is not what it should be; with `UPDATE_DOCS` in the environment, writes it.
#[track_caller]
pub(crate) fn compare(path: &str, made: &str) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&file, made).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let there = fs::read_to_string(&file).unwrap_or_default();
    let differs = there.lines().zip(made.lines()).find(|(there, made)| there != made);
    assert!(there == made, "{path} is not up to date, `make docs-tables` writes it anew: {differs:#?}");
}

/// The table of numerics as a page.
fn numerics_page() -> String {
    let front = String::from(
        "# Numerics\n\n\
        Every numeric that this server speaks. `from` is the server and `to` the nick of whoever it is for; the parameters \
        stand in\n\
        `params`, the text in `body[0]`. `[…]` may be missing, what ends with `…` may be repeated, and `<…>` is filled in. \
        A refusal stands\n\
        in the receipt, too. This page is made from `src/protocol/numeric.rs` by `make docs-tables`.\n\n\
        | number | name | parameters | text |\n| --- | --- | --- | --- |\n",
    );
    let cell = |text: &str| match text {
        "" => String::new(),
        text => format!("`{}`", text.replace('|', "\\|")),
    };
    let row = |numeric: &Numeric| {
        let (params, text) = (cell(numeric.params()), cell(numeric.template()));
        format!("| {} | `{}` | {params} | {text} |\n", numeric.code(), numeric.name())
    };
    std::iter::once(front).chain(ALL.iter().map(row)).collect()
}

#[test]
fn the_page_of_numerics_is_the_table() {
    compare("docs/numerics.md", &numerics_page());
}

/// Numerics of what no transcript can have: TLS, which `tests/irc/tls.rs` has.
const EXPECTED_ELSEWHERE: [&str; 1] = ["671"];

/// A numeric that no transcript expects by its own number is one that nobody knows to work.
#[test]
fn every_numeric_is_expected_somewhere() {
    let mut expected = BTreeSet::new();
    for name in transcripts_on_disk() {
        for numbered in script_of(&name).steps {
            if let Step::Hear { line, marks, .. } = numbered.step
                && !marks.optional
            {
                expected.insert(line.command);
            }
        }
    }
    let is_missing = |code: &str| !expected.contains(code) && !EXPECTED_ELSEWHERE.contains(&code);
    let missing: Vec<_> = ALL.iter().filter(|numeric| is_missing(numeric.code())).collect();
    assert!(missing.is_empty(), "no transcript expects these: {missing:#?}");
}
