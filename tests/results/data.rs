//! Data files of whole runs: held once, given out once, below the script root.

use std::fmt::Write;

use crate::support::project::Project;

/// 16 MB of rows.
fn large() -> String {
    let mut text = "id,name,note\n".to_owned();
    for id in 0..200_000 {
        let _ = writeln!(text, "{id},name of number {id},{:0>48}", id % 997);
    }
    text
}

/// Bytes that the run holds once every user has a row.
fn held(project: &Project, options: &str) -> u64 {
    let mut running = project.start(&format!("-f s.lua --stop-timeout 0 {options}"), &[]);
    running.until_told("all have rows");
    let bytes = running.resident();
    running.signal("INT");
    assert_eq!(running.end().code, Some(105));
    bytes
}

/// Hundred users on four workers hold the file as often as one user does: once. A copy for each
/// worker would take 48 MB more, one for each user 1.6 GB.
#[test]
fn a_file_is_held_once_whatever_the_number_of_users() {
    let script = "\
local rows = data.csv(\"data/large.csv\", { mode = \"unique\" })
local USERS = tonumber(env.TEST_USERS)
local U = User:extend(\"U\", { wait_time = constant(60) })
U:task(\"t\", function()
  local row = rows:next()
  assert(#rows == 200000 and rows[#rows].id == \"199999\")
  if tonumber(row.id) == USERS - 1 then log.warn(\"all have rows\") end
end)
";
    let project = Project::new(&[("s.lua", script), ("data/large.csv", &large())]);
    let one = held(&project, "-u 1 --workers 1 -e TEST_USERS=1");
    let many = held(&project, "-u 100 -r 1000 --workers 4 -e TEST_USERS=100");
    let grown = many.saturating_sub(one) >> 20;
    assert!(grown < 30, "{} MiB with one user, {grown} MiB more with a hundred", one >> 20);
}

/// Over workers and users each row once, and no more than there are.
#[test]
fn unique_rows_are_given_once_over_all_workers() {
    let script = "\
local rows = data.lines(\"rows.txt\", { mode = \"unique\", on_end = \"stop\" })
local U = User:extend(\"U\", {})
U:task(\"t\", function() print(\"row \" .. rows:next()) end)
";
    let text: String = (0..500).map(|row| format!("{row}.\n")).collect();
    let project = Project::new(&[("s.lua", script), ("rows.txt", &text)]);
    let ended = project.run("-f s.lua -u 12 -r 1000 --workers 4 -t 30s").code(0);
    let rows = ended.err.lines().filter_map(|line| line.split_once("row ")?.1.strip_suffix('.'));
    let mut rows: Vec<u32> = rows.map(|row| row.parse().unwrap()).collect();
    rows.sort_unstable();
    assert_eq!(rows, (0..500).collect::<Vec<_>>());
    let ended = ended.told(&["all 500 rows of rows.txt are used"]);
    assert_eq!(ended.err.matches("all 500 rows").count(), 1, "said once");
    assert!(!ended.out.contains("interrupted"), "who ended by itself was not interrupted:\n{}", ended.out);
}

#[test]
fn a_link_leads_nowhere_else() {
    let script = "data.lines(\"link.txt\")\nUser:extend(\"U\"):task(\"t\", function() end)";
    let outside = Project::new(&[("outside.txt", "x")]);
    let project = Project::new(&[("scripts/suites/s.lua", script), ("scripts/data/inside.txt", "x")]);
    let link = project.path("scripts/link.txt");
    for (target, code) in [(outside.path("outside.txt"), 107), (project.path("scripts/data/inside.txt"), 0)] {
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(target, &link).unwrap();
        let ended = project.run("-f suites/s.lua -i 1").code(code);
        assert_eq!(
            ended.err.contains("leads out of the script root by a link"),
            code == 107,
            "{}",
            ended.err
        );
    }
}

/// Each step of `pairs` costs the same: going through all names from the first at each step would
/// exceed what one call may compute.
#[test]
fn a_large_object_is_walked_through_once() {
    let script = "\
local all = data.json(\"all.json\")
local U = User:extend(\"U\", {})
U:task(\"t\", function()
  local count, sum = 0, 0
  for name, value in pairs(all) do count, sum = count + 1, sum + value end
  print(count .. \" of \" .. sum)
end)
";
    let fields: Vec<String> = (0..30_000).map(|number| format!("\"name {number}\": {number}")).collect();
    let text = format!("{{{}}}", fields.join(","));
    let project = Project::new(&[("s.lua", script), ("all.json", &text)]);
    project.run("-f s.lua -i 1").code(0).told(&["30000 of 449985000"]);
}

/// With the place in the file, and that in the script.
#[test]
fn a_broken_file_ends_the_run_before_it_begins() {
    let script = "local U = User:extend(\"U\", {})\nlocal rows = data.csv(\"data/users.csv\")\n";
    let project = Project::new(&[("scripts/s.lua", script), ("scripts/data/users.csv", "a,b\n1,2\n1,2,3\n")]);
    let ended = project.run("-f s.lua").code(107);
    ended
        .told(&["scripts/data/users.csv:3: the row has 3 fields, and the header 2"])
        .told(&["scripts/s.lua:2"]);
}
