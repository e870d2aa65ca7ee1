//! The licences of everything that the program is made of: permissive ones alone, from the public registry alone.
//! `make deny` asks the same and more with cargo-deny; this always runs. So are those of files that were published
//! elsewhere and are kept here, which cargo-deny does not see.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use data_encoding::HEXLOWER;
use serde_json::Value;
use sha2::{Digest, Sha256};
use spdx::{Expression, LicenseReq, ParseMode};

/// The list of `deny.toml`, so that there is only one.
fn allowed() -> BTreeSet<String> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).unwrap();
    let list = text.split_once("\nallow = [").unwrap().1.split_once(']').unwrap().0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The system that this is built on, as the compiler names it.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// Every package that is built here, those for tests included. Those for other systems need not be at hand; the ones
/// that cargo-deny looks at include them.
fn packages() -> Vec<Value> {
    let mut command = Command::new(env!("CARGO"));
    command.args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--offline",
        "--filter-platform",
        &host(),
    ]);
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Why an expression does not do.
fn objection(licence: Option<&str>, allowed: &BTreeSet<String>) -> Option<String> {
    let Some(licence) = licence else { return Some("names no licence".to_owned()) };
    // Some old packages write a slash where they mean OR.
    let expression = match Expression::parse_mode(licence, ParseMode::LAX) {
        Ok(expression) => expression,
        Err(error) => return Some(format!("{licence}: {error}")),
    };
    let permits = |required: &LicenseReq| {
        required.license.id().is_some_and(|id| {
            let name = match &required.addition {
                None => id.name.to_owned(),
                Some(addition) => format!("{} WITH {addition}", id.name),
            };
            allowed.contains(&name)
        })
    };
    (!expression.evaluate(permits)).then(|| licence.to_owned())
}

#[test]
fn every_dependency_has_a_permissive_licence() {
    let (packages, allowed) = (packages(), allowed());
    assert!(packages.len() > 100 && allowed.contains("MIT"), "{} packages, {allowed:?}", packages.len());
    let wrong: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let why = objection(package["license"].as_str(), &allowed)?;
            Some(format!("{} {}: {why}", package["name"], package["version"]))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let foreign: Vec<String> = packages()
        .iter()
        .filter(|package| package["name"] != env!("CARGO_PKG_NAME"))
        .filter(|package| !package["source"].as_str().is_some_and(|source| source.starts_with("registry+")))
        .map(|package| format!("{} from {}", package["name"], package["source"]))
        .collect();
    assert!(foreign.is_empty(), "\n{}", foreign.join("\n"));
}

#[test]
fn copyleft_is_refused_wherever_there_is_no_other_choice() {
    let allowed = allowed();
    for good in ["MIT", "MIT/Apache-2.0", "GPL-3.0 OR MIT", "(MIT OR Apache-2.0) AND Unicode-3.0"] {
        assert_eq!(objection(Some(good), &allowed), None, "{good}");
    }
    for bad in
        ["GPL-3.0-only", "MIT AND AGPL-3.0-only", "LGPL-2.1-or-later", "MPL-2.0", "SSPL-1.0", "a riddle"]
    {
        assert!(objection(Some(bad), &allowed).is_some(), "{bad}");
    }
    assert!(objection(None, &allowed).is_some());
}

/// Where Swagger UI is kept.
const SWAGGER_UI: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/web/docs");

/// What of it is ours. Everything else is as it was published.
const OURS: [&str; 3] = ["README.md", "index.html", "start.js"];

/// The SHA-256 of each file of `swagger-ui-dist` 5.35.0 that is kept.
const PUBLISHED: [(&str, &str); 7] = [
    ("LICENSE", "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"),
    ("NOTICE", "0d20d1adef18aee3f40dd258172155521ce702ac445cb5f7b7d60ed32dad2fb2"),
    ("favicon-16x16.png", "af24ad604dd7b3bcda8f975ab973075f4a2f70a4087944a12f8ef8b63a3e07c2"),
    ("favicon-32x32.png", "3ed612f41e050ca5e7000cad6f1cbe7e7da39f65fca99c02e99e6591056e5837"),
    ("swagger-ui-bundle.js", "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2"),
    ("swagger-ui-bundle.js.LICENSE.txt", "37eb6e7e59aed57b2c1acf076574b818ea07b74265717e0bd67b59e0baf9abbb"),
    ("swagger-ui.css", "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d"),
];

/// Nothing of somebody else's is here that was changed, or that has no licence beside it.
#[test]
fn the_files_of_others_are_as_they_were_published() {
    let mut found = Vec::new();
    for file in fs::read_dir(SWAGGER_UI).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if !OURS.contains(&name.as_str()) {
            found.push((name, HEXLOWER.encode(&Sha256::digest(fs::read(file.path()).unwrap()))));
        }
    }
    found.sort();
    let expected = PUBLISHED.map(|(name, hash)| (name.to_owned(), hash.to_owned()));
    assert_eq!(found, expected);
}

/// What others wrote of the client at `/`, with the SHA-256 of each file: of the npm packages `htm` 3.1.1 and, for the
/// licence alone, `preact` 10.5.15.
const VENDORED: [(&str, &str); 3] = [
    ("LICENSE-htm", "740725f7252e750af735d0028cc534970772f513331e9f68150fede8fb3ce00f"),
    ("LICENSE-preact", "1fe6958409c8c257a70c587a18b6f7f412b179b456630790d30b2ec9a8e4b7d4"),
    ("htm-preact.js", "72284e8e9079c87817145df1110f74e8a2aa040b2fc384922e18dfcb46fc1fd7"),
];

#[test]
fn what_the_client_is_made_with_is_as_it_was_published() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/web/vendor");
    let mut found: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap())
        .filter(|file| file.file_name() != "README.md")
        .map(|file| {
            let hash = HEXLOWER.encode(&Sha256::digest(fs::read(file.path()).unwrap()));
            (file.file_name().into_string().unwrap(), hash)
        })
        .collect();
    found.sort();
    assert_eq!(found, VENDORED.map(|(name, hash)| (name.to_owned(), hash.to_owned())));
    let about = fs::read_to_string(format!("{folder}/README.md")).unwrap();
    for said in ["`htm` 3.1.1", "`preact` 10.5.15", "Apache-2.0", "MIT", "LICENSE-htm", "LICENSE-preact"] {
        assert!(about.contains(said), "{said}");
    }
    for licence in ["Apache-2.0", "MIT"] {
        assert_eq!(objection(Some(licence), &allowed()), None);
    }
}

/// The licence is one that a dependency might have, it stands there in full, and the README says that it is there.
#[test]
fn the_files_of_others_have_a_permissive_licence() {
    let read = |path: String| fs::read_to_string(path).unwrap();
    let licence = read(format!("{SWAGGER_UI}/LICENSE"));
    assert!(licence.contains("Apache License") && licence.contains("Version 2.0, January 2004"));
    assert_eq!(objection(Some("Apache-2.0"), &allowed()), None);
    let about = read(format!("{SWAGGER_UI}/README.md"));
    assert!(about.contains("`swagger-ui-dist` 5.35.0") && about.contains("Apache-2.0"), "{about}");
    let readme = read(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md").to_owned());
    assert!(readme.contains("(web/docs/LICENSE)") && readme.contains("(web/docs/NOTICE)"), "{readme}");
}
