-- Stress: what do more and more users do to the service, and does it recover? 5 minutes, up to 100 users.
--
-- The users are those of the performance suite. How many there are is the shape's to say, not --users'.
require("suites.performance")

-- A minute of the plan below, in seconds. A shorter one tries the suite out: -e TEST_MINUTE=2
local MINUTE = assert(tonumber(env.TEST_MINUTE or 60), "TEST_MINUTE is a number of seconds")

local function stage(minutes, users, spawn_rate)
  return { duration = minutes * MINUTE, users = users, spawn_rate = spawn_rate * 60 / MINUTE }
end

LoadTestShape:extend("StressTestShape", {
  stages = {
    stage(1, 10, 2), -- ramp up
    stage(2, 50, 5), -- hold
    stage(1, 100, 10), -- peak
    stage(1, 50, 10), -- recover
  },
})
