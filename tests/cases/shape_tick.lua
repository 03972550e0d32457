-- flags: --stop-timeout 5
-- A shape's tick: users (rounded), spawn rate and classes; nil ends the run.
local A = User:extend("A", { wait_time = constant(60) })
A:task("t", function() end)
function A:on_start() print("up", vu.class, vu.id) end
function A:on_stop() print("down", vu.class, vu.id) end

local B = A:extend("B")

local Shape = LoadTestShape:extend("Shape", { abstract = true })
function Shape:tick()
  self.ticks = (self.ticks or 0) + 1
  local time = self:run_time()
  print("tick", self.ticks, self:current_users(), math.type(time), math.abs(time - (self.ticks - 1)) < 0.8)
  return self:want(self.ticks)
end

local Own = Shape:extend("Own")
function Own:want(tick)
  if tick == 1 then return 1.6, 100, { B } end
  if tick == 2 then return 0, 100 end
  return nil
end
