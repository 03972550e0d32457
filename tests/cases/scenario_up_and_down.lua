-- flags: --workers 1
-- Users that come after others have gone have their numbers, and no two that live have the same: all can be taken off.
options { scenarios = {
  waves = { executor = "ramping_vus", start_vus = 2, exec = "Wave", graceful_ramp_down = 0, stages = {
    { duration = 0, target = 6 }, { duration = "200ms", target = 6 }, { duration = 0, target = 2 }, { duration = "200ms", target = 2 },
    { duration = 0, target = 6 }, { duration = "200ms", target = 6 }, { duration = 0, target = 1 }, { duration = "100ms", target = 1 } } },
} }
local Wave = User:extend("Wave", { wait_time = constant(60) })
Wave:task("rest", function(self) end)
