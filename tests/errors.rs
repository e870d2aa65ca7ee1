//! `docs/errors.md` against the code: every text that HTTP refuses with has its remedy there, and none is there that
//! the server does not say.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The code of a file, without its unit tests.
fn code(path: &Path) -> String {
    read(path).split("#[cfg(test)]").next().unwrap().to_owned()
}

/// The string that begins at once, or on the next line, behind each place of these words.
fn strings_behind<'a>(code: &'a str, words: &str) -> impl Iterator<Item = String> + 'a {
    let parts: Vec<&str> = code.split(words).skip(1).collect();
    parts.into_iter().filter_map(|part| {
        let literal = part.trim_start().strip_prefix('"')?;
        Some(literal.split('"').next()?.to_owned())
    })
}

/// Every text that HTTP refuses with.
fn said() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut said = BTreeSet::new();
    for entry in fs::read_dir(root.join("src/http")).unwrap() {
        let path = entry.unwrap().path();
        let code = code(&path);
        for variant in ["BadRequest(", "NotFound(", "Forbidden("] {
            said.extend(strings_behind(&code, variant));
        }
        if path.ends_with("error.rs") {
            said.extend(strings_behind(&code, "#[error(").filter(|text| !text.starts_with('{')));
        }
        if path.ends_with("pow.rs") {
            said.extend(["hashcash proof-of-work required".to_owned(), "invalid hashcash stamp".to_owned()]);
            assert!(said.iter().filter(|text| text.contains("hashcash")).all(|text| code.contains(&**text)));
        }
        if path.ends_with("registration.rs") {
            // Chosen by what is wrong with a name, in a match of their own.
            let chosen = code.split("ApiError::BadRequest(match").nth(1).unwrap();
            let chosen = chosen.split("})").next().unwrap();
            said.extend(strings_behind(chosen, "=>"));
        }
    }
    said.extend(strings_behind(&code(&root.join("src/protocol/search.rs")), "Err("));
    said
}

/// The texts in the first tables of the page, which are about HTTP.
fn told() -> BTreeSet<String> {
    let page = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md"));
    let page = page.split("## The ends of streams").next().unwrap();
    let cell = |line: &str| {
        let mut cells = line.split(" | ").map(|cell| cell.trim_matches(['|', ' ']));
        let first = cells.next()?;
        let text = if first.bytes().all(|byte| byte.is_ascii_digit()) { cells.next()? } else { first };
        Some(text.strip_prefix('`')?.strip_suffix('`')?.to_owned())
    };
    page.lines().filter(|line| line.starts_with('|')).filter_map(cell).collect()
}

#[test]
fn every_refusal_has_its_remedy() {
    let (said, told) = (said(), told());
    assert!(said.len() > 40, "{said:?}");
    let (missing, invented): (Vec<_>, Vec<_>) =
        (said.difference(&told).collect(), told.difference(&said).collect());
    assert!(missing.is_empty() && invented.is_empty(), "missing: {missing:#?}\ninvented: {invented:#?}");
}

/// Every remedy says something, and every setting that it names is one.
#[test]
fn remedies_name_what_there_is() {
    let page = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/errors.md"));
    for line in page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")) {
        let remedy = line.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        assert!(!remedy.is_empty(), "{line}");
    }
    for word in page.split('`').skip(1).step_by(2) {
        let name = word.split('=').next().unwrap();
        let looks_like_one =
            name.contains('_') && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        let is_one = neoirc::config::SETTINGS.iter().any(|setting| setting.name == name);
        assert!(!looks_like_one || is_one, "{name} is no setting");
    }
}

/// The ends of streams, too.
#[test]
fn every_end_of_a_stream_has_its_remedy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let code = code(&root.join("src/http/stream.rs"));
    let said: BTreeSet<_> = strings_behind(&code, "\"end\":").collect();
    let page = read(&root.join("docs/errors.md"));
    let page = page.split("## The ends of streams").nth(1).unwrap().split("\n## ").next().unwrap();
    let told = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(said, told.map(str::to_owned).collect());
}
