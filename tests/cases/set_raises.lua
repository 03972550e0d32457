-- flags: -u 1 -i 5
-- An error in a task of a set is an exception; the set waits and goes on. One in a set's on_start is
-- met by what the set is nested in: that waits and goes on, and the set's on_stop does not run.
local function wait(self)
  print(self.label .. " waits")
  return 0
end

local starts = 0
local Inner = SequentialTaskSet:extend("Inner", { label = "inner", wait_time = wait })
function Inner:on_start()
  starts = starts + 1
  if starts == 1 then error("not ready") end --@start
end
function Inner:on_stop() print("inner stops") end
Inner:task("fail", function() error("oops") end) --@task
Inner:task("leave", function(self) self:interrupt() end)

local Outer = SequentialTaskSet:extend("Outer", { label = "outer", wait_time = wait, tasks = { Inner } })
function Outer:on_stop()
  print("outer stops")
  error("late") --@stop
end
Outer:task("count", function() print("count") end)

local U = User:extend("U", { tasks = { Outer } })
function U:on_stop() print("user stops") end
