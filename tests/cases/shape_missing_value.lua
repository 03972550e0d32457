-- A stage has three values.
local A = User:extend("A")
A:task("t", function() end)
LoadTestShape:extend("Shape", { stages = { { duration = 1, users = 1 } } }) --@shape
