-- flags: -u 1 -i 2
-- A set that leaves in its on_start was never begun: no task of it runs, nor its on_stop.
local Closed = TaskSet:extend("Closed")
function Closed:on_start()
  print("closed today")
  self:interrupt(self.user.reschedule)
end
Closed:task("never", function() print("never") end)
function Closed:on_stop() print("never stopped") end

local Street = SequentialTaskSet:extend("Street", { tasks = { Closed } })
Street:task("walk", function(self)
  print("walk")
  self.user.reschedule = false
end)
function Street:wait_time()
  print("street waits")
  return 0
end

local U = User:extend("U", { tasks = { Street } })
