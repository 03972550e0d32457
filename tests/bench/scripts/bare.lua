-- A user that does nothing and falls asleep: what every VU takes.
local Bare = User:extend("Bare", { wait_time = constant(3600) })

Bare:task("nothing", function() end)
