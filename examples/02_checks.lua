-- Checks: named conditions, counted apart from requests.
--
--   cargo run -- --script examples/02_checks.lua
--
-- A failed check does not fail its request, and does not end the task: the last of these four
-- fails every time, and the run is still a success. `check` returns whether all of them held.
options { iterations = 5 }

local Reader = HttpUser:extend("Reader")

Reader:task("check_readiness", function(self)
  local response = self.client:get("/ready")
  local all = check(response, {
    ["status is 200"] = function(r) return r.status_code == 200 end,
    ["body says ready"] = function(r) return r:json("status") == "ready" end,
    ["answers within a second"] = response.elapsed < 1,
  })
  check("is a teapot", response.status_code == 418)
  assert(all, "an error ends the task, and is counted as an exception")
end)
