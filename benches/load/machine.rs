//! What the load program asks of the operating system: open files, cores, and what a process has used.

use std::fs;

use anyhow::{Context, Result};
use rustix::process::{Resource, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// How the cores are shared out.
pub(crate) struct Machine {
    /// The server's core and the load's, when each has its own.
    cores: Option<(usize, usize)>,
    cores_available: usize,
}

impl Machine {
    /// Takes a core for the load where there are two or more, so that the two sides do not disturb each other and
    /// "the server is the bottleneck" means one whole core of it.
    pub(crate) fn prepare(no_pin: bool) -> Result<Machine> {
        let allowed = sched_getaffinity(None).context("cannot read which cores are allowed")?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect();
        let pair = match cores.as_slice() {
            [server, load, ..] if !no_pin => Some((*server, *load)),
            _ => None,
        };
        let machine = Machine { cores: pair, cores_available: cores.len() };
        machine.pin_to_load_core()?;
        Ok(machine)
    }

    /// Whether server and load have a core each.
    pub(crate) fn is_pinned(&self) -> bool {
        self.cores.is_some()
    }

    /// A sentence for the person watching.
    pub(crate) fn describe(&self) -> String {
        match self.cores {
            Some((server, load)) => format!(
                "pinned: server on core {server}, load on core {load}, of {} available",
                self.cores_available
            ),
            None => format!("not pinned, {} cores available", self.cores_available),
        }
    }

    /// Runs `spawn` on the server's core. A child process inherits the core from the thread that starts it, which
    /// does what `taskset` does without depending on it.
    pub(crate) fn on_server_core<T>(&self, spawn: impl FnOnce() -> Result<T>) -> Result<T> {
        if let Some((server, _)) = self.cores {
            pin(server)?;
        }
        let spawned = spawn();
        self.pin_to_load_core()?;
        spawned
    }

    fn pin_to_load_core(&self) -> Result<()> {
        self.cores.map_or(Ok(()), |(_, load)| pin(load))
    }
}

fn pin(core: usize) -> Result<()> {
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only).with_context(|| format!("cannot move to core {core}"))
}

/// Ten thousand waiting polls need as many sockets in each process; servers started later inherit the limit.
pub(crate) fn raise_open_files_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        eprintln!("load: cannot raise the limit of open files: {error}");
    }
}

/// A server must not run on when the load that started it is killed.
pub(crate) fn die_with_parent() {
    if let Err(error) = set_parent_process_death_signal(Some(Signal::KILL)) {
        eprintln!("load: this server may outlive the load: {error}");
    }
}

/// Processor time a process has used so far, user and system, in milliseconds. The kernel counts it in ticks,
/// usually of 10 ms.
///
/// # Errors
/// The process is gone.
pub(crate) fn cpu_ms(pid: u32) -> Result<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).context("the server is gone")?;
    // The second field is the program's name in parentheses and may hold spaces; count from behind it.
    let (_, fields) = stat.rsplit_once(')').context("an odd /proc stat")?;
    let ticks: u64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(ticks * 1000 / rustix::param::clock_ticks_per_second().max(1))
}

/// Processor time everything on the machine has used so far, over all cores, in milliseconds.
///
/// # Errors
/// There is no `/proc/stat`.
pub(crate) fn cpu_ms_of_all() -> Result<u64> {
    let stat = fs::read_to_string("/proc/stat").context("cannot read /proc/stat")?;
    let fields = stat.lines().next().context("an empty /proc/stat")?.split_whitespace().skip(1);
    // user, nice, system, idle, iowait, irq, softirq, steal: all but the two in which nothing is done.
    let busy = fields.take(8).enumerate().filter(|(index, _)| !matches!(index, 3 | 4));
    let ticks: u64 = busy.filter_map(|(_, field)| field.parse::<u64>().ok()).sum();
    Ok(ticks * 1000 / rustix::param::clock_ticks_per_second().max(1))
}

/// Memory a process holds now, in KiB.
///
/// # Errors
/// The process is gone.
pub(crate) fn resident_kib(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).context("the server is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS line")?;
    let kib = line.split_whitespace().next().and_then(|number| number.parse().ok());
    kib.context("an odd VmRSS line")
}
