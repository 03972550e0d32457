-- flags: -u 1 -i 100
-- test.abort in a set's on_stop, which ends there: the run ends, with the on_stop of each set around it.
local Inner = TaskSet:extend("Inner")
Inner:task("work", function(self) self:interrupt() end)
local Innermost = Inner
Inner = TaskSet:extend("Middle", { tasks = { Innermost } })
function Innermost:on_stop() pcall(test.abort, "gone in on_stop") print("never") end
function Inner:on_stop() print("inner stops") end
local Outer = TaskSet:extend("Outer", { tasks = { Inner } })
function Outer:on_stop() print("outer stops") end
local U = User:extend("U", { tasks = { Outer } })
function U:on_stop() print("user stops") end
