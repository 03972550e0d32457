-- flags: --seed 1
-- What does not finish in time at the end of its scenario is interrupted; its on_stop runs.
options { scenarios = {
  main = { executor = "constant_vus", vus = 1, duration = "200ms", graceful_stop = "100ms" },
} }
local U = User:extend("U", {})
U:task("long", function(self) sleep(30) end)
function U:on_stop() print("stopped in time: " .. tostring(time.monotonic() < 20)) end
