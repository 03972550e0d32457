-- flags: -u 1 -i 8
-- Waits that the host computes, by what is between the tasks: the set's own pace begins when it is
-- entered.
local Paced = SequentialTaskSet:extend("Paced", { wait_time = constant_pacing(0.2) })
local started, ended
function Paced:on_start() started = time.monotonic() end
Paced:task("long", function()
  sleep(0.15)
  ended = time.monotonic()
end)
Paced:task("leave", function(self)
  check("the task's time counts", time.monotonic() - started >= 0.199)
  check("only the rest is waited", time.monotonic() - ended < 0.15)
  self:interrupt()
end)

local Constant = SequentialTaskSet:extend("Constant", { wait_time = constant(0.2) })
Constant:task("first", function() started = time.monotonic() end)
Constant:task("leave", function(self)
  check("a constant wait", time.monotonic() - started >= 0.199)
  self:interrupt()
end)

local Quick = SequentialTaskSet:extend("Quick", { wait_time = 0 })
Quick:task("first", function() started = time.monotonic() end)
Quick:task("leave", function(self)
  check("no wait", time.monotonic() - started < 5)
  self:interrupt()
end)

local Round = SequentialTaskSet:extend("Round", { tasks = { Paced, Constant, Quick } })
local U = User:extend("U", { wait_time = constant(60), tasks = { Round } })
