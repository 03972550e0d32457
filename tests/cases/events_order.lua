-- flags: -u 2 -r 1000 -i 2
-- log: sorted
-- The events of a run in their order, and what they tell.
local step = 0
local function tell(...)
  step = step + 1
  print(step, ...)
end
local U = HttpUser:extend("U", { wait_time = constant(60) })
U:task("t", function() sleep(0.3) end)
events.init:add_listener(function(event)
  local about = event.environment
  tell("init", about.name, about.host == env.DEMO, about.users, about.spawn_rate, about.seed, about.user_classes[1])
  tell(pcall(function() about.host = "x" end))
end)
events.init:add_listener(function() tell("init again") end)
events.test_start:add_listener(function(event) tell("test_start", event.environment.run_time) end)
setup(function() tell("setup", vu.id, vu.class) end)
events.spawning_complete:add_listener(function(event) tell("spawning_complete", event.user_count >= 0) end)
teardown(function(data) tell("teardown", data) end)
events.test_stop:add_listener(function(event) tell("test_stop", event.environment.name) end)
events.quitting:add_listener(function(event) tell("quitting", event.exit_code) end)
