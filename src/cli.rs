//! The command line: `neoircd [serve]`, `neoircd config print`, what an operator does to a database, `neoircd pow`, and
//! a flag for every setting.

use std::fmt::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;
use neoirc::config::{Environment, SETTINGS, Settings, Values};
use neoirc::protocol::json::check_free_form;
use neoirc::protocol::limits::CHANNEL_HASHCASH_BITS_MAX;
use neoirc::protocol::message::Body;
use neoirc::protocol::stamp::body_hash;
use neoirc::store::sqlite::Location;
use serde_json::value::RawValue;
use tempfile::TempDir;

use crate::operate::Operation;

/// What the program was asked to do.
pub(crate) enum Invocation {
    /// Serve, with where the settings came from, and the folder of a trial, which goes with the process.
    Serve(Box<Settings>, Source, Option<TempDir>),
    /// Print this.
    Print(String),
    /// Print these settings, then end as they would let a server end.
    Show(String, Result<()>),
    /// Do this to this database.
    Operate(Operation, Location),
    /// Ask the server that runs here whether it serves.
    Health(SocketAddr),
    /// Compute a stamp and print it.
    Mint(Work),
}

/// The work that a stamp is to prove.
pub(crate) struct Work {
    /// Bits of it.
    pub(crate) bits: u32,
    /// What it is spent on: the name of a server, or a channel.
    pub(crate) resource: String,
    /// The hash of the body of a message; empty for a session.
    pub(crate) extension: String,
}

/// Where the settings come from, so that they can be read again.
pub(crate) struct Source {
    environment: Environment,
    matches: ArgMatches,
    trial: Option<String>,
}

impl Source {
    /// The settings as they are now.
    pub(crate) fn read(&self) -> Result<Settings> {
        Ok(gather(&self.environment, &self.matches, self.trial.as_deref())?.settings()?)
    }

    /// Whether this is a trial.
    pub(crate) const fn is_trial(&self) -> bool {
        self.trial.is_some()
    }

    /// The file, if there is one.
    pub(crate) fn name(&self) -> String {
        let file = self.matches.get_one::<String>("config");
        file.cloned().unwrap_or_else(|| "environment".to_owned())
    }
}

/// Reads the command line and the settings.
pub(crate) fn read() -> Result<Invocation> {
    let matches = command().get_matches();
    // What has no use for settings has none for a file that may be another program's.
    let has_settings = !matches!(matches.subcommand_name(), Some("pow" | "completions" | "man"));
    let environment = if has_settings { Environment::take()? } else { Environment::default() };
    match matches.subcommand() {
        Some(("config", config)) => match config.subcommand() {
            Some(("example", _)) => Ok(Invocation::Print(example())),
            Some((_, print)) => {
                let (trial, _folder) = trial(print)?;
                let values = gather(&environment, print, trial.as_deref())?;
                let usable = values.settings().map(drop).map_err(Into::into);
                Ok(Invocation::Show(in_force(&values), usable))
            }
            None => Ok(Invocation::Print(String::new())),
        },
        Some(("backup", backup)) => operating(Operation::Backup(file(backup)), backup, &environment),
        Some(("restore", restore)) if restore.get_flag("verify") => {
            operating(Operation::Verify(file(restore)), restore, &environment)
        }
        Some(("restore", restore)) => operating(Operation::Restore(file(restore)), restore, &environment),
        Some(("check", check)) => operating(Operation::Check, check, &environment),
        Some(("health", health)) => {
            Ok(Invocation::Health(gather(&environment, health, None)?.settings()?.http_listen_addr))
        }
        Some(("pow", pow)) => work(pow).map(Invocation::Mint),
        Some(("completions", completions)) => completed(completions),
        Some(("man", _)) => manual(),
        Some((_, serve)) => serving(serve, environment),
        None => serving(&matches, environment),
    }
}

fn serving(matches: &ArgMatches, environment: Environment) -> Result<Invocation> {
    let (trial, folder) = trial(matches)?;
    let source = Source { environment, matches: matches.clone(), trial };
    Ok(Invocation::Serve(Box::new(source.read()?), source, folder))
}

fn operating(operation: Operation, matches: &ArgMatches, environment: &Environment) -> Result<Invocation> {
    let settings = gather(environment, matches, None)?.settings()?;
    Ok(Invocation::Operate(operation, settings.dburl))
}

fn file(matches: &ArgMatches) -> PathBuf {
    matches.get_one::<String>("FILE").map(PathBuf::from).unwrap_or_default()
}

/// What an operator does to a database.
fn operations() -> [Command; 3] {
    let file = |help: &'static str| Arg::new("FILE").required(true).help(help);
    let verify = Arg::new("verify")
        .long("verify")
        .action(ArgAction::SetTrue)
        .help("Only look whether the backup is good, and what is in it");
    let backup = Command::new("backup")
        .about("Copy the database into a file, also while a server uses it")
        .arg(file("A file that is not there yet"));
    let restore = Command::new("restore")
        .about("Put a backup in the place of the database, which is kept beside it; no server may use it")
        .args([file("A backup"), verify]);
    let check = Command::new("check")
        .about("Look whether the database is good, also while a server uses it; exit with 1 if it is not");
    [backup, restore, check].map(|command| command.args(arguments()))
}

fn command() -> Command {
    let print =
        Command::new("print").about("Print the settings that are in force, as a file").args(arguments());
    let example = Command::new("example").about("Print a settings file with every default and its reason");
    let config = Command::new("config").about("Show settings").subcommand_required(true);
    Command::new("neoircd")
        .about("A chat server with IRC semantics whose interface is JSON over HTTP with long polling")
        .version(env!("CARGO_PKG_VERSION"))
        .args_conflicts_with_subcommands(true)
        .args(arguments())
        .subcommand(Command::new("serve").about("Serve; also without a word").args(arguments()))
        .subcommand(pow())
        .subcommand(health())
        .subcommand(config.subcommand(print).subcommand(example))
        .subcommands(operations())
        .subcommand(
            Command::new("completions")
                .about("Print completions for a shell")
                .arg(Arg::new("SHELL").required(true).value_parser(value_parser!(Shell))),
        )
        .subcommand(Command::new("man").about("Print the manual page"))
}

fn completed(matches: &ArgMatches) -> Result<Invocation> {
    let mut script = Vec::new();
    if let Some(shell) = matches.get_one::<Shell>("SHELL") {
        clap_complete::generate(*shell, &mut command(), "neoircd", &mut script);
    }
    Ok(Invocation::Print(String::from_utf8(script)?))
}

fn manual() -> Result<Invocation> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command()).render(&mut page)?;
    Ok(Invocation::Print(String::from_utf8(page)?))
}

fn health() -> Command {
    Command::new("health")
        .about(
            "Ask the server that runs here, by its settings, whether it serves; exit with 1 if it does not",
        )
        .args(arguments())
}

fn pow() -> Command {
    let bits = value_parser!(u32).range(0..=i64::from(CHANNEL_HASHCASH_BITS_MAX));
    Command::new("pow")
        .about(
            "Compute a stamp of hashcash on all cores and print it: for a session, or for a message under +H",
        )
        .arg(Arg::new("RESOURCE").required(true).help("The name of the server, or the channel"))
        .arg(
            Arg::new("bits")
                .long("bits")
                .value_name("N")
                .required(true)
                .value_parser(bits)
                .help("Bits of work"),
        )
        .arg(
            Arg::new("body")
                .long("body")
                .value_name("JSON")
                .help("The body of the message, such as '[\"hi\"]'"),
        )
}

fn work(matches: &ArgMatches) -> Result<Work> {
    let extension = match matches.get_one::<String>("body") {
        Some(json) => {
            let body: Box<RawValue> = serde_json::from_str(json).context("the body is not JSON")?;
            check_free_form(&body).context("no message may have this body")?;
            body_hash(&Body::Object(body))
        }
        None => String::new(),
    };
    let resource = matches.get_one::<String>("RESOURCE").cloned().unwrap_or_default();
    Ok(Work { bits: matches.get_one("bits").copied().unwrap_or_default(), resource, extension })
}

fn arguments() -> Vec<Arg> {
    let file = Arg::new("config").long("config").value_name("FILE").help("Settings file (TOML)");
    let dev = Arg::new("dev")
        .long("dev")
        .action(ArgAction::SetTrue)
        .help("For a trial: loopback only, data in a temporary folder unless DBURL is set");
    let settings = SETTINGS.iter().map(|setting| {
        let default = setting.default.lines().next().unwrap_or_default();
        let help = format!("{} [env: {}] [default: {default}]", setting.help, setting.name);
        Arg::new(setting.name).long(setting.flag()).value_name(setting.name).help(help)
    });
    [file, dev].into_iter().chain(settings).collect()
}

/// For a trial, a temporary folder and the `DBURL` in it.
fn trial(matches: &ArgMatches) -> Result<(Option<String>, Option<TempDir>)> {
    let dev = matches.get_flag("dev");
    let folder = dev.then(tempfile::tempdir).transpose().context("cannot make a temporary folder")?;
    let dburl = folder.as_ref().map(|folder| format!("file:{}", folder.path().join("neoirc.db").display()));
    Ok((dburl, folder))
}

fn gather(environment: &Environment, matches: &ArgMatches, trial: Option<&str>) -> Result<Values> {
    let file = matches.get_one::<String>("config").map(Path::new);
    let flag = |setting: &neoirc::config::Setting| matches.get_one::<String>(setting.name).cloned();
    Ok(Values::gather(flag, environment.read()?, file, trial)?)
}

/// The settings in force, in the form of a settings file; of secrets only whether they are set.
fn in_force(values: &Values) -> String {
    let mut text = String::new();
    for (setting, value) in values.iter() {
        let key = setting.key();
        let _ = if setting.is_secret() && !value.is_empty() {
            // A comment: a file with something else in its place would be in force with that.
            writeln!(text, "# {key} is set and not shown")
        } else {
            writeln!(text, "{key} = {}", toml_string(value))
        };
    }
    text
}

/// A settings file with every default, commented out, and its reason.
fn example() -> String {
    let mut text = "# Settings of neoircd, each with its default.\n\
        # The environment (the same names in upper case) stands over this file, flags over both.\n"
        .to_owned();
    for setting in SETTINGS {
        let (key, value) = (setting.key(), toml_string(setting.default));
        let _ = write!(text, "\n# {}.\n#{key} = {value}\n", setting.help);
    }
    text
}

fn toml_string(value: &str) -> String {
    // A JSON string is a TOML basic string.
    serde_json::Value::from(value).to_string()
}
