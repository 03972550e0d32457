-- flags: -u 1 -i 2
-- on_start, the tasks, on_stop: in this order, on one instance.
local U = User:extend("U", { steps = "class" })
function U:on_start()
  print("on_start: " .. self.steps)
  self.steps = self.steps .. ", started"
end
U:task("work", function(self)
  self.steps = self.steps .. ", worked"
  print("task " .. vu.iteration)
end)
function U:on_stop()
  print("on_stop: " .. self.steps)
  print("class: " .. U.steps)
end
