//! The clauses that this server answers for, the tests that prove them, and the page that says so.
//!
//! `clauses.txt` lists them; headers of transcripts, and comments over other tests, name them. `docs/conformance.md`
//! is made from both, so that it can claim no more than there are tests for.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{documents, folder, transcripts_on_disk};

/// What stands in front of the ids, behind the signs of a comment.
const HEADER: &str = "clause:";

/// One line of `clauses.txt`.
struct Clause {
    id: String,
    text: String,
    /// Whether it waits for something that is not built: it may go without a proof until then.
    waits_for: Option<&'static str>,
}

/// A heading of `clauses.txt` with the clauses below it.
struct Group {
    title: String,
    clauses: Vec<Clause>,
}

/// The marks behind an id, and what they mean.
const MARKS: [(&str, &str); 2] =
    [("(wire)", "the IRC listener"), ("(account)", "accounts that outlive sessions")];

/// The ids that a line names, if it is a header: the words up to the first quotation.
pub(crate) fn named_in(line: &str) -> Vec<String> {
    let comment = line.trim_start().trim_start_matches(['#', '/']).trim_start();
    let Some(ids) = comment.strip_prefix(HEADER).filter(|_| comment.len() < line.len()) else {
        return Vec::new();
    };
    let words = ids.split_whitespace().take_while(|word| !word.starts_with('"'));
    words.map(|word| word.trim_end_matches([',', ';']).to_string()).collect()
}

/// All groups, or which line cannot be read.
fn read_list(text: &str) -> Result<Vec<Group>, String> {
    let mut groups: Vec<Group> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix("== ") {
            groups.push(Group { title: title.to_string(), clauses: Vec::new() });
            continue;
        }
        let (front, text) = line.split_once(": ").ok_or(format!("no id: {line}"))?;
        let (id, mark) = front.split_once(' ').map_or((front, None), |(id, mark)| (id, Some(mark)));
        let waits_for = match mark {
            None => None,
            Some(mark) => {
                let known = MARKS.iter().find(|(known, _)| *known == mark);
                Some(known.ok_or(format!("an unknown mark: {line}"))?.1)
            }
        };
        let group = groups.last_mut().ok_or(format!("before the first heading: {line}"))?;
        group.clauses.push(Clause { id: id.to_string(), text: text.to_string(), waits_for });
    }
    Ok(groups)
}

fn list() -> Vec<Group> {
    let text = fs::read_to_string(folder().join("clauses.txt")).expect("the list of clauses is there");
    read_list(&text).unwrap_or_else(|error| panic!("clauses.txt: {error}"))
}

/// Which tests prove which clause: the names of transcripts, and of files with other tests.
fn proofs() -> BTreeMap<String, BTreeSet<String>> {
    let mut proofs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut note = |path: &Path, name: &str| {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut lines = (1..).zip(text.lines()).peekable();
        while let Some((number, line)) = lines.next() {
            let ids = named_in(line);
            let is_header = line.starts_with("# clause:");
            assert!(!is_header || !ids.is_empty(), "{name}:{number}: a header that names no clause");
            let is_over_a_test = lines.peek().is_some_and(|(_, next)| next.trim() == "#[test]");
            let is_code = path.extension().is_some_and(|extension| extension == "rs");
            assert!(
                !is_code || ids.is_empty() || is_over_a_test,
                "{name}:{number}: a clause stands over a test, next to it"
            );
            for id in ids {
                proofs.entry(id).or_default().insert(name.to_string());
            }
        }
    };
    for name in transcripts_on_disk() {
        note(&folder().join(format!("{name}.txt")), &name);
    }
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![package.join("tests"), package.join("src")];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).expect("a folder can be read") {
            let path = entry.expect("a folder can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == "rs") && !path.starts_with(folder()) {
                let name = path.strip_prefix(&package).expect("it is below").display().to_string();
                note(&path, &name);
            }
        }
    }
    proofs
}

/// The page, from the list and the proofs.
fn page(groups: &[Group], proofs: &BTreeMap<String, BTreeSet<String>>) -> String {
    let mut page = vec![String::from(
        "# Conformance\n\n\
        Every clause that this server answers for, and the tests that prove it. Names without a path are transcripts: \
        conversations in\n\
        `tests/transcripts/<name>.txt`, played against the real server. This page is made from the tests by \
        `make docs-tables`, and a test\n\
        fails when it claims anything else. The clauses are those of the \
        [Modern IRC document](https://modern.ircdocs.horse/), of\n\
        [IRCv3](https://ircv3.net/irc/), and of this server's own interface, shortened.",
    )];
    let proved = |clause: &&Clause| proofs.contains_key(&clause.id) || clause.waits_for.is_none();
    add_groups(&mut page, "##", groups, proofs, &proved);
    for (_, missing) in MARKS {
        let waits = |clause: &&Clause| clause.waits_for == Some(missing) && !proofs.contains_key(&clause.id);
        if groups.iter().any(|group| group.clauses.iter().any(|clause| waits(&clause))) {
            page.push(format!("\n## Needs {missing}\n\nNot built yet."));
            add_groups(&mut page, "###", groups, proofs, &waits);
        }
    }
    page.join("\n") + "\n"
}

fn add_groups(
    page: &mut Vec<String>,
    level: &str,
    groups: &[Group],
    proofs: &BTreeMap<String, BTreeSet<String>>,
    belongs: &dyn Fn(&&Clause) -> bool,
) {
    for Group { title, clauses } in groups {
        let clauses: Vec<&Clause> = clauses.iter().filter(belongs).collect();
        if clauses.is_empty() {
            continue;
        }
        page.push(format!("\n{level} {title}\n"));
        for Clause { id, text, .. } in clauses {
            let line = match proofs.get(id) {
                Some(names) => {
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    format!("- [x] {text} (`{id}`, proved by: {})", names.join(", "))
                }
                None => format!("- [ ] {text} (`{id}`)"),
            };
            page.push(line);
        }
    }
}

#[test]
fn the_page_says_what_the_tests_say() {
    documents::compare("docs/conformance.md", &page(&list(), &proofs()));
}

#[test]
fn every_clause_that_can_be_proved_is_proved() {
    let proofs = proofs();
    let groups = list();
    let open = groups.iter().flat_map(|group| &group.clauses).filter(|clause| clause.waits_for.is_none());
    let unproved: Vec<_> =
        open.filter(|clause| !proofs.contains_key(&clause.id)).map(|clause| &clause.id).collect();
    assert!(unproved.is_empty(), "no test names these clauses: {unproved:#?}");
}

#[test]
fn headers_name_clauses_that_there_are() {
    let groups = list();
    let ids: Vec<&str> =
        groups.iter().flat_map(|group| &group.clauses).map(|clause| clause.id.as_str()).collect();
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "an id stands twice in clauses.txt");
    let unknown: Vec<_> = proofs().into_iter().filter(|(id, _)| !known.contains(id.as_str())).collect();
    assert!(unknown.is_empty(), "clauses.txt does not know these: {unknown:#?}");
}

#[test]
fn a_page_cannot_claim_more_than_there_is() {
    let list = "== One\na.a: First.\na.b (wire): Second.\n== Two\nb.a: Third.\n";
    let groups = read_list(list).expect("a list");
    let proofs = BTreeMap::from([("a.a".to_string(), BTreeSet::from(["x".to_string(), "y".to_string()]))]);
    let page = page(&groups, &proofs);
    let lines: Vec<&str> = page.lines().filter(|line| line.starts_with(['-', '#'])).collect();
    let expected = [
        "# Conformance",
        "## One",
        "- [x] First. (`a.a`, proved by: x, y)",
        "## Two",
        "- [ ] Third. (`b.a`)",
        "## Needs the IRC listener",
        "### One",
        "- [ ] Second. (`a.b`)",
    ];
    assert_eq!(lines, expected);
    assert!(read_list("== One\na.b (soon): Second.").is_err() && read_list("a.b: Before.").is_err());
}

#[test]
fn ids_stand_before_the_quotation() {
    assert_eq!(named_in("# clause: a.b, c.d \"what e.f says\"; g"), ["a.b", "c.d"]);
    assert_eq!(named_in("    // clause: a.b"), ["a.b"]);
    assert!(named_in("clause: a.b").is_empty() && named_in("# the clause: a.b").is_empty());
}
