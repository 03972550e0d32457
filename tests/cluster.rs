//! Runs that several processes make: parts of a run without a coordinator, and one run over NATS, with what can
//! happen to its processes and to NATS meanwhile. NATS is Debian's; where it is not there and cannot be installed, what
//! needs it is skipped, which a line says.

mod faults;
mod nats;
mod onlooker;
mod party;
mod refusals;
mod segments;
mod whole;

use crate::support::page;
use crate::support::project::Project;

const PAGE: &str = include_str!("../docs/cluster.md");

#[test]
fn the_pages_commands_are_command_lines() {
    page::assert_links(PAGE);
    let suite = "local U = HttpUser:extend('U', {})\nU:task('t', function() end)";
    let project = Project::new(&[("scripts/suites/performance.lua", suite)]);
    // What looks on or adds up has no configuration to be shown.
    let runs: Vec<&str> = PAGE
        .lines()
        .filter(|line| !line.starts_with("e2e follow") && !line.starts_with("e2e report"))
        .collect();
    page::try_commands(&runs.join("\n"), &project);
}
