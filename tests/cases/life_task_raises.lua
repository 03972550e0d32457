-- flags: -u 1 -i 4
-- trace: yes
-- An error in a task is counted, by message and traceback; the user goes on.
local U = User:extend("U", {})
local function deeper(n)
  if n == 0 then error("failed in " .. vu.iteration % 2) end --@error
  deeper(n - 1) --@deeper
  return 1
end
U:task("work", function(self)
  deeper(1) --@task
  return 1
end)
function U:on_stop()
  print("after " .. vu.iteration .. " tasks")
  error("late") --@late
end
