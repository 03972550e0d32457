-- flags: -u 2 -r 1000 -i 2
-- log: sorted
-- An error in on_start ends that user, without tasks and without on_stop; others go on.
local U = User:extend("U", { wait_time = constant(0.01) })
function U:on_start()
  if vu.id == 1 then error("not today") end --@start
end
U:task("work", function(self) print("task of " .. vu.id) end)
function U:on_stop() print("stop of " .. vu.id) end
