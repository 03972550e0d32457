-- flags: -u 1 -r 1000 -t 0.4
-- An error in a wait function is counted like any other, and so is what is no time.
local U = User:extend("U", { wait_time = function(self) error("no idea how long") end }) --@wait
U:task("work", function(self) sleep(0) end)
