//! docs/from-k6.md is tried as it stands: its Lua runs, its commands are understood.

use std::fs;
use std::path::Path;

use crate::support::page;
use crate::support::project::Project;

const PAGE: &str = include_str!("../docs/from-k6.md");

fn project() -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::new(&[]);
    for file in ["scripts/suites/performance.lua", "config/local.yaml"] {
        project.write(file, &fs::read(root.join(file)).unwrap());
    }
    project
}

#[test]
fn every_lua_block_runs() {
    page::run_lua(PAGE, &project());
}

#[test]
fn the_commands_are_understood() {
    page::try_commands(PAGE, &project());
}

#[test]
fn the_links_lead_somewhere() {
    page::assert_links(PAGE);
}
