-- flags: -u 1 -i 3
-- What fails while a set is being left is an exception, and the set is left all the same.
local Set = TaskSet:extend("Set")
Set:task("leave", function(self) self:interrupt() end)
function Set:on_start() print("start") end
function Set:on_stop()
  print("stop")
  error("stop failed") --@stop
end

local U = User:extend("U", { tasks = { Set } })
