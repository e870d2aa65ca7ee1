//! The project's load program: `make bench`, or `cargo bench --bench load -- --help`.
//!
//! It starts the server as its own process, talks to it over plain sockets as many members at once, and prints
//! one JSON line for each scenario on stdout; what a person wants to watch meanwhile goes to stderr. Where it
//! makes sense, the same load runs against a bare in-memory Actix server in alternating rounds of the same run:
//! machines differ and are noisy, so the ratio of the two says more than either figure.
//!
//! Modules in reading order: what was asked for ([`options`], [`plan`]), the two servers ([`server`],
//! [`bare`]), the cheap client ([`http`], [`net`]), many of them ([`crowd`], [`room`]), what they heard
//! ([`tally`]), the scenarios, and what is printed ([`report`], [`figures`]).
//!
//! Exit status: 0; 1 when a message was lost, doubled or out of order, or when a scenario could not run.
#![expect(clippy::cast_precision_loss, reason = "counts become rates to be printed; 53 bits are plenty")]

mod acks;
mod bare;
mod crowd;
mod curves;
mod drain;
mod durability;
mod fair;
mod figures;
mod filled;
mod flood;
mod guard;
mod http;
mod idle;
mod large;
mod lockstep;
mod machine;
mod nchan;
mod net;
mod options;
mod pingpong;
mod plan;
mod plot;
mod report;
mod restart;
mod room;
mod server;
mod sessions;
mod sqlite;
mod tally;
mod wire;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use machine::Machine;
use options::Options;
use plan::{Bench, Scenario};
use report::{Measure, Report};
use server::{Folder, Kind};

fn main() -> ExitCode {
    let options = Options::parse();
    let outcome = if options.bare_server {
        bare::serve().map(|()| true)
    } else if options.become_server {
        server::become_server(&options.server, &options.arguments).map(|()| true)
    } else if options.list {
        for scenario in &plan::SCENARIOS {
            println!("{}", scenario.name);
        }
        Ok(true)
    } else if options.was_started_as_a_test() {
        // `cargo test --all-targets` also starts programs like this one, and would not thank us for minutes.
        println!("load: start it with `cargo bench --bench load`");
        Ok(true)
    } else {
        run(options)
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs what was chosen. False when any scenario failed or any message went astray.
fn run(options: Options) -> Result<bool> {
    tally::prove().context("the tally does not work")?;
    machine::raise_open_files_limit();
    let machine = Machine::prepare(options.no_pin)?;
    eprintln!("load: {}", machine.describe());
    let scenarios = plan::chosen(&options.only)?;
    if options.nchan && !nchan::is_installed() {
        anyhow::bail!(
            "--nchan needs nginx-light and libnginx-mod-nchan, by the names that Debian gives them"
        );
    }
    std::fs::create_dir_all(&options.data_dir)
        .with_context(|| format!("cannot make {}", options.data_dir.display()))?;
    Folder::remove_old(&options.data_dir);
    let bench = Bench { options, machine };
    let mut all_well = true;
    for scenario in scenarios {
        match measure(&bench, scenario) {
            Ok(report) => {
                report.print();
                if let Some(folder) = &bench.options.plots
                    && !report.points().is_empty()
                {
                    plot::draw(folder, report.scenario(), report.points())
                        .with_context(|| format!("cannot draw {}", report.scenario()))?;
                }
                all_well &= report.is_faultless();
            }
            Err(error) => {
                eprintln!("load: {}: {error:#}", scenario.name);
                all_well = false;
            }
        }
    }
    Ok(all_well)
}

/// Plays the rounds of one scenario, the two servers taking turns at going first.
fn measure(bench: &Bench, scenario: &Scenario) -> Result<Report> {
    let rounds = if scenario.repeats_itself { 1 } else { bench.options.rounds() };
    let with_bare = scenario.has_bare && !bench.options.no_bare;
    let mut report = Report::new(scenario.name, &bench.options, &bench.machine);
    for round in 0..rounds {
        let neoirc_first = round % 2 == 0;
        let mut turns = [Kind::Neoirc, Kind::Bare, Kind::Nchan];
        if !neoirc_first {
            turns.reverse();
        }
        for kind in turns {
            let is_wanted = match kind {
                Kind::Neoirc => !bench.options.only_bare,
                Kind::Bare => with_bare,
                Kind::Nchan => bench.options.nchan && scenario.has_nchan(),
            };
            if !is_wanted {
                continue;
            }
            let measure: Measure = scenario.run(bench, kind).with_context(|| format!("on {kind}"))?;
            eprintln!("load: {} round {}/{rounds} {kind}: {measure}", scenario.name, round + 1);
            report.add(kind, measure);
        }
    }
    Ok(report)
}
