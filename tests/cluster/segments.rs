//! `--segment`: N processes that know nothing of each other make the run that one makes.

use crate::support::counter::Counter;
use crate::support::project::Project;

/// Each user does one task, and says who it is, what chance gave it, and which rows it took.
const USERS: &str = r#"
local words = data.lines("words.txt", { mode = "unique" })
local function once(name, options)
  local class = User:extend(name, options)
  class:task("say", function(self)
    print("user " .. vu.id .. " " .. vu.class .. " " .. math.random(1000000))
    print("row " .. words:next())
    self:stop()
  end)
end
once("Heavy", { weight = 3 })
once("Light", { weight = 1 })
once("Fixed", { fixed_count = 2 })
"#;

fn words() -> String {
    (0..11).map(|number| format!("w{number:02}\n")).collect()
}

/// What lines of the log say that begin with these words, sorted.
fn said(err: &str, words: &[&str]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in err.lines() {
        let found =
            words.iter().find_map(|word| line.find(&format!("{word} ")).map(|at| line[at..].to_owned()));
        lines.extend(found);
    }
    lines.sort();
    lines
}

#[test]
fn users_classes_chance_and_rows_are_those_of_one_process() {
    let project = Project::new(&[("s.lua", USERS), ("words.txt", &words())]);
    let line = "-f s.lua -u 11 -r 1000 --seed 7 -H http://localhost:1";
    let whole = said(&project.run(line).code(0).err, &["user", "row"]);
    assert_eq!(whole.len(), 22, "{whole:#?}");
    let parts: Vec<_> = [(0, 1), (1, 2), (2, 1)]
        .map(|(index, workers)| {
            project.start(&format!("{line} --segment {index}/3 --workers {workers}"), &[])
        })
        .into_iter()
        .map(|running| said(&running.end().code(0).err, &["user", "row"]))
        .collect();
    assert_eq!(parts[1].len(), 8, "the second has 4 of 11 users: {:#?}", parts[1]);
    let mut all: Vec<String> = parts.concat();
    all.sort();
    assert_eq!(all, whole);
}

#[test]
fn iterations_and_arrivals_add_up() {
    let script = r#"
options { scenarios = {
  shared = { executor = "shared_iterations", vus = 2, iterations = 7, max_duration = 20, exec = "shared" },
  each = { executor = "per_vu_iterations", vus = 5, iterations = 2, max_duration = 20, exec = "each" },
  open = { executor = "constant_arrival_rate", rate = 20, duration = 1, pre_allocated_vus = 2, max_vus = 2, exec = "open" },
} }
function shared() http.get("/shared") end
function each() http.get("/each") end
function open() http.get("/open") end
"#;
    let server = Counter::start();
    let project = Project::new(&[("s.lua", script)]);
    let runs: Vec<_> = (0..3)
        .map(|index| project.start(&format!("-f s.lua -H {} --segment {index}/3", server.url()), &[]))
        .collect();
    runs.into_iter().for_each(|run| drop(run.end().code(0)));
    let answered = server.answered();
    assert_eq!((answered["GET /shared"], answered["GET /each"]), (7, 10));
    // Two users in two of three processes serve all of them; on a busy machine one may be late.
    assert!((18..=20).contains(&answered["GET /open"]), "{answered:?}");
}

#[test]
fn iterations_of_a_run_are_divided_over_those_who_have_users() {
    let script = r#"
local U = HttpUser:extend("U", {})
U:task("ask", function(self) self.client:get("/x") end)
"#;
    let server = Counter::start();
    let project = Project::new(&[("s.lua", script)]);
    let line = format!("-f s.lua -H {} -u 2 -r 100 -i 9", server.url());
    let runs: Vec<_> =
        (0..4).map(|index| project.start(&format!("{line} --segment {index}/4"), &[])).collect();
    runs.into_iter().for_each(|run| drop(run.end().code(0)));
    assert_eq!(server.answered()["GET /x"], 9);
}

#[test]
fn the_number_can_come_from_a_job_and_mistakes_are_told() {
    let project = Project::new(&[("s.lua", USERS), ("words.txt", &words())]);
    let line = "-f s.lua -u 11 -r 1000 -H http://localhost:1";
    let mut command = crate::support::project::command(&project.path("."));
    command.env("JOB_COMPLETION_INDEX", "2").args(line.split(' ')).args(["--segments", "3", "--show-config"]);
    let shown = String::from_utf8(command.output().unwrap().stdout).unwrap();
    assert!(shown.contains("segment: 2/3") && shown.contains("seed: 0 "), "{shown}");
    let refused =
        |more: &str, fragments: &[&str]| drop(project.run(&format!("{line} {more}")).refused(2, fragments));
    refused("--segment 3/3", &["segments count from 0: of 3 there are 0/3 to 2/3"]);
    refused("--segments 3", &["which of the 3 segments", "--segment I/3"]);
    refused("--run x", &["--run is for processes that make a run together", "--nats URL"]);
    refused("--nats nats://localhost --segments 2", &["needs a name for the run"]);
}

#[test]
fn setup_in_each_process_is_told() {
    let script = "setup(function() return 1 end)\nlocal U = User:extend('U', {})\nU:task('t', function(self) self:stop() end)";
    let project = Project::new(&[("s.lua", script)]);
    project
        .run("-f s.lua --segment 0/2")
        .code(0)
        .told(&["setup is run by each of the 2 processes", "--nats URL"]);
}
