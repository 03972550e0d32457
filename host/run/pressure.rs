//! How long work stood still for want of memory, as Linux counts it (pressure stall information). Felt by `pulse`.

use std::fs::read_to_string;
use std::time::Duration;

/// Since the machine began, or its control group: how long anything of the group had to wait for memory, or where that is
/// not told, how long all of the machine had to. None where the system does not say.
pub(super) fn stalled() -> Option<Duration> {
    let own = read_to_string("/proc/self/cgroup").ok().and_then(|groups| {
        let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
        read_to_string(format!("/sys/fs/cgroup{}/memory.pressure", path.trim_end_matches('/'))).ok()
    });
    match own {
        Some(text) => total(&text, "some"),
        None => total(&read_to_string("/proc/pressure/memory").ok()?, "full"),
    }
}

/// The line's `total`, which is in microseconds.
fn total(text: &str, line: &str) -> Option<Duration> {
    let line = text.lines().find_map(|known| known.strip_prefix(line))?;
    let total = line.split_ascii_whitespace().find_map(|field| field.strip_prefix("total="))?;
    total.parse().ok().map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_line_is_read() {
        // The kernel's documentation, accounting/psi.
        let text = "some avg10=0.00 avg60=0.00 avg300=0.00 total=63454499\n\
                    full avg10=0.00 avg60=0.00 avg300=0.00 total=10819808\n";
        assert_eq!(total(text, "some"), Some(Duration::from_micros(63_454_499)));
        assert_eq!(total(text, "full"), Some(Duration::from_micros(10_819_808)));
        assert_eq!(total("some avg10=0.00", "some"), None);
        assert_eq!(total("", "full"), None);
    }
}
