//! The command line of the load program.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Loads a neoirc server and measures it; one JSON line a scenario on stdout.
#[derive(Debug, Parser)]
#[command(name = "load")]
#[expect(clippy::struct_excessive_bools, reason = "these are switches on a command line, not states")]
pub(crate) struct Options {
    /// Run only these scenarios; a name, or its beginning (`flood8`, `idle_1000`). May be given several times.
    #[arg(long, value_name = "SCENARIO", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// How long each round of a timed scenario sends, in seconds [default: 3, with --quick 0.5].
    #[arg(long, value_name = "N")]
    seconds: Option<f64>,

    /// Rounds on each server; medians are reported [default: 3, with --quick 1].
    #[arg(long, value_name = "N")]
    rounds: Option<u32>,

    /// A short run that shows everything works: small backlogs, one round. Its figures mean little.
    #[arg(long)]
    pub(crate) quick: bool,

    /// Measure this server program instead of the one just built, to compare two versions.
    #[arg(long, value_name = "PATH", default_value = env!("CARGO_BIN_EXE_neoircd"), hide_default_value = true)]
    pub(crate) server: PathBuf,

    /// Where databases are put while measuring. It should be a real disk, since every commit waits for it.
    #[arg(long, value_name = "DIR", default_value = "target/bench-data")]
    pub(crate) data_dir: PathBuf,

    /// Stored messages in the `restart` scenario [default: 1000000, with --quick 20000].
    #[arg(long, value_name = "N")]
    restart_messages: Option<u32>,

    /// Seconds the `idle` scenarios wait before they read the memory. A server may keep what was acknowledged for
    /// a while; above two minutes shows it without.
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) settle: u16,

    /// Minutes that `curve_time` runs [default: 10].
    #[arg(long, value_name = "N")]
    soak_minutes: Option<u16>,

    /// Draw the curves that were measured into this folder, an SVG each.
    #[arg(long, value_name = "DIR")]
    pub(crate) plots: Option<PathBuf>,

    /// Do not give server and load a core each, even where that is possible.
    #[arg(long)]
    pub(crate) no_pin: bool,

    /// Leave the bare reference server out.
    #[arg(long)]
    pub(crate) no_bare: bool,

    /// Play against nginx with Nchan, too, where that is installed.
    #[arg(long)]
    pub(crate) nchan: bool,

    /// Measure the bare reference server alone.
    #[arg(long, conflicts_with = "no_bare")]
    pub(crate) only_bare: bool,

    /// Print the names of the scenarios.
    #[arg(long)]
    pub(crate) list: bool,

    /// Be the bare reference server: how this program starts it.
    #[arg(long, hide = true)]
    pub(crate) bare_server: bool,

    /// Turn into the program that --server names: how this program starts it.
    #[arg(long, hide = true)]
    pub(crate) become_server: bool,

    /// What `cargo bench` adds to every command line.
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// `cargo test` starts bench programs with no argument at all, `cargo bench` with `--bench`.
    pub(crate) fn was_started_as_a_test(&self) -> bool {
        !self.bench && std::env::args_os().len() == 1
    }

    /// How long a round of a timed scenario sends.
    pub(crate) fn duration(&self) -> Duration {
        let seconds = self.seconds.unwrap_or(if self.quick { 0.5 } else { 3.0 });
        // Bounded so that no argument can make the conversion panic or the run endless.
        Duration::from_secs_f64(if seconds.is_finite() { seconds.clamp(0.05, 600.0) } else { 3.0 })
    }

    /// Rounds on each server, at least one.
    pub(crate) fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(if self.quick { 1 } else { 3 }).max(1)
    }

    /// How long `curve_time` runs, where it was said.
    pub(crate) fn soak(&self) -> Option<Duration> {
        self.soak_minutes.map(|minutes| Duration::from_mins(u64::from(minutes.clamp(1, 600))))
    }

    /// Stored messages in the `restart` scenario.
    pub(crate) fn restart_messages(&self) -> u32 {
        self.restart_messages.unwrap_or(if self.quick { 20_000 } else { 1_000_000 })
    }

    /// Clients in the `restart` scenario.
    pub(crate) fn restart_clients(&self) -> usize {
        if self.quick { 500 } else { 10_000 }
    }

    /// Unread messages in the drain scenarios.
    pub(crate) fn drain_messages(&self) -> u32 {
        if self.quick { 5_000 } else { 100_000 }
    }
}
