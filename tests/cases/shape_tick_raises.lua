-- flags: --stop-timeout 5
-- An error in tick ends the run: nobody knows the plan.
local A = User:extend("A", { wait_time = constant(60) })
A:task("t", function() end)
local Shape = LoadTestShape:extend("Shape")
function Shape:tick()
  error("no plan") --@error
end
