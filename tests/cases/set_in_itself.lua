-- flags: -u 1 -i 3
-- A set that goes into itself before anything else: it does so a limited number of times, and says so.
local starts = 0
local Set = SequentialTaskSet:extend("Set")
function Set:on_start() starts = starts + 1 end
Set:task("again", Set)
Set:task("work", function(self)
  print("work after " .. starts .. " starts")
  self:interrupt()
end)
local U = User:extend("U", { tasks = { Set } })
