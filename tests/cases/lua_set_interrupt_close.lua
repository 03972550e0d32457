-- flags: -u 1 -i 3
-- What is passed and fails while a set is being left is an exception, and the set is left all the same.
local Set = TaskSet:extend("Set")
Set:task("leave", function(self)
  local failing <close> = setmetatable({}, { __close = function() error("close failed") end }) --@close
  self:interrupt()
end)
function Set:on_start() print("start") end
function Set:on_stop()
  print("stop")
  error("stop failed") --@stop
end

local U = User:extend("U", { tasks = { Set } })
