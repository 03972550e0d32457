//! One who looks on: a page that shows and steers the run of all, keys, files whose figures are those of the merger.

use std::time::Duration;

use serde_json::json;

use super::nats::Nats;
use super::party::{ASK, Party, end};
use crate::steering::Typed;
use crate::support::counter::Counter;
use crate::support::project::{Project, Running};
use crate::support::results::rows;
use crate::support::site::Site;

impl Party {
    fn follow(&self, more: &str) -> String {
        format!("follow --nats {} --run r {more}", self.nats.url())
    }

    fn site(&self, more: &str) -> Site {
        Site::start_after(&self.project, &self.follow(""), more)
    }
}

fn until_running(party: &Party, processes: &mut [Running]) {
    party.until_asked(&mut processes[0], "/u1", 3);
    party.until_asked(&mut processes[1], "/u2", 3);
}

#[test]
fn the_page_shows_the_run_of_all_from_its_beginning_and_steers_it() {
    let Some(party) = Party::of(2, ASK) else { return };
    let mut processes = party.start_all("-u 2 -r 100 --workers 1");
    until_running(&party, &mut processes);
    // It comes late, and sees all.
    std::thread::sleep(Duration::from_millis(1500));
    let mut site = party.site("");
    let status = site.until("2 users", |status| status["users"] == 2 && status["state"] == "running");
    assert_eq!((&status["target"], &status["follows"]), (&json!(2), &json!("r")));
    site.until("its third second", |status| status["elapsed"].as_f64().is_some_and(|elapsed| elapsed >= 2.0));
    let view = site.get("/api/v1/runs/current").status(200).json();
    assert!(view["number"].as_u64().unwrap() >= 2, "{}", view["number"]);
    let refused = site.post("/api/v1/runs", &json!({})).status(409).json();
    assert!(
        refused["faults"][0]["what"].as_str().unwrap().contains("this page follows run `r`"),
        "{refused}"
    );
    let change = |site: &Site, body| site.patch("/api/v1/runs/current", &body);
    let done = change(&site, json!({ "users": 5, "spawn_rate": 100 })).status(200).json();
    assert_eq!(done["done"], json!(["going to 5 users, 100/s"]));
    site.until("5 users", |status| status["users"] == 5 && status["target"] == 5);
    let done = change(&site, json!({ "paused": true })).status(200).json();
    assert_eq!(done["done"], json!(["paused: no task begins, and arrivals are passed over"]));
    site.until_state("paused");
    let before = party.answered();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(party.answered(), before);
    change(&site, json!({ "paused": false })).status(200);
    site.until_state("running");
    let wrong = change(&site, json!({ "scenario": "x", "rate": 1 })).status(409).json();
    assert!(wrong["faults"][0]["what"].as_str().unwrap().contains("there is no scenario `x`"), "{wrong}");
    assert_eq!(
        site.post("/api/v1/runs/current/reset", &json!({})).status(200).json()["done"],
        json!(["counting from anew"])
    );
    std::thread::sleep(Duration::from_millis(1500));
    site.post("/api/v1/runs/current/stop", &json!({})).status(200);
    for ended in end(processes) {
        ended.code(0);
    }
    let status = site.until_state("stopped");
    assert_eq!(status["code"], 0);
    let csv = site.get("/api/v1/runs/1/files/stats.csv").status(200).body;
    assert_eq!(rows(&csv), rows(&party.project.read("r0_stats.csv")));
    assert!(site.get("/api/v1/runs/1/files/report.html").status(200).body.contains("/u1"));
    assert!(party.counted(0)["Aggregated"] < party.answered());
    let told = site.end().code(0);
    assert_eq!(
        told.out.matches("going to 5 users").count() + told.err.matches("going to 5 users").count(),
        1
    );
}

#[test]
fn a_fixed_load_is_not_changed_and_says_so() {
    let script = r#"
options { scenarios = { few = { executor = "constant_vus", vus = 2, duration = 60, exec = "few" } } }
function few() http.get("/few") sleep(0.1) end
"#;
    let Some(party) = Party::of(2, script) else { return };
    let processes = party.start_all("");
    let mut site = party.site("--autoquit 1s");
    site.until_state("running");
    let change = |body| site.patch("/api/v1/runs/current", &body);
    let wrong = change(json!({ "users": 5 })).status(409).json();
    assert_eq!(wrong["faults"][0]["what"], "the scenarios say how many users there are");
    let done = change(json!({ "scenario": "few", "users": 3 })).status(200).json();
    assert_eq!(done["done"], json!(["scenario `few`: going to 3 users"]));
    site.until("3 users", |status| status["users"] == 3);
    site.post("/api/v1/runs/current/stop", &json!({})).status(200);
    end(processes).into_iter().for_each(|ended| drop(ended.code(0)));
    site.wait().code(0);
}

#[test]
fn figures_of_one_who_looks_on_are_those_of_the_merger() {
    let script = format!("{ASK}U:task('say', function() print('key ' .. env.API_KEY) end)");
    let Some(party) = Party::of(2, &script) else { return };
    let mut processes =
        party.start_all("-u 3 -r 100 -t 5s -e API_KEY=hush-hush-77 --json-file r0.json --junit r0.xml --summary-export s0.json");
    until_running(&party, &mut processes);
    let files = "--csv f --json-file f.json --html f.html --junit f.xml --summary-export sf.json";
    let follower = party.project.start(&party.follow(files), &[]);
    let ended = end(processes);
    let follower = follower.end();
    assert_eq!((ended[0].code, follower.code), (Some(0), Some(0)), "{}", follower.err);
    let read = |name: &str| party.project.read(name);
    for (own, merged) in
        [("f_stats.csv", "r0_stats.csv"), ("f_failures.csv", "r0_failures.csv"), ("sf.json", "s0.json")]
    {
        assert_eq!(read(own), read(merged), "{own}");
    }
    let history = |name: &str| rows(&read(name)).into_iter().map(|row| row[1..].to_vec()).collect::<Vec<_>>();
    assert_eq!(history("f_stats_history.csv"), history("r0_stats_history.csv"));
    assert!(read("f.html").contains("/u3"));
    // It knows no secrets that it could hide.
    let shown = format!("{}{}{}", follower.out, follower.err, read("f.html"));
    assert!(shown.contains("key ") && !shown.contains("hush-hush-77"), "{}", follower.err);
}

#[test]
fn ctrl_c_ends_looking_on_and_not_the_run() {
    let Some(party) = Party::of(2, ASK) else { return };
    let mut processes = party.start_all("-u 2 -r 100 -t 5s");
    until_running(&party, &mut processes);
    let follower = party.project.start(&party.follow(""), &[]);
    std::thread::sleep(Duration::from_millis(800));
    follower.signal("INT");
    follower.end().code(105).told(&["no longer looked on at; the run goes on"]);
    for ended in end(processes) {
        assert!(ended.took > Duration::from_secs(4), "{:?}", ended.took);
        ended.code(0);
    }
}

#[test]
fn keys_of_one_who_follows_steer_the_run() {
    let Some(party) = Party::of(2, ASK) else { return };
    let mut processes = party.start_all("-u 2 -r 100");
    until_running(&party, &mut processes);
    let mut typed = Typed::start(&party.project, &party.follow(""));
    // Nobody hears what is typed before it looks on.
    let answered = |user: u32| party.counter.answered().contains_key(&format!("GET /u{user}"));
    let mut last = std::time::Instant::now() - Duration::from_secs(9);
    while !answered(3) {
        if last.elapsed() > Duration::from_secs(4) {
            typed.key("w");
            last = std::time::Instant::now();
        }
        typed.until("a moment later", || true);
        std::thread::sleep(Duration::from_millis(50));
    }
    typed.key("q");
    let output = typed.end();
    assert!(output.contains("going to 3 users"), "{output}");
    end(processes).into_iter().for_each(|ended| drop(ended.code(0)));
}

/// Another process merges from then on: it tells everything once more, and answers.
#[test]
fn a_page_outlives_whoever_merges() {
    let Some(party) = Party::of(2, ASK) else { return };
    let mut processes = party.start_all("-u 2 -r 100");
    until_running(&party, &mut processes);
    let mut site = party.site("--csv f");
    site.until("2 users", |status| status["users"] == 2);
    let merger = processes.remove(0);
    merger.signal("KILL");
    merger.end_by_signal();
    processes[0].until_told("is silent");
    let done = site.patch("/api/v1/runs/current", &json!({ "users": 4 })).status(200).json();
    assert_eq!(done["done"], json!(["going to 4 users, 100/s"]));
    site.until("the half of 4 users", |status| status["target"] == 4);
    std::thread::sleep(Duration::from_millis(1500));
    site.post("/api/v1/runs/current/stop", &json!({})).status(200);
    end(processes).into_iter().for_each(|ended| drop(ended.code(112)));
    site.until_state("stopped");
    site.end().code(112);
    assert_eq!(rows(&party.project.read("f_stats.csv")), rows(&party.project.read("r1_stats.csv")));
    let history = rows(&party.project.read("f_stats_history.csv"));
    let seconds: Vec<u64> = history[1..].iter().map(|row| row[0].parse().unwrap()).collect();
    assert!(seconds.is_sorted(), "{seconds:?}");
}

#[test]
fn a_guarded_run_is_steered_only_with_its_sentence_and_within_its_limits() {
    let Some(nats) = Nats::start() else { return };
    let counter = Counter::start();
    let guarded = format!(
        "environment: prod\nbase_url: {}\nsafety:\n  confirm: yes-I-know\n  max_users: 3\n",
        counter.url()
    );
    let project = Project::new(&[("s.lua", ASK), ("config/prod.yaml", &guarded)]);
    let line = format!(
        "-f s.lua --env prod --confirm yes-I-know --nats {} --run r --segments 2 -u 2 -r 100",
        nats.url()
    );
    let mut first = project.start(&line, &[]);
    first.until_told("this is process");
    let processes = vec![first, project.start(&line, &[])];
    let follow = format!("follow --nats {} --run r", nats.url());
    let mut site = Site::start_after(&project, &follow, "");
    site.until("2 users", |status| status["users"] == 2);
    let change = |site: &Site, body| site.patch("/api/v1/runs/current", &body);
    let refused = change(&site, json!({ "users": 3 })).json();
    assert!(refused["faults"][0]["what"].as_str().unwrap().contains("guarded"), "{refused}");
    assert!(refused["faults"][0]["help"].as_str().unwrap().contains("--confirm"), "{refused}");
    project.run(&format!("{follow} --confirm no")).refused(111, &["is not that of the run's environment"]);
    let mut allowed = Site::start_after(&project, &follow, "--confirm yes-I-know");
    allowed.until("2 users", |status| status["users"] == 2);
    let refused = change(&allowed, json!({ "users": 4 })).json();
    assert!(refused["faults"][0]["what"].as_str().unwrap().contains("`safety.max_users`"), "{refused}");
    change(&allowed, json!({ "users": 3 })).status(200);
    allowed.until("3 users", |status| status["users"] == 3);
    site.post("/api/v1/runs/current/stop", &json!({})).status(200);
    end(processes).into_iter().for_each(|ended| drop(ended.code(0)));
    site.until_state("stopped");
    allowed.until_state("stopped");
    site.end().code(0);
    allowed.end().code(0);
}

#[test]
fn a_page_that_starts_runs_is_refused_and_names_the_one_that_follows() {
    let project = Project::new(&[("s.lua", ASK)]);
    project
        .run("-f s.lua -H http://localhost:1 --nats nats://127.0.0.1:1 --run r --segments 2 --web")
        .refused(2, &["--nats cannot be used with --web", "e2e follow --nats URL --run ID --web"]);
    project.run("follow --nats nats://127.0.0.1:1 --run r --web-port 1").refused(2, &["add --web"]);
    project
        .run("follow --nats nats://127.0.0.1:1 --run r --web --web-login x")
        .refused(2, &["write it as USER:PASSWORD"]);
}
