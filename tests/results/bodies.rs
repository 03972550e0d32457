//! Bodies that are large, many, or not wanted: what they take, and what the settings say of them.

use crate::support::hostile::Hostile;
use crate::support::project::Project;

const MIB: u64 = 1 << 20;

/// Bytes that the process holds once `script` has said `done`.
fn held(script: &str) -> u64 {
    let server = Hostile::start();
    let project = Project::new(&[("s.lua", script), ("config/local.yaml", "settings: {memory_limit: 8MiB}")]);
    let mut running = project.start(
        &format!("-f s.lua -i 1 --workers 1 -H http://{} -e HOSTILE=http://{}", server.addr, server.addr),
        &[],
    );
    running.until_told("done");
    let held = running.resident();
    running.end().code(0);
    held
}

#[test]
fn kept_bodies_make_room_for_new_ones() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  local all = {}
  for n = 1, 50 do
    all[n] = self.client:get(\"/bytes/6000000\")
    assert(all[n].size == 6000000)
  end
  assert(all[1].status_code == 200 and all[1].size == 6000000 and all[1].headers[\"content-length\"] == \"6000000\")
  local ok, why = pcall(function() return all[1].text end)
  assert(not ok and why:find(\"the body was released\"), why)
  assert(#all[50].text == 6000000)
  print(\"done\")
  sleep(1)
end)
";
    let held = held(script);
    assert!(held < 120 * MIB, "{} MiB of 50 bodies of 6 MB", held / MIB);
}

#[test]
fn bodies_that_come_at_once_are_bounded() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  local all = {}
  for n = 1, 40 do all[n] = { \"/bytes/6000000\", name = \"batch\" } end
  local kinds = {}
  for _, response in ipairs(http.batch(all)) do
    local kind = response.error and response.error.kind or \"fine\"
    kinds[kind] = (kinds[kind] or 0) + 1
  end
  print(\"too large: \" .. kinds.too_large .. \" done\")
  sleep(1)
end)
";
    let server = Hostile::start();
    let project =
        Project::new(&[("s.lua", script), ("config/local.yaml", "settings: {memory_limit: 16MiB}")]);
    let mut running = project.start(&format!("-f s.lua -i 1 --workers 1 -H http://{}", server.addr), &[]);
    running.until_told("done");
    let held = running.resident();
    running.end().code(1);
    assert!(held < 150 * MIB, "{} MiB of 40 bodies of 6 MB", held / MIB);
}

#[test]
fn settings_bound_and_discard_and_ask() {
    let script = "\
local U = HttpUser:extend(\"U\", {})
U:task(\"t\", function(self)
  print(self.client:get(\"/bytes/5000\").size)
  print(tostring(pcall(function() return self.client:get(\"/ready\").text end)))
  print(self.client:get(\"/bytes/5000\", { discard_body = false }).error.kind)
  print(self.client:get(\"/large-headers?kb=3\").error.kind)
  print(self.client:get(\"/echo\", { discard_body = false }):json().headers[\"accept-encoding\"])
end)
";
    let settings = "settings:\n  max_body: 4KiB\n  max_header: 2KiB\n  discard_body: true\n  accept_encoding: gzip, br\n";
    let server = Hostile::start();
    let project = Project::new(&[("s.lua", script), ("config/local.yaml", settings)]);
    let ended = project.run(&format!("-f s.lua -i 1 --workers 1 -H http://{}", server.addr)).code(1);
    ended.told(&["U: 5000", "U: false", "U: too_large", "U: gzip, br"]);
    let shown = project.run("-f s.lua --show-config").code(0);
    for (line, place) in [
        ("settings.max_body: 4KiB", 2),
        ("settings.max_header: 2KiB", 3),
        ("settings.discard_body: true", 4),
        ("settings.accept_encoding: gzip, br", 5),
    ] {
        let found = shown
            .out
            .lines()
            .find(|shown| shown.starts_with(line))
            .unwrap_or_else(|| panic!("{}", shown.out));
        assert!(found.contains(&format!("config/local.yaml:{place}")), "{found}");
    }
}
