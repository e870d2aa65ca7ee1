//! What the system knows of this process, under the names that Prometheus' own clients use. Linux only: elsewhere
//! it is left out.

use super::exposition::Exposition;

#[cfg(not(target_os = "linux"))]
pub(super) fn describe(_: &mut Exposition) {}

#[cfg(target_os = "linux")]
pub(super) fn describe(page: &mut Exposition) {
    use procfs::WithCurrentSystemInfo;
    use procfs::process::{LimitValue, Process};

    let Ok(process) = Process::myself() else { return };
    if let Ok(stat) = process.stat() {
        let memory_bytes = stat.rss_bytes().get();
        page.gauge("process_resident_memory_bytes", "Memory of the process", memory_bytes);
        #[expect(clippy::cast_precision_loss, reason = "ticks of a clock that runs at 100 a second")]
        let cpu_s = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
        page.counter("process_cpu_seconds_total", "Processor time of the process", cpu_s);
        page.gauge("process_threads", "Threads of the process", stat.num_threads);
        if let Ok(boot_s) = procfs::boot_time_secs() {
            let started_s = boot_s + stat.starttime / procfs::ticks_per_second();
            page.gauge("process_start_time_seconds", "When the process began, since 1970", started_s);
        }
    }
    if let Ok(open) = process.fd_count() {
        page.gauge("process_open_fds", "Open files, connections among them", open);
    }
    if let Ok(limits) = process.limits()
        && let LimitValue::Value(max) = limits.max_open_files.soft_limit
    {
        page.gauge("process_max_fds", "How many files may be open", max);
    }
}
