//! Ctrl-C and its kin at every moment: nothing recorded is lost, and the exit code
//! says that somebody wanted it.

use std::time::Duration;

use crate::support::counter::Counter;
use crate::support::project::{Project, Running};
use crate::support::results::agreed;

/// A task of three seconds between two requests. Who has asked for the mark has its first answer.
const SCRIPT: &str = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  self.client:get(\"/before\")
  self.client:get(\"/mark\")
  sleep(3)
  self.client:get(\"/after\")
end)
function U:on_stop() self.client:get(\"/stopped\") end
";

struct Case {
    project: Project,
    server: Counter,
}

impl Case {
    fn new(script: &str) -> Case {
        Case { project: Project::new(&[("s.lua", script)]), server: Counter::start() }
    }

    /// Under way, until the server has answered `requests`.
    fn start(&self, line: &str, requests: usize) -> Running {
        let line =
            format!("-f s.lua --csv r --csv-full-history --json-file r -H {} {line}", self.server.url());
        let mut running = self.project.start(&line, &[]);
        running.until("enough requests", || self.server.seen().len() >= requests);
        // What the server has seen must still be answered, and the answer be heard.
        std::thread::sleep(Duration::from_millis(300));
        running
    }

    fn answered(&self, what: &str) -> u64 {
        self.server.answered().get(what).copied().unwrap_or_default()
    }
}

#[test]
fn the_first_signal_lets_tasks_finish() {
    for signal in ["INT", "TERM"] {
        let case = Case::new(SCRIPT);
        let running = case.start("-u 2 -r 100 --workers 2 -s 20s", 4);
        running.signal(signal);
        let ended = running.end().code(105).told(&["stopping: tasks may take 20 s", "second signal"]);
        assert!(
            ended.took > Duration::from_secs(3) && ended.took < Duration::from_secs(10),
            "{:?}",
            ended.took
        );
        let counts = agreed(&case.project, &ended);
        for name in ["GET /before", "GET /after", "GET /stopped"] {
            assert_eq!((counts[name].0, case.answered(name)), (2, 2), "{name}");
        }
        ended.printed(&["! stopped", "stopped by a signal", "exit 105"]);
    }
}

#[test]
fn the_stop_timeout_cuts_tasks_short_but_not_on_stop() {
    let case = Case::new(SCRIPT);
    let running = case.start("-u 2 -r 100 -s 0", 4);
    running.signal("INT");
    let ended = running.end().code(105);
    assert!(ended.took < Duration::from_secs(3), "{:?}", ended.took);
    let counts = agreed(&case.project, &ended);
    assert_eq!((counts["GET /before"].0, counts["GET /stopped"].0, case.answered("GET /stopped")), (2, 2, 2));
    assert!(!counts.contains_key("GET /after"));
    ended.printed(&["2 iterations interrupted"]);
}

#[test]
fn the_second_signal_ends_at_once() {
    let case = Case::new(SCRIPT);
    let mut running = case.start("-u 3 -r 100 --workers 2 -s 60s", 6);
    running.signal("INT");
    running.until_told("stopping: ");
    running.signal("INT");
    let ended = running.end().code(105);
    assert!(ended.took < Duration::from_secs(3), "{:?}", ended.took);
    assert_eq!(agreed(&case.project, &ended)["GET /before"].0, 3);
    ended.printed(&["3 iterations interrupted", "exit 105"]);
}

/// Task sets are left innermost first, each with its on_stop, also where their task was cut short.
#[test]
fn the_sets_around_an_interrupted_task_are_left_one_by_one() {
    let script = "\
local Inner = TaskSet:extend(\"Inner\")
Inner:task(\"t\", function(self) self.client:get(\"/before\") pcall(sleep, 60) self.client:get(\"/never\") end)
function Inner:on_stop() self.client:get(\"/inner\") end
local Outer = TaskSet:extend(\"Outer\", { tasks = { Inner } })
function Outer:on_stop() self.client:get(\"/outer\") end
local U = HttpUser:extend(\"U\", { tasks = { Outer } })
function U:on_stop() self.client:get(\"/user\") end
";
    let case = Case::new(script);
    let running = case.start("-u 2 -r 100 -s 0", 2);
    running.signal("INT");
    let ended = running.end().code(105);
    assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
    let counts = agreed(&case.project, &ended);
    for name in ["GET /before", "GET /inner", "GET /outer", "GET /user"] {
        assert_eq!((counts[name].0, case.answered(name)), (2, 2), "{name}");
    }
    assert_eq!(counts["Aggregated"], (8, 0));
    ended.printed(&["2 iterations interrupted", "exit 105"]);
}

/// Requests that hang are given up; those before them are not forgotten.
#[test]
fn a_request_in_flight_does_not_hold_the_end_up() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self) self.client:get(\"/before\") self.client:get(\"/hang\", { timeout = 100 }) end)
";
    let case = Case::new(script);
    let running = case.start("-u 2 -r 100 -s 0.2s", 2);
    running.signal("TERM");
    let ended = running.end().code(105);
    assert!(ended.took < Duration::from_secs(4), "{:?}", ended.took);
    assert_eq!(agreed(&case.project, &ended)["Aggregated"], (2, 0));
}

#[test]
fn an_on_stop_that_never_ends_is_ended_by_the_second_signal() {
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(60) })
U:task(\"t\", function(self) self.client:get(\"/before\") end)
function U:on_stop() self.client:get(\"/stopping\") while true do pcall(sleep, 1) end end
";
    let case = Case::new(script);
    let mut running = case.start("-u 2 -r 100", 2);
    running.signal("INT");
    running.until("on_stop", || case.answered("GET /stopping") == 2);
    running.signal("INT");
    let ended =
        running.end().code(105).printed(&["some on_stop functions were interrupted by the second signal"]);
    assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
    assert_eq!(agreed(&case.project, &ended)["Aggregated"], (4, 0));
}

/// The run was ending by itself when somebody lost patience.
#[test]
fn signals_count_whatever_ended_the_run_before() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  self.client:get(\"/before\")
  if vu.id == 2 and env.E2E_ABORT then test.abort(\"enough\") end
  sleep(60)
end)
";
    for (line, code) in [("-t 1s", 105), ("-t 60s -e E2E_ABORT=1", 108)] {
        let case = Case::new(script);
        // One worker: the second user asks after the first.
        let running = case.start(&format!("-u 2 -r 100 --workers 1 -s 60s {line}"), 2);
        std::thread::sleep(Duration::from_millis(1500));
        running.signal("INT");
        std::thread::sleep(Duration::from_millis(200));
        running.signal("INT");
        let ended = running.end().code(code);
        assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
        assert_eq!(agreed(&case.project, &ended)["GET /before"].0, 2);
    }
}

#[test]
fn a_signal_before_the_run_ends_the_process() {
    let project = Project::new(&[
        ("s.lua", "log.warn(\"loading\") while true do end\n"),
        ("config/local.yaml", "settings:\n  cpu_budget: 60s\n"),
    ]);
    let mut running = project.start("-f s.lua -H http://127.0.0.1:9", &[]);
    running.until_told("loading");
    running.signal("INT");
    let ended = running.end().code(105).told(&["before the run began"]);
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
}

#[test]
fn a_signal_while_users_are_still_coming_stops_their_coming() {
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(60) })
function U:on_start() self.client:get(\"/start\") end
U:task(\"t\", function(self) self.client:get(\"/before\") end)
function U:on_stop() self.client:get(\"/stopped\") end
";
    let case = Case::new(script);
    let running = case.start("-u 1000 -r 20 --workers 2", 30);
    running.signal("INT");
    let ended = running.end().code(105);
    let counts = agreed(&case.project, &ended);
    assert_eq!(counts["GET /start"].0, case.answered("GET /start"));
    assert!(counts["GET /start"].0 < 200, "{counts:?}");
    // All that came took their leave.
    assert_eq!(counts["GET /stopped"].0, counts["GET /start"].0);
}

#[test]
fn the_run_time_is_kept_while_tasks_sleep() {
    for (stop, after) in [("0", 0), ("20s", 1)] {
        let case = Case::new(SCRIPT);
        let ended = case.start(&format!("-t 1s -s {stop}"), 1).end().code(0);
        let counts = agreed(&case.project, &ended);
        assert_eq!(counts["GET /before"].0, 1);
        assert_eq!(counts["GET /stopped"].0, 1);
        assert_eq!(counts.get("GET /after").map_or(0, |count| count.0), after);
        let long = ended.took > Duration::from_secs(3);
        assert_eq!(long, after == 1, "{:?}", ended.took);
        ended.printed(&["run time reached"]);
    }
}
