//! Load shapes and what happens once a run: users over time are those of the plan,
//! guarded limits hold, and a signal ends `setup` and `teardown` as it ends tasks.

use std::time::Duration;

use crate::support::counter::Counter;
use crate::support::project::{Ended, Project};
use crate::support::results::{agreed, rows};

/// Tells when users start and stop, in seconds since the first were due.
const USERS: &str = "\
local U = User:extend(\"U\", { wait_time = constant(60) })
function U:on_start() print(\"up\", vu.id, time.monotonic()) end
U:task(\"t\", function() end)
function U:on_stop() print(\"down\", vu.id, time.monotonic()) end
";

/// `(milliseconds, +1 or -1)`, in order.
fn changes(ended: &Ended) -> Vec<(i64, i64)> {
    let mut changes: Vec<(i64, i64)> = Vec::new();
    for line in ended.err.lines() {
        let Some((_, said)) = line.split_once(" U: ") else { continue };
        let words: Vec<&str> = said.split_whitespace().collect();
        let at = (words[2].parse::<f64>().unwrap() * 1000.0) as i64;
        changes.push((at, if words[0] == "up" { 1 } else { -1 }));
    }
    changes.sort_unstable();
    changes
}

fn users_at(changes: &[(i64, i64)], at: i64) -> i64 {
    changes.iter().take_while(|(when, _)| *when <= at).map(|(_, change)| change).sum()
}

/// The share of moments at which there were as many users as the plan says, give or take one user
/// and 100 ms. `plan`: from which millisecond on how many.
fn share_as_planned(ended: &Ended, plan: &[(i64, i64)]) -> f64 {
    let changes = changes(ended);
    let planned = |at: i64| plan.iter().rev().find(|(from, _)| *from <= at).map_or(0, |(_, users)| *users);
    let end = plan.last().unwrap().0;
    let moments: Vec<i64> = (0..end).step_by(20).collect();
    let as_planned = moments.iter().filter(|at| {
        let near = (**at - 100..=**at + 100).step_by(20).map(planned);
        let (least, most) = (near.clone().min().unwrap() - 1, near.max().unwrap() + 1);
        (least..=most).contains(&users_at(&changes, **at))
    });
    as_planned.count() as f64 / moments.len() as f64
}

/// A busy machine is late now and then, but not each time.
fn follows(script: &str, line: &str, plan: &[(i64, i64)]) {
    let project = Project::new(&[("s.lua", &(USERS.to_owned() + script))]);
    let attempt = || {
        let ended = project.run(&format!("-f s.lua {line}")).code(0);
        let share = share_as_planned(&ended, plan);
        if share >= 0.97 { None } else { Some(format!("{share}: {:?}", changes(&ended))) }
    };
    let attempts: Vec<String> = (0..4).map_while(|_| attempt()).collect();
    assert!(attempts.len() < 4, "{attempts:#?}");
}

/// Up in Locust's batches, down again at the same pace, and the next stage over a ramp under way.
#[test]
fn users_over_time_are_those_of_the_stages() {
    let script = "\
LoadTestShape:extend(\"S\", { stages = {
  { duration = 2, users = 5, spawn_rate = 2.4 },
  { duration = \"1500ms\", users = 9, spawn_rate = 4 },
  { duration = \"1.5s\", users = 3, spawn_rate = 2 },
  { duration = 0.6, users = 16, spawn_rate = 8 },
} })
";
    let plan = [
        (0, 2),
        (833, 4),
        (1667, 5),
        (2000, 9),
        // Two a second; the fourth stage does not wait for the end of it.
        (3500, 7),
        (4500, 5),
        (5000, 13),
        (5600, 0),
    ];
    follows(script, "--workers 3", &plan);
}

/// Two a second towards twenty; then down to one, though the ramp is not over.
#[test]
fn users_over_time_are_those_of_the_ticks() {
    let script = "\
local S = LoadTestShape:extend(\"S\")
function S:tick()
  if self:run_time() < 1.5 then return 20, 2 end
  if self:run_time() < 3.5 then return 1, 10 end
end
";
    follows(script, "--workers 2", &[(0, 2), (1000, 4), (2000, 1), (4000, 0)]);
}

/// A user who waits goes at once; one in its task may finish it, within the stop timeout.
#[test]
fn ramping_down_lets_tasks_finish_within_the_stop_timeout() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  self.client:get(\"/begun/\" .. vu.id, { name = \"begun\" })
  sleep(0.8)
  self.client:get(\"/done/\" .. vu.id, { name = \"done\" })
end)
function U:on_stop() self.client:get(\"/stopped/\" .. vu.id, { name = \"stopped\" }) end
LoadTestShape:extend(\"S\", { stages = {
  { duration = \"300ms\", users = 3, spawn_rate = 10 },
  { duration = \"2s\", users = 1, spawn_rate = 10 },
} })
";
    let project = Project::new(&[("s.lua", script)]);
    for (timeout, done) in [("5", true), ("0", false)] {
        let server = Counter::start();
        let line = format!("-f s.lua -s {timeout} --workers 2 --csv r --csv-full-history --json-file r -H");
        let ended = project.run(&format!("{line} {}", server.url())).code(0);
        let answered = server.answered();
        // The last added are the ones who go, in the middle of their task.
        for user in [2, 3] {
            let seen = |what: &str| answered.get(&format!("GET /{what}/{user}")).copied().unwrap_or(0);
            assert_eq!((seen("begun"), seen("done"), seen("stopped")), (1, u64::from(done), 1), "{timeout}");
        }
        assert!(answered["GET /begun/1"] > 1, "the first goes on");
        agreed(&project, &ended);
        let history = rows(&project.read("r_stats_history.csv"));
        // The end falls into the second of a tick with one user left, or has a row of its own.
        assert!(["0", "1"].contains(&history.last().unwrap()[1].as_str()), "{history:?}");
    }
}

#[test]
fn a_guarded_environment_holds_for_shapes() {
    let server = Counter::start();
    let yaml = format!("base_url: {}\nsafety:\n  max_users: 3\n  max_spawn_rate: 5\n", server.url());
    let class = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.05) })
U:task(\"t\", function(self) self.client:get(\"/t\") end)
";
    let stages = |stage: &str| {
        let first = "{ duration = 1, users = 1, spawn_rate = 1 }";
        format!("{class}LoadTestShape:extend(\"S\", {{ stages = {{ {first}, {stage} }} }})\n")
    };
    let many = stages("{ duration = 1, users = 4, spawn_rate = 1 }");
    let fast = stages("{ duration = 1, users = 3, spawn_rate = 6 }");
    let project = Project::new(&[("scripts/s.lua", &many), ("config/prod.yaml", &yaml)]);
    let line = "-f s.lua --env prod --csv r --csv-full-history --json-file r";
    project
        .run(line)
        .refused(111, &["stage 2 of load shape `S`: 4 users", "safety.max_users", "prod.yaml:3"]);
    project.write("scripts/s.lua", fast.as_bytes());
    project.run(line).refused(111, &["stage 2 of load shape `S`: 6 users per second", "prod.yaml:4"]);
    assert_eq!(server.asked(), 0);
    // What nobody knows before: it ends the run, and the load never was what was asked for.
    let tick = "\
local S = LoadTestShape:extend(\"S\")
function S:tick()
  if self:run_time() < 0.5 then return 2, 5 end
  return 1000, 5
end
";
    project.write("scripts/s.lua", format!("{class}{tick}").as_bytes());
    let ended = project.run(line).code(111).told(&["load shape `S`: 1000 users are more", "prod.yaml:3"]);
    agreed(&project, &ended);
    assert!(server.asked() > 5);
}

/// A setup that goes on for ever is part of the run.
#[test]
fn a_guarded_environment_limits_setup() {
    let server = Counter::start();
    let yaml = format!("base_url: {}\nsafety:\n  max_run_time: 1s\n", server.url());
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self) self.client:get(\"/t\") end)
setup(function() while true do sleep(0.05) end end)
";
    let project = Project::new(&[("scripts/s.lua", script), ("config/prod.yaml", &yaml)]);
    let ended = project.run("-f s.lua --env prod -t 1s -s 0.2").code(111);
    ended.told(&["setup took longer than `safety.max_run_time`", "prod.yaml:3"]).printed(&["0 requests"]);
    assert_eq!(server.asked(), 0);
}

/// What `setup` sent before the signal is in the results; nobody runs, nothing is torn down.
#[test]
fn a_signal_ends_setup() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self) self.client:get(\"/t\") end)
setup(function()
  http.get(\"/setup\")
  while true do sleep(0.05) end
end)
teardown(function() http.get(\"/teardown\") end)
events.test_stop:add_listener(function() http.get(\"/test_stop\") end)
";
    let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
    // By the first, once its time is over; by the second at once.
    for (timeout, signals) in [("0.5", 1), ("60", 2)] {
        let before = server.answered().get("GET /setup").copied().unwrap_or(0);
        let line = "--csv r --csv-full-history --json-file r -H";
        let line = format!("-f s.lua -s {timeout} {line} {}", server.url());
        let mut running = project.start(&line, &[]);
        running.until("setup", || server.answered().get("GET /setup").is_some_and(|seen| *seen > before));
        running.signal("INT");
        running.until_told("setup may take");
        (1..signals).for_each(|_| running.signal("INT"));
        let ended = running.end().code(105).printed(&["stopped by a signal", "setup was interrupted"]);
        assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
        let counts = agreed(&project, &ended);
        assert_eq!(counts["GET /setup"], (1, 0));
        assert!(!counts.contains_key("GET /t") && !counts.contains_key("GET /teardown"));
    }
    assert_eq!(server.answered()["GET /test_stop"], 1, "the second signal does not wait for it");
}

/// A teardown that does not end is not waited for twice.
#[test]
fn a_second_signal_ends_teardown() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self) self.client:get(\"/t\") end)
teardown(function()
  http.get(\"/teardown\")
  while true do pcall(sleep, 0.05) end
end)
events.quitting:add_listener(function() http.get(\"/quitting\") end)
";
    let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
    let line = format!("-f s.lua -i 1 --csv r --csv-full-history --json-file r -H {}", server.url());
    let mut running = project.start(&line, &[]);
    running.until("teardown", || server.answered().contains_key("GET /teardown"));
    running.signal("INT");
    running.until_told("teardown may take");
    running.signal("INT");
    let ended = running.end().code(105).printed(&["teardown was interrupted"]);
    assert!(ended.took < Duration::from_secs(10), "{:?}", ended.took);
    let counts = agreed(&project, &ended);
    assert_eq!((counts["GET /t"], counts["GET /teardown"]), ((1, 0), (1, 0)));
}

/// The users of several workers get the same data, once it is there.
#[test]
fn data_of_setup_reaches_the_users_of_every_worker() {
    let script = "\
setup(function()
  local users = {}
  for index = 1, 50 do users[index] = { id = index, name = http.get(\"/slow/\" .. index).text } end
  return { users = users, big = math.maxinteger }
end)
local U = HttpUser:extend(\"U\", { wait_time = constant(60) })
U:task(\"t\", function(self)
  assert(self.data.big == math.maxinteger and #self.data.users == 50)
  self.client:get(\"/t/\" .. self.data.users[vu.id].id, { name = \"t\" })
end)
teardown(function(data) http.get(\"/teardown/\" .. data.users[50].id) end)
";
    let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
    let line = "-f s.lua -u 30 -r 1000 -i 30 --workers 3 --csv r --csv-full-history --json-file r";
    let ended = project.run(&format!("{line} -H {}", server.url())).code(0);
    let answered = server.answered();
    assert!((1..=30).all(|user| answered[&format!("GET /t/{user}")] == 1));
    assert_eq!(answered["GET /teardown/50"], 1);
    assert_eq!(agreed(&project, &ended)["GET t"], (30, 0));
}
