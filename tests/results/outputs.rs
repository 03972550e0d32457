//! Outputs that go elsewhere: what arrives, and that a receiver that is dead, slow or broken costs the
//! run nothing but a note.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::counter::Counter;
use crate::support::project::Project;

const SCRIPT: &str = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.02) })
U:task(\"a\", function(self)
  local response = self.client:get(\"/a?password=1\", { name = \"a\" })
  check(response, { [\"is ok\"] = function(r) return r.status_code == 200 end })
end)
";

fn project() -> (Project, Counter) {
    (Project::new(&[("s.lua", SCRIPT)]), Counter::start())
}

/// How many lines hold both.
fn count(text: &str, a: &str, b: &str) -> u64 {
    text.lines().filter(|line| line.contains(a) && line.contains(b)).count() as u64
}

#[test]
fn every_output_holds_every_request_and_a_log_makes_them_anew() {
    let (project, server) = project();
    let outputs = "--out json=o/a.json --out csv=o/a.csv --out hdr=o/a.hlog --summary-export o/s.json \
                   --junit o/j.xml --csv o/run --csv-full-history";
    project.run(&format!("-f s.lua -u 3 -r 100 -i 200 -H {} {outputs}", server.url())).code(0);
    let answered = server.answered().values().sum::<u64>();
    assert_eq!(answered, 200);
    let json = project.read("o/a.json");
    assert_eq!(count(&json, "\"metric\":\"http_reqs\"", "\"type\":\"Point\""), answered);
    assert_eq!(count(&project.read("o/a.csv"), "http_reqs,", ",GET,a,"), answered);
    let summary: serde_json::Value = serde_json::from_str(&project.read("o/s.json")).unwrap();
    assert_eq!(summary["metrics"]["http_reqs"]["count"], answered);
    assert_eq!(summary["root_group"]["checks"]["is ok"]["passes"], answered);
    assert!(project.read("o/j.xml").contains("<testcase name=\"GET a\" classname=\"requests\""));

    project
        .run("report o/a.hlog o/a.hlog --csv o/twice --summary-export o/s2.json --baseline o/a.hlog")
        .code(0);
    let twice: serde_json::Value = serde_json::from_str(&project.read("o/s2.json")).unwrap();
    assert_eq!(twice["metrics"]["http_reqs"]["count"], 2 * answered);
    let waited = |summary: &serde_json::Value| summary["metrics"]["http_req_waiting"]["p(95)"].clone();
    assert_eq!(waited(&twice), waited(&summary), "two of the same have the same percentiles");
    project.run("report o/a.hlog --csv o/once").code(0);
    let stats = |name: &str| project.read(&format!("o/{name}_stats.csv")).lines().nth(1).unwrap().to_owned();
    let columns = |row: String| row.split(',').map(str::to_owned).collect::<Vec<_>>();
    let (run, once) = (columns(stats("run")), columns(stats("once")));
    assert_eq!((&run[..9], &run[11..]), (&once[..9], &once[11..]), "all but rates");
}

#[test]
fn what_cannot_be_an_output_is_refused_before_the_run() {
    let (project, server) = project();
    let run = |out: &str| project.run(&format!("-f s.lua -i 1 -H {} --out {out}", server.url()));
    run("jsno=x").refused(2, &["there is no output `jsno`; did you mean `json`?"]);
    run("influxdb=127.0.0.1:8086").refused(2, &["does not name a URL"]);
    run("json=s.lua/x").refused(104, &["cannot write the results to `s.lua/x`"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    run(&format!("prometheus={address}")).refused(104, &["cannot listen at", "address already in use"]);
    assert_eq!(server.asked(), 0);
    project.run("report nothing.hlog").refused(104, &["cannot read the log `nothing.hlog`"]);
}

#[test]
fn a_dead_receiver_is_told_of_without_its_password() {
    let (project, server) = project();
    // A port where nobody listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let out = format!(
        "--out prometheus-rw=http://me:geheimnis@127.0.0.1:{port}/w --out influxdb=http://127.0.0.1:{port}/k6"
    );
    let begun = Instant::now();
    let ended = project.run(&format!("-f s.lua -i 50 -t 2s -H {} {out}", server.url())).code(0);
    assert!(begun.elapsed() < Duration::from_secs(40), "10 s for both, and the run");
    let ended = ended.printed(&["the last results were not delivered", "connection refused", "50 samples"]);
    assert!(!ended.printed(&["me:***@"]).out.contains("geheimnis"));
}

/// Answers each request after `pause`, or never.
fn receiver(answer: &'static str, pause: Duration) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut bytes = [0; 65536];
                let _ = stream.read(&mut bytes);
                std::thread::sleep(pause);
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    port
}

#[test]
fn a_receiver_that_fails_or_hangs_does_not_hold_up_the_run() {
    let (project, server) = project();
    let broken = receiver(
        "HTTP/1.1 500 Oops\r\nContent-Length: 9\r\nConnection: close\r\n\r\ndisk full",
        Duration::ZERO,
    );
    let hanging = receiver("", Duration::from_secs(600));
    let out = format!(
        "--out otlp=http://127.0.0.1:{broken} --out prometheus-rw=http://127.0.0.1:{hanging}/w --junit j.xml"
    );
    let begun = Instant::now();
    let ended = project.run(&format!("-f s.lua -u 2 -r 100 -t 3s -H {} {out}", server.url())).code(0);
    assert!(begun.elapsed() < Duration::from_secs(40), "took {:?}", begun.elapsed());
    ended.printed(&["it answered 500", "disk full", "--out prometheus-rw=http://127.0.0.1"]);
    // Files do not wait for receivers.
    assert!(project.read("j.xml").contains("classname=\"run\""));
    let answered = server.answered().values().sum::<u64>();
    assert!(answered > 50, "users went on: {answered}");
}

/// What comes first is the reason, and the other outputs are whole.
#[test]
fn a_full_disk_costs_that_file_alone() {
    let (project, server) = project();
    for kind in ["json", "csv", "hdr"] {
        let out = format!("--out {kind}=/dev/full --out hdr=whole.hlog");
        let ended = project.run(&format!("-f s.lua -u 2 -r 100 -i 40 -H {} {out}", server.url())).code(104);
        ended.told(&["are not complete", "no space left"]);
        project.run("report whole.hlog").code(0).printed(&["40 requests, 0 failed"]);
    }
}
