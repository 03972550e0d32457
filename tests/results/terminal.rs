//! What is printed, where, and with which exit code.

use crate::support::counter::Counter;
use crate::support::project::{Ended, Project};
use crate::support::results::{of_json, of_table};

const SCRIPT: &str = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.01) })
U:task(\"t\", function(self)
  self.client:get(\"/t\")
  log.debug(\"a debug line\") log.info(\"an info line\") log.warn(\"a warning\") log.error(\"an error line\")
  print(\"a printed line\")
end)
";

fn run(options: &str) -> (Project, Ended) {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    let ended = project.run(&format!("-f s.lua -i 3 -H {} {options}", server.url()));
    (project, ended)
}

#[test]
fn tables_go_to_stdout_and_logs_to_stderr() {
    let (_, ended) = run("");
    let ended = ended.code(0);
    assert_eq!(of_table(&ended.out)["Aggregated"], (3, 0));
    assert!(!ended.out.contains("line") && !ended.err.contains("Statistics"));
    assert!(!ended.out.contains('\x1b') && !ended.err.contains('\x1b'), "no terminal, no colours");
    let ended = ended.told(&[
        "s.lua · U · ",
        "1 user",
        "INFO  U: an info line",
        "WARN  U: a warning",
        "a printed line",
    ]);
    assert!(!ended.err.contains("debug line"));
    let last = ended.out.lines().last().unwrap();
    assert!(last.starts_with("✓ passed: 3 requests, 0 failed"), "{last}");
}

#[test]
fn the_log_level_chooses_lines() {
    let lines = ["a debug line", "an info line", "a warning", "an error line"];
    for (level, first) in [("DEBUG", 0), ("info", 1), ("WARNING", 2), ("error", 3)] {
        let (_, ended) = run(&format!("-L {level}"));
        let ended = ended.code(0);
        for (place, line) in lines.iter().enumerate() {
            assert_eq!(ended.err.contains(line), place >= first, "{level}: {line}");
        }
    }
}

#[test]
fn the_log_file_holds_the_log() {
    let (project, ended) = run("-L DEBUG --logfile logs/run.log --quiet");
    ended.code(0);
    let log = project.read("logs/run.log");
    assert_eq!(log.lines().count(), 15, "{log}");
    for line in
        ["DEBUG U: a debug line", "INFO  U: an info line", "WARN  U: a warning", "ERROR U: an error line"]
    {
        assert!(
            log.lines().any(|found| found.starts_with("20") && found.ends_with(line)),
            "no `{line}` in {log}"
        );
    }
}

#[test]
fn quiet_says_nothing_that_is_no_error() {
    let (_, ended) = run("--quiet");
    let ended = ended.code(0);
    assert_eq!(ended.out, "");
    assert_eq!(ended.err.lines().count(), 3, "{}", ended.err);
    assert!(ended.err.lines().all(|line| line.ends_with("ERROR U: an error line")), "{}", ended.err);
    let project = Project::new(&[("s.lua", "x = = 1")]);
    project.run("-f s.lua --quiet").refused(107, &["unexpected symbol"]);
    // The exit code and the files tell all the same.
    let (project, server) = (Project::new(&[("s.lua", &SCRIPT.replace("/t", "/fail"))]), Counter::start());
    let ended = project.run(&format!("-f s.lua -i 3 --quiet --json-file r -H {}", server.url())).code(1);
    assert_eq!(ended.out, "");
    assert_eq!(of_json(&project.read("r.json"))["Aggregated"], (3, 3));
}

#[test]
fn json_on_stdout_is_alone_there() {
    for options in ["--json", "--json --quiet", "--json --only-summary"] {
        let (_, ended) = run(options);
        let ended = ended.code(0);
        assert_eq!(of_json(&ended.out)["GET /t"], (3, 0), "{options}");
        assert_eq!(ended.err.contains("Statistics"), !options.contains("quiet"), "{options}");
    }
}

#[test]
fn only_the_summary() {
    let (_, ended) = run("--only-summary --no-color");
    let ended = ended.code(0);
    assert_eq!(ended.out.matches("Statistics").count(), 1);
    assert!(!ended.out.contains('\x1b'));
}

/// The gravest reason wins: 108 before 105 before 1.
#[test]
fn exit_codes_have_an_order() {
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(60) })
U:task(\"t\", function(self) self.client:get(\"/fail\") error(\"too\") end)
function U:on_stop() if env.E2E_ABORT then test.abort(\"at the end\") end end
";
    for (options, code) in [("", 105), ("-e E2E_ABORT=1", 108)] {
        let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
        let mut running =
            project.start(&format!("-f s.lua --exit-code-on-error 9 -H {} {options}", server.url()), &[]);
        running.until("a failure", || server.seen().len() == 1);
        running.until_told("too");
        running.signal("INT");
        running.end().code(code).printed(&["1 request, 1 failed", &format!("exit {code}")]);
    }
    let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
    project.run(&format!("-f s.lua -i 1 --exit-code-on-error 9 -H {}", server.url())).code(9);
}

/// The smoke suite passes against the documents service, and fails where that fails.
#[test]
fn the_smoke_suite_notices_faults_of_the_service() {
    let suite = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/suites/smoke.lua");
    let project = Project::new(&[]);
    for (faults, code) in [("", 0), ("--error-rate 0.9", 1), ("--latency 5ms", 0), ("--listen 127.0.0.2", 0)]
    {
        let mut demo = project.start(&format!("demo --port 0 {faults}"), &[]);
        let url = demo.first_word_printed("documents service on ");
        let place = faults.strip_prefix("--listen ").unwrap_or("127.0.0.1");
        assert!(url.starts_with(&format!("http://{place}:")), "{url}");
        let line = format!("-f {suite} -u 8 -r 1000 -i 8 -H {url}");
        let ended = project.run(&line).code(code);
        if code == 1 {
            ended.printed(&["Failures", "503", "✗ failed", "exit 1"]);
        }
        demo.signal("INT");
        demo.end().code(0);
    }
}
