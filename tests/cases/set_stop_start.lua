-- flags: -u 1 -i 10
-- A user that is stopped in a set's on_start: no task of the set runs, but its on_stop does, since it
-- began.
local Set = TaskSet:extend("Set")
function Set:on_start() self.user:stop() end
Set:task("never", function() print("never") end)
function Set:on_stop() print("set stops after " .. vu.iteration) end
local U = User:extend("U", { tasks = { Set } })
function U:on_stop() print("user stops") end
