//! What the process uses of its machine, under the names that Prometheus' own clients give it. It is
//! read where Linux tells it, and left out elsewhere.

use metrics::{Unit, describe_counter, describe_gauge};

/// What each of these says.
pub fn describe() {
    describe_counter!(
        "process_cpu_seconds_total",
        Unit::Seconds,
        "Processor time of the process, in whole seconds."
    );
    describe_gauge!(
        "process_resident_memory_bytes",
        Unit::Bytes,
        "Memory of the process that is in the machine's."
    );
    describe_gauge!("process_open_fds", "Files and connections open.");
    describe_gauge!(
        "process_max_fds",
        "Files and connections that may be open at once."
    );
    describe_gauge!("process_threads", "Threads of the process.");
    describe_gauge!(
        "process_start_time_seconds",
        Unit::Seconds,
        "When the process began, since 1970."
    );
}

/// Tells them as they are now.
#[cfg(target_os = "linux")]
pub fn measure() {
    // What cannot be read is not told: a scrape fails for nothing of this.
    if let Some(used) = read() {
        used.tell();
    }
}

/// Tells nothing: there is no `/proc`.
#[cfg(not(target_os = "linux"))]
pub fn measure() {}

/// What the system says of the process.
#[cfg(target_os = "linux")]
struct Used {
    cpu_seconds: u64,
    resident: u64,
    open: u64,
    most_open: Option<u64>,
    threads: u64,
    /// Since 1970, in seconds.
    began: Option<u64>,
}

#[cfg(target_os = "linux")]
fn read() -> Option<Used> {
    use procfs::process::{LimitValue, Process};

    let process = Process::myself().ok()?;
    let stat = process.stat().ok()?;
    let ticks = procfs::ticks_per_second().max(1);
    let most_open = process.limits().ok()?.max_open_files.soft_limit;
    Some(Used {
        cpu_seconds: (stat.utime + stat.stime) / ticks,
        resident: stat.rss * procfs::page_size(),
        open: u64::try_from(process.fd_count().ok()?).ok()?,
        most_open: match most_open {
            LimitValue::Value(most) => Some(most),
            LimitValue::Unlimited => None,
        },
        threads: u64::try_from(stat.num_threads).ok()?,
        began: procfs::boot_time_secs()
            .ok()
            .map(|boot| boot + stat.starttime / ticks),
    })
}

#[cfg(target_os = "linux")]
impl Used {
    fn tell(&self) {
        metrics::counter!("process_cpu_seconds_total").absolute(self.cpu_seconds);
        metrics::gauge!("process_resident_memory_bytes").set(number(self.resident));
        metrics::gauge!("process_open_fds").set(number(self.open));
        metrics::gauge!("process_threads").set(number(self.threads));
        if let Some(most) = self.most_open {
            metrics::gauge!("process_max_fds").set(number(most));
        }
        if let Some(began) = self.began {
            metrics::gauge!("process_start_time_seconds").set(number(began));
        }
    }
}

/// A gauge's value, exact up to 2^53: made of two halves, since no conversion loses nothing.
#[cfg(target_os = "linux")]
fn number(count: u64) -> f64 {
    let halves = [count >> 32, count & u64::from(u32::MAX)];
    let [high, low] = halves.map(|half| f64::from(u32::try_from(half).unwrap_or(u32::MAX)));
    high * f64::from(u32::MAX) + high + low
}
