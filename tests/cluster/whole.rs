//! What several processes make together is one run: one start, one setup, one result.

use std::time::Duration;

use super::nats::has;
use super::party::{ASK, Party, end};

#[test]
fn setup_runs_once_and_the_result_is_that_of_all() {
    let script = r#"
setup(function() http.get("/setup") return { token = "from-setup" } end)
teardown(function(data) http.get("/teardown-" .. data.token) end)
options { thresholds = { http_reqs = { "count>20" }, checks = { "rate>0.99" } } }
local U = HttpUser:extend("U", { wait_time = constant_throughput(10) })
U:task("ask", function(self)
  self.client:get("/u" .. vu.id)
  check(self.data, { ["data of setup"] = function(data) return data.token == "from-setup" end })
end)
"#;
    let Some(party) = Party::of(3, script) else { return };
    let mut processes = party.start_all("-u 5 -r 100 -t 4s");
    processes[2].until_told("merges the results");
    let line = format!("follow --nats {} --run r", party.nats.url());
    let follower = party.project.start(&line, &[]);
    let ended = end(processes);
    let follower = follower.end();
    ended.iter().for_each(|ended| assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err));
    let answered = party.counter.answered();
    assert_eq!((answered["GET /setup"], answered["GET /teardown-from-setup"]), (1, 1));
    let counted = party.counted(0);
    for (what, count) in &answered {
        assert_eq!(counted[what.trim_start_matches("GET ")], *count, "{what}");
    }
    assert_eq!(counted["Aggregated"], party.answered());
    assert_eq!((party.has_merged(1), party.has_merged(2)), (false, false));
    let all = party.answered().to_string();
    assert!(
        ended[1].err.contains(&format!("run r passed: {all} requests, 0 failed · exit 0")),
        "{}",
        ended[1].err
    );
    assert!(
        ended[0].out.contains("✓  http_reqs") && ended[0].err.contains("3 processes"),
        "{}",
        ended[0].out
    );
    let follower = follower.code(0);
    assert!(follower.out.contains("✓  http_reqs"), "{}", follower.out);
    let last = |text: &str| text.lines().rev().find(|line| line.contains("passed:")).unwrap().to_owned();
    assert_eq!(last(&follower.out), last(&ended[0].out));
    // All have the same beginning.
    let seen = party.counter.seen();
    let first = |user: u32| seen.iter().find(|seen| seen.what == format!("GET /u{user}")).unwrap().at;
    let (earliest, latest) = ((1..=5).map(first).min().unwrap(), (1..=5).map(first).max().unwrap());
    assert!(latest - earliest < Duration::from_millis(700), "{:?}", latest - earliest);
}

#[test]
fn a_crossed_threshold_is_that_of_the_run_and_ends_it_for_all() {
    let script = r#"
options { thresholds = { http_reqs = { { threshold = "count<25", abort_on_fail = true } } } }
local U = HttpUser:extend("U", { wait_time = constant_throughput(10) })
U:task("ask", function(self) self.client:get("/u" .. vu.id) end)
"#;
    // Each process alone has too few requests in that time to cross it.
    let Some(party) = Party::of(2, script) else { return };
    for ended in end(party.start_all("-u 2 -r 100 -t 30s")) {
        assert_eq!(ended.code, Some(99), "{}\n{}", ended.out, ended.err);
        assert!(ended.took < Duration::from_secs(25), "{:?}", ended.took);
    }
}

#[test]
fn sixteen_processes_take_the_segments_that_are_free() {
    let script = "local U = HttpUser:extend('U', {})\nU:task('t', function(self) self.client:get('/u' .. vu.id) self:stop() end)";
    let Some(party) = Party::of(16, script) else { return };
    let start = |_| party.project.start(&format!("{} -u 40 -r 1000 --workers 1", party.line()), &[]);
    for ended in end((0..16).map(start).collect()) {
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.out, ended.err);
    }
    let answered = party.counter.answered();
    assert_eq!(answered.len(), 40);
    assert!(answered.values().all(|count| *count == 1), "{answered:?}");
}

/// The clock of one is half a second ahead of the others'.
#[test]
fn the_start_is_the_same_whatever_the_clocks_say() {
    if !has("faketime", "faketime") {
        return eprintln!("skipped: there is no faketime, and apt-get cannot install it");
    }
    let Some(party) = Party::of(2, ASK) else { return };
    let mut first = party.start(0, "-u 2 -r 100 -t 3s");
    first.until_told("1 of 2");
    let wrapper = ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "faketime", "-f", "+0.5s"];
    let second = party.start_under(&wrapper, 1, "-u 2 -r 100 -t 3s");
    end(vec![first, second]).into_iter().for_each(|ended| drop(ended.code(0)));
    let seen = party.counter.seen();
    let at = |path: &str| seen.iter().find(|seen| seen.what == format!("GET {path}")).unwrap().at;
    let apart = at("/u1").max(at("/u2")) - at("/u1").min(at("/u2"));
    assert!(apart < Duration::from_millis(300), "{apart:?}");
    assert_eq!(party.counted(0)["Aggregated"], party.answered());
}
