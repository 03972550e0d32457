//! `--watch`, with real edits.

use std::fs;
use std::time::Duration;

use crate::support::counter::Counter;
use crate::support::project::{Project, Running};

fn script(path: &str) -> String {
    format!(
        "local U = HttpUser:extend(\"U\", {{}})\nU:task(\"t\", function(self) self.client:get(\"/{path}\") end)\n"
    )
}

struct Watch {
    project: Project,
    server: Counter,
    running: Running,
    /// How many runs have ended by themselves.
    rounds: usize,
}

const WAITING: &str = "waiting for a change of";

impl Watch {
    /// Up to the end of the first run.
    fn start(files: &[(&str, &str)], line: &str) -> Watch {
        let server = Counter::start();
        let project = Project::new(files);
        let line = format!("-f suites/a.lua --watch -H {} {line}", server.url());
        let running = project.start(&line, &[]);
        Watch { project, server, running, rounds: 0 }
    }

    /// Until one more run has ended by itself.
    fn waits(&mut self, code: u8) {
        self.rounds += 1;
        let rounds = self.rounds;
        self.running.until_told_times(WAITING, rounds);
        let last = format!("watch: exit code {code}; {WAITING}");
        let told = self.running.told();
        assert!(told.lines().rev().find(|line| line.contains(WAITING)).unwrap().contains(&last), "{told}");
    }

    fn asked(&self, path: &str) -> u64 {
        self.server.answered().get(&format!("GET /{path}")).copied().unwrap_or_default()
    }

    /// As editors save: a new file in the old one's place.
    fn replace(&self, path: &str, text: &str) {
        self.project.write("elsewhere/new", text.as_bytes());
        fs::rename(self.project.path("elsewhere/new"), self.project.path(path)).unwrap();
    }
}

#[test]
fn a_broken_script_is_told_and_its_mending_runs() {
    let mut watch = Watch::start(&[("scripts/suites/a.lua", &script("one"))], "-i 2 --csv r");
    watch.waits(0);
    assert_eq!(watch.asked("one"), 2);
    watch.project.write("scripts/suites/a.lua", b"local x = = 1\n");
    watch.waits(107);
    assert!(watch.running.told().contains("unexpected symbol near '='"), "{}", watch.running.told());
    watch.replace("scripts/suites/a.lua", &script("two"));
    watch.waits(0);
    assert_eq!((watch.asked("one"), watch.asked("two")), (2, 2));
    // Each run writes its own results.
    let stats = watch.project.read("r_stats.csv");
    assert!(stats.contains("/two") && !stats.contains("/one"), "{stats}");
    // Idle, it ends at once, with the last run's code.
    watch.project.write("scripts/suites/a.lua", script("fail").as_bytes());
    watch.waits(1);
    watch.running.signal("INT");
    watch.running.end().code(1).told(&["watch: scripts/suites/a.lua changed: running again"]);
}

#[test]
fn modules_data_and_configuration_count_and_nothing_else_does() {
    let text = format!("require(\"utils.m\")\n{}", script("x"));
    let files = [
        ("scripts/suites/a.lua", text.as_str()),
        ("scripts/utils/m.lua", "return 1\n"),
        ("scripts/data/rows.csv", "a,b\n"),
        ("config/int.yaml", "load: {iterations: 1}\n"),
        ("config/stage.yaml", "load: {iterations: 9}\n"),
    ];
    // Results in the midst of what is watched.
    let mut watch = Watch::start(&files, "--env int --csv scripts/r --json-file scripts/new/r.json");
    watch.waits(0);
    for (path, text) in [
        ("scripts/utils/m.lua", "return 2\n"),
        ("scripts/data/rows.csv", "a,b\n1,2\n"),
        ("config/int.yaml", "load: {iterations: 2}\n"),
        ("scripts/more/deep/n.lua", "return 1\n"),
        ("scripts/more/deep/n.lua", "return 2\n"),
    ] {
        // The same content again, and what belongs to nobody, start no run.
        watch.project.write("scripts/suites/a.lua", files[0].1.as_bytes());
        watch.replace("scripts/utils/m.lua", &watch.project.read("scripts/utils/m.lua"));
        watch.project.write("config/stage.yaml", text.as_bytes());
        watch.project.write("scripts/.a.lua.swp", text.as_bytes());
        std::thread::sleep(Duration::from_millis(400));
        assert_eq!(watch.running.told().matches("running again").count(), watch.rounds - 1, "{path}");
        watch.project.write(path, text.as_bytes());
        watch.waits(0);
        assert!(watch.running.told().contains(&format!("watch: {path} changed: running again")), "{path}");
    }
    fs::remove_dir_all(watch.project.path("scripts/more")).unwrap();
    watch.waits(0);
    fs::remove_file(watch.project.path("scripts/suites/a.lua")).unwrap();
    watch.waits(104);
    watch.running.signal("TERM");
    watch.running.end().code(104);
}

/// The run under way ends gracefully, and what changes meanwhile is not lost.
#[test]
fn a_change_ends_the_run_under_way() {
    let long = |path: &str| {
        format!(
            "local U = HttpUser:extend(\"U\", {{ wait_time = constant(60) }})\n\
             U:task(\"t\", function(self) self.client:get(\"/{path}\") sleep(0.7) self.client:get(\"/{path}-end\") end)\n\
             function U:on_stop() self.client:get(\"/{path}-stop\") end\n"
        )
    };
    let mut watch = Watch::start(&[("scripts/suites/a.lua", &long("one"))], "-s 30s");
    let server = &watch.server;
    let seen = |path: &str| server.answered().contains_key(&format!("GET /{path}"));
    watch.running.until("the first run", || seen("one"));
    watch.project.write("scripts/suites/a.lua", long("two").as_bytes());
    watch.running.until_told("changed: ending this run");
    watch.project.write("scripts/suites/a.lua", long("three").as_bytes());
    watch.running.until("the third version", || seen("three"));
    assert!(seen("one-end") && seen("one-stop"), "{:?}", server.answered());
    // Once: the run ends gracefully, and the watch with it.
    watch.running.signal("INT");
    let ended = watch
        .running
        .end()
        .code(105)
        .told(&["stopping: tasks may take 30 s", "a file changed: tasks may take"]);
    assert!(ended.out.contains("a file changed"), "{}", ended.out);
    assert!(seen("three-end") && seen("three-stop"), "{:?}", server.answered());
    assert!(!ended.err.contains(WAITING), "{}", ended.err);
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    let text = "local U = HttpUser:extend(\"U\", {})\n\
                U:task(\"t\", function(self) self.client:get(\"/one\") sleep(60) end)\n";
    let mut watch = Watch::start(&[("scripts/suites/a.lua", text)], "-s 60s");
    let server = &watch.server;
    watch.running.until("the run", || !server.seen().is_empty());
    watch.running.signal("INT");
    watch.running.until_told("stopping: ");
    watch.running.signal("INT");
    let ended = watch.running.end().code(105);
    assert!(ended.took < Duration::from_secs(20), "{:?}", ended.took);
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let yaml = "base_url: http://127.0.0.1:9\nsafety:\n  confirm: I am sure\n";
    let project = Project::new(&[("s.lua", &script("x")), ("config/prod.yaml", yaml)]);
    project
        .run_with("-f s.lua --env prod -t 1s --watch", &["--confirm", "I am sure"])
        .refused(111, &["`safety.confirm` is not run by --watch", "prod.yaml:3"]);
    project.run("-f nowhere.lua --watch").refused(104, &["there is no script nowhere.lua"]);
}
