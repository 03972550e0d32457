//! Every example, and the smoke suite, run as their comments say: through the
//! command, against the bundled documents service.

mod run;

use run::{example, run, scripts};

#[test]
fn first_request() {
    for run in example("01_first_request") {
        run.exits(0)
            .says(&["INFO", "Visitor", "200 ready"])
            .says(&["passed: 10 requests, 0 failed", "iterations done"]);
    }
}

#[test]
fn checks() {
    for run in example("02_checks") {
        run.exits(0).says(&["✓", "status is 200", "5", "0", "100.00%"]).says(&[
            "✗",
            "is a teapot",
            "0",
            "5",
            "0.00%",
        ]);
        run.says(&["passed: 5 requests, 0 failed", "15 of 20 checks passed"]);
    }
}

#[test]
fn judge_responses() {
    for run in example("03_judge_responses") {
        run.exits(0).says(&["absent document", "3", "0(0.00%)"]).says(&["absent history", "3", "0(0.00%)"]);
        run.says(&["passed: 6 requests, 0 failed"]).does_not_say("cleanup");
    }
}

#[test]
fn waits_and_weights() {
    for script in &scripts("04_waits_and_weights") {
        let full = run(script, &[]);
        full.exits(0).says(&["POST", "write"]).says(&["GET", "look"]).says(&["0 failed", "run time reached"]);
        let ratios = run(script, &["--show-task-ratio"]);
        ratios.exits(0).says(&["60.0", "Reader"]).says(&["80.0", "read"]).says(&["48.0", "read"]);
        ratios.says(&["30.0", "Writer"]).says(&["10.0", "Admin"]);
        let one = run(script, &["Writer", "--tags", "fast", "-t", "1s"]);
        one.exits(0).says(&["POST", "write"]).does_not_say("look").does_not_say("search");
    }
}

#[test]
fn inheritance() {
    for run in example("05_inheritance") {
        run.exits(0)
            .says(&["drafts go to /v1beta/collections/drafts/documents"])
            .says(&["passed: 6 requests, 0 failed"]);
    }
    for script in scripts("05_inheritance") {
        let list = run(&script, &["--list"]);
        assert_eq!(list.exits(0).text, "Drafts\nReports\n");
    }
}

#[test]
fn waiting_anywhere() {
    let [lua, rhai] = example("06_waiting_anywhere");
    lua.exits(0).says(&["caught: examples/06_waiting_anywhere.lua:", "on purpose"]).says(&["0 failed"]);
    for place in ["in sort", "in gsub", "in a metamethod", "in pcall"] {
        lua.says(&["GET", place, "0(0.00%)"]);
    }
    rhai.exits(0).says(&["caught: on purpose"]).says(&["0 failed"]);
    for place in ["in sort", "in map", "in a closure", "in try"] {
        rhai.says(&["GET", place, "0(0.00%)"]);
    }
}

#[test]
fn modules() {
    for run in example("07_modules") {
        run.exits(0).says(&["PATCH", "update", "2"]).says(&["2 of 2 checks passed"]);
    }
}

#[test]
fn environment() {
    for script in &scripts("08_environment") {
        let run = run(script, &["-t", "60s", "-e", "TEST_GREETING=good morning"]);
        run.exits(0).says(&["environment local at http://127.0.0.1:"]).says(&["greeting: good morning"]);
        run.says(&["user 1 of class Settings in its task number 1"]);
        let shown = self::run(script, &["--show-config"]);
        shown.exits(0).says(&["collection_prefix", "e2e_test_"]);
    }
}

#[test]
fn batch() {
    for run in example("09_batch") {
        run.exits(0).says(&["all parts came", "3", "0", "100.00%"]).says(&["passed: 9 requests, 0 failed"]);
    }
}

#[test]
fn errors() {
    let runs = example("10_errors");
    for run in &runs {
        run.exits(1).says(&["HTTPError('404 Client Error: Not Found for url: missing document')"]);
        run.says(&["nobody there", "connection refused"]);
        run.says(&["unknown option `timout` (did you mean `timeout`?"]).says(&["failed:", "exit 1"]);
    }
    let [lua, rhai] = runs;
    lua.says(&["× examples/10_errors.lua:23: attempt to index a nil value (field 'items')"]);
    lua.says(&["examples/10_errors.lua:23: in ", "'first_item'"]).says(&["examples/10_errors.lua:24: in "]);
    rhai.says(&["× examples/10_errors.rhai:22: `answer.items` is (), which has no method `shift`"]);
    rhai.says(&["examples/10_errors.rhai:22: in ", "'first_item'"])
        .says(&["examples/10_errors.rhai:25: in "]);
}

#[test]
fn retry() {
    for run in example("11_retry") {
        run.exits(0).says(&["GET", "poll", "6", "0(0.00%)"]).says(&["2 of 2 checks passed"]);
    }
}

#[test]
fn task_sets() {
    for script in &scripts("12_task_sets") {
        let full = run(script, &["-t", "60s", "--seed", "1"]);
        full.exits(0)
            .says(&["Visitor: visits: "])
            .says(&["iterations done"])
            .says(&["GET", "look", "0(0.00%)"]);
        for request in ["create", "change", "delete"] {
            full.says(&[request, "0(0.00%)"]);
        }
        // Whole rounds of create, three changes and leave: 8 of 40.
        let editing = run(script, &["-t", "60s", "--tags", "editing"]);
        editing.exits(0).says(&["POST", "create", "8", "0(0.00%)"]).says(&["PATCH", "change", "24"]);
        editing.says(&["DELETE", "delete", "8"]).does_not_say("look");
    }
}

#[test]
fn load_shape() {
    for script in &scripts("13_load_shape") {
        let steps = run(script, &[]);
        steps
            .exits(0)
            .says(&["load shape Steps"])
            .says(&["0 failed", "load shape done"])
            .says(&["POST", "write"]);
        let wave = run(script, &["-e", "TEST_SHAPE=wave"]);
        wave.exits(0).says(&["load shape Wave"]).says(&["0 failed", "load shape done"]);
    }
}

#[test]
fn events_and_setup() {
    for run in example("14_events_and_setup") {
        run.exits(0).says(&["control: testing local"]).says(&["exit code so far: 0"]);
        run.says(&["hello from user", "with 0 slow requests"]).says(&[
            "it is the prepared one",
            "6",
            "0",
            "100.00%",
        ]);
        run.says(&["POST", "prepare", "1"])
            .says(&["DELETE", "clean up", "1"])
            .says(&["passed: 8 requests, 0 failed"]);
    }
}

#[test]
fn data() {
    for run in example("15_data") {
        run.exits(0)
            .says(&["POST", "sell", "6", "0(0.00%)"])
            .says(&["all 6 rows of examples/data/articles.csv"]);
        run.says(&["the order is kept", "6", "0", "100.00%"])
            .says(&["18 requests, 0 failed", "no user was left"]);
    }
}

#[test]
fn metrics_and_groups() {
    for run in example("16_metrics_and_groups") {
        run.exits(0).says(&["import::create", "12", "0(0.00%)"]).says(&[
            "batch is created",
            "12",
            "0",
            "100.00%",
        ]);
        run.says(&["documents", "60"]).says(&["kind=image", "30"]).says(&["batch_size", "5", "5", "5"]);
        run.says(&["found", "50.00%", "6", "12"]).says(&["per_document (ms)", "12"]);
    }
}

#[test]
fn thresholds() {
    for run in example("30_thresholds") {
        run.exits(0).says(&["✓", "http_req_failed", "rate<0.01", "0"]);
        for selector in ["http_req_duration{name:GET /ready}", "checks{check:document is there}", "documents"]
        {
            run.says(&["✓", selector]);
        }
    }
}

#[test]
fn scenarios() {
    for run in example("31_scenarios") {
        run.exits(0).says(&["scenarios browse, buy, settle"]).says(&["scenarios done"]);
        run.says(&["✓", "iterations{scenario:settle}", "count==20"]).says(&["✓", "iterations{scenario:buy}"]);
    }
}

#[test]
fn functions_of_scenarios() {
    for run in example("32_functions") {
        run.exits(0).says(&["✓", "iterations{scenario:order}", "count==6"]);
        run.says(&["look", "arrival_lateness"]).says(&["✓", "is ready", "100.00%"]);
    }
}

#[test]
fn start_and_stop() {
    for run in example("17_start_and_stop") {
        run.exits(0).says(&["POST", "write", "6", "0(0.00%)"]).says(&["DELETE", "remove", "6", "0(0.00%)"]);
        run.says(&["documents left: 0"]).says(&["no user was left"]);
    }
}

#[test]
fn secrets() {
    for script in &scripts("18_secrets") {
        let told = run(script, &["-e", "API_TOKEN=do-not-tell"]);
        told.exits(0).says(&["INFO", "sent with Bearer ***"]).says(&["passed: 2 requests, 0 failed"]);
        told.does_not_say("do-not-tell");
        run(script, &[]).exits(107).says(&["error:", "API_TOKEN"]);
    }
}

#[test]
fn websocket() {
    for run in example("20_websocket") {
        run.exits(0).says(&["WS", "chat", "3", "0(0.00%)"]).says(&["passed: 3 requests, 0 failed"]);
        for check in ["chat is open", "the echo is what was said", "the server closed as well"] {
            run.says(&["✓", check, "100.00%"]);
        }
        run.says(&["ws_sessions", "3"]).says(&["ws_session_duration (ms)", "3"]).says(&["a ping within 5 s"]);
    }
}

#[test]
fn server_sent_events() {
    for script in &scripts("21_server_sent_events") {
        let run = run(script, &["-t", "60s", "--seed", "1"]);
        run.exits(0).says(&["SSE", "follow", "0(0.00%)"]).says(&["SSE", "peek", "0(0.00%)"]);
        for check in ["every event came once, in order", "it connected again", "it goes on behind the id"] {
            run.says(&["✓", check, "100.00%"]);
        }
        run.says(&["sse_event"]).says(&["part=peek"]).says(&["0 failed"]);
    }
}

#[test]
fn http2() {
    let args = ["-t", "60s", "--seed", "1", "-e", "HTTP2=prior_knowledge"];
    for script in &scripts("22_http2") {
        let run = run(script, &args);
        run.exits(0).says(&["the service answered in HTTP/2"]).says(&["0 failed"]);
        for check in ["it is HTTP/2", "over the connection that was there", "others pass", "all of it came"] {
            run.says(&["✓", check, "100.00%"]);
        }
    }
}

#[test]
fn the_smoke_suite() {
    for script in ["suites/smoke.lua", "suites/smoke.rhai"] {
        let run = run(script, &["-u", "4", "-r", "100", "-t", "3s", "--seed", "1"]);
        run.exits(0).says(&["✓", "status is 200"]).says(&["✓", "uri matches"]);
        for request in ["POST /documents", "GET /documents/", "/ready", "DELETE"] {
            run.says(&[request, "0(0.00%)"]);
        }
    }
}

/// A new example without a test, without its command, or in one language alone, fails here.
#[test]
fn every_example_is_run_and_tells_how() {
    let source = [include_str!("examples.rs"), include_str!("results/baseline.rs")].concat();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            continue;
        }
        count += 1;
        let (stem, language) = name.rsplit_once('.').unwrap();
        assert!(source.contains(stem), "{name} is not run");
        for other in ["lua", "rhai"] {
            assert!(path.with_extension(other).is_file(), "{name} has no form in {other}");
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let mark = if language == "lua" { "--" } else { "//" };
        let comment = format!("\n{mark}\n{mark}   cargo run -- --script examples/{name}");
        assert!(text.starts_with(mark) && text.contains(&comment), "{name} does not tell how to run it");
    }
    assert_eq!(count, 2 * 30);
}

/// The script that the README shows is a script.
#[test]
fn the_readme() {
    let readme = include_str!("../README.md");
    let (_, rest) = readme.split_once("```lua\n").unwrap();
    let (script, _) = rest.split_once("```").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("readme.lua");
    std::fs::write(&path, script).unwrap();
    let run = run(path.to_str().unwrap(), &["-t", "4s", "--seed", "1"]);
    run.exits(0).says(&["✓", "status is 200"]).says(&["✓", "uri matches"]).says(&["0 failed"]);
}

#[test]
fn files_and_streams() {
    for run in example("19_files_and_streams") {
        run.exits(0)
            .says(&["curl -H 'Authorization: Bearer token' -H 'Cookie: session=s1' http://127.0.0.1:"]);
        for name in ["form", "file", "made", "packed", "export", "first lines", "discarded"] {
            run.says(&[name, " 1  0(0.00%)"]);
        }
        for check in
            ["it is a form", "all of it arrived", "it is compressed", "every line came", "it is counted"]
        {
            run.says(&[check, "100.00%"]);
        }
    }
}

#[test]
fn grpc() {
    let passed = |name: &str, verdict: &str| {
        for run in example(name) {
            run.exits(0).says(&[verdict]);
        }
    };
    passed("24_grpc", "30 of 30 checks passed");
    passed("25_grpc_streams", "passed: 3 requests, 0 failed");
    passed("26_grpc_proto", "8 of 8 checks passed");
    passed("27_grpc_errors", "3 of 3 checks passed");
}
