//! Command lines that make no sense: exit code 2, before anything begins.

use crate::support::counter::Counter;
use crate::support::project::Project;

const SCRIPT: &str = "\
local U = HttpUser:extend(\"ReaderUser\", { wait_time = constant(0.05) })
U:task(\"read\", { tags = { \"fast\" } }, function(self) self.client:get(\"/ready\") end)
";

#[test]
fn wrong_flags_and_numbers_are_wrong_usage() {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    for (line, fragments) in [
        ("--usres 3", ["--usres", "'--users'"]),
        ("-u 0", ["'--users <N>'", "0 is not in 1.."]),
        ("-u many", ["'--users <N>'", "many"]),
        ("-u 99999999999", ["'--users <N>'", "99999999999"]),
        ("-u", ["a value is required", "--users"]),
        ("-i 0", ["'--iterations <N>'", "0 is not in 1.."]),
        ("-r -1", ["'-1'", "it cannot be negative"]),
        ("-r 0", ["'--spawn-rate <R>'", "more than 0"]),
        ("-r 1e400", ["'--spawn-rate <R>'", "1e400"]),
        ("-t 3x", ["'--run-time <TIME>'", "`x` is not a unit"]),
        ("-t 0", ["'--run-time <TIME>'", "longer than 0"]),
        ("-t 99999999999h", ["'--run-time <TIME>'", "more than ten years"]),
        ("--stop-timeout soon", ["'--stop-timeout <TIME>'", "soon"]),
        ("--workers 0", ["'--workers <N>'", "from 1 to 1024"]),
        ("--workers 5000", ["'--workers <N>'", "from 1 to 1024"]),
        ("--seed -1", ["'-1'", "it cannot be negative"]),
        ("--seed 9223372036854775808", ["9223372036854775808", "9223372036854775807"]),
        ("--exit-code-on-error 300", ["'--exit-code-on-error <N>'", "300"]),
        ("-e 1", ["'--env-var <NAME=VALUE>'", "write it as NAME=VALUE"]),
        ("-L chatty", ["'--loglevel <LEVEL>'", "possible values"]),
        ("--list --check", ["--list", "--check"]),
        ("ReadrUser", ["no user class `ReadrUser`", "did you mean `ReaderUser`?"]),
    ] {
        let time = if line.starts_with("-t") { "" } else { "-t 1s" };
        project.run(&format!("-f s.lua {time} -H {} {line}", server.url())).refused(2, &fragments);
    }
    project.run("demo --port 99999").refused(2, &["99999"]);
    project.run("demo --error-rate 2").refused(2, &["between 0 and 1"]);
    project.run("demo --listen nowhere").refused(2, &["'--listen <ADDRESS>'", "nowhere"]);
    project.run("demo --listen 192.0.2.1 --port 0").refused(104, &["cannot listen on 192.0.2.1:0"]);
    let taken = format!("demo --port {}", server.addr.port());
    project.run(&taken).refused(104, &["cannot listen", "is in use", "--port"]);
    assert_eq!(server.asked(), 0);
}

#[test]
fn variables_are_named_when_they_are_wrong() {
    let project = Project::new(&[("s.lua", SCRIPT)]);
    let mut command = crate::support::project::command(&project.path(""));
    let output = command.args(["-f", "s.lua"]).env("E2E_USERS", "ten").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("E2E_USERS"));
}

#[test]
fn tags_that_leave_nothing_are_refused() {
    let project = Project::new(&[("s.lua", SCRIPT)]);
    let host = "-f s.lua -t 1s -H http://127.0.0.1:9";
    project.run(&format!("{host} -T slow")).refused(107, &["no task is left", "--tags"]);
    project.run(&format!("{host} -E fast")).refused(107, &["no task is left", "--exclude-tags"]);
}

#[test]
fn hosts_that_are_none_are_refused() {
    let project = Project::new(&[("s.lua", SCRIPT)]);
    project.run("-f s.lua -t 1s").refused(104, &["`ReaderUser` has no host", "--host URL", "base_url"]);
    for host in ["localhost", "ftp://x", "http://", "http://a b", "http://x:99999"] {
        project.run_with("-f s.lua -t 1s -H", &[host]).refused(104, &["base URL", host, "--host", "http://"]);
    }
}

/// Numbers at the end of their range cost nothing until they are reached.
#[test]
fn huge_numbers_are_no_trouble() {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    let huge =
        "-u 4294967295 -r 0.000001 -i 18446744073709551615 -s 9y --seed 9223372036854775807 --workers 8";
    let line = format!("-f s.lua -H {} -t 0.3s {}", server.url(), huge.replace("9y", "3000d"));
    let ended = project.run(&line).code(0).printed(&["run time reached"]);
    assert!(ended.took.as_secs_f64() < 3.0, "{:?}", ended.took);
    let line = format!("-f s.lua -H {} -t 3000d -i 3 -r 1000000 -u 20", server.url());
    project.run(&line).code(0).printed(&["3 requests", "iterations done"]);
}
