//! A run that is changed while it goes on, what is told of it, and environments that must not be hurt.

use std::time::Duration;

use serde_json::{Value, json};

use super::ASKING;
use crate::support::counter::Counter;
use crate::support::project::Project;
use crate::support::site::Site;

fn started(server: &Counter) -> (Project, Site) {
    let project = Project::new(&[("s.lua", ASKING)]);
    let mut site = Site::start(&project, &format!("-f s.lua -H {}", server.url()));
    site.post("/api/v1/runs", &json!({})).status(201);
    site.until_state("running");
    (project, site)
}

#[test]
fn users_rates_and_pauses_change_while_it_runs() {
    let server = Counter::start();
    let (_project, mut site) = started(&server);
    let change = |site: &Site, body: Value| site.patch("/api/v1/runs/current", &body);
    let done = change(&site, json!({ "users": 4, "spawn_rate": "120/m" })).status(200).json();
    assert_eq!(done["done"], json!(["going to 4 users, 2/s"]));
    let status = site.until("4 users", |status| status["users"] == 4);
    assert_eq!((&status["target"], &status["spawn_rate"]), (&json!(4), &json!(2.0)));
    change(&site, json!({ "users": 1, "spawn_rate": 100 })).status(200);
    site.until("a user", |status| status["users"] == 1);
    change(&site, json!({ "paused": true })).status(200);
    site.until_state("paused");
    std::thread::sleep(Duration::from_millis(300));
    let before = server.asked();
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.asked(), before);
    change(&site, json!({ "paused": false })).status(200);
    site.until("requests again", |_| server.asked() > before + 3);
    for (body, status, what) in [
        (json!({}), 422, "nothing to change"),
        (json!({ "users": 0 }), 422, "field `users` cannot be 0"),
        (json!({ "users": 1.5 }), 422, "field `users` cannot be 1.5"),
        (json!({ "spawn_rate": 0 }), 422, "field `spawn_rate` cannot be 0"),
        (json!({ "spawn_rate": "x" }), 422, "field `spawn_rate`"),
        (json!({ "paused": "yes" }), 422, "field `paused`"),
        (json!({ "user": 1 }), 422, "there is no field `user`"),
        (json!({ "scenario": "x", "rate": 1 }), 409, "there is no scenario `x`"),
    ] {
        let answer = change(&site, body).status(status).json();
        assert!(answer["faults"][0]["what"].as_str().unwrap().contains(what), "{answer}");
    }
    site.post("/api/v1/runs/current/stop", &json!({})).status(200);
    site.until_state("stopped");
    change(&site, json!({ "users": 2 })).status(409);
    site.post("/api/v1/runs/current/stop", &json!({})).status(409);
    site.end().code(0).printed(&["stopped by hand"]);
}

#[test]
fn statistics_can_begin_anew_and_all_is_still_counted() {
    let server = Counter::start();
    let (_project, mut site) = started(&server);
    site.until("requests", |_| server.asked() > 20);
    site.post("/api/v1/runs/current/reset", &json!({})).status(200);
    site.send("GET", "/stats/reset", &[], "").status(200);
    let reset = server.asked();
    site.until("more", |_| server.asked() > reset + 20);
    site.post("/api/v1/runs/current/stop", &json!({})).status(200);
    site.until_state("stopped");
    let counted = site.get("/stats/requests").status(200).json();
    let counted = counted["stats"].as_array().unwrap().last().unwrap()["num_requests"].as_u64().unwrap();
    let since = server.asked() - reset;
    // What was under way when it was reset is on either side.
    assert!(counted <= since + 2 && counted + 4 >= since, "{counted} of {since}");
    site.end().code(0);
}

#[test]
fn a_rate_of_a_scenario_changes_within_its_limits() {
    let script = r#"
options { scenarios = { main = {
  executor = "constant_arrival_rate", rate = 1, time_unit = "20s", duration = "1m", pre_allocated_vus = 3, exec = "go",
} } }
function go() http.get("/t") end
"#;
    let server = Counter::start();
    let project = Project::new(&[("s.lua", script), ("config/local.yaml", "safety:\n  max_rps: 15\n")]);
    let mut site = Site::start(&project, &format!("-f s.lua -H {}", server.url()));
    site.post("/api/v1/runs", &json!({})).status(201);
    site.until("the first request", |_| server.asked() == 1);
    site.until_state("running");
    let change = |body: Value| site.patch("/api/v1/runs/current", &body);
    let refused = change(json!({ "rate": 16, "scenario": "main" })).status(403).json();
    assert_eq!(refused["faults"][0]["exit"], 111);
    change(json!({ "users": 3 })).status(409);
    change(json!({ "rate": 10, "scenario": "main" })).status(200);
    site.until("more", |_| server.asked() > 5);
    site.end().code(105);
}

#[test]
fn what_happens_is_told_second_by_second() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", ASKING)]);
    let site = Site::start(&project, &format!("-f s.lua -H {}", server.url()));
    let mut events = site.listen();
    let (name, first) = events.next();
    assert_eq!((name.as_str(), &first["state"]), ("status", &json!("ready")));
    site.post("/api/v1/runs", &json!({ "run_time": "3s" })).status(201);
    let (mut numbers, mut states, mut requests) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        let (name, told) = events.next();
        match name.as_str() {
            "beat" => {
                assert_eq!(told["run"], 1);
                numbers.push(told["number"].as_u64().unwrap());
                requests.push(told["beat"]["now"]["requests"].as_u64().unwrap());
            }
            _ => states.push(told["state"].as_str().unwrap().to_owned()),
        }
        if states.last().is_some_and(|state| state == "stopped") {
            break;
        }
    }
    states.dedup();
    assert!(
        states.starts_with(&["preparing".into()]) && states.contains(&"running".to_owned()),
        "{states:?}"
    );
    assert!(numbers.len() >= 2 && numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    assert!(requests.is_sorted() && requests[0] > 0, "{requests:?}");
    // Who comes in mid-run or later gets the whole.
    let whole = site.get("/api/v1/runs/1").json();
    assert_eq!(whole["view"]["now"]["requests"].as_u64().unwrap(), server.asked());
    assert!(whole["number"].as_u64().unwrap() >= *numbers.last().unwrap());
    site.end().code(0);
}

/// Browsers that listen and read nothing, or are gone, hold nothing up.
#[test]
fn who_does_not_read_holds_nothing_up() {
    let server = Counter::start();
    let (_project, mut site) = started(&server);
    let addr = site.addr.clone();
    let deaf: Vec<_> = (0..64).map(|_| site.listen()).collect();
    site.until("no place is left", |_| site_status(&addr) == 503);
    let before = (site.running.resident(), server.asked());
    std::thread::sleep(Duration::from_secs(3));
    assert!(server.asked() > before.1 + 30, "the run goes on");
    let grown = site.running.resident().saturating_sub(before.0);
    assert!(grown < 32 << 20, "{grown} bytes more in 3 s");
    drop(deaf);
    site.until("a place is free again", |_| site_status(&addr) == 200);
    site.end().code(105);
}

/// What a further listener is answered.
fn site_status(addr: &str) -> u16 {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(format!("GET /api/v1/events HTTP/1.1\r\nHost: {addr}\r\n\r\n").as_bytes()).unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    String::from_utf8_lossy(&head[9..]).parse().unwrap()
}

#[test]
fn a_guarded_environment_asks_each_time_and_its_limits_hold() {
    let server = Counter::start();
    let config = format!(
        "base_url: {}\nload:\n  run_time: 30s\nsafety:\n  confirm: I understand the risks\n  max_users: 2\n  \
         max_spawn_rate: 100\n  max_run_time: 60s\n  allowed_scripts: [s.lua]\n  allowed_hosts: [127.0.0.1]\n",
        server.url()
    );
    let project = Project::new(&[("s.lua", ASKING), ("t.lua", ASKING), ("config/prod.yaml", &config)]);
    // What the command line confirms is for --autostart alone.
    let mut site =
        Site::start_with(&project, "-f s.lua --env prod", &["--confirm", "I understand the risks"]);
    let plan = site.post("/api/v1/plan", &json!({})).status(200).json();
    assert_eq!(plan["question"], "I understand the risks");
    assert_eq!(plan["limits"][0], json!(["max_users", "2"]));
    let yes = "I understand the risks";
    for (asked, what) in [
        (json!({}), "this environment wants a confirmation"),
        (json!({ "confirm": null }), "this environment wants a confirmation"),
        (json!({ "confirm": "" }), "confirmation"),
        (json!({ "confirm": "i understand the risks" }), "the confirmation does not match"),
        (json!({ "confirm": yes, "users": 3 }), "3 users are more than `safety.max_users`, 2"),
        (json!({ "confirm": yes, "spawn_rate": 101 }), "more than `safety.max_spawn_rate`"),
        (json!({ "confirm": yes, "run_time": "61s" }), "exceeds `safety.max_run_time`"),
        (json!({ "confirm": yes, "stop_timeout": "1h" }), "would prolong the run"),
        (json!({ "confirm": yes, "scripts": ["t.lua"] }), "`safety.allowed_scripts` does not list"),
        (
            json!({ "confirm": yes, "host": "http://localhost:1" }),
            "`safety.allowed_hosts` does not list localhost",
        ),
    ] {
        let answer = site.post("/api/v1/runs", &asked).status(403).json();
        let fault = &answer["faults"][0];
        assert!(fault["exit"] == 111 && fault["what"].as_str().unwrap().contains(what), "{asked}: {fault}");
    }
    let answer = site.form("/swarm", "user_count=1&spawn_rate=1").status(200).json();
    assert!(
        answer["success"] == false && answer["message"].as_str().unwrap().contains("confirmation"),
        "{answer}"
    );
    assert_eq!(server.asked(), 0, "nothing was sent");
    site.post("/api/v1/runs", &json!({ "confirm": yes })).status(201);
    site.until_state("running");
    for body in
        [json!({ "users": 3 }), json!({ "spawn_rate": 101 }), json!({ "users": 2, "spawn_rate": 101 })]
    {
        site.patch("/api/v1/runs/current", &body).status(403);
    }
    let answer = site.form("/swarm", "user_count=50&spawn_rate=1").status(200).json();
    assert!(
        answer["success"] == false && answer["message"].as_str().unwrap().contains("max_users"),
        "{answer}"
    );
    assert_eq!(site.get("/api/v1/status").json()["target"], 1);
    site.post("/api/v1/runs/current/stop", &json!({})).status(200);
    site.until_state("stopped");
    site.post("/api/v1/runs", &json!({})).status(403);
    site.end().code(0);
    let line = "--web --web-port 0 --autostart --autoquit 0 -f s.lua --env prod -i 2";
    project.run(line).code(111);
    project.run_with(line, &["--confirm", yes]).code(0);
}
