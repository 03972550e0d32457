-- flags: -u 1 -i 7
-- `interrupt` ends the task where it stands, then the set's on_stop runs. What the set is nested in
-- goes on at once, or waits before with `interrupt(false)`.
local Inner = TaskSet:extend("Inner")
function Inner:on_stop() print("inner stop") end
Inner:task("leave", function(self)
  print("leave, reschedule " .. tostring(self.user.reschedule))
  self:interrupt(self.user.reschedule)
  print("never printed")
end)

local Outer = SequentialTaskSet:extend("Outer")
function Outer:wait_time()
  print("outer waits")
  return 0
end
Outer:task("default", function(self) self.user.reschedule = nil end)
Outer:task("inner", Inner)
Outer:task("true", function(self) self.user.reschedule = true end)
Outer:task("inner again", Inner)
Outer:task("false", function(self) self.user.reschedule = false end)
Outer:task("inner at last", Inner)

local U = User:extend("U")
U:task("outer", Outer)
