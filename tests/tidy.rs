//! The laws of the source tree, read from the source: which module may know which, how long files may be, and that
//! clocks, randomness and I/O stay where they belong.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may know whom, beside itself: dependencies point left only. `auth` makes tokens for the faces; `config` may
/// know whatever it configures, and so may `main.rs`, which puts everything together.
const ARROWS: [(&str, &[&str]); 16] = [
    ("id", &[]),
    ("entry", &["id"]),
    ("protocol", &["id", "entry"]),
    ("world", &["id", "entry", "protocol"]),
    ("command", &["id", "entry", "protocol", "world"]),
    ("reply", &["id", "entry", "protocol", "world", "command"]),
    ("delivery", &["id", "entry", "protocol"]),
    ("store", &["id", "entry", "protocol", "world", "delivery"]),
    ("engine", &["id", "entry", "protocol", "world", "command", "reply", "delivery", "store"]),
    ("auth", &["id", "protocol"]),
    ("limits", &["id", "protocol"]),
    ("proxies", &[]),
    (
        "irc",
        &["id", "entry", "protocol", "command", "reply", "delivery", "engine", "auth", "limits", "proxies"],
    ),
    (
        "http",
        &[
            "id", "entry", "protocol", "command", "reply", "delivery", "engine", "auth", "limits", "proxies",
            "irc",
        ],
    ),
    (
        "config",
        &["protocol", "command", "delivery", "engine", "http", "irc", "limits", "proxies", "reply", "store"],
    ),
    ("client", &[]),
];

/// Files that put the others together.
const ABOVE_ALL: [&str; 5] = ["lib", "main", "cli", "operate", "supervisor"];

/// A crate of its own among the sources: the program for people, which knows the library for clients and nothing else.
const PROGRAM: &str = "terminal";

/// Modules that decide and speak without knowing what time it is.
const PURE: [&str; 4] = ["protocol", "world", "command", "reply"];

/// What a pure module may not say.
const IMPURE: [&str; 17] = [
    ".await",
    "async ",
    "std::fs",
    "std::io",
    "std::net::Tcp",
    "std::net::Udp",
    "std::net::ToSocketAddrs",
    "std::process",
    "std::thread",
    "std::env",
    "Instant",
    "SystemTime",
    "Timestamp::now",
    "Zoned::now",
    "rand::",
    "new_v4",
    "tokio::",
];

/// What stands in no file: unfinished work, forgotten traces, tests that are not run, lints that are silenced
/// without a reason. Put together from halves, so that this list does not find itself.
const FORBIDDEN: [&str; 6] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("d", "bg!("),
    concat!("#[ig", "nore"),
    concat!("#[al", "low("),
    concat!("#![al", "low("),
];

/// Lines of code in one file of `src/`, its unit tests not counted. Usually under 300; beyond this a file is two.
const LINES_MAX: usize = 350;

/// One file of Rust.
struct Source {
    /// Its path below the package, for messages.
    name: String,
    text: String,
}

impl Source {
    /// The text without comments and unit tests, line by line.
    fn code(&self) -> Vec<String> {
        let code = self.text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
        code.map(without_comment).collect()
    }

    /// The module that it belongs to, as `ARROWS` names it: the first part of its path below `src`.
    fn module(&self) -> &str {
        let path = self.name.strip_prefix("src/").unwrap();
        path.split('/').next().unwrap().trim_end_matches(".rs")
    }
}

/// A line without the comment at its end. A `//` in a string ends it too, which is good enough here.
fn without_comment(line: &str) -> String {
    line.split("//").next().unwrap_or_default().to_owned()
}

fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder with this extension, in order.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![package().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {extension} below {folder}");
    found
}

fn name_of(path: &Path) -> String {
    path.strip_prefix(package()).unwrap().to_string_lossy().into_owned()
}

fn sources(folder: &str) -> Vec<Source> {
    let read = |path: PathBuf| Source { name: name_of(&path), text: fs::read_to_string(&path).unwrap() };
    files(folder, "rs").into_iter().map(read).collect()
}

/// Fails with all that is wrong at once.
#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// The top-level modules that a piece of code names: after `crate::`, also inside `use crate::{…}`.
fn modules_named(code: &str) -> BTreeSet<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut named = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        let Some(group) = after.strip_prefix('{') else {
            named.insert(word(after));
            continue;
        };
        let mut depth = 0;
        let mut begins = true;
        for (place, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => begins = true,
                c if begins && !c.is_whitespace() => {
                    named.insert(word(group.get(place..).unwrap()));
                    begins = false;
                }
                _ => {}
            }
        }
    }
    named
}

#[test]
fn the_modules_of_a_use_are_found_however_it_is_written() {
    let named = |code| modules_named(code).into_iter().collect::<Vec<_>>();
    assert_eq!(named("use crate::store::{Batch, Store};"), ["store"]);
    assert_eq!(named("use crate::{id::{Seq, UserId}, world,\n    http::x};"), ["http", "id", "world"]);
    assert_eq!(named("let x = crate::engine::y(crate::world::Z);"), ["engine", "world"]);
}

#[test]
fn dependencies_point_left_only() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let module = source.module();
        if ABOVE_ALL.contains(&module) || module == PROGRAM {
            continue;
        }
        let Some((_, known)) = ARROWS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: the module {module} has no place among the arrows", source.name));
            continue;
        };
        for named in modules_named(&source.code().join("\n")) {
            if named != module && !known.contains(&named.as_str()) {
                wrong.push(format!("{}: {module} may not know {named}", source.name));
            }
        }
    }
    none(&wrong);
}

#[test]
fn the_program_for_people_knows_the_client_library_alone() {
    let mut wrong = Vec::new();
    for source in sources("src/terminal") {
        for (number, line) in (1..).zip(source.code()) {
            let mut named = line.split("neoirc::").skip(1);
            if named.any(|rest| !rest.starts_with("client::")) {
                wrong.push(format!("{}:{number}: {}", source.name, line.trim()));
            }
        }
    }
    none(&wrong);
}

#[test]
fn no_file_is_too_long() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        let lines = source.code().len();
        if lines > LINES_MAX {
            wrong.push(format!("{}: {lines} lines, at most {LINES_MAX}", source.name));
        }
    }
    none(&wrong);
}

/// Finds forbidden words in the code of some files.
fn find(sources: &[Source], words: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for source in sources {
        for (number, line) in (1..).zip(source.code()) {
            for word in words.iter().filter(|word| line.contains(*word)) {
                wrong.push(format!("{}:{number}: {word}", source.name));
            }
        }
    }
    wrong
}

#[test]
fn pure_modules_ask_neither_clock_nor_chance_nor_the_outside() {
    let pure: Vec<Source> =
        sources("src").into_iter().filter(|source| PURE.contains(&source.module())).collect();
    assert!(pure.len() > 20, "the pure modules are found");
    none(&find(&pure, &IMPURE));
}

#[test]
fn the_writer_never_waits_asynchronously() {
    let writer: Vec<Source> = sources("src/engine")
        .into_iter()
        .filter(|source| {
            ["writer.rs", "batch.rs", "commit.rs", "housekeeping.rs"]
                .iter()
                .any(|name| source.name.ends_with(name))
        })
        .collect();
    assert_eq!(writer.len(), 4, "the files of the writer are found");
    none(&find(&writer, &[".await", "async "]));
}

#[test]
fn the_store_and_the_queues_never_wait_asynchronously() {
    for folder in ["src/store", "src/delivery"] {
        none(&find(&sources(folder), &[".await", "async "]));
    }
}

#[test]
fn only_the_clock_asks_for_the_time() {
    let others: Vec<Source> = sources("src")
        .into_iter()
        .filter(|source| source.module() != "main" && !source.name.ends_with("/clock.rs"))
        .collect();
    none(&find(&others, &["Timestamp::now", "SystemTime::now", "Zoned::now"]));
}

#[test]
fn nothing_is_left_unfinished_or_silenced() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for source in sources(folder) {
            for (number, line) in (1..).zip(source.text.lines()) {
                let found = FORBIDDEN.iter().filter(|word| line.contains(*word));
                // Where a lint is silenced over several lines, its reason stands on one of the next.
                let next = source.text.lines().skip(number - 1).take(6).collect::<String>();
                let reasoned = line.contains(concat!("al", "low(")) && next.contains("reason = ");
                let line =
                    found.filter(|_| !reasoned).map(|word| format!("{}:{number}: {word}", source.name));
                wrong.extend(line);
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "benches"] {
        for source in sources(folder) {
            if !source.text.starts_with("//! ") {
                wrong.push(format!("{}: begins with something else than its `//!`", source.name));
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_statement_is_commented_and_used() {
    let store: String = sources("src/store/sqlite").iter().map(|source| source.text.clone()).collect();
    let mut wrong = Vec::new();
    for path in files("sql/sqlite", "sql") {
        let (name, text) = (name_of(&path), fs::read_to_string(&path).unwrap());
        if !text.starts_with("-- ") {
            wrong.push(format!("{name}: begins with something else than a comment"));
        }
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let whole = store.contains(&format!("/sql/sqlite/{folder}/{stem}.sql\")"));
        // A file of the store has a macro for the folder that it reads most of its statements from.
        let by_macro = sources("src/store/sqlite").iter().any(|source| {
            source.text.contains(&format!("concat!(\"../../../sql/sqlite/{folder}/\""))
                && source.text.contains(&format!("sql!(\"{stem}\")"))
        });
        if !whole && !by_macro {
            wrong.push(format!("{name}: no file of the store includes it"));
        }
    }
    none(&wrong);
}

#[test]
fn statements_stand_in_files_of_their_own() {
    let mut wrong = Vec::new();
    for source in sources("src") {
        // Opening looks into the schema itself before there is one that the files could be about.
        if source.name.ends_with("open.rs") || source.name.ends_with("schema.rs") {
            continue;
        }
        for (number, line) in (1..).zip(source.code()) {
            let verbs = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "];
            if verbs.iter().any(|verb| line.contains(verb)) {
                wrong.push(format!("{}:{number}: a statement outside sql/", source.name));
            }
        }
    }
    none(&wrong);
}
