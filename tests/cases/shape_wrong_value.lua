-- A stage's users must be a number from 0 up.
local A = User:extend("A")
A:task("t", function() end)
LoadTestShape:extend("Shape", { stages = { { duration = 1, users = -1, spawn_rate = 1 } } }) --@shape
