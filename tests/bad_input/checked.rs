//! `--check` reports every fault of every script, module and environment file at once.

use crate::support::project::Project;

const SOUND: &str = "local U = User:extend(\"U\", {})\nU:task(\"t\", function(self) end)\n";

fn faults(told: &str) -> Vec<(&str, &str)> {
    let mut lines = told.lines().peekable();
    let mut found = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(what) = line.strip_prefix("error: ") {
            let at = lines.peek().and_then(|line| line.trim_start().strip_prefix("--> "));
            found.push((what, at.unwrap_or("")));
        }
    }
    found.sort_by_key(|(_, at)| *at);
    found
}

#[test]
fn all_faults_are_told_at_once() {
    let lazy =
        "local U = User:extend(\"Lazy\", {})\nU:task(\"t\", function(self) require(\"utils.broken\") end)\n";
    let project = Project::new(&[
        ("scripts/main.lua", "require(\"suites.sound\")\n"),
        ("scripts/suites/sound.lua", SOUND),
        ("scripts/suites/syntax.lua", "local x = = 1\n"),
        ("scripts/suites/raises.lua", "\nerror(\"out of order\")\n"),
        ("scripts/suites/class.lua", "User:extend(\"C\", { wait_tiem = constant(1) }):task(\"t\", print)\n"),
        ("scripts/suites/lost.lua", "require(\"utils.nothing\")\n"),
        ("scripts/suites/lazy.lua", lazy),
        ("scripts/suites/helper.lua", "return { x = 1 }\n"),
        ("scripts/utils/broken.lua", "return = 1\n"),
        ("scripts/utils/deep/unused.lua", "}\n"),
        ("scripts/.hidden/not_ours.lua", "}\n"),
        ("config/local.yaml", "settings: {}\n"),
    ]);
    let ended = project.run("--check").code(107);
    let expected = [
        ("class `C`: unknown attribute `wait_tiem`", "scripts/suites/class.lua:1"),
        (
            "module `utils.nothing` not found: there is no scripts/utils/nothing.lua",
            "scripts/suites/lost.lua:1",
        ),
        ("out of order", "scripts/suites/raises.lua:2"),
        ("unexpected symbol near '='", "scripts/suites/syntax.lua:1"),
        ("unexpected symbol near '='", "scripts/utils/broken.lua:1"),
        ("unexpected symbol near '}'", "scripts/utils/deep/unused.lua:1"),
    ];
    let found = faults(&ended.err);
    assert_eq!(found.len(), expected.len(), "{}", ended.err);
    for ((what, at), (wanted, place)) in found.into_iter().zip(expected) {
        assert!(what.starts_with(wanted) && at.starts_with(place), "{what} at {at}: not {wanted} at {place}");
    }
    assert!(ended.err.ends_with("checked 8 scripts and 2 modules: 6 faults\n"), "{}", ended.err);
    assert_eq!(ended.out, "");

    // The environment file as well; then the top level, which may depend on it, is not run.
    project.write("config/local.yaml", b"settings: {default_timout: 3}\n");
    let ended =
        project.run("--check").code(104).told(&["unknown key `default_timout`", "config/local.yaml:1"]);
    assert_eq!(faults(&ended.err).len(), 5, "{}", ended.err);
}

/// A module that is not there is told wherever it is named, though nothing has come by yet.
#[test]
fn a_missing_module_is_told_where_it_is_required() {
    let script = "local U = User:extend(\"U\", {})
U:task(\"t\", function(self)
  require(\"e2e.retry\")
  -- require(\"utils.comment\")
  require(\"utils.on\")
end)
";
    let files =
        [("suites/a.lua", script), ("utils/one.lua", "return function() return require 'utils.two' end\n")];
    let project = Project::new(&files);
    let ended = project.run("--check -f suites/a.lua").code(107);
    let found = [("module `utils.on` not found: there is no utils/on.lua", "suites/a.lua:5")];
    assert_eq!(faults(&ended.err), found);
    ended.told(&["did you mean `utils.one`?"]);
    let ended = project.run("--check").code(107);
    let found = [found[0], ("module `utils.two` not found: there is no utils/two.lua", "utils/one.lua:1")];
    assert_eq!(faults(&ended.err), found);
}

/// Everything that is wrong with an environment file is told at once, by a run as by a check.
#[test]
fn every_fault_of_an_environment_file_is_told() {
    let yaml = "load: { usrs: 1, users: -3 }\nsafety: { max_user: 2 }\nsettings: { default_timeot: 3 }\n";
    let project = Project::new(&[("s.lua", SOUND), ("config/local.yaml", yaml)]);
    for line in ["-f s.lua --check", "-f s.lua -i 1"] {
        let ended = project.run(line).code(104);
        let found = [
            ("`load.users` must be a whole number of at least 1, not `-3`", "config/local.yaml:1:25"),
            ("unknown key `usrs` in `load`", "config/local.yaml:1:9"),
            ("unknown key `max_user` in `safety`", "config/local.yaml:2:11"),
            ("unknown key `default_timeot` in `settings`", "config/local.yaml:3:13"),
        ];
        assert_eq!(faults(&ended.err), found);
    }
}

#[test]
fn given_scripts_are_checked_with_what_they_require() {
    let project = Project::new(&[
        (
            "scripts/suites/a.lua",
            "require(\"utils.one\")\nlocal A = User:extend(\"A\", {}) A:task(\"t\", print)\n",
        ),
        ("scripts/suites/b.lua", "local B = User:extend(\"B\", {}) B:task(\"t\", print)\n"),
        ("scripts/suites/same.lua", "local A = User:extend(\"A\", {}) A:task(\"t\", print)\n"),
        ("scripts/suites/empty.lua", "\n"),
        ("scripts/suites/other.lua", "x = = 1\n"),
        ("scripts/utils/one.lua", "local two = require 'utils.two'\nreturn two\n"),
        ("scripts/utils/two.lua", "return {}\n"),
    ]);
    project.run("--check -f suites/a.lua -f suites/b.lua").code(0).printed(&[
        "scripts/suites/a.lua: ok (1 user class, 1 task)\nscripts/suites/b.lua: ok (1 user class, 1 task)\n",
        "checked 2 scripts and 2 modules: no fault\n",
    ]);
    project.run("--check -f suites/a.lua A").code(0);
    project.run("--check -f suites/a.lua B").code(2).told(&["no user class `B`", "1 fault"]);
    let both = project.run("--check -f suites/a.lua -f suites/same.lua").code(107);
    both.told(&["the class `A` is defined already", "checked 2 scripts and 2 modules: 1 fault\n"]);
    let ended = project.run("--check -f suites/empty.lua -f suites/b.lua -f suites/nowhere.lua").code(104);
    ended.told(&["no user class that could be run", "there is no script suites/nowhere.lua", "2 scripts"]);
    project.write("scripts/utils/two.lua", b"return = 1\n");
    let ended = project.run("--check -f suites/a.lua").code(107);
    assert_eq!(faults(&ended.err), [("unexpected symbol near '='", "scripts/utils/two.lua:1:8")]);
}

#[test]
fn a_check_of_nothing_says_so() {
    let project = Project::new(&[]);
    project
        .run("--check")
        .code(104)
        .told(&["there is no main.lua", "checked 0 scripts and 0 modules: 1 fault\n"]);
    project.write("suites/one.lua", SOUND.as_bytes());
    project.run("--check").code(0).printed(&["suites/one.lua: ok", "checked 1 script and 0 modules"]);
}

/// One script may hold several classes, sets and shapes; each is looked at, whatever is wrong with another.
#[test]
fn every_wrong_class_of_a_script_is_told() {
    let script = "\
local A = HttpUser:extend(\"A\", { wait_tiem = 1 })
A:task(\"t\", function() end)
local B = HttpUser:extend(\"B\", { weight = \"x\" })
B:task(\"t\", function() end)
local C = TaskSet:extend(\"C\", { tasks = 3 })
LoadTestShape:extend(\"S\", { stages = { { duration = \"x\" } } })
";
    let project = Project::new(&[("s.lua", script)]);
    let what = ["wait_tiem", "s.lua:1:", "`weight`", "s.lua:3:", "task set `C`", "load shape `S`"];
    for line in ["-f s.lua --check", "-f s.lua"] {
        project.run(line).refused(107, &what);
    }
}
