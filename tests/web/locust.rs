//! The routes that users of Locust script, as Locust answers them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::counter::Counter;
use crate::support::project::Project;
use crate::support::results::{of_csv, rows};
use crate::support::site::Site;

const SCRIPT: &str = r#"
local Flow = SequentialTaskSet:extend("Flow")
Flow:task("first", function(self) self.client:get("/u") end)
local U = HttpUser:extend("U", { wait_time = constant(0.02), weight = 3 })
U:task("t", 3, function(self) self.client:get("/t", { name = "/a<b>&c" }) end)
U:task("fail", function(self) self.client:get("/fail") end)
U:task("raise", function() print("a line of the log") error("it broke <here>") end)
local V = HttpUser:extend("V", { wait_time = constant(0.02) })
V:task("flow", Flow)
"#;

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap_or_else(|| panic!("{value}")).keys().map(String::as_str).collect()
}

#[test]
fn a_locust_script_starts_watches_and_stops() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", SCRIPT)]);
    let mut site = Site::start(&project, "-f s.lua");
    let idle = site.get("/stats/requests").status(200).json();
    assert_eq!(
        (&idle["state"], &idle["stats"], &idle["user_count"]),
        (&json!("ready"), &json!([]), &json!(0))
    );
    assert_eq!(site.get("/exceptions").status(200).json(), json!({ "exceptions": [] }));
    assert_eq!(site.get("/tasks").status(200).json(), json!({ "per_class": {}, "total": {} }));
    // Without a run, too: what is not there is stopped and reset, and there are results without rows.
    let stopped = json!({ "success": true, "message": "Test stopped" });
    assert_eq!(site.get("/stop").status(200).json(), stopped);
    assert_eq!(site.get("/stats/reset").status(200).body, "ok");
    let table = rows(&site.get("/stats/requests/csv").status(200).body);
    assert_eq!((table.len(), &*table[1][1], &*table[1][2]), (2, "Aggregated", "0"), "{table:?}");
    for route in ["/stats/failures/csv", "/exceptions/csv", "/stats/requests_full_history/csv"] {
        assert_eq!(rows(&site.get(route).status(200).body).len(), 1, "{route}");
    }
    assert!(site.get("/stats/report").status(200).body.contains("E2E.show("));
    let wrong = site.form("/swarm", "user_count=x").status(200).json();
    assert!(wrong["success"] == false && wrong["message"].as_str().unwrap().contains("users"), "{wrong}");

    let form = format!(
        "user_count=4&spawn_rate=100&run_time=1h20m&user_classes=U&user_classes=V&host={}",
        server.url()
    );
    let started = site.form("/swarm", &form).status(200).json();
    assert_eq!(started, json!({ "success": true, "message": "Swarming started", "host": server.url() }));
    site.until("users and failures", |status| status["users"] == 4 && server.asked() > 40);

    let stats = site.get("/stats/requests").status(200).json();
    let expected = [
        "current_response_time_percentiles",
        "errors",
        "fail_ratio",
        "state",
        "stats",
        "total_avg_response_time",
        "total_fail_per_sec",
        "total_rps",
        "user_count",
    ];
    assert_eq!(keys(&stats), BTreeSet::from(expected));
    assert_eq!((&stats["state"], &stats["user_count"]), (&json!("running"), &json!(4)));
    let expected = ["response_time_percentile_0.5", "response_time_percentile_0.95"];
    assert_eq!(keys(&stats["current_response_time_percentiles"]), BTreeSet::from(expected));
    let entries = stats["stats"].as_array().unwrap();
    let expected = [
        "avg_content_length",
        "avg_response_time",
        "current_fail_per_sec",
        "current_rps",
        "max_response_time",
        "median_response_time",
        "method",
        "min_response_time",
        "name",
        "num_failures",
        "num_requests",
        "response_time_percentile_0.95",
        "response_time_percentile_0.99",
        "safe_name",
        "total_fail_per_sec",
        "total_rps",
    ];
    assert_eq!(keys(&entries[0]), BTreeSet::from(expected));
    let names: Vec<&str> = entries.iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["/a<b>&c", "/fail", "/u", "Aggregated"]);
    assert_eq!(entries[0]["safe_name"], "/a&lt;b&gt;&amp;c");
    let sum = |key: &str| entries[..3].iter().map(|entry| entry[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(entries[3]["num_requests"].as_u64().unwrap(), sum("num_requests"));
    assert_eq!(entries[1]["num_failures"], entries[1]["num_requests"]);
    let error = &stats["errors"][0];
    assert_eq!(keys(error), BTreeSet::from(["error", "method", "name", "occurrences"]));
    assert_eq!((&error["method"], &error["name"]), (&json!("GET"), &json!("/fail")));

    let exceptions = site.get("/exceptions").status(200).json();
    let raised = &exceptions["exceptions"][0];
    assert_eq!(keys(raised), BTreeSet::from(["count", "msg", "nodes", "traceback"]));
    assert!(
        raised["msg"].as_str().unwrap().contains("it broke <here>") && raised["count"].as_u64().unwrap() > 0
    );
    let tasks = site.get("/tasks").status(200).json();
    assert_eq!(tasks["per_class"]["U"]["ratio"], 0.75);
    assert_eq!(tasks["per_class"]["U"]["tasks"]["t"], json!({ "ratio": 0.6 }));
    assert!((tasks["total"]["U"]["tasks"]["t"]["ratio"].as_f64().unwrap() - 0.45).abs() < 1e-9);
    assert_eq!(tasks["per_class"]["V"]["tasks"]["flow"]["tasks"]["first"], json!({ "ratio": 1.0 }));
    let logs = site.get("/logs").status(200).json();
    assert!(
        logs["master"]
            .as_array()
            .unwrap()
            .iter()
            .any(|line| line.as_str().unwrap().contains("a line of the log"))
    );

    // The same form changes a run that goes on.
    let changed = site.form("/swarm", "user_count=2&spawn_rate=50").status(200).json();
    assert_eq!(changed["success"], true);
    site.until("fewer users", |status| status["users"] == 2);
    assert_eq!(site.get("/stats/reset").status(200).body, "ok");
    // So many that all tasks are among them.
    let before = server.asked();
    site.until("requests anew", |_| server.asked() > before + 80);
    let stopped = site.get("/stop").status(200).json();
    assert_eq!(stopped, json!({ "success": true, "message": "Test stopped" }));
    site.until_state("stopped");

    let stats = site.get("/stats/requests").status(200).json();
    assert_eq!((&stats["state"], &stats["user_count"]), (&json!("stopped"), &json!(0)));
    let requests = site.get("/stats/requests/csv").status(200);
    let told = requests.header("content-disposition").unwrap();
    assert!(told.starts_with("attachment; filename=\"requests_") && told.ends_with(".csv\""), "{told}");
    let total = stats["stats"].as_array().unwrap().last().unwrap()["num_requests"].as_u64().unwrap();
    assert_eq!(of_csv(&requests.body)["Aggregated"].0, total);
    for (route, head) in [
        ("/stats/failures/csv", "Method"),
        ("/exceptions/csv", "Count"),
        ("/stats/requests_full_history/csv", "Timestamp"),
    ] {
        let table = rows(&site.get(route).status(200).body);
        assert!(table.len() > 1 && table[0][0] == head, "{route}: {table:?}");
    }
    let report = site.get("/stats/report").status(200);
    assert_eq!(report.header("content-type"), Some("text/html; charset=utf-8"));
    let kept = site.get("/stats/report?download=1").status(200);
    assert!(kept.header("content-disposition").unwrap().contains("filename=\"report_"));
    // As Locust's, a reset leaves nothing of a run that is over; the page still has it.
    assert_eq!(site.get("/stats/reset").status(200).body, "ok");
    assert_eq!(site.get("/stats/requests").status(200).json()["stats"], json!([]));
    assert_eq!(rows(&site.get("/stats/requests/csv").status(200).body)[1][2], "0");
    assert_eq!(site.get("/api/v1/runs/current").status(200).json()["view"]["now"]["requests"], total);
    site.end().code(1);
}

/// Locust's custom arguments are fields of the same form; here they are variables of the script.
#[test]
fn other_fields_are_variables_of_the_script() {
    let script =
        "local U = HttpUser:extend('U')\nU:task('t', function(self) self.client:get('/' .. env.MY_NAME) end)";
    let server = Counter::start();
    let project = Project::new(&[("s.lua", script)]);
    let mut site = Site::start(&project, &format!("-f s.lua -i 2 -H {}", server.url()));
    let started =
        site.form("/swarm", "user_count=1&spawn_rate=1&shape_class=Default&MY_NAME=a%20b").status(200);
    assert_eq!(started.json()["success"], true, "{started:?}");
    site.until_state("stopped");
    assert_eq!(server.answered().into_iter().collect::<Vec<_>>(), [("GET /a%20b".to_owned(), 2)]);
    site.end().code(0);
}
