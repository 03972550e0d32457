//! Results that cannot be written: refused before the first request, or told at
//! the end without taking another result along.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::process::Stdio;

use crate::support::counter::Counter;
use crate::support::project::{Project, command};
use crate::support::results::of_json;

const SCRIPT: &str = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.02) })
U:task(\"t\", function(self) self.client:get(\"/ready\") end)
";

#[test]
fn unwritable_paths_are_refused_before_the_first_request() {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT), ("file", "")]), Counter::start());
    fs::create_dir(project.path("folder.json")).unwrap();
    for (option, fragments) in [
        ("--csv file/r", ["`file/r_stats.csv`", "why: not a directory"]),
        ("--csv /proc/nothing/r", ["`/proc/nothing/r_stats.csv`", "why: no such file"]),
        ("--json-file file/r", ["`file/r.json`", "why: not a directory"]),
        ("--json-file folder", ["`folder.json`", "why: it is a directory"]),
        ("--json-file /", ["`/`", "why: it names no file"]),
        ("--logfile file/log", ["the log to `file/log`", "why: not a directory"]),
        ("--logfile folder.json", ["the log to `folder.json`", "why: is a directory"]),
    ] {
        let ended = project.run(&format!("-f s.lua -t 1s -H {} {option}", server.url()));
        ended.refused(104, &fragments).told(&["error: cannot write", "help: "]);
    }
    assert_eq!(server.asked(), 0);
}

#[test]
fn two_results_in_one_file_are_refused() {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    for (options, fragments) in [
        ("--json-file x.json --logfile x.json", ["--json-file and --logfile", "`x.json`"]),
        ("--json-file x --logfile ./x.json", ["--json-file and --logfile", "x.json`"]),
        ("--csv r --logfile r_stats.csv", ["--csv and --logfile", "`r_stats.csv`"]),
    ] {
        project.run(&format!("-f s.lua -t 1s -H {} {options}", server.url())).refused(2, &fragments);
    }
    assert!(!project.path("x.json").exists());
    assert_eq!(server.asked(), 0);
}

#[test]
fn a_folder_that_vanishes_in_mid_run_takes_no_other_result_along() {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    let line = "-f s.lua -t 1.5s --csv gone/r --json-file kept --logfile log.txt -H";
    let mut running = project.start(line, &[&server.url()]);
    let asked = || server.asked() > 5;
    running.until("a request", asked);
    fs::remove_dir_all(project.path("gone")).unwrap();
    let ended =
        running.end().code(104).told(&["cannot write the results to `gone/r_", "no such file or directory"]);
    let answered = server.seen().len() as u64;
    assert_eq!(of_json(&project.read("kept.json"))["Aggregated"], (answered, 0));
    ended.printed(&[&format!("{answered} requests, 0 failed"), "cannot write", "exit 104"]);
}

#[test]
fn a_full_disk_is_told() {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    symlink("/dev/full", project.path("log.txt")).unwrap();
    let script = format!("{SCRIPT}U:task(\"l\", function() log.info(\"line\") end)\n");
    project.write("s.lua", script.as_bytes());
    let ended = project
        .run(&format!("-f s.lua -t 0.5s --seed 1 --json-file kept --logfile log.txt -H {}", server.url()));
    let ended = ended.code(104).told(&["cannot write the log to `log.txt`", "no space left"]);
    assert_eq!(ended.err.matches("cannot write the log").count(), 1, "{}", ended.err);
    assert_eq!(of_json(&project.read("kept.json"))["Aggregated"].0, server.seen().len() as u64);
}

/// Whoever reads the output may have seen enough: `e2e ... | head -1`.
#[test]
fn output_that_nobody_reads_ends_nothing() {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    let all = format!("{SCRIPT}U:task(\"l\", function() log.info(\"line\") end)\n");
    project.write("s.lua", all.as_bytes());
    let url = server.url();
    for (args, code) in [
        (vec!["-f", "s.lua", "-t", "0.6s", "-H", &url, "--json-file", "kept"], 0),
        (vec!["-f", "s.lua", "-t", "0.6s", "-H", &url, "--json", "--json-file", "kept"], 0),
        (vec!["-f", "s.lua", "--list"], 0),
        (vec!["-f", "s.lua", "--show-config"], 0),
        (vec!["-f", "s.lua", "--show-task-ratio"], 0),
        (vec!["-f", "s.lua", "--check"], 0),
        (vec!["completions", "zsh"], 0),
        (vec!["--help"], 0),
        (vec!["-f", "gone.lua"], 104),
        (vec!["--nonsense"], 2),
    ] {
        let mut child = command(&project.path(""))
            .args(&args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = BufReader::new(child.stderr.take().unwrap());
        // A line, as `head -1` would, then none.
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        drop(err);
        assert!(!line.contains("panicked") && !line.contains("internal fault"), "{args:?}: {line}");
        assert_eq!(child.wait().unwrap().code(), Some(code), "{args:?}: {line}");
    }
    assert!(of_json(&project.read("kept.json"))["Aggregated"].0 > 0);
}
