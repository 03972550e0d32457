-- flags: --stop-timeout 5
-- What tick returns is looked at; the run ends in order.
local A = User:extend("A", { wait_time = constant(60) })
A:task("t", function() end)
function A:on_stop() print("down") end
teardown(function() print("teardown") end)
local Shape = LoadTestShape:extend("Shape")
function Shape:tick() --@tick
  self.ticked = (self.ticked or 0) + 1
  if self.ticked == 1 then return 1, 1 end
  return { 1, 1 }
end
