-- A key of a stage that does not exist.
local A = User:extend("A")
A:task("t", function() end)
LoadTestShape:extend("Shape", { --@shape
  stages = { { duration = 1, users = 1, spawn_rate = 1 }, { duration = 1, users = 1, spawnrate = 1 } },
})
