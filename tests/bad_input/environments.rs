//! Environment files that are wrong, missing or guarded.

use crate::support::counter::Counter;
use crate::support::hostile::Hostile;
use crate::support::project::Project;
use crate::support::results::agreed;

const SCRIPT: &str = "\
local U = HttpUser:extend(\"U\", { wait_time = constant(0.05) })
U:task(\"t\", function(self) self.client:get(\"/ready\") end)
";

const SCRIPT_TASK: &str = "U:task(\"t\", function(self) self.client:get(\"/ready\") end)\n";

#[track_caller]
fn refused(yaml: &str, code: i32, fragments: &[&str]) {
    let project = Project::new(&[("scripts/s.lua", SCRIPT), ("config/int.yaml", yaml)]);
    let ended = project.run("-f s.lua --env int -t 1s");
    ended.refused(code, fragments);
}

#[test]
fn an_unknown_key_has_a_caret_and_a_suggestion() {
    let yaml = "environment: int\nbase_url: http://127.0.0.1:9\nsettings:\n  default_timout: 3\n";
    let project = Project::new(&[("scripts/s.lua", SCRIPT), ("config/int.yaml", yaml)]);
    let expected = "\
error: unknown key `default_timout` in `settings`
 --> config/int.yaml:4:3
  |
4 |   default_timout: 3
  |   ^
help: did you mean `default_timeout`?
";
    assert_eq!(project.run("-f s.lua --env int -t 1s").refused(104, &[]).err, expected);
}

#[test]
fn wrong_values_say_where_and_what_is_wanted() {
    let base = "base_url: http://127.0.0.1:9\n";
    for (yaml, fragments) in [
        ("bas_url: http://x", ["unknown key `bas_url`", "config/int.yaml:1:1", "`base_url`?"]),
        (
            "load:\n  run_time: 3x",
            ["`load.run_time` must be a duration", "config/int.yaml:3:13", "`x` is not a unit"],
        ),
        (
            "load:\n  users: 0",
            ["`load.users` must be a whole number of at least 1", "config/int.yaml:3:10", "`0`"],
        ),
        ("load: 3", ["`load` must be a mapping", "config/int.yaml:2:7", "`3`"]),
        (
            "settings:\n  default_timeout: soon",
            ["`settings.default_timeout`", "config/int.yaml:3:20", "soon"],
        ),
        ("settings:\n  max_retries: -1", ["`settings.max_retries`", "config/int.yaml:3:16", "-1"]),
        (
            "vars:\n  x: ${NOT_SET}",
            ["variable `NOT_SET` is not set", "config/int.yaml:3:6", "${NOT_SET:-value}"],
        ),
        (
            "env:\n  - X\nload: [\n a: b",
            ["config/int.yaml is not valid YAML", "config/int.yaml:", "did not find"],
        ),
        ("load:\n\tusers: 1", ["not valid YAML", "config/int.yaml:3", "why:"]),
        (
            "base_url: http://y",
            ["key `base_url` stands here for the second time", "config/int.yaml:2:1", "line 1"],
        ),
        ("target: demos", ["target", "config/int.yaml:2:9", "demo"]),
    ] {
        let yaml = if yaml.starts_with("bas_") { yaml.to_owned() } else { format!("{base}{yaml}\n") };
        refused(&yaml, 104, &fragments);
    }
}

#[test]
fn a_missing_environment_names_those_that_exist() {
    let yaml = "base_url: http://127.0.0.1:9\n";
    let project =
        Project::new(&[("scripts/s.lua", SCRIPT), ("config/stage.yaml", yaml), ("config/int.yaml", yaml)]);
    let ended = project.run("-f s.lua --env stag -t 1s");
    ended.refused(104, &["there is no environment `stag`", "--env", "`stage`?", "int"]);
    project.run("-f s.lua --env ../etc -t 1s").refused(104, &["../etc"]);
    let mut command = crate::support::project::command(&project.path(""));
    let output = command.args(["-f", "s.lua"]).env("TEST_ENV", "nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(104));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("`nowhere`") && told.contains("TEST_ENV"), "{told}");
}

#[test]
fn files_that_are_no_text_are_refused() {
    let project = Project::new(&[("scripts/s.lua", SCRIPT)]);
    project.write("config/int.yaml", b"base_url: \xff\n");
    project.run("-f s.lua --env int").refused(104, &["config/int.yaml", "UTF-8"]);
    let project = Project::new(&[("scripts/s.lua", SCRIPT), ("config/int.yaml/x", "")]);
    project.run("-f s.lua --env int").refused(104, &["int"]);
}

#[test]
fn a_guarded_environment_wants_its_sentence() {
    let server = Counter::start();
    let yaml = format!("base_url: {}\nsafety:\n  confirm: I am sure\n  max_users: 3\n", server.url());
    let project = Project::new(&[("scripts/s.lua", SCRIPT), ("config/prod.yaml", &yaml)]);
    let line = "-f s.lua --env prod -t 0.3s";
    project
        .run(line)
        .refused(111, &["wants a confirmation", "config/prod.yaml:3:12", "--confirm \"I am sure\""]);
    let wrong = project.run_with(line, &["--confirm", "i am sure"]);
    wrong.refused(111, &["the confirmation does not match"]);
    let many = project.run_with(line, &["--confirm", "I am sure", "-u", "4"]);
    many.refused(111, &["4 users are more than `safety.max_users`, 3", "config/prod.yaml:4", "--users"]);
    assert_eq!(server.asked(), 0);
    project.run_with(line, &["--confirm", "I am sure"]).code(0);
    assert!(server.asked() > 0);
}

#[test]
fn every_limit_of_a_guarded_environment_holds() {
    let server = Counter::start();
    let yaml = format!(
        "base_url: {}\nsafety:\n  max_spawn_rate: 2\n  max_run_time: 5s\n  allowed_scripts: [suites/a.lua]\n  \
         allowed_hosts: [127.0.0.1]\n",
        server.url()
    );
    let project = Project::new(&[
        ("scripts/suites/a.lua", SCRIPT),
        ("scripts/suites/b.lua", SCRIPT),
        ("config/prod.yaml", &yaml),
    ]);
    for (line, fragments) in [
        ("-f suites/a.lua -t 1s -r 3", ["safety.max_spawn_rate", "prod.yaml:3"]),
        ("-f suites/a.lua -t 6s", ["safety.max_run_time", "prod.yaml:4"]),
        ("-f suites/a.lua", ["safety.max_run_time", "prod.yaml:4"]),
        ("-f suites/b.lua -t 1s", ["suites/b.lua", "prod.yaml:5"]),
        ("-f suites/a.lua -t 1s -H http://localhost:1", ["localhost", "prod.yaml:6"]),
    ] {
        project.run(&format!("{line} --env prod")).refused(111, &fragments);
    }
    assert_eq!(server.asked(), 0);
}

/// Neither a class, nor an absolute URL, nor a redirect leads to a host that is not allowed.
#[test]
fn no_request_goes_to_a_host_that_is_not_allowed() {
    let (allowed, other) = (Hostile::start(), Counter::start());
    let yaml = format!("base_url: http://{0}\nsafety:\n  allowed_hosts: [\"{0}\"]\n", allowed.addr);
    let script = format!(
        "local U = HttpUser:extend(\"U\", {{}})
U:task(\"t\", function(self)
  self.client:get(\"/echo\")
  log.info(\"kind \" .. self.client:get(\"{url}/absolute\", {{ name = \"absolute\" }}).error.kind)
  self.client:get(\"/redirect-to?{url}/redirected\", {{ name = \"redirected\" }})
end)",
        url = other.url()
    );
    let project = Project::new(&[("scripts/s.lua", &script), ("config/int.yaml", &yaml)]);
    let ended = project.run("-f s.lua --env int -i 1 --csv r --csv-full-history --json-file r").code(1);
    let counts = agreed(&project, &ended);
    assert_eq!(
        (counts["GET /echo"], counts["GET absolute"], counts["GET redirected"]),
        ((1, 0), (1, 1), (1, 1))
    );
    let refusal = format!("requests to {} are not allowed in this environment", other.addr);
    ended.told(&["kind not_allowed"]).printed(&[&refusal]);
    let script =
        format!("local U = HttpUser:extend(\"U\", {{ host = \"{}\" }})\n", other.url()) + SCRIPT_TASK;
    project.write("scripts/s.lua", script.as_bytes());
    project
        .run("-f s.lua --env int -i 1")
        .refused(111, &["`safety.allowed_hosts` does not list 127.0.0.1", "s.lua:1"]);
    assert_eq!(other.asked(), 0);
    // The bundled service is this process's own, and always allowed.
    project.write("config/own.yaml", b"target: demo\nsafety:\n  allowed_hosts: [api.example.com]\n");
    project.write("scripts/s.lua", SCRIPT.as_bytes());
    project.run("-f s.lua --env own -i 1").code(0);
}

#[test]
fn an_environment_file_that_is_not_read_is_told() {
    let project = Project::new(&[("s.lua", SCRIPT), ("config/local.yml", "base_url: http://127.0.0.1:9\n")]);
    let warning = "warning: config/local.yml is not read: call it local.yaml";
    for line in ["-f s.lua -t 1s", "-f s.lua -t 1s --check"] {
        let ended = project.run(line);
        assert!(ended.err.contains(warning), "{line}: {}", ended.err);
    }
    project
        .run("-f s.lua -t 1s --env local")
        .refused(104, &["`local`", "help: config/local.yml is not read"]);
    let project = Project::new(&[("s.lua", SCRIPT), ("config/local.yaml/x", "")]);
    project.run("-f s.lua -t 1s").refused(104, &["config/local.yaml is a folder, not a file"]);
}
