-- flags: -u 1 -i 2
-- `interrupt` called wrongly, and within an on_stop.
local Set = TaskSet:extend("Set")
Set:task("leave", function(self)
  print(select(2, pcall(function() self.interrupt() end))) --@dot
  print(select(2, pcall(function() self:interrupt("now") end))) --@text
  print(select(2, pcall(function() self.user:interrupt() end))) --@user
  self:interrupt()
end)
function Set:on_stop() self:interrupt() end --@stop

local U = User:extend("U", { tasks = { Set } })
