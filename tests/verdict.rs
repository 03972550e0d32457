//! When the generator itself is what was measured: a run says so, and only then.

use std::fs;
use std::process::{Child, Command, Output};

use e2e::demo::{Demo, Faults};

use crate::support::project::{Project, command};

const FULL_SPEED: &str = r#"
local U = HttpUser:extend("U", {})
U:task("work", function(self) self.client:get("/ready") end)
"#;

fn service(faults: Faults) -> (Demo, String) {
    let demo = Demo::start("127.0.0.1:0".parse().unwrap(), faults).unwrap();
    let url = format!("http://{}", demo.addr());
    (demo, url)
}

/// Ends with the test, however that ends.
struct Busy(Child);

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first core that this process may run on.
fn a_core() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
    list.trim().split([',', '-']).next().unwrap().to_owned()
}

/// `e2e` started by another program.
fn run_by(project: &Project, outer: &[&str], args: &[&str]) -> Output {
    let plain = command(&project.path(""));
    let mut wrapped = Command::new(outer[0]);
    wrapped.args(&outer[1..]).arg(plain.get_program()).args(args).current_dir(project.path(""));
    // What the developer has set must not change what is tested.
    wrapped.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
    wrapped.output().unwrap()
}

#[test]
fn a_starved_generator_is_inconclusive() {
    let project = Project::new(&[("main.lua", FULL_SPEED)]);
    let (_demo, url) = service(Faults::default());
    let core = a_core();
    let busy = Command::new("taskset").args(["-c", &core, "sh", "-c", "while :; do :; done"]).spawn();
    let _busy = Busy(busy.expect("taskset is a part of util-linux"));
    // On the same core, and last in the queue for it.
    let outer = ["taskset", "-c", &core, "nice", "-n", "19"];
    let ended = run_by(&project, &outer, &["-u", "20", "-r", "1000", "-t", "6s", "-H", &url]);
    let (told, logged) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(112), "{told}{logged}");
    for part in ["? the generator could not keep up", "? inconclusive", "of the requests"] {
        assert!(told.contains(part), "no {part} in {told}");
    }
    assert!(logged.contains("WARN"), "it is told while it runs: {logged}");
}

#[test]
fn a_slow_server_is_not_the_generators_fault() {
    let project = Project::new(&[("main.lua", FULL_SPEED)]);
    let faults = Faults { latency: std::time::Duration::from_millis(700), ..Faults::default() };
    let (_demo, url) = service(faults);
    let ended = run_by(&project, &["env"], &["-u", "20", "-r", "1000", "-t", "4s", "-H", &url]);
    let told = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(0), "{told}");
    assert!(told.contains("generator: late by") && told.contains("✓ passed"), "{told}");
}

/// Connections that fail for want of files are not the server's failures.
#[test]
fn a_generator_without_room_is_inconclusive() {
    let script = r#"
local U = HttpUser:extend("U", { wait_time = constant(0.2) })
U:task("work", function(self) self.client:get("/ready", { timeout = 5 }) end)
"#;
    let project = Project::new(&[("main.lua", script)]);
    let (_demo, url) = service(Faults::default());
    let outer = ["sh", "-c", "ulimit -n 40; exec \"$@\"", "sh"];
    let ended = run_by(&project, &outer, &["-u", "80", "-r", "1000", "-t", "3s", "-H", &url]);
    let told = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(112), "{told}{}", String::from_utf8_lossy(&ended.stderr));
    assert!(told.contains("failed for want of room on this machine"), "{told}");
}
