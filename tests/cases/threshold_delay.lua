-- flags: -u 1 -r 1000 -t 1.6
-- Before its delay is over a threshold ends nothing; at the end it is judged all the same.
options { thresholds = { checks = { { threshold = "rate>0.5", abort_on_fail = true, delay = "30s" } } } }
local U = User:extend("U", { wait_time = constant(30) })
U:task("work", function(self) check("holds", false) end)
function U:on_stop() print("after the run time: " .. tostring(time.monotonic() > 1.5)) end
