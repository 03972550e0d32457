-- flags: -u 1 -i 4
-- trace: yes
-- assert fails a step like error does; what it was given is the message.
local U = HttpUser:extend("U", {})
local steps = {
  function(self) assert(self.client:get("/ready").status_code == 200, "never") end,
  function(self) assert(false) end, --@bare
  function(self) assert(1 == 2, "the sum is wrong") end, --@message
  function(self) assert(nil, { reason = "table" }) end, --@table
}
U:task("work", function(self)
  local step = steps[vu.iteration]
  step(self) --@step
end)
