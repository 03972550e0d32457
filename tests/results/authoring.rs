//! `e2e init`: what it writes is whole, runs, and is what this repository uses itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::project::{Project, command};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn initialised() -> Project {
    let project = Project::new(&[]);
    let ended = project.run("init").code(0);
    ended.printed(&["a project in .:\n", "  scripts/suites/smoke.lua\n", "run it: e2e\n"]);
    project
}

/// Files below a folder, by their path from `root`.
fn files(root: &Path, folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_owned();
        if path.is_dir() {
            found.extend(files(root, name.to_str().unwrap()));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn the_first_run_of_a_new_project_passes() {
    let project = initialised();
    project.run("-t 1s --csv results/r").code(0).printed(&["✓ passed", "run time reached"]);
    assert!(project.path("results/r_stats.csv").is_file());
    project.run("--check").code(0).printed(&["scripts/suites/smoke.lua: ok"]);
    for environment in ["local", "int", "stage", "prod"] {
        project.run(&format!("--env {environment} --show-config")).code(0);
    }
    let ended = project.run("--env prod -f suites/smoke.lua").refused(111, &["wants a confirmation"]);
    assert!(ended.took.as_secs() < 10);
}

#[test]
fn nothing_is_overwritten() {
    let project = initialised();
    let refused = project.run("init");
    refused.refused(
        104,
        &["holds files that a new project would overwrite", ".luarc.json, Makefile, README.md"],
    );
    let project = Project::new(&[("here/Makefile", "mine"), ("file", "")]);
    project.run("init here").refused(104, &["here holds files", "there are Makefile\n", "e2e init DIR"]);
    assert_eq!((project.read("here/Makefile").as_str(), files(&project.path("here"), "").len()), ("mine", 1));
    project.run("init file").refused(104, &["file is not a folder"]);
    project.run("init new/deep").code(0).printed(&["run it: cd new/deep && e2e"]);
}

/// Whoever adds a suite or an environment adds it to new projects as well. They are in Lua.
#[test]
fn a_new_project_has_all_scripts_and_environments() {
    let project = initialised();
    for folder in ["scripts", "config", "stdlib"] {
        let mut own = files(repository(), folder);
        own.retain(|path| path.extension().is_none_or(|ending| ending != "rhai"));
        // What the image is made of and where it runs is this repository's.
        own.retain(|path| !path.starts_with("config/kubernetes"));
        assert_eq!(files(&project.path(""), folder), own);
        for path in own {
            let text = fs::read_to_string(repository().join(&path)).unwrap();
            assert_eq!(project.read(path.to_str().unwrap()), text, "{}", path.display());
        }
    }
}

#[test]
fn a_new_project_may_be_in_rhai() {
    let project = Project::new(&[]);
    project.run("init --lang rhai").code(0).printed(&["  scripts/suites/smoke.rhai\n", "run it: e2e\n"]);
    project.run("-t 1s").code(0).printed(&["✓ passed", "run time reached"]);
    project.run("--check").code(0).printed(&["scripts/suites/smoke.rhai: ok"]);
    let all = files(&project.path(""), "");
    let is_lua = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "lua");
    assert_eq!(all.iter().find(is_lua), None);
    for path in ["Makefile", "README.md", ".github/workflows/e2e.yml"] {
        let text = project.read(path);
        assert!(!text.contains("lua") && !text.contains("Lua"), "{path} speaks of Lua\n{text}");
    }
    for folder in ["scripts", "stdlib"] {
        let mut own = files(repository(), folder);
        own.retain(|path| path.extension().is_some_and(|ending| ending == "rhai"));
        assert_eq!(files(&project.path(""), folder), own);
    }
    project.run("init --lang python").refused(2, &["[possible values: lua, rhai]"]);
}

/// What stands in the way is seen before anything is written.
#[test]
fn a_project_is_written_whole_and_in_its_own_folder_or_not_at_all() {
    let project = Project::new(&[("taken/scripts", ""), ("elsewhere/kept", "")]);
    project.run("init taken").refused(104, &["taken/scripts is a file, where a new project has a folder"]);
    let names = |folder: &str| fs::read_dir(project.path(folder)).unwrap().count();
    assert_eq!(names("taken"), 1);
    fs::create_dir(project.path("linked")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", project.path("linked/scripts")).unwrap();
    project.run("init linked").refused(104, &["linked/scripts is a link"]);
    assert_eq!((names("linked"), names("elsewhere")), (1, 1));
    for (folder, told) in
        [("q q", "cd 'q q' && e2e"), ("a'b", "cd 'a'\\''b' && e2e"), ("-x", "cd -- -x && e2e")]
    {
        project.run_with("init --", &[folder]).code(0).printed(&[told]);
    }
}

/// The language server is pointed to a folder that holds the stubs, here and in a new project.
#[test]
fn editors_find_the_stubs() {
    let project = initialised();
    for root in [repository(), &project.path("")] {
        let settings: Value =
            serde_json::from_str(&fs::read_to_string(root.join(".luarc.json")).unwrap()).unwrap();
        assert_eq!(settings["runtime.version"], "Lua 5.4");
        let mut stubs = String::new();
        for library in settings["workspace.library"].as_array().unwrap() {
            for path in files(root, library.as_str().unwrap()) {
                stubs += &fs::read_to_string(root.join(path)).unwrap();
            }
        }
        for part in ["---@meta", "---@class HttpUser", "function check("] {
            assert!(stubs.contains(part), "no `{part}` where .luarc.json of {} leads", root.display());
        }
        // What `require` finds is found by the same rule: below the script root, dots for folders.
        assert_eq!(settings["runtime.path"][0], "?.lua");
    }
}

/// What the targets run; `make` itself says it.
#[test]
fn the_targets_run_what_they_say() {
    let project = initialised();
    let make = |folder: &Path, args: &[&str]| {
        let mut make = Command::new("make");
        make.env_clear().envs(command(folder).get_envs().filter_map(|(k, v)| Some((k, v?))));
        make.env("PATH", std::env::var_os("PATH").unwrap()).args(args).current_dir(folder);
        let output = make.output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.success(), text)
    };
    let folder = project.path("");
    for root in [repository(), &folder] {
        for (target, line) in [
            (
                "smoke",
                "TEST_MODE=smoke TEST_ENV=local e2e --headless --only-summary --script suites/smoke.lua -u 1 -r 1 -t 30s",
            ),
            (
                "functional ENV=int",
                "TEST_MODE=functional TEST_ENV=int e2e --headless --only-summary --script suites/functional.lua -u 10 -r 2 -t 300s",
            ),
            ("performance", "--script suites/performance.lua -u 50 -r 5 -t 600s"),
            ("stress", "--script suites/stress.lua -t 600s"),
            ("interactive MODE=stress ENV=int", "TEST_MODE=stress TEST_ENV=int e2e --web"),
            ("test-local", "TEST_ENV=local e2e --headless --only-summary --script suites/smoke.lua"),
            ("test-int", "TEST_ENV=int e2e --headless --only-summary --script suites/functional.lua"),
            ("test-stage", "TEST_ENV=stage e2e --headless --only-summary --script suites/performance.lua"),
            (
                "test-prod",
                "TEST_MODE=smoke TEST_ENV=prod e2e --headless --only-summary --script suites/smoke.lua -u 1 -r 1 -t 60s",
            ),
        ] {
            let args: Vec<&str> = ["-n", "E2E=e2e"].into_iter().chain(target.split(' ')).collect();
            let (well, text) = make(root, &args);
            assert!(well && text.contains(line), "{target}: no `{line}` in\n{text}");
        }
    }
    let own = format!("E2E={}", env!("CARGO_BIN_EXE_e2e"));
    let (well, text) = make(&folder, &["check", &own]);
    assert!(well && text.contains("scripts/suites/smoke.lua: ok"), "{text}");
    let (well, text) = make(&folder, &["test-prod", &own, "CONFIRM=no"]);
    assert!(!well && text.contains("the confirmation does not match"), "{text}");
    // A run that ends by itself, so that the page does, too.
    let flags = ["interactive", &own, "E2E_FLAGS="];
    let mut command = Command::new("make");
    command.args(flags).current_dir(&folder).envs([
        ("E2E_WEB_PORT", "0"),
        ("E2E_AUTOSTART", "true"),
        ("E2E_AUTOQUIT", "0"),
        ("E2E_ITERATIONS", "2"),
        ("E2E_NO_GENERATOR_CHECK", "true"),
    ]);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("web interface: http://127.0.0.1:"), "{text}");
}

#[test]
fn the_mode_chooses_the_suite() {
    let project = initialised();
    let list = |mode: &str| {
        let mut command = command(&project.path(""));
        let output = command.arg("--list").env("TEST_MODE", mode).output().unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        (output.status.code(), text)
    };
    for (mode, class) in [
        ("", "SmokeTestUser"),
        ("smoke", "SmokeTestUser"),
        ("functional", "FunctionalTestUser"),
        ("performance", "PerformanceTestUser"),
        ("stress", "PerformanceTestUser"),
    ] {
        assert_eq!(list(mode), (Some(0), format!("{class}\n")), "{mode}");
    }
    let (code, text) = list("smoking");
    assert!(
        code == Some(107) && text.contains("there is no suite `smoking`: TEST_MODE must be one of smoke, "),
        "{text}"
    );
}
