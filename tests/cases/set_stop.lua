-- flags: -u 2 -r 1000 -i 100
-- log: sorted
-- `self.user:stop()` within sets: the task goes on to its end, then each set's on_stop runs, innermost
-- first, then the user's.
local order = {}
local function stopping(name)
  return function() order[#order + 1] = name end
end

local Inner = TaskSet:extend("Inner", { on_stop = stopping("inner"), wait_time = constant(60) })
Inner:task("work", function(self)
  self.user:stop()
  order[#order + 1] = "end of task"
end)
local Outer = TaskSet:extend("Outer", { on_stop = stopping("outer"), tasks = { Inner } })
local U = User:extend("U", { tasks = { Outer } })
function U:on_stop() print("user " .. vu.id .. ": " .. table.concat(order, ", ") .. ", user") end
