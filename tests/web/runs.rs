//! Starting runs, looking at them, their files, and how the process ends.

use serde_json::json;

use super::ASKING;
use crate::support::counter::Counter;
use crate::support::project::Project;
use crate::support::results::{Counts, of_csv, of_history, of_json};
use crate::support::site::Site;

/// Ten requests, and the run is over.
fn ten(server: &Counter) -> serde_json::Value {
    json!({ "iterations": 10, "host": server.url() })
}

#[test]
fn a_run_from_the_page_is_a_run_as_any_other() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", ASKING)]);
    let mut site = Site::start(&project, "-f s.lua --csv r --csv-full-history --json-file r");
    assert_eq!(site.get("/api/v1/status").json()["state"], "ready");
    let started = site.post("/api/v1/runs", &ten(&server)).status(201).json();
    assert_eq!(started["run"], 1);
    let status = site.until_state("stopped");
    assert_eq!((status["run"].as_u64(), status["code"].as_u64()), (Some(1), Some(0)));
    assert_eq!(server.asked(), 10);
    // What the page offers is what the options wrote.
    let counts: Counts = of_csv(&project.read("r_stats.csv"));
    assert_eq!(counts["Aggregated"], (10, 0));
    let file = |name: &str| site.get(&format!("/api/v1/runs/1/files/{name}")).status(200).body;
    assert_eq!(file("stats.csv"), project.read("r_stats.csv"));
    assert_eq!(file("stats.json"), project.read("r.json"));
    assert_eq!(of_json(&file("stats.json")), counts);
    assert_eq!(of_history(&file("stats_history.csv")), of_history(&project.read("r_stats_history.csv")));
    assert_eq!(file("failures.csv"), project.read("r_failures.csv"));
    assert_eq!(file("exceptions.csv"), project.read("r_exceptions.csv"));
    assert!(file("junit.xml").contains("<testsuite ") && file("summary.json").contains("\"root_group\""));
    let view = site.get("/api/v1/runs/current").status(200).json();
    assert_eq!(view["view"]["now"]["requests"], 10);
    assert_eq!(view["run"], 1);
    let ended = site.end().code(0);
    ended.printed(&["10 requests, 0 failed"]);
}

#[test]
fn every_offered_file_is_there_and_no_other() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", ASKING)]);
    let mut site = Site::start(&project, "-f s.lua");
    site.get("/api/v1/runs/current").status(404);
    site.get("/api/v1/runs/current/files").status(404);
    site.post("/api/v1/runs", &json!({ "host": server.url() })).status(201);
    site.until_state("running");
    for when in ["running", "stopped"] {
        let offers = site.get("/api/v1/runs/current/files").status(200).json();
        let offers = offers.as_array().unwrap();
        assert!(offers.len() >= 8, "{offers:?}");
        for offer in offers {
            let name = offer["name"].as_str().unwrap();
            let answer = site.get(&format!("/api/v1/runs/current/files/{name}")).status(200);
            assert_eq!(answer.header("content-type"), offer["kind"].as_str(), "{when} {name}");
            let told = format!("attachment; filename=\"run-1_{name}\"");
            assert_eq!(answer.header("content-disposition"), Some(&*told));
            assert!(!answer.body.is_empty());
        }
        for name in
            ["nothing.csv", "../s.lua", "..%2fs.lua", "%2e%2e/s.lua", "arrivals.csv", "s.lua", "stats.csv/x"]
        {
            site.get(&format!("/api/v1/runs/current/files/{name}")).status(404);
        }
        for run in ["7", "-1", "x", "1e0", "%31%00"] {
            site.get(&format!("/api/v1/runs/{run}")).status(404);
            site.get(&format!("/api/v1/runs/{run}/files/stats.csv")).status(404);
        }
        if when == "running" {
            site.post("/api/v1/runs/current/stop", &json!({})).status(200);
            site.until_state("stopped");
        }
    }
    site.end().code(0);
}

#[test]
fn scripts_are_read_anew_and_faults_tell_their_place() {
    let server = Counter::start();
    let project =
        Project::new(&[("scripts/suites/s.lua", ASKING), ("scripts/main.lua", "require('suites.s')")]);
    let mut site = Site::start(&project, &format!("-H {}", server.url()));
    let scripts = site.get("/api/v1/scripts").status(200).json();
    assert_eq!(scripts["scripts"], json!(["main.lua", "suites/s.lua"]));
    assert_eq!((&scripts["chosen"], &scripts["root"]), (&json!(["main.lua"]), &json!("scripts")));
    let asked = json!({ "scripts": ["suites/s.lua"], "iterations": 3 });
    project.write("scripts/suites/s.lua", b"local x = 1\nlocal U = HttpUser:extend(\"U\" {\n})\n");
    for answer in [site.post("/api/v1/plan", &asked), site.post("/api/v1/runs", &asked)] {
        let fault = answer.status(422).json()["faults"][0].clone();
        assert_eq!(
            (fault["file"].as_str(), fault["exit"].as_u64()),
            (Some("scripts/suites/s.lua"), Some(107))
        );
        let (line, text) = (fault["line"].as_u64().unwrap(), fault["text"].as_str().unwrap());
        assert!(line == 2 && text.contains(&format!("scripts/suites/s.lua:{line}")), "{text}");
        assert!(text.contains(&format!("{line} | local U")), "the line of the source is shown: {text}");
    }
    let status = site.get("/api/v1/status").json();
    assert_eq!((&status["state"], status["faults"].as_array().unwrap().len()), (&json!("ready"), 1));
    // What was wrong and is put right runs, as it is now.
    project.write("scripts/suites/s.lua", ASKING.replace("/t\"", "/edited\"").as_bytes());
    // What was refused was no run: numbers have no gaps.
    assert_eq!(site.post("/api/v1/runs", &asked).status(201).json()["run"], 1);
    assert_eq!(site.until_state("stopped")["faults"], json!([]));
    assert_eq!(server.answered().get("GET /edited"), Some(&3));
    site.end().code(0);
}

#[test]
fn what_cannot_be_a_run_is_refused() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", ASKING), ("config/int.yaml", "base_url: http://127.0.0.1:9\n")]);
    let mut site = Site::start(&project, &format!("-f s.lua -H {}", server.url()));
    for (asked, what) in [
        (json!({ "users": 0 }), "field `users` must be"),
        (json!({ "usres": 1 }), "there is no field `usres`"),
        (json!([1]), "a run is described by a JSON object"),
        (json!({ "classes": ["V"] }), "`V`"),
        (json!({ "environment": "prod" }), "there is no environment `prod`"),
        (json!({ "environment": "../config/int" }), "there is no environment `../config/int`"),
        (json!({ "scripts": ["t.lua"] }), "there is no script `t.lua` below the script root"),
        (json!({ "host": "ftp://x" }), "ftp"),
    ] {
        let answer = site.post("/api/v1/runs", &asked).status(422).json();
        assert!(answer["faults"][0]["what"].as_str().unwrap().contains(what), "{asked}: {answer}");
    }
    site.send("POST", "/api/v1/runs", &[("Content-Type", "application/json")], "{").status(400);
    site.send("POST", "/api/v1/runs", &[("Content-Type", "text/plain")], "{}").status(415);
    assert_eq!(server.asked(), 0);
    site.post("/api/v1/runs", &json!({})).status(201);
    site.until_state("running");
    let answer = site.post("/api/v1/runs", &json!({})).status(409).json();
    assert_eq!(answer["faults"][0]["what"], "a run goes on");
    site.end().code(105);
}

#[test]
fn what_a_run_would_be_is_told_with_its_origins() {
    let script = r#"
options { users = 3, run_time = "1m", thresholds = { http_req_failed = { "rate<0.1" } } }
HttpUser:extend("A", { weight = 2, host = "http://127.0.0.1:9" }):task("one", function() end)
HttpUser:extend("B", { fixed_count = 1 }):task("two", function() end)
"#;
    let project = Project::new(&[
        ("s.lua", script),
        ("config/local.yaml", "base_url: http://127.0.0.1:8\nload:\n  spawn_rate: 2\n"),
    ]);
    let site = Site::start(&project, "-f s.lua -u 5 A");
    let plan = site.post("/api/v1/plan", &json!({ "seed": 7, "users": null })).status(200).json();
    let value = |value: &str, origin: &str| json!({ "value": value, "origin": origin });
    assert_eq!(plan["users"], value("3", "s.lua:2 options"), "{plan}");
    assert_eq!(plan["spawn_rate"], value("2", "config/local.yaml:3"));
    assert_eq!(plan["run_time"], value("1m", "s.lua:2 options"));
    assert_eq!(plan["seed"], value("7", "the form's field seed"));
    assert_eq!(plan["host"], value("http://127.0.0.1:8", "config/local.yaml:1"));
    assert_eq!(plan["thresholds"], json!(["http_req_failed: rate<0.1"]));
    let chosen: Vec<_> =
        plan["classes"].as_array().unwrap().iter().map(|class| &class["is_chosen"]).collect();
    assert_eq!(chosen, [&json!(true), &json!(false)]);
    assert_eq!(site.post("/api/v1/plan", &json!({})).json()["users"], value("5", "flag --users"));
    site.end().code(0);
}

#[test]
fn the_last_runs_are_kept_with_all_that_belongs_to_them() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", ASKING)]);
    let mut site = Site::start(&project, "-f s.lua --only-summary");
    for run in 1..=12 {
        site.post("/api/v1/runs", &json!({ "iterations": run, "host": server.url() })).status(201);
        site.until("it ended", |status| status["run"] == run && status["state"] == "stopped");
    }
    let runs = site.get("/api/v1/runs").status(200).json();
    let numbers: Vec<u64> = runs.as_array().unwrap().iter().map(|run| run["run"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (3..=12).collect::<Vec<_>>());
    let count = |run: u64| {
        site.get(&format!("/api/v1/runs/{run}")).status(200).json()["view"]["now"]["requests"].clone()
    };
    assert_eq!((count(3), count(12)), (json!(3), json!(12)));
    assert_eq!(of_csv(&site.get("/api/v1/runs/5/files/stats.csv").body)["Aggregated"], (5, 0));
    site.get("/api/v1/runs/2").status(404);
    site.end().code(0);
}

#[test]
fn the_process_ends_with_the_code_of_its_last_run() {
    let server = Counter::start();
    let project = Project::new(&[
        ("s.lua", ASKING),
        ("f.lua", &ASKING.replace("/t\"", "/fail\"")),
        ("broken.lua", "x("),
    ]);
    let host = server.url();
    Site::start(&project, "-f s.lua").end().code(0);
    let mut site = Site::start(&project, &format!("-f s.lua -H {host}"));
    site.post("/api/v1/runs", &json!({ "scripts": ["f.lua"], "iterations": 2 })).status(201);
    site.until_state("stopped");
    // A start that comes to nothing is no run.
    site.post("/api/v1/runs", &json!({ "scripts": ["broken.lua"] })).status(422);
    site.end().code(1);
    // Ctrl-C: the run first, with all its results, then the page.
    let mut site = Site::start(&project, &format!("-f s.lua -H {host} --csv r"));
    site.post("/api/v1/runs", &json!({})).status(201);
    let before = server.asked();
    site.until("requests", |_| server.asked() > before + 5);
    let events = site.listen();
    site.end().code(105).printed(&["stopped by a signal"]);
    assert!(events.rest().contains("\"is_closing\":true"));
    assert!(of_csv(&project.read("r_stats.csv"))["Aggregated"].0 > 5);
}

#[test]
fn a_run_begins_and_the_process_ends_by_themselves() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", ASKING), ("broken.lua", "x(")]);
    let line = format!("--web --web-port 0 --autostart --autoquit 0 -H {}", server.url());
    project.run(&format!("{line} -f s.lua -i 4")).code(0).printed(&["4 requests, 0 failed"]);
    project.run(&format!("{line} -f broken.lua")).code(107).told(&["error: ", "broken.lua:1"]);
    // Without --autoquit it stays, and shows what became of it.
    let mut site = Site::start(&project, &format!("-f s.lua -i 4 --autostart -H {}", server.url()));
    site.until_state("stopped");
    site.end().code(0);
}

#[test]
fn every_route_of_the_document_is_there_and_the_page_uses_no_other() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", ASKING)]);
    let mut site = Site::start(&project, "-f s.lua");
    site.post("/api/v1/runs", &ten(&server)).status(201);
    site.until_state("stopped");
    let document = site.get("/api/v1/openapi.json").status(200).json();
    let paths = document["paths"].as_object().unwrap();
    for (path, methods) in paths {
        let target = path.replace("{run}", "current").replace("{file}", "stats.csv");
        for method in ["GET", "POST", "PATCH", "DELETE"] {
            // A stream has no end, and what is looked at here is whether there is an answer.
            if path == "/api/v1/events" || (method, &**path) == ("POST", "/api/v1/runs") || path == "/swarm" {
                continue;
            }
            let is_told = methods.get(method.to_lowercase()).is_some();
            let status = site.send(method, &target, &[], "").status;
            assert_eq!(status == 405, !is_told, "{method} {path}: {status}");
            assert_ne!(status, 404, "{method} {path}");
        }
    }
    for route in
        ["/swarm", "/stop", "/stats/reset", "/stats/requests", "/stats/report", "/tasks", "/exceptions", "/"]
    {
        assert!(paths.contains_key(route), "{route}");
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = std::fs::read_to_string(root.join("host/web/assets/desk.js")).unwrap();
    let mut asked = 0;
    for piece in script.split(['"', '`']).filter(|piece| piece.starts_with("/api/")) {
        let piece =
            piece.replace("${run}", "{run}").replace("${id}", "{run}").replace("${file.name}", "{file}");
        let piece = piece.replace("/runs/current", "/runs/{run}");
        assert!(paths.contains_key(&piece), "{piece}");
        asked += 1;
    }
    assert!(asked > 8, "{asked}");
    site.end().code(0);
}
