-- `interrupt` where there is no set to leave.
local kept
local Set = TaskSet:extend("Set")
Set:task("leave", function(self)
  kept = self
  self:interrupt()
end)

local U = User:extend("U")
local loading = select(2, pcall(function() Set:interrupt() end)) --@class
function U:on_start()
  print(loading)
  print(select(2, pcall(function() self:interrupt() end))) --@user
end
function U:on_stop()
  print(select(2, pcall(function() kept:interrupt() end))) --@late
end
U:task("set", Set)
