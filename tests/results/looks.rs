//! Looking without running: nobody is asked for anything.

use crate::support::counter::Counter;
use crate::support::project::Project;

const SCRIPT: &str = "\
options { users = 12, spawn_rate = 4 }
local Writer = HttpUser:extend(\"Writer\", { weight = 1 })
Writer:task(\"create\", 3, function(self) self.client:post(\"/x\") end)
Writer:task(\"delete\", { weight = 1, tags = { \"slow\" } }, function(self) self.client:delete(\"/x\") end)
local Base = HttpUser:extend(\"Base\", { abstract = true })
function Base:on_start() end
local Reader = Base:extend(\"Reader\", { weight = 2 })
Reader:task(\"read\", function(self) self.client:get(\"/x\") end)
local Admin = Base:extend(\"Admin\", { fixed_count = 3 })
Admin:task(\"clean\", function(self) self.client:get(\"/x\") end)
";

fn look(options: &str) -> String {
    let server = Counter::start();
    let yaml = format!("base_url: {}\nload:\n  users: 6\n", server.url());
    let project = Project::new(&[("scripts/s.lua", SCRIPT), ("config/int.yaml", &yaml)]);
    let ended = project.run(&format!("-f s.lua --env int {options}")).code(0);
    assert_eq!((ended.err.as_str(), server.asked()), ("", 0));
    ended.out.replace(&server.url(), "URL")
}

#[test]
fn the_list_names_what_could_be_run() {
    let mut classes: Vec<String> = look("--list").lines().map(str::to_owned).collect();
    classes.sort();
    assert_eq!(classes, ["Admin", "Reader", "Writer"]);
}

/// Three are fixed, the other three are shared 2:1.
#[test]
fn the_ratios_are_those_of_the_dispatcher() {
    let shown = look("--show-task-ratio");
    let rule = "-".repeat(80);
    let expected = format!(
        " Task ratio per User class\n{rule}\n 50.0       Admin\n   100.0      clean\n 33.3       Reader\n   100.0      \
         read\n 16.7       Writer\n   75.0       create\n   25.0       delete\n\n Total task ratio\n{rule}\n 50.0       \
         Admin\n   50.0       clean\n 33.3       Reader\n   33.3       read\n 16.7       Writer\n   12.5       \
         create\n   4.2        delete\n"
    );
    assert_eq!(shown, expected);
    let shown = look("--show-task-ratio -u 4 -E slow Reader Writer");
    for line in [" 66.7       Reader", "   100.0      create"] {
        assert!(shown.lines().any(|shown| shown == line), "no {line:?} in\n{shown}");
    }
    assert!(!shown.contains("Admin") && !shown.contains("delete"), "{shown}");
    // With fewer users than are fixed, nobody is left for the others.
    assert!(look("--show-task-ratio -u 2").starts_with(&format!(
        " Task ratio per User class\n{rule}\n 100.0      Admin\n   100.0      clean\n 0.0        Reader\n"
    )));
}

#[test]
fn the_configuration_says_where_each_value_came_from() {
    let shown = look("--show-config -t 5s");
    for (key, value, origin) in [
        ("users", "6", "config/int.yaml:3"),
        ("spawn_rate", "4", "s.lua:1"),
        ("run_time", "5s", "flag --run-time"),
        ("environment", "int", "flag --env"),
        ("base_url", "URL", "config/int.yaml:1"),
        ("iterations", "none", "default"),
    ] {
        let found = shown.lines().any(|line| {
            let (setting, comment) = line.split_once(" # ").unwrap_or((line, ""));
            setting.split_once(": ").is_some_and(|(k, v)| k == key && v.trim() == value)
                && comment.contains(origin)
        });
        assert!(found, "no {key}: {value} from {origin} in\n{shown}");
    }
}

/// It must show what it can where the script is broken.
#[test]
fn the_configuration_is_shown_without_a_sound_script() {
    let project = Project::new(&[("s.lua", "x = = 1")]);
    project.run("-f s.lua --show-config -u 3").code(0).printed(&["users: 3 ", "flag --users"]);
}

#[test]
fn a_check_passes_what_could_be_run() {
    let shown = look("--check");
    assert!(shown.contains("s.lua: ok (3 user classes, 4 tasks)"), "{shown}");
}

#[test]
fn a_guarded_environment_may_be_looked_at() {
    let yaml = "base_url: http://127.0.0.1:9\nsafety:\n  confirm: I am sure\n  max_users: 1\n";
    let project = Project::new(&[("scripts/s.lua", SCRIPT), ("config/prod.yaml", yaml)]);
    for look in ["--list", "--show-task-ratio", "--check", "--show-config"] {
        project.run(&format!("-f s.lua --env prod {look}")).code(0);
    }
}

#[test]
fn completions_and_help_are_printed() {
    let project = Project::new(&[]);
    for shell in ["bash", "zsh", "fish"] {
        let ended =
            project.run(&format!("completions {shell}")).code(0).printed(&["e2e", "spawn-rate", "watch"]);
        assert!(!ended.out.contains("watched"), "{shell}");
    }
    project.run("--help").code(0).printed(&["--script", "--csv", "E2E_USERS"]);
    project.run("--version").code(0).printed(&["e2e 0."]);
}

/// A class that is not there is no less wrong where nothing is run.
#[test]
fn looking_at_a_class_that_is_not_there_is_refused() {
    let script = "local A = User:extend(\"Alpha\", {}) A:task(\"t\", print)\nlocal B = User:extend(\"Beta\", {}) B:task(\"t\", print)\n";
    let project = Project::new(&[("s.lua", script)]);
    for look in ["--list", "--show-task-ratio"] {
        let ended = project.run(&format!("-f s.lua {look} Alpa"));
        ended.code(2).told(&["the script defines no user class `Alpa`", "did you mean `Alpha`?"]);
    }
    assert_eq!(project.run("-f s.lua --list Beta").code(0).out, "Beta\n");
}
