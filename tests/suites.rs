//! The suites of scripts/: they pass, leave nothing behind, and notice what is
//! wrong with the service. They run in copies; most tests run them without their
//! waits, so that a flow takes no seconds.

use std::fs;
use std::path::Path;

use e2e::demo::Faults;
use serde_json::{Value, json};

use crate::support::project::{Ended, Project};
use crate::support::relay::{Lie, Relay};

const SUITES: [&str; 8] = [
    "smoke.lua",
    "functional.lua",
    "performance.lua",
    "stress.lua",
    "smoke.rhai",
    "functional.rhai",
    "performance.rhai",
    "stress.rhai",
];

/// Tasks of a run without waits: each flow some times over.
const ITERATIONS: &str = "-u 4 -r 1000 -i 120 -t 30s";
/// The stress suite's plan in 5 s, if nothing ends it earlier.
const QUICK: &str = "-e TEST_MINUTE=1";

fn copy(project: &Project, folder: &Path, root: &Path, change: &dyn Fn(String) -> String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            copy(project, &path, root, change);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            project.write(name, change(fs::read_to_string(&path).unwrap()).as_bytes());
        }
    }
}

fn copied(change: &dyn Fn(String) -> String) -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::new(&[]);
    ["scripts", "config"].iter().for_each(|folder| copy(&project, &root.join(folder), root, change));
    project
}

/// The project without waits between tasks.
fn hurried() -> Project {
    let project = copied(&|text| {
        ["wait_time = ", "wait_time: "].iter().fold(text, |text, name| {
            let Some((before, rest)) = text.split_once(&format!("{name}between(")) else { return text };
            let (_, after) = rest.split_once(')').unwrap();
            format!("{before}{name}constant(0){after}")
        })
    });
    for suite in SUITES.iter().filter(|suite| !suite.starts_with("stress")) {
        let text = project.read(&format!("scripts/suites/{suite}"));
        assert!(text.contains("constant(0)"), "{suite} has no wait of its own any more");
    }
    project
}

fn run(project: &Project, suite: &str, relay: &Relay, flags: &str) -> Ended {
    // A busy machine is no slow service.
    let patience = if flags.contains("TEST_SLOWEST") { "" } else { "-e TEST_SLOWEST=20" };
    project.run(&format!("-f suites/{suite} -H http://{} --only-summary {patience} {flags}", relay.addr))
}

/// That the suite used the service, and nothing is left of it.
#[track_caller]
fn assert_clean(suite: &str, relay: &Relay) {
    let left = relay.left();
    assert!(!left.is_empty(), "{suite} has sent no document");
    assert!(left.iter().all(|(_, documents)| *documents == 0), "{suite} left {left:?}");
}

#[test]
fn as_they_are_they_pass_and_leave_nothing() {
    let project = copied(&|text| text);
    for suite in SUITES.iter().filter(|suite| !suite.starts_with("stress")) {
        let relay = Relay::start(Faults::default(), None);
        let ended = run(&project, suite, &relay, "-u 4 -r 100 -t 3s");
        ended.code(0).printed(&["0 failed", "run time reached"]);
        assert_clean(suite, &relay);
    }
}

/// `main` runs the suite that TEST_MODE names.
#[test]
fn main_chooses_the_suite_in_each_language() {
    let project = hurried();
    for language in ["lua", "rhai"] {
        let main = format!("--script main.{language}");
        for (mode, class) in [("smoke", "SmokeTestUser"), ("stress", "PerformanceTestUser")] {
            project.run(&format!("{main} --list -e TEST_MODE={mode}")).code(0).printed(&[class]);
        }
        let ended = project.run(&format!("{main} --list -e TEST_MODE=smoking"));
        ended.code(107).told(&["there is no suite `smoking`: TEST_MODE must be one of smoke, functional"]);
        let relay = Relay::start(Faults::default(), None);
        let line = format!("{main} -H http://{} -u 2 -r 100 -i 20 -t 30s -e TEST_SLOWEST=20", relay.addr);
        project.run(&line).code(0).printed(&["0 failed"]);
        assert_clean(language, &relay);
    }
}

#[test]
fn whole_flows_pass_and_leave_nothing() {
    let project = hurried();
    for suite in SUITES {
        let relay = Relay::start(Faults::default(), None);
        let ended = run(&project, suite, &relay, &format!("{ITERATIONS} {QUICK} --csv r"));
        ended.code(0).printed(&["0 failed"]);
        assert_clean(suite, &relay);
        let stats = project.read("r_stats.csv");
        let expected: &[&str] = match suite.split('.').next().unwrap() {
            "smoke" => &["POST /documents", "GET /documents/{uri}", "/ready", "DELETE /documents/{uri}"],
            "functional" => &[
                "POST /documents",
                "GET /documents/{uri}",
                "PATCH /documents/{uri}",
                "GET /documents/{uri}/history",
                "PATCH an old version",
                "DELETE /documents/{uri}",
                "GET a deleted document",
                "POST /documents:batchCreate",
                "POST /documents:query",
            ],
            _ => &["POST /documents:batchCreate", "POST /documents:query"],
        };
        for name in expected {
            assert!(stats.contains(&format!(",{name},")), "{suite} never sent {name}:\n{stats}");
        }
        // What is cleaned up is no part of the measurement.
        assert!(!stats.contains("clean up"), "{suite}\n{stats}");
    }
}

/// A run that is ended amid its flows cleans up as well.
#[test]
fn an_interrupted_run_leaves_nothing() {
    let project = hurried();
    for suite in SUITES {
        let relay = Relay::start(Faults::default(), None);
        let line =
            format!("-f suites/{suite} -H http://{} -u 4 -r 1000 -t 30s -e TEST_MINUTE=10", relay.addr);
        let mut running = project.start(&line, &[]);
        running.until("used the service", || !relay.left().is_empty());
        running.signal("INT");
        running.end().code(105);
        assert_clean(suite, &relay);
    }
}

#[test]
fn each_notices_a_service_that_fails() {
    let project = hurried();
    for suite in SUITES {
        let relay = Relay::start(Faults { error_rate: 0.2, ..Faults::default() }, None);
        let ended = run(&project, suite, &relay, &format!("{ITERATIONS} {QUICK}"));
        ended.code(1).printed(&["503", "✗ failed", "exit 1"]);
    }
}

#[test]
fn each_notices_a_service_that_is_slow() {
    let project = hurried();
    for suite in SUITES {
        let slow = Faults { latency: std::time::Duration::from_millis(150), ..Faults::default() };
        let relay = Relay::start(slow, None);
        let ended =
            run(&project, suite, &relay, &format!("-u 4 -r 1000 -i 12 -t 30s {QUICK} -e TEST_SLOWEST=0.1"));
        ended.code(1).printed(&["exit 1", "slower than 0.1 s"]);
        assert_clean(suite, &relay);
    }
}

/// A slow answer fails whatever was asked for.
#[test]
fn smoke_judges_the_time_of_each_request() {
    let project = hurried();
    let slow = Faults { latency: std::time::Duration::from_millis(150), ..Faults::default() };
    let relay = Relay::start(slow, None);
    for suite in ["smoke.lua", "smoke.rhai"] {
        let ended = run(&project, suite, &relay, "-u 4 -r 1000 -i 24 -t 30s --csv r -e TEST_SLOWEST=0.1");
        ended.code(1);
        let failures = project.read("r_failures.csv");
        for name in [
            "POST,POST /documents",
            "GET,GET /documents/{uri}",
            "GET,/ready",
            "DELETE,DELETE /documents/{uri}",
        ] {
            assert!(failures.contains(&format!("{name},slower than 0.1 s,")), "{suite}: {name}\n{failures}");
        }
    }
}

/// What could not be deleted at once is tried again.
#[test]
fn smoke_leaves_nothing_behind_on_a_service_that_fails_now_and_then() {
    let project = hurried();
    for suite in ["smoke.lua", "smoke.rhai"] {
        let relay = Relay::start(Faults { error_rate: 0.1, ..Faults::default() }, None);
        run(&project, suite, &relay, "-u 1 -i 150 -t 60s").code(1).printed(&["delete failed"]);
        assert_clean(suite, &relay);
    }
}

#[test]
fn each_says_that_a_time_is_no_number_before_the_run() {
    let project = copied(&|text| text);
    for suite in SUITES {
        let ended = project.run(&format!("-f suites/{suite} -H http://127.0.0.1:9 -e TEST_SLOWEST=abc"));
        ended.code(107).told(&["TEST_SLOWEST (vars.slowest_answer) is a number of seconds"]);
    }
}

#[test]
fn each_notices_a_service_that_is_gone() {
    let project = hurried();
    // Taken, so that nobody else gets the port meanwhile, but nobody listens.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let addr = socket.local_addr().unwrap();
    for suite in SUITES {
        let line =
            format!("-f suites/{suite} -H http://{addr} --only-summary -u 2 -r 1000 -i 12 -t 30s {QUICK}");
        project.run(&line).code(1).printed(&["connection refused", "exit 1"]);
    }
}

/// Each answer is looked at: one that is wrong in a single place fails the run, and what is said names the place.
#[test]
fn each_notices_a_wrong_answer() {
    let project = hurried();
    let lies: &[(&str, &str, &str, Value, &str)] = &[
        ("smoke", "get", "/document/uri", json!("another"), "uri matches"),
        ("smoke", "create", "", json!(202), "create failed"),
        ("functional", "create", "/document/uri", json!("another"), "answer.document.uri is another"),
        ("functional", "create", "/document/version", json!(2), "answer.document.version is 2 instead of 1"),
        ("functional", "create", "/document/fields", json!({}), "answer.document.fields."),
        ("functional", "get", "/document/version", json!(7), "answer.document.version is 7 instead of"),
        (
            "functional",
            "get",
            "/document/fields/status",
            json!("lost"),
            "answer.document.fields.status is another",
        ),
        (
            "functional",
            "get",
            "/document/update_time",
            json!("now"),
            "answer.document.update_time is another",
        ),
        ("functional", "get", "", json!(200), "it is still there"),
        ("functional", "update", "/document/version", json!(1), "answer.document.version is 1 instead of 2"),
        (
            "functional",
            "update",
            "/document/fields/step",
            json!(1),
            "answer.document.fields.step is 1 instead of 2",
        ),
        ("functional", "update", "", json!(200), "it was not refused"),
        ("functional", "history", "/documents", json!([]), "answer.documents has 0 items instead of 2"),
        (
            "functional",
            "history",
            "/documents/0/version",
            json!(2),
            "answer.documents.1.version is 2 instead of 1",
        ),
        ("functional", "delete", "/success", json!(false), "answer.success is false instead of true"),
        ("functional", "batch", "/documents", json!([]), "answer.documents has 0 items instead of 5"),
        ("functional", "batch", "/documents/3/uri", json!("another"), "answer.documents.4.uri is another"),
        ("functional", "query", "/documents", json!([]), "the query did not find what was created"),
        ("functional", "query", "/total_size", json!(6), "the page is not the one that was asked for"),
        ("functional", "query", "/next_page_token", json!(""), "the query did not find what was created"),
        ("functional", "query", "/documents", json!("none"), "answer.documents is missing"),
        (
            "performance",
            "batch",
            "/documents/9/fields/batch",
            json!(null),
            "answer.documents.10.fields.batch is",
        ),
        ("performance", "query", "/documents", json!([]), "the page is not full"),
        ("stress", "batch", "/documents", json!(null), "answer.documents is missing"),
    ];
    let each = lies.iter().flat_map(|lie| ["lua", "rhai"].map(|language| (language, lie)));
    for (language, (suite, operation, pointer, value, told)) in each {
        let suite = &format!("{suite}.{language}");
        let lie = Lie { operation, pointer, value: value.clone() };
        let relay = Relay::start(Faults::default(), Some(lie));
        let ended = run(&project, suite, &relay, &format!("{ITERATIONS} {QUICK}"));
        assert_eq!(ended.code, Some(1), "{suite} believes {operation}{pointer} = {value}\n{}", ended.out);
        ended.printed(&[told]);
        assert_clean(suite, &relay);
    }
}

/// Users over time are those of the stages, in their order.
#[test]
fn the_stress_suite_goes_up_and_down_as_planned() {
    goes_up_and_down("stress.lua");
}

#[test]
fn the_stress_suite_in_rhai_goes_up_and_down_as_planned() {
    goes_up_and_down("stress.rhai");
}

#[track_caller]
fn goes_up_and_down(suite: &str) {
    // Unhurried: it is about how many users there are, and a busy machine runs a hundred of them, too.
    let project = copied(&|text| text.replace("between(0.1, 0.5)", "between(1, 2)"));
    let relay = Relay::start(Faults::default(), None);
    let ended = run(&project, suite, &relay, "-e TEST_MINUTE=4 --csv r");
    ended.code(0).printed(&["0 failed", "load shape done"]);
    let rows = crate::support::results::rows(&project.read("r_stats_history.csv"));
    let users: Vec<u64> = rows[1..].iter().map(|row| row[1].parse().unwrap()).collect();
    let mut at = users.iter();
    for planned in [10, 50, 100, 50] {
        assert!(at.any(|users| *users == planned), "no {planned} in its place in {users:?}");
    }
    assert_eq!(users.iter().max(), Some(&100), "{users:?}");
    assert_clean(suite, &relay);
}
