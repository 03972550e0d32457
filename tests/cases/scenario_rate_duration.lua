-- flags: --workers 1
-- A scenario at an arrival rate lasts as long as it is said to, also after its last arrival: its rate is the planned one.
options { scenarios = {
  seldom = { executor = "constant_arrival_rate", rate = 1, duration = "1500ms", pre_allocated_vus = 1, exec = "Count" },
  fades = { executor = "ramping_arrival_rate", start_rate = 10, pre_allocated_vus = 2, exec = "Count", stages = {
    { duration = "500ms", target = 10 }, { duration = 0, target = 0 }, { duration = "1s", target = 0 } } },
}, thresholds = {
  ["iterations{scenario:seldom}"] = { "count==2", "rate>1", "rate<1.4" },
  ["iterations{scenario:fades}"] = { "count==5", "rate>2.5", "rate<3.4" },
} }
local Count = User:extend("Count", {})
Count:task("count", function(self) end)
