-- flags: -u 1 -t 300ms -s 0
-- The run's end while a task of a nested set runs: the task is interrupted, on_stop is not.
local function stops(name)
  return function()
    sleep(0.01)
    print(name .. " stops")
  end
end
local Inner = TaskSet:extend("Inner", { on_stop = stops("inner") })
Inner:task("work", function()
  print("work")
  pcall(sleep, 60)
  print("never")
end)
local Outer = TaskSet:extend("Outer", { tasks = { Inner }, on_stop = stops("outer") })
local U = User:extend("U", { tasks = { Outer }, on_stop = stops("user") })
