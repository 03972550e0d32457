-- flags: --seed 1
-- counts: yes
-- Each executor does as much as it says: what is counted is the same on any number of workers.
options { scenarios = {
  steady = { executor = "constant_vus", vus = 3, duration = "300ms", exec = "Once" },
  ramp = { executor = "ramping-vus", start_vus = 0, stages = { { duration = 0, target = 5 }, { duration = "400ms", target = 5 } }, exec = "Once" },
  each = { executor = "per_vu_iterations", vus = 3, iterations = 5, exec = "Count" },
  shared = { executor = "shared_iterations", vus = 3, iterations = 10, exec = "Count", start_time = 0.1 },
  arrive = { executor = "constant_arrival_rate", rate = 3000, time_unit = "1m", duration = "600ms", pre_allocated_vus = 30, exec = "Count", tags = { kind = "open" } },
  rise = { executor = "ramping_arrival_rate", start_rate = 0, stages = { { duration = "500ms", target = 40 } }, pre_allocated_vus = 2, max_vus = 10, exec = "Count", tags = { kind = "open" } },
}, thresholds = {
  ["iterations{scenario:steady}"] = "count==3",
  ["iterations{scenario:ramp}"] = "count==5",
  ["iterations{scenario:each}"] = "count==15",
  ["iterations{scenario:shared}"] = "count==10",
  ["iterations{scenario:arrive}"] = "count==30",
  ["iterations{scenario:rise}"] = "count==10",
  ["iterations{kind:open}"] = "count==40",
  dropped_iterations = "count==0",
} }
-- Waits until the scenario takes it off.
local Once = User:extend("Once", { wait_time = constant(60) })
Once:task("once", function(self) end)
local Count = User:extend("Count", {})
Count:task("count", function(self) end)
