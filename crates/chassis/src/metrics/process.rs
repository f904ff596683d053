//! What Prometheus wants to know of any process, as the kernel has it.

use std::fmt;
use std::fs;
use std::time::{Duration, SystemTime};

use prometheus_client::encoding::EncodeMetric;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use rustix::process::{Resource, getrlimit};

/// Since the epoch.
pub fn now() -> Duration {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_epoch.unwrap_or_default()
}

/// Says each by its name and help. What a system does not know is left out. `started` is a moment
/// of the start, since the epoch.
pub fn tell(
    started: Duration,
    say: &mut impl FnMut(&str, &str, &dyn EncodeMetric) -> fmt::Result,
) -> fmt::Result {
    say(
        "process_start_time_seconds",
        "When it began to serve, since the epoch",
        &ConstGauge::new(started.as_secs_f64()),
    )?;
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    if let Some(used) = cpu_seconds(&stat) {
        let help = "User and system CPU time";
        say("process_cpu_seconds", help, &ConstCounter::new(used))?;
    }
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let bytes = |name| Some(field(&status, name)? * 1024);
    let open = fs::read_dir("/proc/self/fd").ok();
    // One of them is that of looking.
    let open = open.map(|entries| entries.count().saturating_sub(1) as u64);
    for (name, help, value) in [
        (
            "process_resident_memory_bytes",
            "Resident memory",
            bytes("VmRSS:"),
        ),
        (
            "process_virtual_memory_bytes",
            "Virtual memory",
            bytes("VmSize:"),
        ),
        ("process_threads", "Threads", field(&status, "Threads:")),
        ("process_open_fds", "Open file descriptors", open),
        (
            "process_max_fds",
            "How many file descriptors may be open",
            getrlimit(Resource::Nofile).current,
        ),
    ] {
        if let Some(value) = value {
            say(name, help, &ConstGauge::new(value))?;
        }
    }
    Ok(())
}

/// What `/proc/self/stat` (proc(5)) has of time in user and in system mode, the 14th and the 15th
/// field, in hundredths of a second (`USER_HZ`). The name before them may have blanks in it.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(14 - 3);
    let mut next = || fields.next()?.parse::<u32>().ok();
    Some((f64::from(next()?) + f64::from(next()?)) / 100.0)
}

/// A number of `/proc/self/status` (proc(5)), sizes in units of 1024 bytes.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{cpu_seconds, field};

    #[test]
    fn time_is_found_behind_any_name() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 900 0 0 0 250 31 0 0 20 0 5 0 100 0 0";
        assert_eq!(cpu_seconds(stat), Some(2.81));
        assert_eq!(cpu_seconds(""), None);
    }

    #[test]
    fn a_number_of_the_kernels_is_found_by_its_whole_name() {
        let status = "Name:\tapp\nVmPeak:\t   9 kB\nVmSize:\t   8204 kB\nThreads:\t5\n";
        assert_eq!(field(status, "VmSize:"), Some(8204));
        assert_eq!(field(status, "Threads:"), Some(5));
        assert_eq!(field(status, "VmRSS:"), None);
        assert_eq!(field(status, "Name:"), None);
    }
}
