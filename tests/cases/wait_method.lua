-- flags: -u 1 -i 3
-- A method as wait_time may do what a task may: send requests, wait, use self.
local U = HttpUser:extend("U", {})
function U:on_start() self.waited = 0 end
U:task("work", function(self) end)
function U:wait_time()
  self.waited = self.waited + 1
  return self.client:get("/ready").ok and 0.001 or 60
end
function U:on_stop() print("waited " .. self.waited) end
