//! Of `scenarios`: forms that k6 documents, and what is wrong with others.

use serde_json::json;

use super::*;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn read(value: Value) -> Scenario {
    of_one("main", &value).unwrap()
}

/// The six executors of k6's documentation.
#[test]
fn six_executors_are_a_pace_and_an_end() {
    let one = |value: Value| {
        let scenario = read(value);
        (scenario.pacing, scenario.iterations)
    };
    let users = |vus: f64, lasts: u64| Pacing::Users(Curve::steady(vus, s(lasts)));
    assert_eq!(
        one(json!({ "executor": "constant_vus", "vus": 10, "duration": "30s" })),
        (users(10.0, 30), Iterations::Any)
    );
    assert_eq!(
        one(json!({ "executor": "ramping-vus", "start_vus": 0,
            "stages": [{ "duration": "20s", "target": 10 }, { "duration": 0, "target": 4 }] })),
        (Pacing::Users(Curve::stages(0.0, [(s(20), 10.0), (s(0), 4.0)])), Iterations::Any)
    );
    assert_eq!(
        one(json!({ "executor": "per_vu_iterations", "vus": 2, "iterations": 20, "max_duration": "1m" })),
        (users(2.0, 60), Iterations::Each(20))
    );
    assert_eq!(one(json!({ "executor": "shared_iterations" })), (users(1.0, 600), Iterations::Shared(1)));
    assert_eq!(
        one(json!({ "executor": "constant_arrival_rate", "rate": 30, "time_unit": "1m", "duration": "10s",
            "pre_allocated_vus": 2, "max_vus": 50 })),
        (Pacing::Arrivals { rate: Curve::steady(0.5, s(10)), ready: 2, most: 50 }, Iterations::Any)
    );
    assert_eq!(
        one(json!({ "executor": "ramping_arrival_rate", "start_rate": 300, "time_unit": "1m",
            "pre_allocated_vus": 5, "stages": [{ "duration": "2m", "target": 600 }] })),
        (Pacing::Arrivals { rate: Curve::stages(5.0, [(s(120), 10.0)]), ready: 5, most: 5 }, Iterations::Any)
    );
}

#[test]
fn common_fields_and_their_defaults() {
    let plain = read(json!({ "executor": "constant_vus", "duration": 1 }));
    assert_eq!((plain.start_time, plain.graceful_stop, plain.exec), (s(0), s(30), None));
    assert!(plain.env.is_empty() && plain.tags.is_empty());
    let full = read(json!({ "executor": "constant_vus", "duration": 1, "exec": "Buyer", "start_time": "5s",
        "graceful_stop": 0, "env": { "KIND": "a" }, "tags": { "size": 1, "new": true } }));
    assert_eq!((full.start_time, full.graceful_stop, full.exec.as_deref()), (s(5), s(0), Some("Buyer")));
    assert_eq!(full.env["KIND"], "a");
    assert_eq!((full.tags["size"].as_str(), full.tags["new"].as_str()), ("1", "true"));
}

#[test]
fn what_is_wrong_says_what() {
    for (value, what) in [
        (json!(5), "scenario `main` must be a table, not 5"),
        (json!({ "vus": 5 }), "scenario `main` has no `executor`"),
        (json!({ "executor": "constant" }), "scenario `main`: there is no executor `constant`"),
        (json!({ "executor": "constant_vus" }), "scenario `main` has no `duration`"),
        (
            json!({ "executor": "constant_vus", "startTime": 1, "duration": 1 }),
            "scenario `main` has no `startTime`",
        ),
        (
            json!({ "executor": "constant_vus", "duration": 1, "iterations": 1 }),
            "scenario `main` has no `iterations`",
        ),
        (
            json!({ "executor": "constant_vus", "duration": 1, "vus": 0 }),
            "scenario `main`: `vus` must be a whole number of at least 1, not 0",
        ),
        (
            json!({ "executor": "constant_vus", "duration": "soon" }),
            "scenario `main`: `duration` must be a duration such as 30s or 1h20m, not \"soon\"",
        ),
        (
            json!({ "executor": "ramping_vus", "stages": [] }),
            "scenario `main`: `stages` must be a list of stages",
        ),
        (
            json!({ "executor": "ramping_vus", "stages": [{ "duration": 1 }] }),
            "scenario `main`, stage `1` has no `target`",
        ),
        (
            json!({ "executor": "ramping_vus", "start_vus": 0, "stages": [{ "duration": 1, "target": 0 }] }),
            "scenario `main` has no users at any time",
        ),
        (
            json!({ "executor": "constant_arrival_rate", "rate": 1, "duration": 1 }),
            "scenario `main` has no `pre_allocated_vus`",
        ),
        (
            json!({ "executor": "constant_arrival_rate", "rate": 1, "duration": 1, "pre_allocated_vus": 5, "max_vus": 4 }),
            "scenario `main`: `max_vus` is less than `pre_allocated_vus`",
        ),
        (
            json!({ "executor": "constant_vus", "duration": 1, "tags": { "a": [] } }),
            "scenario `main`: `tags` must be a table of names and texts, not {\"a\":[]}",
        ),
    ] {
        assert_eq!(of_one("main", &value).unwrap_err().0, what);
    }
    let help = |value: Value| of_one("main", &value).unwrap_err().1.unwrap();
    assert_eq!(help(json!({ "executor": "constant_vu" })), "did you mean `constant_vus`?");
    assert_eq!(help(json!({ "executor": "constant_vus", "startTime": 1 })), "did you mean `start_time`?");
}
