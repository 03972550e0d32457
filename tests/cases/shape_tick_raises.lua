-- flags: --stop-timeout 5
-- An error in tick ends the run: nobody knows the plan.
local A = User:extend("A", { wait_time = constant(60) })
A:task("t", function() end)
local Shape = LoadTestShape:extend("Shape")
function Shape:tick()
  local wanted = nil
  return wanted.users, 1 --@error
end
