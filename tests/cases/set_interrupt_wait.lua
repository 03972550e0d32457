-- flags: -u 1 -i 4
-- A wait_time function may leave its set, too.
local Set = TaskSet:extend("Set")
function Set:wait_time()
  print("set waits")
  self:interrupt(vu.iteration > 1)
end
function Set:on_stop() print("stop") end
Set:task("work", function() print("work " .. vu.iteration) end)

local U = User:extend("U", { tasks = { Set } })
function U:wait_time()
  print("user waits")
  return 0
end
