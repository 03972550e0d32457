//! Guarded environments: every way around a limit that somebody might think of is refused with exit code 111 before
//! the first request, or not sent.

use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::counter::Counter;
use crate::support::project::Project;
use crate::support::results::agreed;

const SCRIPT: &str = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.05) })
U:task(\"t\", function(self) self.client:get(\"/ready\") end)
";

fn guarded(server: &Counter, safety: &str) -> Project {
    let yaml = format!("base_url: {}\nload: {{run_time: 0.3s}}\nsafety:\n{safety}", server.url());
    let other = SCRIPT.replace("\"U\"", "\"V\"");
    let files =
        [("scripts/suites/a.lua", SCRIPT), ("scripts/suites/b.lua", &other), ("config/prod.yaml", &yaml)];
    Project::new(&files)
}

#[test]
fn a_variable_cannot_lift_a_limit() {
    for (safety, key, line) in [
        ("  max_users: ${MOST:-1}\n", "safety.max_users", 4),
        ("  allowed_hosts:\n    - \"*.${WHERE:-int}.example.com\"\n", "safety.allowed_hosts", 5),
        ("  confirm: ${SENTENCE:-yes}\n", "safety.confirm", 4),
    ] {
        let server = Counter::start();
        let project = guarded(&server, safety);
        let place = format!("prod.yaml:{line}");
        let what = format!("`{key}` cannot depend on a variable");
        project
            .run("-f suites/a.lua --env prod -e MOST=100")
            .refused(104, &[&what, &place, "write the value out"]);
        assert_eq!(server.asked(), 0);
    }
}

#[test]
fn neither_options_nor_variables_nor_classes_exceed_a_limit() {
    let server = Counter::start();
    let project = guarded(&server, "  max_users: 2\n  max_spawn_rate: 2\n  max_run_time: 1s\n");
    let script = |options: &str, class: &str| {
        let text = format!(
            "options {{ {options} }}\nlocal U = HttpUser:extend(\"U\", {{ {class} }})\n\
             function U:on_start() self.client:get(\"/start\") end\n\
             U:task(\"t\", function(self) self.client:get(\"/ready\") sleep(0.05) end)\n\
             local V = U:extend(\"V\", {{}})\n"
        );
        project.write("scripts/suites/a.lua", text.as_bytes());
    };
    for (options, what) in [
        ("users = 3", "3 users are more than `safety.max_users`, 2"),
        ("spawn_rate = 2.1", "2.1 users per second are more than `safety.max_spawn_rate`, 2"),
        // The file's own run time is stronger than the script's; the stop timeout is not set there.
        ("stop_timeout = 11", "a stop timeout of 11s would prolong the run beyond `safety.max_run_time`"),
    ] {
        script(options, "");
        project
            .run("-f suites/a.lua --env prod")
            .refused(111, &[what, "a.lua:1 options", "config/prod.yaml:"]);
    }
    script("", "");
    for line in ["-u 3", "-r 3", "-t 2s", "-t 3000d -i 1", "-s 11s"] {
        project.run(&format!("-f suites/a.lua --env prod {line}")).refused(111, &["safety.max_", "flag --"]);
    }
    for (name, value) in [("E2E_USERS", "3"), ("E2E_SPAWN_RATE", "3"), ("E2E_RUN_TIME", "2s")] {
        let mut command = crate::support::project::command(&project.path(""));
        command.args(["-f", "suites/a.lua"]).env(name, value).env("TEST_ENV", "prod");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(111), "{name}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(name));
    }
    assert_eq!(server.asked(), 0);
    // Fixed counts are shares of the users, not users more.
    script("users = 2, spawn_rate = 2", "fixed_count = 5");
    project.run("-f suites/a.lua --env prod").code(0);
    assert_eq!(server.answered()["GET /start"], 2);
}

#[test]
fn without_a_run_time_of_its_own_a_run_is_refused() {
    let server = Counter::start();
    let yaml = format!("base_url: {}\nsafety:\n  max_run_time: 1s\n", server.url());
    let project = Project::new(&[("scripts/s.lua", SCRIPT), ("config/prod.yaml", &yaml)]);
    for line in ["", "-i 1"] {
        let ended = project.run(&format!("-f s.lua --env prod {line}"));
        ended.refused(111, &["without a run time exceeds `safety.max_run_time`, 1s", "--run-time 1s"]);
    }
    assert_eq!(server.asked(), 0);
    project.run("-f s.lua --env prod -t 0.2s").code(0);
}

/// By whatever name a script is called: the file counts.
#[test]
fn only_the_allowed_scripts_run() {
    let server = Counter::start();
    let project = guarded(&server, "  allowed_scripts: [suites/a.lua]\n");
    project.write("other/suites/a.lua", SCRIPT.as_bytes());
    project.write("main.lua", b"require(\"scripts.suites.a\")\n");
    symlink(project.path("scripts/suites/b.lua"), project.path("scripts/a.lua")).unwrap();
    let absolute = |path: &str| project.path(path).display().to_string();
    for script in [
        "suites/b.lua",
        "other/suites/a.lua",
        "scripts/a.lua",
        "main.lua",
        &absolute("scripts/suites/b.lua"),
        "suites/../suites/b.lua",
        "suites/a.lua -f suites/b.lua",
    ] {
        project
            .run(&format!("--env prod -f {script}"))
            .refused(111, &["`safety.allowed_scripts` does not list"]);
    }
    project.run("--env prod").refused(111, &["main.lua", "allowed are suites/a.lua"]);
    assert_eq!(server.asked(), 0);
    symlink(project.path("scripts/suites/a.lua"), project.path("linked.lua")).unwrap();
    for script in ["suites/a.lua", &absolute("scripts/suites/a.lua"), "scripts/../scripts/suites/a.lua"] {
        project.run(&format!("--env prod -i 1 -f {script}")).code(0);
    }
    // A cluster mounts files as links into a hidden folder.
    std::fs::rename(project.path("scripts/suites/a.lua"), project.path("hidden.lua")).unwrap();
    symlink(project.path("hidden.lua"), project.path("scripts/suites/a.lua")).unwrap();
    std::fs::rename(project.path("config/prod.yaml"), project.path("prod.yaml")).unwrap();
    symlink(project.path("prod.yaml"), project.path("config/prod.yaml")).unwrap();
    project.run("--env prod -i 1 -f suites/a.lua").code(0);
}

/// Many hosts may answer at one address.
#[test]
fn a_host_header_does_not_lead_elsewhere() {
    let server = Counter::start();
    let project = guarded(&server, "  allowed_hosts: [127.0.0.1, other.example.com]\n");
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  local function get(host) return self.client:get(\"/ready\", { name = host, headers = { Host = host } }) end
  log.info(\"kind \" .. get(\"admin.example.com\").error.kind)
  log.info(\"kinds \" .. get(\"x@127.0.0.1\").error.kind .. \" \" .. get(\"evil.example.com:80\").error.kind)
  get(\"127.0.0.1\")
  get(\"other.example.com:80\")
end)
";
    project.write("scripts/suites/a.lua", script.as_bytes());
    let ended =
        project.run("-f suites/a.lua --env prod -i 1 --csv r --csv-full-history --json-file r").code(1);
    assert_eq!(agreed(&project, &ended)["Aggregated"], (5, 3));
    ended.told(&["kind not_allowed", "kinds not_allowed not_allowed"]);
    assert_eq!(server.asked(), 2);
}

/// Over all workers, however many users want more; and the wait for a turn is not the server's time.
#[test]
fn no_second_sees_more_requests_than_allowed() {
    let server = Counter::start();
    let project = guarded(&server, "  max_rps: 20\n");
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self) http.batch { \"/a\", \"/a\", \"/a\" } self.client:get(\"/a\", { timeout = 0.5 }) end)
";
    project.write("scripts/suites/a.lua", script.as_bytes());
    let ended = project
        .run("-f suites/a.lua --env prod -t 3s -u 6 -r 100 --workers 3 -s 0 --csv r --csv-full-history --json-file r")
        .code(0);
    let seen: Vec<_> = server.seen().iter().map(|seen| seen.at).collect();
    assert!(seen.len() <= 66, "{} requests in 3 s", seen.len());
    // A machine that is slow may send less.
    assert!(seen.len() >= 20, "{} requests in 3 s", seen.len());
    for (index, from) in seen.iter().enumerate() {
        let within = seen[index..].iter().take_while(|at| **at - *from < Duration::from_secs(1)).count();
        // One that was sent late is seen beside the next one.
        assert!(within <= 20 + 4, "{within} requests in a second");
    }
    assert_eq!(agreed(&project, &ended)["Aggregated"].1, 0);
    let slowest = of_slowest(&project.read("r_stats.csv"));
    assert!(slowest < 500, "{slowest} ms");
}

fn of_slowest(csv: &str) -> u64 {
    let rows = crate::support::results::rows(csv);
    let column = rows[0].iter().position(|name| name == "Max Response Time").unwrap();
    rows.last().unwrap()[column].parse::<f64>().unwrap() as u64
}

/// On a terminal the sentence is asked for; another one refuses.
#[test]
fn the_sentence_is_asked_for_on_a_terminal() {
    let server = Counter::start();
    let project = guarded(&server, "  confirm: I am sure\n  max_users: 2\n");
    let ask = |line: &str, answer: &str| {
        // `script` gives the command a terminal.
        let line = format!("{} -f suites/a.lua --env prod {line}", env!("CARGO_BIN_EXE_e2e"));
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).current_dir(project.path(""));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        drop(stdin);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let question = "This environment is guarded. Type `I am sure` to go on:";
    let (code, text) = ask("", "i am sure\n");
    assert!(
        code == Some(111) && text.contains(question) && text.contains("does not match"),
        "{code:?} {text}"
    );
    // What is refused anyway is not asked.
    let (code, text) = ask("-u 3", "I am sure\n");
    assert!(code == Some(111) && !text.contains(question), "{code:?} {text}");
    let (code, text) = ask("--confirm no", "I am sure\n");
    assert!(code == Some(111) && !text.contains(question), "{code:?} {text}");
    assert_eq!(server.asked(), 0);
    let (code, text) = ask("", "I am sure\n");
    assert!(code == Some(0) && text.contains(question), "{code:?} {text}");
    assert!(server.asked() > 0);
}

/// A `setup` that goes on is cut at the limit, and neither it nor a listener sends anything afterwards.
#[test]
fn nothing_is_sent_after_setup_reached_the_run_time() {
    let server = Counter::start();
    let project = guarded(&server, "  max_run_time: 1s\n");
    let script = format!(
        "{SCRIPT}
setup(function() while true do http.get(\"/setup\") sleep(0.05) end end)
events.test_stop:add_listener(function()
  local error = http.get(\"/late\").error
  log.info(\"kind \" .. error.kind)
  while true do http.get(\"/late\") sleep(0.05) end
end)
"
    );
    project.write("scripts/suites/a.lua", script.as_bytes());
    let begun = std::time::Instant::now();
    let ended = project.run("-f suites/a.lua --env prod -t 0.3s").code(111);
    // 1 s, and a moment for the listener.
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    ended.told(&["setup took longer than `safety.max_run_time`", "kind not_allowed"]);
    let answered = server.answered();
    assert!(answered["GET /setup"] > 0 && !answered.contains_key("GET /late"), "{answered:?}");
}
