-- flags: --stop-timeout 5
-- A class from tick that does not run.
local Reader = User:extend("Reader", { wait_time = constant(60) })
Reader:task("t", function() end)
local Shape = LoadTestShape:extend("Shape")
function Shape:tick() return 1, 1, { "Writer" } end
