-- flags: -u 1 -i 100
-- test.abort in a set's wait_time: the run ends, with the on_stop of each set around it.
local Inner = TaskSet:extend("Inner")
function Inner:wait_time() pcall(test.abort, "gone in wait_time") print("never") end
Inner:task("work", function() end)
function Inner:on_stop() print("inner stops") end
local Outer = TaskSet:extend("Outer", { tasks = { Inner } })
function Outer:on_stop() print("outer stops") end
local U = User:extend("U", { tasks = { Outer } })
function U:on_stop() print("user stops") end
