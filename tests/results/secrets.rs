//! What a script reads by `secret` is in no output, whatever the script does with it.

use std::collections::BTreeMap;

use crate::support::counter::Counter;
use crate::support::project::{Ended, Project};

/// With what URLs and JSON write in another way.
const SECRET: &str = "pa$$/w\"rd é+1";
/// As URLs and JSON have it, and base64, alone and behind one letter.
const FORMS: [&str; 7] = [
    SECRET,
    "pa%24%24%2Fw%22rd%20%C3%A9%2B1",
    "pa%24%24%2Fw%22rd+%C3%A9%2B1",
    "pa$$/w%22rd%20%C3%A9+1",
    "pa$$/w\\\"rd é+1",
    "cGEkJC93InJkIMOpKz",
    "pwYSQkL3cicmQgw6krM",
];

const SCRIPT: &str = r#"
local U = HttpUser:extend("U", {})
U:task("work", function(self)
  local key = secret("api-key")
  print(key) log.error({ key = key }) log.info("%", key)
  self.client:get("/ok?key=" .. key, { auth = { "me", key }, headers = { ["X-Key"] = "k" } })
  self.client:get("/ok", { params = { key = key } })
  self.client:get("/" .. key)
  self.client:get("/fail/" .. key)
  self.client:get("http://" .. key .. "/")
  self.client:get("/ok", { name = key, catch_response = true }):failure(("x"):rep(4090) .. key)
  check(key, false)
  group(key, function() self.client:get("/ok") end)
  metrics.trend("t", { unit = key }):add(1, { [key] = key })
  pcall(test.abort, "enough of " .. key)
end)
function U:on_stop()
  local function deep() error("in on_stop: " .. secret("api-key")) end
  deep()
end
"#;

fn project(script: &str) -> Project {
    let files = [("s.lua", script), ("config/local.yaml", "settings:\n  secrets: keys\n")];
    let project = Project::new(&files);
    project.write("config/keys/api-key", format!("{SECRET}\n").as_bytes());
    project
}

fn search(outputs: &BTreeMap<&str, String>) {
    for (output, text) in outputs {
        for form in FORMS {
            assert!(!text.contains(form), "{output} holds {form}:\n{text}");
        }
        assert!(text.contains("***"), "{output} holds nothing that was hidden:\n{text}");
    }
}

fn streams(ended: &Ended) -> BTreeMap<&'static str, String> {
    BTreeMap::from([("stdout", ended.out.clone()), ("stderr", ended.err.clone())])
}

#[test]
fn a_secret_is_in_no_output() {
    let (project, server) = (project(SCRIPT), Counter::start());
    let outputs = "--csv out/run --csv-full-history --json-file out/run.json --logfile out/run.log -L DEBUG";
    let ended = project.run(&format!("-f s.lua -i 1 -H {} {outputs}", server.url())).code(108);
    let mut found = streams(&ended);
    for file in [
        "run_stats.csv",
        "run_stats_history.csv",
        "run_failures.csv",
        "run_exceptions.csv",
        "run.json",
        "run.log",
    ] {
        found.insert(file, project.read(&format!("out/{file}")));
    }
    search(&found);
    // The server got what the others must not see.
    let seen: Vec<String> = server.answered().into_keys().collect();
    assert!(seen.iter().any(|target| target.contains("w%22rd")), "{seen:?}");
    let ended = project.run(&format!("-f s.lua -i 1 -H {} --json -L error", server.url())).code(108);
    search(&streams(&ended));
}

#[test]
fn a_secret_is_in_no_refusal() {
    for script in [
        "error(\"not \" .. secret(\"api-key\"))",
        "log.warn(secret(\"api-key\"))\nHttpUser:extend(secret(\"api-key\"), { wait_tiem = 1 })",
    ] {
        let ended = project(script).run("-f s.lua -i 1 -H http://127.0.0.1:9").code(107);
        search(&BTreeMap::from([("stderr", ended.err)]));
    }
}

#[test]
fn a_secret_is_not_in_the_configuration() {
    let script = "secret(\"BUILD\")\nHttpUser:extend(\"U\"):task(\"t\", function() end)";
    let yaml = "base_url: http://127.0.0.1:9\nvars:\n  plain: ${BUILD}\n  other: ${DB_PASSWORD}\n";
    let project = Project::new(&[("s.lua", script), ("config/local.yaml", yaml)]);
    let ended =
        project.run("-f s.lua --show-config -e BUILD=of-the-build -e DB_PASSWORD=of-the-database").code(0);
    for hidden in ["of-the-build", "of-the-database"] {
        assert!(!ended.out.contains(hidden) && !ended.err.contains(hidden), "{}", ended.out);
    }
    for shown in ["vars.plain: \"***\"", "vars.other: \"***\"", "settings.secrets: /run/secrets"] {
        assert!(ended.out.contains(shown), "no {shown} in\n{}", ended.out);
    }
    // A message about the file quotes it as well.
    project.write("config/local.yaml", b"load:\n  users: ${DB_PASSWORD}\n");
    let ended = project.run("-f s.lua -e DB_PASSWORD=of-the-database").code(104);
    search(&BTreeMap::from([("stderr", ended.err)]));
}

#[test]
fn a_missing_secret_names_both_places() {
    let ended = project("secret(\"NO_SUCH\")").run("-f s.lua -H http://127.0.0.1:9").code(107);
    ended.told(&["no secret `NO_SUCH`: the variable NO_SUCH", "config/keys/NO_SUCH", "`settings.secrets`"]);
}

#[test]
fn the_password_of_a_host_is_in_no_output() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  self.client:get(\"/ready\")
  self.client:get(config.base_url .. \"/ready\")
  print(config.base_url)
  error(\"at \" .. config.base_url)
end)
local V = HttpUser:extend(\"V\", { host = \"http://u:of-class@127.0.0.1:9\" })
V:task(\"t\", function(self) self.client:get(\"/\") print(V.host) end)
";
    let (project, server) = (Project::new(&[("s.lua", script)]), Counter::start());
    // Short enough to be any word, and as long as a proxy's that is hidden everywhere.
    for password in ["pq7", "secret-pw"] {
        let host = server.url().replace("://", &format!("://u:{password}@"));
        for class in ["U", "V"] {
            let line = "-f s.lua -i 1 --csv r --csv-full-history --json-file r --logfile r.log -L DEBUG -H";
            let ended = project.run_with(&format!("{class} {line}"), &[&host]).code(1);
            assert!(ended.err.contains("local at http://u:***@127.0.0.1:"), "{}", ended.err);
            assert!(ended.err.contains("U: http://u:***@") || class == "V", "{}", ended.err);
            let mut found = streams(&ended);
            for file in [
                "r_stats.csv",
                "r_stats_history.csv",
                "r_failures.csv",
                "r_exceptions.csv",
                "r.json",
                "r.log",
            ] {
                found.insert(file, project.read(file));
            }
            std::fs::remove_file(project.path("r.log")).unwrap();
            for (output, text) in found {
                assert!(!text.contains(password) && !text.contains("of-class"), "{output}:\n{text}");
            }
        }
        assert!(server.asked() > 0);
        for wrong in [
            format!("ftp://u:{password}@h"),
            format!("http://u:{password}@h/?x"),
            format!("http://u:{password}/@h"),
        ] {
            let ended =
                project.run_with("-f s.lua -H", &[&wrong]).refused(104, &["cannot be used", "u:***@h"]);
            assert!(!ended.err.contains(password), "{}", ended.err);
        }
    }
    let script = "HttpUser:extend(\"U\", { host = \"ftp://u:secret-pw@h\" }):task(\"t\", function() end)\n";
    let project = Project::new(&[("s.lua", script), ("config/local.yaml", "bas_url: http://u:pq7@h\n")]);
    let ended = project.run("-f s.lua").refused(104, &["bas_url: http://u:***@h"]);
    assert!(!ended.err.contains("pq7"), "{}", ended.err);
    project.write("config/local.yaml", b"");
    let ended = project.run("-f s.lua").refused(107, &["`host` of class `U`"]);
    assert!(!ended.err.contains("secret-pw"), "{}", ended.err);
}
