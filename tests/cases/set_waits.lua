-- flags: -u 1 -i 5
-- A set waits its own wait_time; one without waits the user's, whatever the sets in between have; called
-- on the instance that it belongs to.
local function wait(self)
  print(self.label .. " waits")
  return 0
end

local function leave(self)
  print(self.label)
  self:interrupt(false)
end

local Deepest = SequentialTaskSet:extend("Deepest", { label = "deepest" })
Deepest:task("work", function() print("deepest") end)
Deepest:task("leave", leave)
local Middle = SequentialTaskSet:extend("Middle", { label = "middle", wait_time = wait, tasks = { Deepest } })
Middle:task("leave", leave)
local Plain = SequentialTaskSet:extend("Plain", { label = "plain", tasks = { Middle } })
Plain:task("leave", leave)
local U = User:extend("U", { label = "user", wait_time = wait, tasks = { Plain } })
