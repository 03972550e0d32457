//! What is known of a run before it begins, for those who show it beside the results. Called by `app`.

use std::fs;

use nix::sys::resource::{Resource, getrlimit};

use crate::config::Shown;
use crate::event::{About, Machine, Setting};
use crate::run::Setup;

use super::ratio;

pub(super) fn about(shown: Vec<Shown>, setup: &Setup) -> About {
    let setting = |Shown { name, value, origin }| Setting { name, value, origin };
    let settings = shown.into_iter().map(setting).collect();
    About { settings, shares: ratio::shares(setup), machine: Some(machine()) }
}

/// This one. What the system does not say stays empty.
fn machine() -> Machine {
    Machine {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        os: system(),
        cpu: cpu(&read("/proc/cpuinfo")).unwrap_or_default(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        memory: memory(&read("/proc/meminfo")),
        open_files: getrlimit(Resource::RLIMIT_NOFILE).ok().map(|(soft, _)| soft),
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The distribution, where there is one, and the kernel.
fn system() -> String {
    let release = read("/etc/os-release");
    let named = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let kernel = read("/proc/sys/kernel/osrelease");
    let kernel = format!("{} {}", std::env::consts::OS, kernel.trim());
    match named.map(|name| name.trim_matches('"')) {
        Some(name) if !name.is_empty() => format!("{name}, {}", kernel.trim()),
        _ => kernel.trim().to_owned(),
    }
}

/// What the first core calls itself, or the kind where it has no name.
fn cpu(cpuinfo: &str) -> Option<String> {
    let of = |key: &str| {
        let values = cpuinfo.lines().filter_map(|line| line.split_once(':'));
        let mut values = values.filter(|(name, _)| name.trim() == key).map(|(_, value)| value.trim());
        values.next().filter(|value| !value.is_empty()).map(str::to_owned)
    };
    of("model name").or_else(|| of("Model")).or_else(|| Some(std::env::consts::ARCH.to_owned()))
}

/// Bytes.
fn memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_understood() {
        assert_eq!(cpu("processor\t: 0\nmodel name\t: A CPU @ 3 GHz\n").as_deref(), Some("A CPU @ 3 GHz"));
        assert_eq!(cpu("").as_deref(), Some(std::env::consts::ARCH));
        assert_eq!(memory("MemFree: 1 kB\nMemTotal:       16384 kB\n"), Some(16_777_216));
        assert_eq!(memory(""), None);
    }

    #[test]
    fn this_machine_has_a_name_and_cores() {
        let machine = machine();
        assert!(!machine.os.is_empty() && machine.cores > 0 && !machine.version.is_empty(), "{machine:?}");
    }
}
