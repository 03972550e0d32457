-- Outputs: what a run leaves behind, and a run beside an earlier one.
--
--   cargo run -- --script examples/40_outputs.lua --out hdr=before.hlog --junit run.xml --summary-export run.json
--   cargo run -- --script examples/40_outputs.lua --baseline before.hlog
--   cargo run -- report before.hlog --csv before
--
-- All outputs can be given at once and agree with each other. A log (`hdr`) holds the whole run: `e2e report` makes
-- every other report of it, adds up those of several machines, and `--baseline` compares with it.
-- A threshold about the baseline says how much worse a percentile may be; it is crossed only where chance does not
-- explain it. Without a baseline nobody can say, so this one is for runs that have one: exit code 112 otherwise.
options {
  users = 2, spawn_rate = 100, iterations = 60,
  thresholds = {
    http_req_failed = "rate<0.01",
    ["http_req_duration{name:look}"] = { "p(95)<2000", { regression = "med<+900%" } },
  },
}

local found = metrics.rate("found")

local Reader = HttpUser:extend("Reader", { wait_time = constant(0.01) })

Reader:task("look", function(self)
  -- `--out json=samples.json` has each request with these tags, in k6's form.
  local response = self.client:get("/ready", { name = "look", tags = { kind = "read" } })
  found:add(response.ok, { kind = "read" })
  check("status is 200", response.status_code == 200)
end)
