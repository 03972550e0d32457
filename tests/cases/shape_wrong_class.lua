-- A stage with a class that does not run.
local Reader = User:extend("Reader")
Reader:task("t", function() end)
LoadTestShape:extend("Shape", { stages = { { duration = 1, users = 1, spawn_rate = 1, classes = { "Raeder" } } } }) --@shape
