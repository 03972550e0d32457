-- flags: -u 1 -i 4
-- Functions are counted as iterations, going into sets and out of them is not; no set is entered for
-- tasks that will not begin.
local Empty = TaskSet:extend("Empty")
function Empty:on_start() self:interrupt() end
Empty:task("never", function() end)

local Set = SequentialTaskSet:extend("Set")
function Set:on_start() print("start " .. vu.iteration) end
Set:task("one", function() print("one " .. vu.iteration) end)
Set:task("two", function(self)
  print("two " .. vu.iteration)
  self:interrupt()
end)

local Round = SequentialTaskSet:extend("Round", { tasks = { Empty, Set } })
local U = User:extend("U", { tasks = { Round } })
function U:on_stop() print("stop " .. vu.iteration) end
