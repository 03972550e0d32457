-- flags: --workers 1
-- More arrivals than anybody could look at: the scenario ends in time, and each is counted, as begun or as dropped.
options { scenarios = {
  flood = { executor = "constant_arrival_rate", rate = 50000000, duration = "500ms", pre_allocated_vus = 1, graceful_stop = 0, exec = "Count" },
}, thresholds = { dropped_iterations = { "count>24900000", "count<=25000000" } } }
local Count = User:extend("Count", {})
Count:task("count", function(self) sleep(0.1) end)
