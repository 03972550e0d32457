-- A run has one load shape.
local A = User:extend("A")
A:task("t", function() end)
LoadTestShape:extend("One", { stages = { { duration = 1, users = 1, spawn_rate = 1 } } })
LoadTestShape:extend("Two", { stages = { { duration = 1, users = 1, spawn_rate = 1 } } })
LoadTestShape:extend("Base", { abstract = true })
