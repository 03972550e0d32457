-- flags: -u 1 -r 1000 -t 0.4
-- A wait function that returns no time.
local U = User:extend("U", { wait_time = function(self) return "soon" end }) --@wait
U:task("work", function(self) end)
