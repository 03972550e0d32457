//! `--baseline`: a run beside an earlier one, and thresholds about what has changed.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use crate::support::project::{Ended, Project};

const SCRIPT: &str = "\
options { thresholds = { [\"http_req_duration{name:GET a}\"] = { regression = \"med<+100%\" } } }
local U = HttpUser:extend(\"U\", {})
U:task(\"a\", function(self) self.client:get(\"/a\", { name = \"a\" }) end)
";

/// Answers each request after `pause`.
fn server(pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 65536]);
                std::thread::sleep(pause);
                let _ =
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            });
        }
    });
    url
}

fn run(project: &Project, url: &str, more: &str) -> Ended {
    project.run(&format!("-f s.lua -u 4 -r 100 -i 60 -H {url} {more}"))
}

#[test]
fn a_change_for_the_worse_fails_only_where_it_is_no_chance() {
    let project = Project::new(&[("s.lua", SCRIPT)]);
    let (fast, slow) = (server(Duration::from_millis(30)), server(Duration::from_millis(200)));
    run(&project, &fast, "--out hdr=fast.hlog").code(112).printed(&["there is nothing to compare with"]);
    run(&project, &fast, "--baseline fast.hlog")
        .code(0)
        .printed(&["Compared with the baseline", "med<+100%"]);
    // A log may follow the one that it is compared with.
    project.write("last.hlog", project.read("fast.hlog").as_bytes());
    let more = "--baseline last.hlog --out hdr=last.hlog --junit j.xml";
    run(&project, &slow, more).code(99).printed(&["✗", "med<+100%", "(95 %: +"]);
    assert!(project.read("j.xml").contains("measured +"), "{}", project.read("j.xml"));
    // What was judged is told again, and judged anew beside another baseline.
    project.run("report last.hlog").code(99).printed(&["(95 %: +"]);
    project.run("report last.hlog --baseline last.hlog").code(0).printed(&["+0.0 % (95 %: "]);
    project.run("report fast.hlog --baseline last.hlog").code(0);
    // One request proves nothing.
    project
        .run(&format!("-f s.lua -i 1 -H {slow} --baseline fast.hlog"))
        .code(112)
        .printed(&["too few samples"]);
}

#[test]
fn what_is_no_regression_is_refused_before_the_run() {
    let refused = |thresholds: &str, code: u8, parts: &[&str]| {
        let script = SCRIPT
            .replace("[\"http_req_duration{name:GET a}\"] = { regression = \"med<+100%\" }", thresholds);
        let project = Project::new(&[("s.lua", &script)]);
        project.run("-f s.lua -i 1 -H http://127.0.0.1:1").refused(code.into(), parts);
    };
    refused(
        "http_req_duration = 'p(95)<+10%'",
        104,
        &["`p(95)<+10%` is no threshold", "is written { regression: \"p(95)<+10%\" }"],
    );
    refused("http_req_duration = { regression = 'avg<+10%' }", 104, &["`avg<+10%` is no regression"]);
    refused(
        "http_reqs = { regression = 'med<+10%' }",
        104,
        &["`http_reqs` is a counter and has no percentiles"],
    );
    refused("regression = 'p(95)<+10%'", 104, &["a regression is about a metric"]);
    let both = "http_req_duration = { regression = 'med<+1%', threshold = 'med<1' }";
    refused(both, 107, &["has both `threshold` and `regression`"]);
    let project = Project::new(&[("s.lua", SCRIPT)]);
    let run = |file: &str| project.run(&format!("-f s.lua -i 1 -H http://127.0.0.1:1 --baseline {file}"));
    run("none.hlog").refused(104, &["cannot read the log `none.hlog`"]);
    run("s.lua").refused(104, &["`s.lua` is no log of a run"]);
}

/// One suite for each scenario, also from the log; what belongs to none is in the run's own.
#[test]
fn junit_has_a_suite_for_each_scenario() {
    let script = "\
options { scenarios = {
  one = { executor = 'per_vu_iterations', vus = 1, iterations = 3, exec = 'A' },
  two = { executor = 'per_vu_iterations', vus = 1, iterations = 4, exec = 'B' },
} }
setup(function() http.get('/begin') end)
local A, B = HttpUser:extend('A'), HttpUser:extend('B')
A:task('a', function(self) self.client:get('/same') end)
B:task('b', function(self) self.client:get('/same', { catch_response = true }):failure('no \"<good>\"') end)
";
    let project = Project::new(&[("s.lua", script)]);
    let url = server(Duration::ZERO);
    project.run(&format!("-f s.lua -H {url} --junit j.xml --out hdr=a.hlog")).code(1);
    project.run("report a.hlog --junit again.xml").code(1);
    for file in ["j.xml", "again.xml"] {
        let xml = project.read(file);
        let suite = |name: &str| {
            let (_, rest) =
                xml.split_once(&format!("<testsuite name=\"{name}\"")).unwrap_or_else(|| panic!("{xml}"));
            rest.split("</testsuite>").next().unwrap().to_owned()
        };
        assert!(suite("one").contains("name=\"GET /same\"") && !suite("one").contains("<failure"), "{xml}");
        assert!(suite("two").contains("4 of 4 requests failed"), "{xml}");
        assert!(
            suite("two").contains("4 times no &quot;&lt;good&gt;&quot;")
                || suite("two").contains("&lt;good&gt;"),
            "{xml}"
        );
        assert!(suite("A, B").contains("GET /begin") && !suite("A, B").contains("GET /same"), "{xml}");
    }
}

/// Example 40 in each language, the second time beside a log of the first.
#[test]
fn the_example_of_outputs() {
    for language in ["lua", "rhai"] {
        let project = Project::new(&[("config/local.yaml", "target: demo\n")]);
        let script = format!("examples/40_outputs.{language}");
        let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
        project.write(&format!("s.{language}"), &std::fs::read(script).unwrap());
        let run = |more: &str| project.run(&format!("-f s.{language} -t 60s {more}"));
        run("--out hdr=before.hlog --junit j.xml")
            .code(112)
            .printed(&["no baseline", "nothing to compare with"]);
        run("--baseline before.hlog").code(0).printed(&[
            "med<+900%",
            "(95 %: ",
            "Compared with the baseline",
        ]);
        assert!(project.read("j.xml").contains("GET look"));
    }
}
