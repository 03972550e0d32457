//! Scripts that go wrong while they run: errors are counted with their place and
//! stack, the run goes on or ends as the script says, and the exit code tells.

use crate::support::counter::Counter;
use crate::support::project::Project;
use crate::support::results::{agreed, rows};

const ALL: &str = "--csv r --csv-full-history --json-file r";

#[test]
fn errors_are_grouped_with_their_stack() {
    let server = Counter::start();
    let script = "\
local function fetch(self)
  local response = self.client:get(\"/ready\")
  return response:json(\"document\").uri
end
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self) local uri = fetch(self) end)
";
    let project = Project::new(&[("s.lua", script)]);
    let ended = project.run(&format!("-f s.lua -i 3 {ALL} -H {}", server.url())).code(1);
    assert_eq!(agreed(&project, &ended)["Aggregated"], (3, 0));
    let exceptions = rows(&project.read("r_exceptions.csv"));
    assert_eq!(exceptions.len(), 2);
    assert_eq!(exceptions[1][0], "3");
    assert!(exceptions[1][1].contains("s.lua:3") && exceptions[1][1].contains("nil"), "{exceptions:?}");
    for frame in ["s.lua:3", "s.lua:6"] {
        assert!(exceptions[1][2].contains(frame), "{exceptions:?}");
    }
    ended.printed(&["3×", "s.lua:3", "first in U.t", "3 exceptions", "exit 1"]);
}

#[test]
fn a_run_whose_users_cannot_start_ends() {
    let server = Counter::start();
    let script = "\
local U = HttpUser:extend(\"U\", {})
function U:on_start() self.client:get(\"/login\") error(\"no login\") end
function U:on_stop() self.client:get(\"/logout\") end
U:task(\"t\", function(self) self.client:get(\"/ready\") end)
";
    let project = Project::new(&[("s.lua", script)]);
    let line = format!("-f s.lua -u 4 -r 100 -t 60s --workers 2 {ALL} -H {}", server.url());
    let ended = project.run(&line).code(1).told(&["ERROR", "on_start: no login", "s.lua:2"]);
    assert!(ended.took.as_secs() < 10, "{:?}", ended.took);
    assert_eq!(agreed(&project, &ended)["GET /login"], (4, 0));
    assert_eq!(server.answered(), [("GET /login".to_owned(), 4)].into());
    let exceptions = rows(&project.read("r_exceptions.csv"));
    assert_eq!(exceptions[1][0], "4");
    ended.printed(&["no user was left", "4 exceptions"]);
    // The same where iterations are wanted: none of them was done.
    let ended = project.run(&format!("-f s.lua -u 2 -r 100 -i 5 -H {}", server.url()));
    ended.code(1).printed(&["no user was left"]);
}

#[test]
fn an_abort_ends_the_run_with_its_message() {
    let server = Counter::start();
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.01) })
U:task(\"t\", function(self)
  self.client:get(\"/ready\")
  if vu.id == 3 and vu.iteration == 4 then test.abort(\"the data are used up\") end
end)
function U:on_stop() self.client:get(\"/stopped\") end
";
    let project = Project::new(&[("s.lua", script)]);
    let line = format!("-f s.lua -u 4 -r 100 -t 60s --workers 2 {ALL} -H {}", server.url());
    let ended = project.run(&line).code(108);
    assert!(ended.took.as_secs() < 10, "{:?}", ended.took);
    let counts = agreed(&project, &ended);
    let answered = server.answered();
    assert_eq!(counts["Aggregated"].0, answered.values().sum::<u64>());
    assert_eq!(counts["GET /stopped"].0, answered["GET /stopped"]);
    ended.printed(&["✗ aborted", "the data are used up", "exit 108"]);
}

/// The gravest reason is the exit code: an abort outranks the failures beside it.
#[test]
fn an_abort_outranks_failures() {
    let server = Counter::start();
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self) self.client:get(\"/fail\") test.abort() end)
";
    let project = Project::new(&[("s.lua", script)]);
    let ended =
        project.run(&format!("-f s.lua -t 60s {ALL} -H {} --exit-code-on-error 3", server.url())).code(108);
    assert_eq!(agreed(&project, &ended)["GET /fail"], (1, 1));
}

#[test]
fn a_task_that_never_ends_is_an_error_of_that_task() {
    let server = Counter::start();
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.05) })
U:task(\"honest\", 9, function(self) self.client:get(\"/ready\") end)
local B = HttpUser:extend(\"B\", { fixed_count = 1, wait_time = constant(60) })
B:task(\"endless\", function() while true do end end)
";
    let project = Project::new(&[("s.lua", script)]);
    let line = format!("-f s.lua -u 3 -r 100 -t 60s -i 200 --workers 1 {ALL} -H {}", server.url());
    let ended = project.run(&line).code(1).told(&["endless: ", "s.lua:4", "cpu budget exceeded"]);
    assert!(agreed(&project, &ended)["GET /ready"].0 >= 190);
    let exceptions = rows(&project.read("r_exceptions.csv"));
    assert!(exceptions[1][1].contains("s.lua:4"), "{exceptions:?}");
}
