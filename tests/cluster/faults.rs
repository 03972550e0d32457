//! What can happen to a run over NATS: nothing that was counted is lost, and nothing counts twice.

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use super::nats::Nats;
use super::party::{ASK, Party, end};
use crate::support::project::{Project, Running, command};

/// What one user asks in the second or so that a killed process had not told yet, with room for a busy machine.
const UNTOLD: u64 = 40;

fn kill(process: Running) {
    process.signal("KILL");
    assert_eq!(process.end_by_signal(), 9);
}

#[test]
fn a_killed_process_makes_the_run_inconclusive() {
    let Some(party) = Party::of(3, ASK) else { return };
    let mut processes = party.start_all("-u 3 -r 100 -t 11s");
    party.until_asked(&mut processes[2], "/u3", 20);
    kill(processes.pop().unwrap());
    let ended = end(processes);
    for ended in &ended {
        assert_eq!(ended.code, Some(112), "{}\n{}", ended.out, ended.err);
    }
    assert!(ended[1].err.contains("process 2 was lost"), "{}", ended[1].err);
    let (counted, answered) = (party.counted(0), party.counter.answered());
    assert_eq!((counted["/u1"], counted["/u2"]), (answered["GET /u1"], answered["GET /u2"]));
    let (told, made) = (counted["/u3"], answered["GET /u3"]);
    assert!(told > 0 && told <= made && made - told <= UNTOLD, "{told} of {made}");
}

#[test]
fn a_killed_process_is_replaced_where_that_is_wanted() {
    let Some(party) = Party::of(2, ASK) else { return };
    let mut processes = party.start_all("-u 2 -r 100 -t 18s --on-loss takeover");
    party.until_asked(&mut processes[1], "/u2", 15);
    kill(processes.pop().unwrap());
    let ended = processes.pop().unwrap().end().code(0);
    let ended = ended.told(&["a process is started in place of process 1", "process 1 was replaced after"]);
    let (counted, answered) = (party.counted(0), party.counter.answered());
    assert_eq!(counted["/u1"], answered["GET /u1"], "{}", ended.err);
    let (told, made) = (counted["/u2"], answered["GET /u2"]);
    assert!(told <= made && made - told <= UNTOLD, "{told} of {made}");
    assert!(told > 60, "whoever came in its place did nothing: {told}");
}

#[test]
fn another_merges_when_whoever_merged_is_killed() {
    let Some(party) = Party::of(3, ASK) else { return };
    let mut processes = party.start_all("-u 3 -r 100 -t 13s");
    party.until_asked(&mut processes[0], "/u1", 20);
    kill(processes.remove(0));
    let ended = end(processes);
    ended.iter().for_each(|ended| assert_eq!(ended.code, Some(112), "{}\n{}", ended.out, ended.err));
    let merger = (1..3).find(|index| party.has_merged(*index)).expect("somebody has written results");
    assert!(ended[merger - 1].out.contains("process 0 was lost"), "{}", ended[merger - 1].out);
    let (counted, answered) = (party.counted(merger), party.counter.answered());
    // Also what was told to the one before.
    assert_eq!((counted["/u2"], counted["/u3"]), (answered["GET /u2"], answered["GET /u3"]));
    let (told, made) = (counted["/u1"], answered["GET /u1"]);
    assert!(told > 0 && told <= made && made - told <= UNTOLD, "{told} of {made}");
}

/// NATS fails and comes back at once, and later is away for 10 s.
#[test]
fn a_run_outlives_nats() {
    let Some(mut party) = Party::of(2, ASK) else { return };
    let mut processes = party.start_all("-u 4 -r 100 -t 18s");
    party.until_asked(&mut processes[0], "/u1", 15);
    party.nats.stop();
    party.nats.go_on();
    sleep(Duration::from_secs(3));
    let before = party.answered();
    party.nats.stop();
    sleep(Duration::from_secs(10));
    assert!(party.answered() > before + 100, "the load goes on: {before} {}", party.answered());
    party.nats.go_on();
    for ended in end(processes) {
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    }
    assert_eq!(party.counted(0)["Aggregated"], party.answered());
}

/// It stands still for 3 s, and its requests with it: what it did is told late, and told once.
#[test]
fn a_process_that_stands_still_for_a_while_is_counted() {
    let Some(party) = Party::of(2, ASK) else { return };
    let mut processes = party.start_all("-u 2 -r 100 -t 10s");
    party.until_asked(&mut processes[1], "/u2", 15);
    processes[1].signal("STOP");
    sleep(Duration::from_secs(3));
    processes[1].signal("CONT");
    for ended in end(processes) {
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    }
    assert_eq!(party.counted(0)["Aggregated"], party.answered());
}

/// One process is lost, and started anew by whoever looks after it, as a Job of Kubernetes does.
#[test]
fn a_process_may_come_late_or_again() {
    let Some(party) = Party::of(2, ASK) else { return };
    let more = "-u 2 -r 100 -t 16s";
    let mut first = party.start(0, more);
    first.until_told("1 of 2");
    // The other is late: nobody begins without it.
    sleep(Duration::from_secs(2));
    assert_eq!(party.answered(), 0);
    let mut second = party.start(1, more);
    party.until_asked(&mut second, "/u2", 15);
    kill(second);
    let again = party.start(1, more);
    let again = again.end().code(0).told(&["in place of one that was lost"]);
    let first = first.end().code(0).told(&["process 1 was replaced after"]);
    assert!(again.took < first.took);
    let (counted, answered) = (party.counted(0), party.counter.answered());
    assert_eq!(counted["/u1"], answered["GET /u1"]);
    let (told, made) = (counted["/u2"], answered["GET /u2"]);
    assert!(told <= made && made - told <= UNTOLD && told > 40, "{told} of {made}");
}

#[test]
fn sigterm_takes_one_process_out_and_sigint_ends_the_run() {
    let Some(party) = Party::of(3, ASK) else { return };
    let mut processes = party.start_all("-u 3 -r 100 -t 30s");
    party.until_asked(&mut processes[2], "/u3", 15);
    // Whoever merges goes: another does.
    let first = processes.remove(0);
    first.signal("TERM");
    first.end().code(105).told(&["this process has left, the run goes on"]);
    let (_, second) = (sleep(Duration::from_secs(1)), processes.remove(0));
    second.signal("INT");
    let last = processes.remove(0).end().code(105);
    let second = second.end().code(105);
    assert!(second.took < Duration::from_secs(28) && last.took < Duration::from_secs(28));
    let merger = (1..3).find(|index| party.has_merged(*index)).expect("somebody has written results");
    assert_eq!(party.counted(merger)["Aggregated"], party.answered());
}

/// A process in a network of its own, whose cable is pulled for 8 s.
#[test]
fn a_partition_heals() {
    let ip = |line: &str| {
        let done = Command::new("ip").args(line.split(' ')).output();
        done.is_ok_and(|done| done.status.success())
    };
    let name = format!("e2e{}", std::process::id() % 10_000);
    let (here, there) = (format!("{name}a"), format!("{name}b"));
    struct Space(String);
    impl Drop for Space {
        fn drop(&mut self) {
            let _ = Command::new("ip").args(["netns", "del", &self.0]).output();
        }
    }
    if !ip(&format!("netns add {name}")) {
        return eprintln!("skipped: network namespaces need root and iproute2");
    }
    let _space = Space(name.clone());
    let made = ip(&format!("link add {here} type veth peer name {there} netns {name}"))
        && ip(&format!("addr add 10.213.7.1/24 dev {here}"))
        && ip(&format!("link set {here} up"))
        && ip(&format!("-n {name} addr add 10.213.7.2/24 dev {there}"))
        && ip(&format!("-n {name} link set {there} up"));
    if !made {
        return eprintln!("skipped: this system makes no pair of network devices");
    }
    let Some(nats) = Nats::start_at("10.213.7.1", true) else { return };
    // Iterations without requests: what is tested is in the other network, too.
    let script = "local U = User:extend('U', { wait_time = constant_throughput(10) })\nU:task('t', function() check(1, { [vu.id == 1 and 'here' or 'there'] = function() return true end }) end)";
    let project = Project::new(&[("s.lua", script)]);
    let line = format!("-f s.lua -u 2 -r 100 -t 18s --nats {} --run r --segments 2", nats.url());
    let mut first = project.start(&format!("{line} --segment 0/2 --summary-export r.json"), &[]);
    first.until_told("1 of 2");
    let e2e = command(&project.path("."));
    let mut inside = Command::new("ip");
    inside
        .args(["netns", "exec", &name])
        .arg(e2e.get_program())
        .args(line.split(' '))
        .args(["--segment", "1/2"]);
    inside.current_dir(project.path(".")).env("E2E_NO_GENERATOR_CHECK", "true");
    inside.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut second = Running::new(inside);
    second.until_told("merges the results");
    sleep(Duration::from_secs(5));
    assert!(ip(&format!("link set {here} down")));
    sleep(Duration::from_secs(8));
    // Its address goes with the device on some systems.
    assert!(ip(&format!("link set {here} up")));
    let _ = ip(&format!("addr add 10.213.7.1/24 dev {here}"));
    let second = second.end().code(0);
    let first = first.end().code(0);
    let summary: serde_json::Value = serde_json::from_str(&project.read("r.json")).unwrap();
    let passes = |check: &str| {
        let found = summary["root_group"]["checks"].as_object().map(|checks| checks[check]["passes"].clone());
        let listed = || {
            let checks = summary["root_group"]["checks"].as_array()?;
            Some(checks.iter().find(|one| one["name"] == check)?["passes"].clone())
        };
        found.or_else(listed).and_then(|count| count.as_u64()).unwrap_or_else(|| panic!("{summary:#}"))
    };
    // What was done while it was cut off is told afterwards.
    assert!(passes("there") > 140 && passes("here") > 140, "{} {}", first.err, second.err);
}
