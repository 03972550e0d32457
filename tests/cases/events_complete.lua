-- flags: --stop-timeout 5
-- spawning_complete comes with each target that is reached, up, down, and as far as fixed counts let it.
local A = User:extend("A", { wait_time = constant(60), fixed_count = 3 })
A:task("t", function() end)
events.spawning_complete:add_listener(function(event) print("complete", event.user_count) end)
LoadTestShape:extend("Steps", {
  stages = {
    { duration = "500ms", users = 2, spawn_rate = 100 },
    { duration = "500ms", users = 9, spawn_rate = 100 },
    { duration = "500ms", users = 0, spawn_rate = 100 },
  },
})
