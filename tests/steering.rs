//! Scenarios from the outside: what is measured at an arrival rate, what a person can change of a run
//! under way, and what an environment does not allow.

use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::demo::{Demo, Faults};

use crate::support::counter::Counter;
use crate::support::project::{Project, command};
use crate::support::results::rows;

fn service(faults: Faults) -> (Demo, String) {
    let demo = Demo::start("127.0.0.1:0".parse().unwrap(), faults).unwrap();
    let url = format!("http://{}", demo.addr());
    (demo, url)
}

/// The service is silent for 1 s in every 4. Arrivals go on meanwhile: over a whole period, wherever it
/// begins, three in four are answered at once, and the rest wait for an even share of that second. So
/// what fraction q waits at most is known: (q - 0.75) / 0.25 s.
#[test]
fn a_stall_is_seen_as_those_see_it_who_come_meanwhile() {
    let script = r#"
options { scenarios = { open = {
  executor = "constant_arrival_rate", rate = 100, duration = 4, pre_allocated_vus = 130, max_vus = 200, exec = "ask",
} } }
function ask() http.get("/ready") end
"#;
    let attempt = || -> Result<(), String> {
        let project = Project::new(&[("s.lua", script)]);
        let stall = Some((Duration::from_secs(1), Duration::from_secs(4)));
        let (_demo, url) = service(Faults { stall, ..Faults::default() });
        let ended = project.run(&format!("-f s.lua -H {url} --csv r --summary-export r.json")).code(0);
        ended.printed(&["Arrivals (times in ms)", "http_req_duration_intended", "400 requests, 0 failed"]);
        let table = rows(&project.read("r_arrivals.csv"));
        let column = |head: &str| table[0].iter().position(|known| known == head).unwrap();
        let row = table.iter().find(|row| row[1] == "http_req_duration_intended").unwrap();
        assert_eq!((row[0].as_str(), row[column("Count")].as_str()), ("open", "400"));
        for (head, q) in [("90%", 0.90), ("95%", 0.95), ("98%", 0.98), ("99%", 0.99), ("100%", 1.0)] {
            let (measured, truth) = (row[column(head)].parse::<f64>().unwrap(), (q - 0.75) / 0.25 * 1000.0);
            // Arrivals are 10 ms apart, so a percentile is known to that.
            if (measured - truth).abs() > 0.02 * truth + 10.0 {
                return Err(format!(
                    "{head} is {measured} ms, not {truth}\n{}",
                    project.read("r_arrivals.csv")
                ));
            }
        }
        let summary: serde_json::Value = serde_json::from_str(&project.read("r.json")).unwrap();
        let told = summary["metrics"]["http_req_duration_intended"]["p(95)"].as_f64().unwrap();
        if (told - 800.0).abs() > 0.02 * 800.0 + 10.0 {
            return Err(format!("the summary says {told}"));
        }
        Ok(())
    };
    // A machine that is busy with others adds to what is measured.
    let failed: Vec<String> = (0..4).map_while(|_| attempt().err()).collect();
    assert!(failed.len() < 4, "{failed:#?}");
}

/// The users of all scenarios have come when the last of them has its own: statistics begin then.
#[test]
fn statistics_can_begin_when_scenarios_have_their_users() {
    let script = r#"
events.spawning_complete:add_listener(function(event) print("complete " .. event.user_count) end)
options { scenarios = {
  early = { executor = "constant_vus", vus = 1, duration = 3, exec = "early" },
  late = { executor = "ramping_vus", start_vus = 0, stages = { { duration = 1, target = 2 }, { duration = 2, target = 2 } }, exec = "late" },
} }
function early() http.get("/" .. (time.monotonic() < 0.9 and "before" or "after")) sleep(0.1) end
function late() sleep(0.1) end
"#;
    let server = Counter::start();
    let project = Project::new(&[("s.lua", script)]);
    let ended = project.run(&format!("-f s.lua --reset-stats -H {}", server.url())).code(0);
    let ended = ended.told(&["complete 3"]);
    assert!(server.answered()["GET /before"] > 0);
    assert!(ended.out.contains("/after") && !ended.out.contains("/before"), "{}", ended.out);
}

#[test]
fn limits_hold_for_scenarios_before_the_first_request() {
    let server = Counter::start();
    let scenario = |text: &str| {
        let script = format!(
            "options {{ scenarios = {{ main = {{ {text} }} }} }}\nfunction go() http.get(\"/t\") sleep(0.2) end"
        );
        Project::new(&[
            ("s.lua", &*script),
            (
                "config/local.yaml",
                "safety:\n  max_users: 5\n  max_spawn_rate: 5\n  max_rps: 20\n  max_run_time: 2s\n",
            ),
        ])
    };
    let users = "executor = \"constant_vus\", exec = \"go\", duration = 1, vus = ";
    let rate =
        "executor = \"constant_arrival_rate\", exec = \"go\", duration = 1, pre_allocated_vus = 1, rate = ";
    for (text, what) in [
        (format!("{users} 6"), "6 users are more than `safety.max_users`, 5"),
        (format!("{rate} 21"), "21 iterations per second are more than `safety.max_rps`, 20"),
        (
            "executor = \"ramping_vus\", exec = \"go\", start_vus = 0, stages = { { duration = 2.5, target = 1 } }".into(),
            "scenarios or stages that last 2.5s exceed `safety.max_run_time`, 2s",
        ),
    ] {
        scenario(&text).run(&format!("-f s.lua -H {}", server.url())).refused(111, &[what]);
    }
    assert_eq!(server.asked(), 0);
    // It ends by itself, in time: no run time is needed.
    scenario(&format!("{users} 1")).run(&format!("-f s.lua -H {}", server.url())).code(0);
    assert!(server.asked() > 0);
    let shape = "LoadTestShape:extend(\"L\", { stages = { { duration = 1, users = 1, spawn_rate = 1 } } })\n\
                 local U = HttpUser:extend(\"U\", { wait_time = constant(0.2) })\nU:task(\"t\", function(self) self.client:get(\"/t\") end)";
    let project = Project::new(&[("s.lua", shape), ("config/local.yaml", "safety:\n  max_run_time: 2s\n")]);
    project.run(&format!("-f s.lua -H {}", server.url())).code(0);
}

/// A run on a terminal of its own, with somebody at its keys.
pub struct Typed {
    child: Child,
    begun: Instant,
    output: std::thread::JoinHandle<String>,
}

impl Typed {
    pub fn start(project: &Project, line: &str) -> Typed {
        let plain = command(&project.path(""));
        let line = format!("{} {line}; stty -a", plain.get_program().display());
        let mut script = Command::new("script");
        script.args(["-qfec", &line, "/dev/null"]).current_dir(project.path(""));
        script.env_clear().envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let pipes = script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = pipes.spawn().expect("script is a part of util-linux");
        let mut out = child.stdout.take().unwrap();
        let output = std::thread::spawn(move || {
            let mut text = Vec::new();
            let _ = std::io::Read::read_to_end(&mut out, &mut text);
            String::from_utf8_lossy(&text).into_owned()
        });
        Typed { child, begun: Instant::now(), output }
    }

    pub fn key(&mut self, key: &str) {
        self.child.stdin.as_mut().unwrap().write_all(key.as_bytes()).unwrap();
    }

    /// Until the server was asked so often, or not.
    pub fn until(&mut self, what: &str, mut reached: impl FnMut() -> bool) {
        while !reached() {
            assert!(self.begun.elapsed() < Duration::from_secs(60), "never {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn end(mut self) -> String {
        let status = self.child.wait().unwrap();
        let output = self.output.join().unwrap();
        assert!(status.code().is_some(), "{output}");
        output
    }
}

const ASKING: &str = r#"
local U = HttpUser:extend("U", { wait_time = constant(0.02) })
function U:on_start() self.client:get("/start/" .. vu.id) end
U:task("t", function(self) self.client:get("/t") end)
"#;

#[test]
fn keys_change_the_users_and_pause_and_stop_the_run() {
    let server = Counter::start();
    let project = Project::new(&[("s.lua", ASKING)]);
    let mut run = Typed::start(&project, &format!("-f s.lua -u 1 -r 1000 -H {}", server.url()));
    let started = |id: u32| server.answered().contains_key(&format!("GET /start/{id}"));
    run.until("the first user", || started(1));
    run.key("w");
    run.until("a second user", || started(2));
    run.key("W");
    run.until("ten more", || started(12));
    run.key("S");
    run.key("p");
    // What was under way comes to its end.
    let mut before = 0;
    run.until("a pause", || {
        std::thread::sleep(Duration::from_millis(300));
        let asked = server.asked();
        std::mem::replace(&mut before, asked) == asked
    });
    run.key("p");
    run.until("more after the pause", || server.asked() > before + 3);
    run.key("q");
    let output = run.end();
    for part in
        ["going to 2 users", "going to 12 users", "paused: no task begins", "resumed", "(stopped by hand)"]
    {
        assert!(output.contains(part), "no `{part}` in {output}");
    }
    // The terminal is as it was.
    assert!(output.contains(" icanon") && output.contains(" echo "), "{output}");
}

#[test]
fn keys_change_the_rate_of_a_scenario_within_its_limits() {
    let script = r#"
options { scenarios = { main = {
  executor = "constant_arrival_rate", rate = 1, time_unit = "20s", duration = "1m", pre_allocated_vus = 3, exec = "go",
} } }
function go() http.get("/t") end
"#;
    let server = Counter::start();
    let limits = ("config/local.yaml", "safety:\n  max_rps: 15\n");
    let project = Project::new(&[("s.lua", script), limits]);
    let mut run = Typed::start(&project, &format!("-f s.lua -H {}", server.url()));
    run.until("the first request", || server.asked() == 1);
    run.key("W");
    // Once in 20 s it would be without.
    run.until("a higher rate", || server.asked() > 5);
    run.key("W");
    run.key("q");
    let output = run.end();
    for part in
        ["scenario `main`: going to 10.05 iterations per second", "are more than `safety.max_rps`, 15"]
    {
        assert!(output.contains(part), "no `{part}` in {output}");
    }
}
