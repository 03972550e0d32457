//! The load is the one that was asked for: how many iterations, which users, when,
//! which tasks, from when on statistics count.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::support::counter::{Counter, Seen};
use crate::support::project::Project;
use crate::support::results::{agreed, rows};

/// What the server saw below a path, such as `/start/3/A` below `/start/`, in order.
fn below<'s>(seen: &'s [Seen], path: &str) -> Vec<(Instant, &'s str)> {
    let tail = |seen: &'s Seen| Some((seen.at, seen.what.strip_prefix("GET ")?.strip_prefix(path)?));
    seen.iter().filter_map(tail).collect()
}

#[test]
fn iterations_are_exact_over_workers() {
    let server = Counter::start();
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self) self.client:get(\"/t/\" .. vu.id, { name = \"t\" }) end)
";
    let project = Project::new(&[("s.lua", script)]);
    for (iterations, users, workers) in [(1, 5, 3), (5, 5, 1), (997, 7, 3), (3, 40, 2)] {
        let before = server.asked();
        let line =
            format!("-f s.lua -i {iterations} -u {users} -r 1000 --workers {workers} -H {}", server.url());
        let noun = if iterations == 1 { "request" } else { "requests" };
        project.run(&line).code(0).printed(&[&format!("{iterations} {noun}, 0 failed"), "iterations done"]);
        assert_eq!(server.asked() - before, iterations);
    }
}

/// Neither users that wait nor users that are yet to come keep a run from ending.
#[test]
fn the_last_iteration_ends_the_run() {
    let server = Counter::start();
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(60) })
U:task(\"t\", function(self) self.client:get(\"/t\") end)
function U:on_stop() self.client:get(\"/stop\") end
";
    let project = Project::new(&[("s.lua", script)]);
    let ended = project.run(&format!("-f s.lua -i 2 -u 30 -r 2 --workers 2 -H {}", server.url())).code(0);
    assert!(ended.took < Duration::from_secs(5), "{:?}", ended.took);
    assert_eq!(server.answered()["GET /t"], 2);
}

/// At 2.4 a second two users come every 0.833 s.
#[test]
fn users_come_at_the_spawn_rate() {
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(60) })
function U:on_start() self.client:get(\"/start/\" .. vu.id) end
U:task(\"t\", function() end)
";
    let project = Project::new(&[("s.lua", script)]);
    let attempt = || -> Result<(), String> {
        let server = Counter::start();
        let line = format!("-f s.lua -u 6 -r 2.4 -t 2.4s --workers 2 --csv r -H {}", server.url());
        project.run(&line).code(0);
        let seen = server.seen();
        let starts = below(&seen, "/start/");
        assert_eq!(starts.len(), 6);
        for (place, (at, id)) in starts.iter().enumerate() {
            let due = [0, 0, 833, 833, 1667, 1667][place];
            let after = at.duration_since(starts[0].0).as_millis() as i64;
            // The first may have taken its time, so that those behind it seem to come early.
            if !(due - 150..due + 150).contains(&after) {
                return Err(format!("user {id} came after {after} ms, not {due}"));
            }
        }
        let history = rows(&project.read("r_stats_history.csv"));
        let users: Vec<&str> = history[1..].iter().map(|row| row[1].as_str()).collect();
        match users[..] {
            // The end has a row of its own unless it falls into the second of the row before.
            ["4", "6"] | ["4", "6", "0"] => Ok(()),
            _ => Err(format!("users by second: {users:?}")),
        }
    };
    // A busy machine is late now and then, but not each time.
    let attempts: Vec<String> = (0..4).map_while(|_| attempt().err()).collect();
    assert!(attempts.len() < 4, "{attempts:?}");
}

fn starts_by_user(server: &Counter) -> String {
    let seen = server.seen();
    let mut classes = BTreeMap::new();
    for (_, tail) in below(&seen, "/start/") {
        let (id, class) = tail.split_once('/').unwrap();
        let known = classes.insert(id.parse::<u64>().unwrap(), class.to_owned());
        assert_eq!(known, None, "user {id} started twice");
    }
    classes.into_values().collect()
}

/// Locust's own order, over workers: weights A3, B2, C1 give `ABCABAABCABA`.
#[test]
fn classes_come_in_locusts_order() {
    let class = |name: &str, attributes: &str| {
        format!(
            "local {name} = HttpUser:extend(\"{name}\", {{ wait_time = constant(60), {attributes} }})
function {name}:on_start() self.client:get(\"/start/\" .. vu.id .. \"/{name}\") end
{name}:task(\"t\", function() end)
"
        )
    };
    let weighted = [class("C", "weight = 1"), class("A", "weight = 3"), class("B", "weight = 2")].concat();
    let fixed = [class("A", "weight = 5"), class("B", "weight = 1"), class("F", "fixed_count = 3")].concat();
    for (script, users, expected) in [
        (&weighted, "12", "ABCABAABCABA"),
        (&fixed, "11", "FFFAABAAAAAB"[..11].to_owned().leak()),
        (&fixed, "2 B F", "FF"),
        (&fixed, "5 B F", "FFFBB"),
    ] {
        let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
        let line = format!("-f s.lua -r 1000 -t 0.4s --workers 3 -H {} -u {users}", server.url());
        project.run(&line).code(0);
        assert_eq!(starts_by_user(&server), expected, "{users}");
    }
}

#[test]
fn tags_choose_tasks() {
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.005) })
U:task(\"a\", { tags = { \"fast\", \"read\" } }, function(self) self.client:get(\"/a\") end)
U:task(\"b\", { tags = { \"slow\", \"read\" } }, function(self) self.client:get(\"/b\") end)
U:task(\"c\", function(self) self.client:get(\"/c\") end)
local V = HttpUser:extend(\"V\", { tags = { \"other\" } })
V:task(\"d\", function(self) self.client:get(\"/d\") sleep(0.005) end)
";
    for (options, expected) in [
        ("", vec!["/a", "/b", "/c", "/d"]),
        ("-T fast", vec!["/a"]),
        ("-T fast,slow", vec!["/a", "/b"]),
        ("-T fast -T slow -E read", vec![]),
        ("-E read", vec!["/c", "/d"]),
        ("-E slow", vec!["/a", "/c", "/d"]),
        ("-T read,other -E fast", vec!["/b", "/d"]),
        ("-T other", vec!["/d"]),
        ("-E read U", vec!["/c"]),
    ] {
        let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
        let line = format!("-f s.lua -u 6 -r 1000 -t 0.4s -H {} {options}", server.url());
        let ended = project.run(&line);
        let asked: Vec<String> = server.answered().into_keys().collect();
        let expected: Vec<String> = expected.iter().map(|path| format!("GET {path}")).collect();
        assert_eq!(asked, expected, "{options}");
        ended.code(if expected.is_empty() { 107 } else { 0 });
    }
}

/// With --reset-stats everything before the last user's start is forgotten, by all results and all workers.
#[test]
fn statistics_begin_anew_once_all_users_have_started() {
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.01) })
function U:on_start() self.client:get(\"/start/\" .. vu.id, { name = \"start\" }) end
U:task(\"t\", function(self) self.client:get(\"/t\") end)
";
    let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
    let line =
        "-f s.lua -u 5 -r 4 -t 2.3s --workers 2 --reset-stats --csv r --csv-full-history --json-file r -H";
    let ended = project.run(&format!("{line} {}", server.url())).code(0);
    let counted = agreed(&project, &ended)["GET /t"].0;
    let seen = server.seen();
    let last = below(&seen, "/start/").iter().map(|(at, _)| *at).max().unwrap();
    let after = |moment: Instant| below(&seen, "/t").iter().filter(|(at, _)| *at >= moment).count() as u64;
    let margin = Duration::from_millis(150);
    let (least, most) = (after(last + margin), after(last - margin));
    assert!((least..=most).contains(&counted), "{counted} is not within {least} and {most}");
    assert!(most < below(&seen, "/t").len() as u64, "nothing came before");
}

/// A user that stops itself is gone; the others go on.
#[test]
fn users_that_stop_themselves_end_the_run_when_none_is_left() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  self.client:get(\"/t\")
  if vu.iteration == vu.id then self:stop() end
end)
function U:on_stop() self.client:get(\"/stop\") end
";
    let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
    let ended = project.run(&format!("-f s.lua -u 4 -r 1000 -t 60s --workers 2 -H {}", server.url())).code(0);
    ended.printed(&["14 requests, 0 failed", "no user was left"]);
    assert_eq!(server.answered(), [("GET /stop".to_owned(), 4), ("GET /t".to_owned(), 10)].into());
}
