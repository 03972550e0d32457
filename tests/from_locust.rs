//! docs/from-locust.md is tried as it stands: its Lua runs, its environment file
//! is read, its commands and variables are understood. The page's own comment
//! says how its blocks are marked.

use std::fs;
use std::path::Path;

use crate::support::page::{self, Block};
use crate::support::project::{Project, command};

const PAGE: &str = include_str!("../docs/from-locust.md");

fn of(language: &str) -> Vec<Block<'static>> {
    page::of(PAGE, language)
}

fn project() -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::new(&[]);
    for folder in ["scripts", "scripts/suites", "scripts/utils", "config"] {
        for entry in fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap()) {
            if entry.path().is_file() {
                let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
                project.write(&name, &fs::read(entry.path()).unwrap());
            }
        }
    }
    project
}

#[test]
fn every_lua_block_runs() {
    page::run_lua(PAGE, &project());
}

#[test]
fn the_environment_file_is_read() {
    let project = project();
    let block = &of("yaml")[0];
    project.write("config/page.yaml", block.text.as_bytes());
    project.run("--env page --show-config").code(0).printed(&[
        "https://api-int.example.com",
        "e2e_test_",
        "blue",
    ]);
}

#[test]
fn the_commands_are_understood() {
    page::try_commands(PAGE, &project());
}

/// The ConfigMap's variables arrive: each is the origin of a value.
#[test]
fn the_variables_of_the_job_are_understood() {
    let project = project();
    let blocks = of("yaml");
    let job = blocks.iter().find(|block| block.text.contains("kind: ConfigMap")).unwrap();
    let (_, data) = job.text.split_once("\ndata:\n").unwrap();
    let mut command = command(&project.path(""));
    let mut names = Vec::new();
    for line in data.lines().take_while(|line| line.starts_with("  ")) {
        let (name, value) = line.trim().split_once(": ").unwrap();
        command.env(name, value.trim_matches('"'));
        names.push(name);
    }
    let output = command.arg("--show-config").output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(output.status.success() && names.len() > 4, "{text}");
    for name in names {
        assert!(text.contains(&format!("variable {name}")), "no `{name}` in\n{text}");
    }
}

#[test]
fn the_links_lead_somewhere() {
    page::assert_links(PAGE);
}
