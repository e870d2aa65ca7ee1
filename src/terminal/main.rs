//! `neoirc`, the program for people and their scripts: a terminal client, and the words of a chat as words of a shell.
//!
//! A crate of its own on the library [`neoirc::client`]; of the server it knows nothing.

mod account;
mod args;
mod clean;
mod clock;
mod exit;
mod line;
mod profile;
mod script;
mod search;
mod send;
mod tail;
mod tui;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use clap::ArgMatches;

use exit::Failure;
use profile::Profile;

fn main() -> ExitCode {
    let matches = args::command().get_matches();
    let outcome = run(&matches);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output has heard enough, such as `head`.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // What a server says is in it, so it is as clean as everything else.
            let _ = writeln!(std::io::stderr(), "neoirc: {}", clean::line(&failure.to_string()));
            failure.code()
        }
    }
}

/// Does what the command line asks for.
fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((name, words)) = matches.subcommand() else { return Ok(()) };
    match name {
        "completions" => return args::completions(words),
        "man" => return args::man(),
        "pow" => return script::pow(words),
        _ => {}
    }
    let profile = Profile::of(matches)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Local)?;
    let outcome = runtime.block_on(async {
        match name {
            "send" => send::send(&profile, words).await,
            "tail" => tail::tail(&profile, words).await,
            "join" => script::join(&profile, words).await,
            "login" => script::login(&profile, words).await,
            "logout" => script::logout(&profile).await,
            "passwd" => script::passwd(&profile).await,
            "register" => account::register(&profile, words).await,
            "unregister" => account::unregister(&profile).await,
            "marker" => account::marker(&profile, words).await,
            "search" => search::search(&profile, words).await,
            "state" => script::state(&profile, words).await,
            _ => tui::run(&profile, words).await,
        }
    });
    // A thread that waits for a key would be waited for.
    runtime.shutdown_background();
    outcome
}
