-- flags: -u 1 -i 5
-- One set may be nested in several places; sets may share a name.
local Shared = TaskSet:extend("Set")
Shared:task("work", function(self)
  print("shared below " .. self.parent.label)
  self:interrupt()
end)
local function outer(label)
  local Outer = SequentialTaskSet:extend("Set", { label = label, tasks = { Shared } })
  Outer:task("leave", function(self) self:interrupt() end)
  return Outer
end
local Round = SequentialTaskSet:extend("Round", { label = "round", tasks = { outer("first"), outer("second"), Shared } })
local U = User:extend("U", { tasks = { Round } })
