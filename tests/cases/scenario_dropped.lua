-- flags: --workers 1
-- Arrivals that find no free user are dropped; a user that was busy has begun late, which is seen in
-- the time since the intended start.
options { scenarios = {
  busy = { executor = "constant_arrival_rate", rate = 20, duration = "500ms", pre_allocated_vus = 2, exec = "Slow", env = { KIND = "busy" } },
}, thresholds = { ["dropped_iterations{scenario:busy}"] = "count==8", ["iterations{scenario:busy}"] = "count==2" } }
local Slow = User:extend("Slow", {})
Slow:task("slow", function(self)
  print(env.KIND)
  sleep(1.5)
end)
