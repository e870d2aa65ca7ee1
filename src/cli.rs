//! The command line: `neoircd [serve]`, `neoircd config print`, and a flag for every setting.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};
use neoirc::config::{SETTINGS, Settings, Values};
use tempfile::TempDir;

/// What the program was asked to do.
pub(crate) enum Invocation {
    /// Serve, with the folder of a trial, which goes with the process.
    Serve(Box<Settings>, Option<TempDir>),
    /// Print this.
    Print(String),
}

/// Reads the command line and the settings.
pub(crate) fn read() -> Result<Invocation> {
    let matches = command().get_matches();
    match matches.subcommand() {
        Some(("config", config)) => match config.subcommand() {
            Some(("example", _)) => Ok(Invocation::Print(example())),
            Some((_, print)) => Ok(Invocation::Print(in_force(&gather(print)?.0))),
            None => Ok(Invocation::Print(String::new())),
        },
        Some((_, serve)) => serving(serve),
        None => serving(&matches),
    }
}

fn serving(matches: &ArgMatches) -> Result<Invocation> {
    let (values, folder) = gather(matches)?;
    Ok(Invocation::Serve(Box::new(values.settings()?), folder))
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
        .subcommand(config.subcommand(print).subcommand(example))
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

fn gather(matches: &ArgMatches) -> Result<(Values, Option<TempDir>)> {
    let dev = matches.get_flag("dev");
    let file = matches.get_one::<String>("config").map(Path::new);
    let folder = dev.then(tempfile::tempdir).transpose().context("cannot make a temporary folder")?;
    let flag = |setting: &neoirc::config::Setting| matches.get_one::<String>(setting.name).cloned();
    let environment = |name: &str| std::env::var(name).ok();
    let trial = folder.as_ref().map(|folder| format!("file:{}", folder.path().join("neoirc.db").display()));
    let values = Values::gather(flag, environment, file, trial.as_deref())?;
    Ok((values, folder))
}

/// The settings in force, in the form of a settings file.
fn in_force(values: &Values) -> String {
    let mut text = String::new();
    for (setting, value) in values.iter() {
        let _ = if setting.secret && !value.is_empty() {
            // A comment: a file with something else in its place would be in force with that.
            writeln!(text, "# {} is set and not shown", setting.key())
        } else {
            writeln!(text, "{} = {}", setting.key(), toml_string(value))
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
