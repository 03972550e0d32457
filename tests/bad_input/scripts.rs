//! Scripts that cannot be run: where, why and what to do, before the first request.

use crate::support::counter::Counter;
use crate::support::project::Project;

const TASK: &str = "U:task(\"t\", function(self) self.client:get(\"/ready\") end)";

/// The script's fault is told, and nobody was asked for anything.
#[track_caller]
fn refused(script: &str, code: i32, fragments: &[&str]) -> String {
    let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
    let ended = project.run(&format!("-f s.lua -t 1s -H {}", server.url()));
    let ended = ended.refused(code, fragments);
    assert_eq!(server.asked(), 0);
    // `--check` says the same, and exits the same.
    let checked = project.run("-f s.lua --check");
    let counted = format!("{}checked 1 script and 0 modules: 1 fault\n", ended.err);
    assert_eq!((checked.code, &checked.err), (Some(code), &counted));
    ended.err
}

#[test]
fn a_syntax_error_has_a_caret() {
    let script = "local U = HttpUser:extend(\"U\", {})\nU:task(\"a\", function(self)\n\tself.client:get(\"/ready\"\nend)\n";
    let told = refused(script, 107, &[]);
    let expected = "\
error: ')' expected (to close '(' at line 3) near 'end'
 --> s.lua:4:1
  |
4 | end)
  | ^
";
    assert_eq!(told, expected);
}

#[test]
fn all_scripts_with_a_syntax_error_are_told_of() {
    let project =
        Project::new(&[("a.lua", "x = = 1"), ("b.lua", "local U = HttpUser:extend(\"U\")"), ("c.lua", "if")]);
    project.run("-f a.lua -f b.lua -f c.lua --check").refused(107, &["a.lua:1:", "c.lua:1:"]);
}

#[test]
fn a_missing_module_says_where_it_was_looked_for() {
    let told = refused("local client = require(\"utils.client\")", 107, &["module `utils.client` not found"]);
    assert!(told.contains("utils/client.lua") && told.contains("s.lua:1"), "{told}");
}

#[test]
fn a_module_with_a_syntax_error_is_named() {
    let project = Project::new(&[("s.lua", "local m = require(\"m\")"), ("m.lua", "return {\n  1,\n  2")]);
    project.run("-f s.lua -t 1s").refused(107, &["m.lua:3", "'}' expected"]);
}

#[test]
fn modules_that_need_each_other_end() {
    let project = Project::new(&[
        ("s.lua", "require(\"a\")"),
        ("a.lua", "return require(\"b\")"),
        ("b.lua", "return require(\"a\")"),
    ]);
    project.run("-f s.lua -t 1s").refused(107, &["b.lua:1", "`a`"]);
}

#[test]
fn what_is_no_script_is_refused() {
    let project = Project::new(&[("suites/smoke.lua", "x"), ("folder.lua/x", "")]);
    let hint = "suites/smoke.lua";
    project
        .run("-f suites/smok.lua -t 1s")
        .refused(104, &["there is no script suites/smok.lua", "--script", hint]);
    project.run("-f folder.lua").refused(104, &["script folder.lua is a folder"]);
    project.run("").refused(104, &["no script was given", "main.lua", hint]);
    project.run("-f nothing-like-it.lua").refused(104, &["there is no script", "suites/smoke.lua"]);
    project.write("bytes.lua", b"local x = 1\nlocal y = '\xff\xfe'\n");
    project.run("-f bytes.lua").refused(107, &["bytes.lua", "not UTF-8"]);
    project.write("compiled.lua", b"\x1bLuaT\0\x19\x93\r\n");
    project.run("-f compiled.lua").refused(107, &["compiled.lua"]);
    project.write("script.txt", b"local x = 1\n");
    project.run("-f script.txt").refused(104, &["script.txt"]);
    project.write("bytes.rhai", b"let x = 1;\nlet y = \"\xff\xfe\";\n");
    project.run("-f bytes.rhai").refused(107, &["bytes.rhai:2", "not UTF-8"]);
}

#[test]
fn a_script_without_a_runnable_class_says_how_to_write_one() {
    refused("", 107, &["defines no user class", "HttpUser:extend"]);
    refused("-- nothing", 107, &["defines no user class"]);
    refused("local U = HttpUser:extend(\"Lonely\", {})", 107, &["no class has a task: Lonely", "task("]);
    let script = format!("local U = HttpUser:extend(\"U\", {{ abstract = true }})\n{TASK}");
    refused(&script, 107, &["no user class"]);
    let script = "local U = HttpUser:extend(\"U\", {})\nU:task(\"t\", 0, function() end)";
    refused(script, 107, &["weight"]);
}

#[test]
fn wrong_options_and_attributes_come_with_a_suggestion() {
    let class = |attributes: &str| format!("local U = HttpUser:extend(\"U\", {{ {attributes} }})\n{TASK}");
    let options = |options: &str| format!("options {{ {options} }}\n{}", class(""));
    let help = "help: did you mean";
    refused(
        &options("usres = 3"),
        107,
        &["unknown option `usres`", "s.lua:1:11", "help: did you mean `users`?\n"],
    );
    refused(&options("users = \"many\""), 107, &["option `users` must be a whole number", "\"many\""]);
    refused(&options("users = 0"), 107, &["at least 1, not 0"]);
    refused(&options("run_time = \"soon\""), 107, &["`run_time` must be a duration such as 30s", "s.lua:1"]);
    refused(&options("spawn_rate = -1"), 107, &["option `spawn_rate` must be a rate"]);
    refused(
        &class("wait_tme = constant(1)"),
        107,
        &["unknown attribute `wait_tme`", "s.lua:1", help, "`wait_time`?\n"],
    );
    refused(&class("wait_time = \"3\""), 107, &["`wait_time` must be between(a, b)"]);
    refused(&class("weight = -1"), 107, &["`weight`"]);
    refused(&class("fixed_count = 1.5"), 107, &["`fixed_count`"]);
    refused(&class("wait_time = constant(-1)"), 107, &["constant", "s.lua:1"]);
    refused(
        &class("host = \"not a url\""),
        107,
        &["the `host` of class `U` cannot be used", "s.lua:1", "http://host"],
    );
}

#[test]
fn wrong_names_come_with_a_suggestion() {
    refused(
        "local U = HtpUser:extend(\"U\", {})",
        107,
        &["'HtpUser'", "did you mean `HttpUser`?", "s.lua:1:11"],
    );
    let told =
        refused("local function deep() error(\"lost\") end\ndeep()", 107, &["lost", "s.lua:1", "trace:"]);
    assert!(told.contains("s.lua:2"), "{told}");
}

#[test]
fn a_top_level_that_never_ends_is_ended() {
    refused("while true do end", 107, &["s.lua:1", "cpu budget exceeded"]);
    refused("local t = {} while true do t[#t + 1] = (\"x\"):rep(1e6) .. #t end", 107, &["memory"]);
    // The stack, the memory or the time ends first, whichever is least.
    let told = refused("local function f() return 1 + f() end f()", 107, &["s.lua:1"]);
    let ends = ["stack overflow", "memory limit exceeded", "cpu budget exceeded"];
    assert!(ends.iter().any(|end| told.contains(end)), "{told}");
    refused("http.get(\"http://127.0.0.1:1/\")", 107, &["no request can be made while the script is loaded"]);
}

#[test]
fn a_chain_with_tasks_that_nothing_leads_to_is_warned_of() {
    let script = "\
local Chain = MarkovTaskSet:extend(\"Chain\")
Chain:task(\"a\", { next = \"a\" }, function() end)
Chain:task(\"b\", { next = \"a\" }, function() end)
User:extend(\"U\", { tasks = { Chain } })
";
    let ended = Project::new(&[("s.lua", script)]).run("-f s.lua -i 1").code(0);
    ended.told(&["warning: s.lua:1: task set `Chain`: nothing leads to `b`"]);
}

/// Deeper than any stack of the host's own, and more than anybody writes by hand.
#[test]
fn ten_thousand_sets_within_each_other_are_nothing_special() {
    let script = "\
local Set = TaskSet:extend(\"Innermost\", { tasks = { function(self) print(\"reached\") self:interrupt() end } })
for number = 1, 10000 do Set = TaskSet:extend(\"Set\", { tasks = { Set } }) end
User:extend(\"U\", { tasks = { Set } })
";
    let project = Project::new(&[("s.lua", script)]);
    project.run("-f s.lua -i 2").code(0).told(&["reached"]);
    project.run("-f s.lua --show-task-ratio").code(0);
}
