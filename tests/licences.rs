//! The licences of everything that the program is made of: permissive ones alone, from the public registry alone.
//! `make deny` asks the same and more with cargo-deny; this always runs.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;
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
