-- flags: -u 7 -r 1000 -i 28
-- Each form of wait_time, by the time from one task to the next. Bounds leave room for a busy machine.
local function class(name, wait_time, least, most, work)
  local U = User:extend(name, { wait_time = wait_time })
  U:task("work", function(self)
    local now = time.monotonic()
    if self.last then
      local gap = now - self.last
      check(name .. " is not too short", gap >= least)
      check(name .. " is not too long", gap <= most)
    end
    self.last = now
    if work then sleep(work) end
    if vu.iteration == 4 then self:stop() end
  end)
end

class("between", between(0.02, 0.04), 0.02, 0.3)
class("constant", constant(0.03), 0.03, 0.3)
class("number", 0.03, 0.03, 0.3)
-- 0.1 s of work, and then what is missing to 0.2 s; on time on the whole, so a little less may be waited.
class("pacing", constant_pacing(0.2), 0.19, 0.28, 0.1)
class("throughput", constant_throughput(5), 0.19, 0.28, 0.1)
class("poisson", poisson(1000), 0, 0.3)
class("function", function(self) return self.last and 0.03 or 60 end, 0.03, 0.3)
