-- flags: --stop-timeout 5
-- Stages: each lasts its own time, up and down, with classes of their own; the last added goes first.
local A = User:extend("A", { wait_time = constant(60) })
A:task("t", function() end)
function A:on_start() print("up", vu.class, vu.id) end
function A:on_stop()
  if vu.id > 5 then sleep((vu.id - 5) * 0.3) end -- the last three go at the same moment
  print("down", vu.class, vu.id)
end

local B = A:extend("B")

LoadTestShape:extend("Steps", {
  stages = {
    { duration = "500ms", users = 2, spawn_rate = 25, classes = { A } },
    { duration = 0.5, users = 5, spawn_rate = "1500/m" },
    { duration = "0.5s", users = 1, spawn_rate = 25.0, user_classes = { "B" } },
    { duration = "0.5s", users = 3, spawn_rate = 25, classes = B },
  },
})
