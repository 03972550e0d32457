-- flags: Two A
-- log: sorted
-- One of several load shapes, and a class, named on the command line.
local A = User:extend("A", { wait_time = constant(60) })
A:task("t", function() print("A", vu.id) end)
local B = User:extend("B")
B:task("t", function() print("B", vu.id) end)
LoadTestShape:extend("One", { stages = { { duration = 1, users = 9, spawn_rate = 9 } } })
LoadTestShape:extend("Two", { stages = { { duration = "900ms", users = 2, spawn_rate = 9 } } })
