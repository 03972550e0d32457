-- flags: -u 1 -i 3
-- A set right below a user is left to the user, whose wait comes before its next task with
-- `interrupt(false)` only.
local at_once = true

local Set = TaskSet:extend("Set")
Set:task("leave", function(self)
  print("leave")
  at_once = not at_once
  self:interrupt(not at_once)
end)

local U = User:extend("U", { tasks = { Set } })
function U:wait_time()
  print("user waits")
  return 0
end
