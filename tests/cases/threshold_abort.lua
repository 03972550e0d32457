-- flags: -u 1 -r 1000 -t 60s
-- counts: no
-- With abort_on_fail the run ends as soon as it is crossed, and as any other: what runs may finish.
options { thresholds = { checks = { { threshold = "rate>0.5", abort_on_fail = true, delay = 0.5 } } } }
local U = User:extend("U", { wait_time = constant(0.05) })
U:task("work", function(self) check("holds", false) end)
function U:on_stop() print("stopped before its time: " .. tostring(time.monotonic() < 30)) end
