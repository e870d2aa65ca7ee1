//! What the program is delivered as: the container, the package, the tarball. None is built here; what can be held
//! against the program without that is.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by failing")]

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use support::TestServer;

fn file(name: &str) -> String {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The instructions of the container's description, each with its words; lines that go on are one.
fn instructions() -> Vec<(String, String)> {
    let text = file("Dockerfile").replace("\\\n", " ");
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let instruction = |line: &str| {
        let (name, words) = line.split_once(' ').unwrap();
        (name.to_owned(), words.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    lines.map(instruction).collect()
}

fn is_setting(name: &str) -> bool {
    neoirc::config::SETTINGS.iter().any(|setting| setting.name == name)
}

#[test]
fn the_container_is_built_by_the_right_compiler_and_runs_as_nobody_in_particular() {
    let instructions = instructions();
    let all = |name: &str| {
        let found = instructions.iter().filter(|(found, _)| found == name);
        found.map(|(_, words)| words.as_str()).collect::<Vec<_>>()
    };
    let known =
        ["FROM", "RUN", "WORKDIR", "COPY", "USER", "VOLUME", "ENV", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"];
    let known = [&known[..], &["ENTRYPOINT", "CMD"]].concat();
    assert!(instructions.iter().all(|(name, _)| known.contains(&name.as_str())), "{instructions:?}");
    let manifest: toml_free::Manifest = toml_free::manifest(&file("Cargo.toml"));
    let stages = all("FROM");
    assert_eq!(stages.len(), 2, "one to build, one to run");
    assert!(stages[0].starts_with(&format!("rust:{}-", manifest.rust_version)), "{}", stages[0]);
    // What was linked with one C library runs with that.
    let release = stages[1].strip_prefix("debian:").unwrap().trim_end_matches("-slim");
    assert!(stages[0].contains(release), "{stages:?}");
    assert_eq!(all("USER"), ["neoirc"]);
    let copied = all("COPY");
    assert!(
        copied.contains(&"--from=build /src/target/release/neoircd /usr/local/bin/neoircd"),
        "{copied:?}"
    );
    for name in copied[2].split(' ').filter(|word| !word.starts_with('/')) {
        file(name);
    }
    let words = |name| serde_json::from_str::<Vec<String>>(all(name)[0]).unwrap();
    assert_eq!((words("ENTRYPOINT"), words("CMD")), (vec!["neoircd".to_owned()], vec!["serve".to_owned()]));
    let (_, check) = all("HEALTHCHECK")[0].split_once("CMD ").unwrap();
    assert_eq!(serde_json::from_str::<Value>(check).unwrap(), json!(["neoircd", "health"]));
    for pair in all("ENV")[0].split(' ') {
        assert!(is_setting(pair.split_once('=').unwrap().0), "{pair}");
    }
}

/// Minimal reading of the manifest: what is asked for stands on a line of its own.
mod toml_free {
    pub(crate) struct Manifest {
        pub(crate) rust_version: String,
    }

    pub(crate) fn manifest(text: &str) -> Manifest {
        let line = text.lines().find_map(|line| line.strip_prefix("rust-version = \"")).unwrap();
        Manifest { rust_version: line.trim_end_matches('"').to_owned() }
    }
}

/// A parser reads `compose.yaml`, and what it says is about this program.
#[test]
fn compose_describes_this_program() {
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/target/schemathesis/bin/python");
    let script = "import json, sys, yaml; json.dump(yaml.safe_load(open('compose.yaml')), sys.stdout)";
    let mut command = Command::new(python);
    let output = command.args(["-c", script]).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let compose: Value = serde_json::from_slice(&output.stdout).unwrap();
    let service = &compose["services"]["neoirc"];
    for name in service["environment"].as_object().unwrap().keys() {
        assert!(is_setting(name), "{name}");
    }
    let volume = service["volumes"][0].as_str().unwrap();
    let (name, folder) = volume.split_once(':').unwrap();
    assert!(compose["volumes"].as_object().unwrap().contains_key(name), "{volume}");
    assert!(instructions().contains(&("VOLUME".to_owned(), folder.to_owned())), "{volume}");
    let exposed = instructions().into_iter().find(|(name, _)| name == "EXPOSE").unwrap().1;
    for port in service["ports"].as_array().unwrap() {
        let inside = port.as_str().unwrap().rsplit(':').next().unwrap();
        assert!(exposed.split(' ').any(|port| port == inside), "{port}");
        assert!(port.as_str().unwrap().starts_with("127.0.0.1:"), "{port} is open to everybody, without TLS");
    }
    for limit in ["max-size", "max-file"] {
        assert!(service["logging"]["options"][limit].is_string(), "logs may fill the disk: {limit}");
    }
    assert_eq!(service["cap_drop"], json!(["ALL"]));
}

/// What the package and the tarball name is there.
#[test]
fn what_is_packed_is_there() {
    let manifest = file("Cargo.toml");
    let assets = manifest.split_once("\nassets = [").unwrap().1.split_once("\n]").unwrap().0;
    let sources: Vec<_> = assets.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert!(sources.len() >= 5, "{sources:?}");
    for source in sources.iter().filter(|source| !source.starts_with("target/") && !source.contains('*')) {
        file(source);
    }
    assert!(file("dist/deb/postinst").contains("#DEBHELPER#"));
    let unit = file("dist/neoircd.service");
    for line in [
        "ExecStart=neoircd serve --config /etc/neoirc/neoirc.toml",
        // A disk that is full for a minute ends five starts.
        "StartLimitIntervalSec=0",
        "RestartSec=5s",
    ] {
        assert!(unit.contains(&format!("\n{line}\n")), "{line} is missing in {unit}");
    }
    let packed = packed();
    for name in ["README.md", "LICENSE-MIT", "neoirc.example.toml", "dist/neoircd.service"] {
        assert!(packed.iter().any(|packed| packed == name), "{name}");
    }
    for name in packed {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(&name).exists(), "{name}");
    }
}

/// The files and folders that the tarball has beside the programs.
fn packed() -> Vec<String> {
    let makefile = file("Makefile");
    assert!(makefile.contains("\tcp -r --parents $(PACKED) "));
    let list = makefile.split_once("\nPACKED := ").unwrap().1.split_once("\n\n").unwrap().0;
    list.replace('\\', " ").split_whitespace().map(str::to_owned).collect()
}

/// Whoever has nothing but the tarball can follow every link in its documents.
#[test]
fn the_tarball_has_what_its_documents_link_to() {
    let packed = packed();
    let mut documents = ["README.md", "CHANGELOG.md", "ARCHITECTURE.md"].map(str::to_owned).to_vec();
    for entry in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            documents.push(format!("docs/{name}"));
        }
    }
    for document in documents {
        for link in file(&document).split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let from_root = match link.strip_prefix("../") {
                Some(from_root) => from_root.to_owned(),
                None if document.starts_with("docs/") => format!("docs/{link}"),
                None => link.to_owned(),
            };
            let is_here = packed.iter().any(|name| Path::new(&from_root).starts_with(name));
            assert!(is_here || link.is_empty() || link.contains("://"), "{document}: {link} is not packed");
        }
    }
}

/// The commands of the description are typed from top to bottom, on a machine that has nothing of ours yet.
#[test]
fn folders_are_there_before_they_are_used() {
    let text = file("docs/operations.md");
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words:?} is missing"));
    for (made, used) in [
        ("\ncd neoirc-*/\n", "\ncp dist/neoircd.service "),
        ("\nmkdir -p /etc/neoirc\n", " > /etc/neoirc/neoirc.toml\n"),
        ("\ninstall -d -o neoirc -m 700 /var/backups/neoirc\n", " /var/backups/neoirc/$(date +%F).db\n"),
    ] {
        assert!(at(made) < at(used), "{used:?} comes first");
    }
}

/// Whoever types the commands of the description has nothing of the unit's environment, and they find its database.
#[test]
fn the_commands_of_the_description_name_the_database_of_the_unit() {
    let unit = file("dist/neoircd.service");
    let dburl = unit.lines().find_map(|line| line.strip_prefix("Environment=DBURL=")).unwrap();
    let text = file("docs/operations.md");
    let operations = ["neoircd backup ", "neoircd restore ", "neoircd check "];
    let typed = text.lines().filter(|line| {
        line.starts_with("sudo ") && operations.iter().any(|operation| line.contains(operation))
    });
    let typed: Vec<_> = typed.filter(|line| !line.contains(" --verify ")).collect();
    assert!(typed.len() >= 3, "{typed:?}");
    for line in typed {
        assert!(line.contains(&format!(" --dburl {dburl}")), "{line}");
    }
}

/// What a proxy cuts or changes is what neoircd goes by.
#[test]
fn the_proxies_of_the_description_pass_on_what_matters() {
    let text = file("docs/operations.md");
    let hosts: Vec<_> = text.lines().filter(|line| line.contains("proxy_set_header Host ")).collect();
    assert_eq!(hosts.len(), 2);
    assert!(hosts.iter().all(|line| line.ends_with(" $http_host;")), "{hosts:?}");
    let caddy = text.split_once("\tread_timeout ").unwrap().1;
    assert!(caddy.starts_with("5m\n"), "IRC over WebSocket is silent for minutes");
}

/// `neoircd health`, which the container asks.
#[test]
fn health_tells_whether_a_server_serves() {
    let mut server = TestServer::spawn();
    let address = server.socket_address();
    let ask = |address: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_neoircd"));
        command.arg("health").env("HTTP_LISTEN_ADDR", address).output().unwrap()
    };
    let answer = ask(&address);
    assert!(answer.status.success(), "{answer:?}");
    let everywhere = format!("0.0.0.0:{}", address.rsplit(':').next().unwrap());
    assert!(ask(&everywhere).status.success());
    assert!(server.terminate().success());
    let answer = ask(&address);
    assert_eq!(answer.status.code(), Some(1), "{answer:?}");
    assert!(String::from_utf8_lossy(&answer.stderr).contains("no server answers"), "{answer:?}");
}
