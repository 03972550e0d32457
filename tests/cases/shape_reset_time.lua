-- flags: -i 1
-- A shape's time can begin anew; -i ends the run all the same.
local A = User:extend("A", { wait_time = constant(60) })
A:task("t", function() sleep(0.05) end)
local Shape = LoadTestShape:extend("Shape")
function Shape:tick()
  sleep(0.02)
  print(self:run_time() >= 0.02)
  self:reset_time()
  print(self:run_time() < 0.02)
  return 1, 1
end
