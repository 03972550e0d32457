//! `--seed` repeats what each user decides, over any number of workers.

use std::collections::BTreeMap;

use crate::support::counter::Counter;
use crate::support::project::Project;

/// Every user runs twelve tasks and tells each, with a random number of its own.
const SCRIPT: &str = "\
local U = HttpUser:extend(\"U\", { wait_time = between(0, 0.002) })
for _, name in ipairs { \"a\", \"b\", \"c\", \"d\" } do
  U:task(name, function(self)
    self.client:get((\"/seen/%d/%s/%d/%.6f\"):format(vu.id, name, math.random(1000000), math.random()))
    if vu.iteration == 12 then self:stop() end
  end)
end
";

/// What each user did, in order.
fn decisions(options: &str) -> BTreeMap<String, Vec<String>> {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    let line = format!("-f s.lua -u 5 -r 1000 -t 60s -H {} {options}", server.url());
    project.run(&line).code(0).printed(&["60 requests, 0 failed"]);
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for seen in server.seen() {
        let (id, decision) = seen.what.strip_prefix("GET /seen/").unwrap().split_once('/').unwrap();
        users.entry(id.to_owned()).or_default().push(decision.to_owned());
    }
    assert_eq!(users.len(), 5);
    users
}

#[test]
fn a_seed_repeats_tasks_and_random_numbers() {
    let first = decisions("--seed 7 --workers 1");
    assert_eq!(decisions("--seed 7 --workers 3"), first);
    assert_ne!(decisions("--seed 8 --workers 1"), first);
    let distinct: std::collections::BTreeSet<&Vec<String>> = first.values().collect();
    assert_eq!(distinct.len(), 5, "users decide each for itself: {first:?}");
}

#[test]
fn the_seed_of_a_run_is_told_so_that_it_can_be_repeated() {
    let (project, server) = (Project::new(&[("s.lua", SCRIPT)]), Counter::start());
    let ended = project.run(&format!("-f s.lua -u 1 -H {}", server.url())).code(0);
    let seed = ended.err.split("seed ").nth(1).unwrap().split_whitespace().next().unwrap();
    let seen = |server: &Counter| server.seen().into_iter().map(|seen| seen.what).collect::<Vec<_>>();
    let again = Counter::start();
    project.run(&format!("-f s.lua -u 1 -H {} --seed {seed}", again.url())).code(0);
    assert_eq!(seen(&again), seen(&server));
    assert_ne!(seed, "0");
}
