-- flags: -u 5 -r 2 -t 0.3s
-- With a load shape --users and --spawn-rate mean nothing; --run-time ends the run.
local A = User:extend("A", { wait_time = constant(60) })
A:task("t", function() print("one") end)
LoadTestShape:extend("Shape", { stages = { { duration = "1h", users = 1, spawn_rate = 1 } } })
