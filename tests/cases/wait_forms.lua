-- flags: -u 7 -r 1000 -i 28
-- Each form of wait_time, by the time from one task to the next: never shorter than it says, and not
-- always longer (a busy machine may be late now and then).
local function class(name, wait_time, least, most, work)
  local U = User:extend(name, { wait_time = wait_time })
  U:task("work", function(self)
    local now = time.monotonic()
    if self.last then
      local gap = now - self.last
      check(name .. " is not too short", gap >= least)
      self.shortest = math.min(self.shortest or gap, gap)
    end
    self.last = now
    if work then sleep(work) end
    if vu.iteration == 4 then
      check(name .. " is not too long", self.shortest <= most)
      self:stop()
    end
  end)
end

class("between", between(0.02, 0.04), 0.02, 0.3)
class("constant", constant(0.03), 0.03, 0.3)
class("number", 0.03, 0.03, 0.3)
-- 0.15 s of work, and then what is missing to 0.2 s. Being late is made up for by a shorter wait, so
-- that only the sum is at least what it says.
class("pacing", constant_pacing(0.2), 0.15, 0.3, 0.15)
class("throughput", constant_throughput(5), 0.15, 0.3, 0.15)
class("poisson", poisson(1000), 0, 0.3)
class("function", function(self) return self.last and 0.03 or 60 end, 0.03, 0.3)
