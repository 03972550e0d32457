-- A shape needs stages or tick.
local A = User:extend("A")
A:task("t", function() end)
LoadTestShape:extend("Shape") --@shape
