-- flags: -u 1 -t 300ms
-- The run's end while a set within a set waits: it waits no longer, and each on_stop runs, innermost
-- first.
local function stops(name)
  return function() print(name .. " stops") end
end
local Inner = TaskSet:extend("Inner", { wait_time = constant(60), on_stop = stops("inner") })
Inner:task("work", function() print("work") end)
local Outer = TaskSet:extend("Outer", { tasks = { Inner }, on_stop = stops("outer") })
local U = User:extend("U", { tasks = { Outer }, on_stop = stops("user") })
