//! All results, compared with each other and with what a server really answered.

use std::time::Duration;

use crate::support::counter::Counter;
use crate::support::project::{Ended, Project};
use crate::support::results::{Counts, agreed, rows};

/// Full speed: every kind of task, no think time. `E2E_ABORT` makes a user end the run.
const SCRIPT: &str = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"read\", 4, function(self)
  local response = self.client:get(\"/read\")
  check(response, { [\"is ok\"] = function(r) return r.status_code == 200 end })
end)
U:task(\"write\", 2, function(self)
  local response <close> = self.client:post(\"/write\", { json = { n = vu.iteration }, catch_response = true })
  if vu.iteration % 3 == 0 then response:failure(\"every third\") end
end)
U:task(\"fail\", function(self) self.client:get(\"/fail\", { name = \"failing\" }) end)
U:task(\"item\", function(self) -- forgets to judge it
  self.client:get(\"/item?n=\" .. vu.iteration, { name = \"/item\", catch_response = true })
end)
U:task(\"raise\", function(self)
  self.client:get(\"/raise\")
  if env.E2E_ABORT and vu.iteration > 300 then test.abort(\"enough\") end
  error(\"as meant\")
end)
function U:on_stop() self.client:get(\"/stop\") end
";

const USERS: u64 = 6;

struct Case {
    project: Project,
    server: Counter,
}

impl Case {
    fn new() -> Case {
        Case { project: Project::new(&[("s.lua", SCRIPT)]), server: Counter::start() }
    }

    fn line(&self, more: &str) -> String {
        let url = self.server.url();
        format!("-f s.lua -u {USERS} -r 100 --csv r --csv-full-history --json-file r -H {url} {more}")
    }

    /// What the server answered, under the names of the results.
    fn truth(&self) -> Counts {
        let mut truth = Counts::new();
        for (what, count) in self.server.answered() {
            let (name, failed) = match what.split('?').next().unwrap() {
                "GET /fail" => ("GET failing", count),
                what => (what, 0),
            };
            let known = truth.entry(name.to_owned()).or_default();
            *known = (known.0 + count, known.1 + failed);
        }
        truth
    }

    /// The results agree, and miss at most `lost` of what the server answered.
    fn judge(&self, ended: &Ended, lost: u64) {
        let counts = agreed(&self.project, ended);
        let truth = self.truth();
        let mut missing = 0;
        for (name, (answered, failed)) in &truth {
            let counted = counts.get(name).copied().unwrap_or_default();
            assert!(counted.0 <= *answered, "{name}: {counted:?} of {answered}");
            missing += answered - counted.0;
            // The script judges those itself.
            if name != "POST /write" {
                assert!(counted.1 <= *failed, "{name}: {counted:?} of {failed} failed");
            }
        }
        assert!(missing <= lost, "{missing} of {truth:?} are missing in {counts:?}");
        let answered: u64 = truth.values().map(|(answered, _)| answered).sum();
        assert_eq!(counts["Aggregated"].0 + missing, answered, "what nobody asked for is counted");
        let checks = format!("of {} checks passed", counts["GET /read"].0);
        let told = format!("{}{}", ended.out, ended.err);
        // A task that was cut short may not have come to its check.
        assert!(lost > 0 || told.contains(&checks), "no `{checks}` in {told}");
        let exceptions = rows(&self.project.read("r_exceptions.csv"));
        let raised: u64 = exceptions[1..].iter().map(|row| row[0].parse::<u64>().unwrap()).sum();
        assert!(raised <= counts["GET /raise"].0);
        assert!(counts["Aggregated"].0 > 100, "too little for a test: {counts:?}");
    }
}

#[test]
fn ended_by_the_run_time() {
    let case = Case::new();
    let ended = case.project.run(&case.line("-t 1.3s --workers 3")).code(1).printed(&["run time reached"]);
    case.judge(&ended, 0);
    let truth = case.truth();
    assert_eq!(truth["GET /stop"].0, USERS);
    let exceptions = rows(&case.project.read("r_exceptions.csv"));
    assert_eq!(exceptions[1][0], truth["GET /raise"].0.to_string());
}

#[test]
fn ended_by_the_iterations() {
    let case = Case::new();
    let ended = case.project.run(&case.line("-i 1777 --workers 3")).code(1).printed(&["iterations done"]);
    case.judge(&ended, 0);
    let answered: u64 =
        case.truth().iter().filter(|(name, _)| *name != "GET /stop").map(|(_, count)| count.0).sum();
    assert_eq!(answered, 1777);
}

#[test]
fn ended_by_a_signal() {
    let case = Case::new();
    let mut running = case.project.start(&case.line("--workers 2 --json"), &[]);
    running.until("2000 requests", || case.server.asked() > 2000);
    running.signal("INT");
    let ended = running.end().code(105).told(&["stopped by a signal"]);
    assert!(ended.out.starts_with('['));
    case.judge(&ended, 0);
    assert_eq!(case.truth()["GET /stop"].0, USERS);
}

#[test]
fn ended_by_an_abort() {
    let case = Case::new();
    let ended = case.project.run(&case.line("-t 60s --workers 2 -e E2E_ABORT=1")).code(108);
    case.judge(&ended, 0);
    ended.printed(&["aborted: enough"]);
}

/// Only what was in flight is lost: a request per user at most.
#[test]
fn ended_by_two_signals() {
    let case = Case::new();
    let mut running = case.project.start(&case.line("--workers 2"), &[]);
    running.until("2000 requests", || case.server.asked() > 2000);
    running.signal("INT");
    running.signal("TERM");
    let ended = running.end().code(105);
    case.judge(&ended, USERS);
}

#[test]
fn ended_by_the_run_time_with_no_time_to_finish() {
    let case = Case::new();
    let ended = case.project.run(&case.line("-t 1.2s -s 0 --workers 2")).code(1);
    case.judge(&ended, USERS);
    assert_eq!(case.truth()["GET /stop"].0, USERS);
}

/// The files of a run that is killed hold what was known a second before.
#[test]
fn files_are_whole_at_any_moment() {
    let case = Case::new();
    let mut running = case.project.start(&case.line("--workers 2"), &[]);
    let history = || std::fs::read_to_string(case.project.path("r_stats_history.csv")).unwrap_or_default();
    running.until("a second of history", || history().lines().count() > 8);
    running.signal("KILL");
    assert_eq!(running.end_by_signal(), 9);
    let counts = crate::support::results::of_csv(&case.project.read("r_stats.csv"));
    assert!(counts["Aggregated"].0 > 100, "{counts:?}");
    assert_eq!(
        counts["Aggregated"].0,
        counts.iter().filter(|(name, _)| *name != "Aggregated").map(|(_, n)| n.0).sum::<u64>()
    );
}

/// A second run writes its own results over those of the first.
#[test]
fn results_are_replaced_and_not_added_to() {
    let case = Case::new();
    for _ in 0..2 {
        let before = case.server.seen().len() as u64;
        let ended = case.project.run(&case.line("-i 200")).code(1);
        let counts = agreed(&case.project, &ended);
        assert_eq!(counts["Aggregated"].0, case.server.seen().len() as u64 - before);
        assert!(ended.took < Duration::from_secs(20));
    }
}
