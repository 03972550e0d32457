-- flags: -u 1 -i 100
-- test.abort in a task: the run ends, with the on_stop of each set around it.
local Inner = TaskSet:extend("Inner")
Inner:task("work", function() pcall(test.abort, "gone in a task") print("never") end)
function Inner:on_stop() print("inner stops") end
local Outer = TaskSet:extend("Outer", { tasks = { Inner } })
function Outer:on_stop() print("outer stops") end
local U = User:extend("U", { tasks = { Outer } })
function U:on_stop() print("user stops") end
