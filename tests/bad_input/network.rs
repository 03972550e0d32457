//! Servers that are not there or misbehave: each request is a failure that says
//! why, the run goes on, and the exit code tells.

use std::net::TcpListener;

use crate::support::hostile::Hostile;
use crate::support::project::{Ended, Project};
use crate::support::results::{agreed, rows};

/// Requests the paths in order, half a second each at most, and logs what the response says.
fn script(paths: &[&str]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| format!("{path:?}")).collect();
    format!(
        "local U = HttpUser:extend(\"U\", {{}})
U:task(\"t\", function(self)
  for _, path in ipairs {{ {} }} do
    local r = self.client:get(path, {{ timeout = 0.5 }})
    log.info(path .. \" -> \" .. r.status_code .. \" \" .. tostring(r.error and r.error.kind))
  end
end)",
        paths.join(", ")
    )
}

/// Runs one iteration against a server: the run, and the failure of each name.
fn fail(url: &str, paths: &[&str]) -> (Ended, Vec<(String, String)>) {
    let project = Project::new(&[("s.lua", &script(paths))]);
    let ended =
        project.run(&format!("-f s.lua -i 1 -H {url} --csv r --csv-full-history --json-file r")).code(1);
    let counts = agreed(&project, &ended);
    let all = paths.len() as u64;
    assert_eq!(counts["Aggregated"], (all, all));
    let failures = rows(&project.read("r_failures.csv"));
    let failures = failures[1..].iter().map(|row| (row[1].clone(), row[2].clone())).collect();
    (ended, failures)
}

#[test]
fn a_server_that_misbehaves_fails_the_request_and_not_the_run() {
    let server = Hostile::start();
    let expected = [
        ("/bytes/70000000", "0 too_large", "the body is larger than 67108864 bytes"),
        ("/close", "0 closed", "the server closed the connection before it answered"),
        ("/endless", "0 timeout", "the answer was not complete within 500 ms (timeout)"),
        ("/garbage", "0 protocol", "the answer is not HTTP/1.1"),
        ("/large-headers", "0 too_large", "the answer's headers are larger than allowed"),
        (
            "/redirect-loop",
            "0 too_many_redirects",
            "more than 30 redirects, the last one to `/redirect-loop`",
        ),
        ("/stall", "0 timeout", "no answer within 500 ms (timeout)"),
        ("/status/404", "404 nil", "HTTPError('404 Client Error: Not Found for url: "),
        ("/status/503", "503 nil", "HTTPError('503 Server Error: Service Unavailable for url: "),
        ("/truncated", "0 body", "the server closed the connection in the middle of the body"),
    ];
    let paths = expected.map(|(path, ..)| path);
    let (ended, failures) = fail(&format!("http://{}", server.addr), &paths);
    for ((path, seen, why), (name, told)) in expected.iter().zip(&failures) {
        assert_eq!(name, path);
        assert!(told.starts_with(why), "{path}: {told}");
        assert!(ended.out.contains(&format!("GET {path}: {why}")), "no `{why}` in:\n{}", ended.out);
        assert!(
            ended.err.contains(&format!("{path} -> {seen}\n")),
            "no `{path} -> {seen}` in:\n{}",
            ended.err
        );
    }
    assert_eq!(failures.len(), expected.len());
}

#[test]
fn nobody_listens() {
    // Bound and dropped: nobody else gets that port so soon.
    let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (ended, failures) = fail(&format!("http://{addr}"), &["/ready"]);
    assert_eq!(failures[0].1, format!("connection refused: {addr}"));
    ended.told(&["/ready -> 0 connect"]);
}

#[test]
fn the_host_has_no_address() {
    let (ended, failures) = fail("http://nowhere.invalid", &["/ready"]);
    assert!(failures[0].1.starts_with("cannot find the host `nowhere.invalid`"), "{failures:?}");
    ended.told(&["/ready -> 0 dns"]);
}

#[test]
fn a_server_without_tls_says_so() {
    let server = Hostile::start();
    let (ended, failures) = fail(&format!("https://{}", server.addr), &["/ready"]);
    assert!(failures[0].1.to_lowercase().contains("tls"), "{failures:?}");
    ended.told(&["/ready -> 0 tls"]);
}

#[test]
fn the_exit_code_of_failures_is_a_choice() {
    let project = Project::new(&[("s.lua", &script(&["/ready"]))]);
    let line = "-f s.lua -i 1 -H http://127.0.0.1:9";
    project.run(&format!("{line} --exit-code-on-error 7")).code(7);
    project.run(&format!("{line} --exit-code-on-error 0")).code(0).printed(&["✗ failed"]);
    project.run(line).code(1);
}

/// A server that goes away and comes back is a failure meanwhile.
#[test]
fn connections_that_were_closed_are_made_anew() {
    let server = Hostile::start();
    let script = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.06) })
U:task(\"t\", function(self) self.client:get(\"/keepalive-close\") end)";
    let project = Project::new(&[("s.lua", script)]);
    let ended = project.run(&format!("-f s.lua -i 5 -H http://{}", server.addr));
    ended.code(0).printed(&["5 requests, 0 failed"]);
}
